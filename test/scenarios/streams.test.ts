/** Public reports of streams: after a retry the text comes twice, and parts do not arrive or fill the history. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineAgent, defineWorkflow } from "../../src/index.ts";
import { underBoth } from "./tasks.ts";

const words = ["The ", "shop ", "opens ", "at ", "nine."];
const text = words.join("");
let attempts = 0;

const writer = defineAgent(import.meta.url, {
  name: "writer",
  version: "1.0.0",
  input: v.null(),
  output: v.string(),
  emits: v.string(),
  policies: { breaker: false, retry: { attempts: 3, backoff: { first: 1 } } },
  async execute(_, context) {
    const dies = ++attempts % 2 === 1;
    for (const word of words.slice(0, dies ? 3 : words.length)) await context.emit(word);
    if (dies) throw new Error("the connection was reset");
    return text;
  },
});

const editor = defineAgent(import.meta.url, {
  name: "editor",
  version: "1.0.0",
  input: v.null(),
  output: v.string(),
  policies: { breaker: false },
  async execute(_, context) {
    const stream = context.stream(writer, null);
    let shown = "";
    for await (const item of stream) {
      if (item.kind === "attempt") shown = "";
      else if (item.kind === "part") shown += item.value;
    }
    if (shown !== (await stream.result)) throw new Error(`it shows: ${shown}`);
    return shown;
  },
});

const nothing = { version: "1.0.0", input: v.null() };
const writing = defineWorkflow(import.meta.url, { name: "writing", ...nothing }).step("write", writer, () => null);
const editing = defineWorkflow(import.meta.url, { name: "editing", ...nothing }).step("edit", editor, () => null);

describe("a text whose writer dies at half", () => {
  it(`is shown once, as the attempt has it that finished:
      https://github.com/vercel/ai/issues/18481 https://github.com/dust-tt/dust/pull/25944
      https://github.com/NuGuardAI/nuguard/issues/455`, () =>
    underBoth(async ({ system }) => {
      attempts = 0;
      const run = system.run(writing, null);
      let shown = "";
      const seen = new Promise<void>((resolve) =>
        run.text("write").subscribe({ next: (more) => (shown = more), complete: resolve }),
      );
      expect(await run.result).toBe(text);
      await seen;
      expect([shown, attempts]).toEqual([text, 2]);
    }));

  it(`is so for an agent that calls it, inside a step:
      https://github.com/langchain-ai/langgraph/issues/4718 https://github.com/langchain-ai/langgraph/issues/7778`, () =>
    underBoth(async ({ system }) => {
      attempts = 0;
      expect(await system.run(editing, null).result).toBe(text);
      expect(attempts).toBe(2);
    }));
});

describe("100,000 parts of a step", () => {
  const parts = 100_000;
  const chatty = defineAgent(import.meta.url, {
    name: "chatty",
    version: "1.0.0",
    input: v.null(),
    output: v.number(),
    emits: v.number(),
    async execute(_, context) {
      for (let n = 0; n < parts; n++) await context.emit(n);
      return parts;
    },
  });
  const chatting = defineWorkflow(import.meta.url, { name: "chatting", ...nothing }).step("chat", chatty, () => null);

  it(`arrive while it works, and no version is written for them:
      https://github.com/temporal-community/temporal-ai-agent/issues/48
      https://github.com/temporalio/sdk-typescript/issues/2180
      https://github.com/langchain-ai/langgraphjs/issues/1116`, () =>
    underBoth(
      async ({ system }) => {
        const before = (await system.stats()).commits;
        const run = system.run(chatting, null);
        let next = 0;
        let isInOrder = true;
        run.stream$.subscribe((item) => {
          if (item.kind === "part") isInOrder &&= item.value === next++;
        });
        await run.result;
        expect([next, isInOrder]).toEqual([parts, true]);
        const versions = (await system.stats()).commits - before;
        expect(versions).toBe((await run.view()).version);
        expect(versions).toBeLessThanOrEqual(4); // its start, the step's start and end, its end
      },
      { runs: 1 },
    ));
});
