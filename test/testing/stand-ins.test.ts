/** Answers in place of agents' code, in a simulation. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent, defineWorkflow, isAskError } from "../../src/index.ts";
import { answering, simulate } from "../../src/testing/index.ts";

const url = "test:stand-ins";
const log: string[] = [];

const model = defineAgent(url, {
  name: "model",
  version: "1.0.0",
  input: v.string(),
  output: v.string(),
  emits: v.pipe(v.string(), v.nonEmpty()),
  policies: { breaker: false, retry: { attempts: 2, backoff: { first: 1 } } },
  execute(): string {
    throw new Error("this would ask the real model");
  },
  compensate: () => void log.push("really undone"),
});

const desk = defineAgent(url, {
  name: "desk",
  version: "1.0.0",
  input: v.string(),
  output: v.string(),
  policies: { breaker: false },
  async execute(question, context) {
    const stream = context.stream(model, question);
    let text = "";
    let hasParts = false;
    for await (const item of stream) {
      hasParts = true; // unless the output was recorded before a crash
      text = item.kind === "part" ? text + item.value : "";
    }
    const output = await stream.result;
    if (hasParts && text !== output) throw new Error(`the parts are ${text}`);
    return output;
  },
});

const answer = defineWorkflow(url, { name: "answer", version: "1.0.0", input: v.string() })
  .step("draft", model, ({ input }) => input)
  .step("check", desk, { after: ["draft"] }, ({ draft }) => draft);

const once = { seed: 1, runs: 10 };

describe("an answer in place of an agent's code", () => {
  it("is given in steps and calls, with parts, under deaths of threads and crashes", () =>
    simulate(
      async (world) => {
        await world.survive(async ({ system }) => {
          const known = await system.findRun(answer, "r").catch(() => undefined);
          expect(await (known ?? system.run(answer, "why", { id: "r" })).result).toBe("why!!");
        });
      },
      {
        ...once,
        journal: "durable",
        faults: { threadDeath: 0.004, maxThreadDeaths: 1, processCrash: 0.01, maxProcessCrashes: 1 },
        agents: [
          answering(model, async (text, emit) => {
            emit(text);
            await Promise.resolve();
            emit("!");
            return `${text}!`;
          }),
        ],
      },
    ));

  it("is tried again when it throws, and is checked by the agent's contract", () => {
    let attempts = 0;
    const wrong = (text: string): unknown => (text === "number" ? 7 : text);
    return simulate(
      async ({ system }) => {
        attempts = 0;
        expect(await system.call(model, "shaky")).toBe("shaky");
        expect(attempts).toBe(2);
        for (const text of ["number", "empty part"]) {
          const error: unknown = await system.call(model, text).catch((thrown: unknown) => thrown);
          expect(isAskError(error)).toBe(true);
          expect(String(error)).toContain("model@1.0.0");
        }
      },
      {
        ...once,
        agents: [
          answering(model, (text, emit) => {
            if (text === "empty part") emit("");
            if (++attempts === 1) throw new Error("overloaded");
            return wrong(text) as string;
          }),
        ],
      },
    );
  });

  it("leaves its compensation out: nothing was done that could be undone", () =>
    simulate(
      async ({ system }) => {
        log.length = 0;
        await expect(system.run(answer, "why").result).rejects.toMatchObject({ code: "step-failed" });
        expect(log).toEqual([]);
      },
      {
        ...once,
        agents: [
          answering(model, (text) => text),
          answering(desk, () => {
            throw new Error("no");
          }),
        ],
      },
    ));

  it("is refused if it is none", () =>
    expect(simulate(async () => undefined, { agents: [model] as never })).rejects.toMatchObject({
      code: "invalid-options",
    }));
});
