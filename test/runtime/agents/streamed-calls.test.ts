/** Calls by `stream`: what their callers get of the parts. On the simulator. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  type AgentContext,
  type CallItem,
  type CallStream,
  defineAgent,
  defineWorkflow,
  isTroupeError,
  type PolicyOptions,
} from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

const url = "test:streamed-calls";
const seeds = { seed: 5, runs: 10 };

type Execute = (input: number, context: AgentContext<string>) => Promise<string>;

function emitter(name: string, execute: Execute, policies: PolicyOptions = {}) {
  return defineAgent(url, {
    name,
    version: "1.0.0",
    input: v.number(),
    output: v.string(),
    emits: v.string(),
    policies: { breaker: false, ...policies },
    execute,
  });
}

/** Emits so many letters, and returns them all. */
const speller = emitter("speller", async (count, context) => {
  let text = "";
  for (let n = 0; n < count; n++) {
    const letter = String.fromCharCode(97 + (n % 26));
    text += letter;
    await context.emit(letter);
  }
  return text;
});

/** What a loop gets, in short: `#1` for an attempt, its parts, `?2` for a gap. */
async function shortly(stream: CallStream<string>): Promise<string[]> {
  const items: string[] = [];
  for await (const item of stream) items.push(short(item));
  return items;
}

function short(item: CallItem<string>): string {
  if (item.kind === "attempt") return `#${item.attempt}`;
  return item.kind === "gap" ? `?${item.lost}` : item.value;
}

describe("a call by stream", () => {
  it("gives the parts in order, and the output", () =>
    simulate(async ({ system }) => {
      const stream = system.stream(speller, 3);
      expect(await shortly(stream)).toEqual(["#1", "a", "b", "c"]);
      expect(await stream.result).toBe("abc");
    }, seeds));

  it("begins at once, and waits for its loop", () =>
    simulate(
      async ({ system, sleep }) => {
        let emitted = 0;
        const counter = emitter("counter", async (count, context) => {
          for (; emitted < count; emitted++) await context.emit("x");
          return "done";
        });
        emitted = 0;
        const stream = system.stream(counter, 5_000);
        await sleep(1_000);
        expect(emitted).toBeGreaterThan(900);
        expect(emitted).toBeLessThan(1_100);
        expect((await shortly(stream)).length).toBe(5_001);
      },
      { seed: 5, runs: 2 },
    ));

  it("goes on without a reader where only its result is taken, and tells a late loop what it missed", () =>
    simulate(
      async ({ system }) => {
        const stream = system.stream(speller, 3_000);
        expect((await stream.result).length).toBe(3_000);
        expect(await shortly(stream)).toEqual(["#1", "?3000"]);
      },
      { seed: 5, runs: 2 },
    ));

  it("is cancelled when its loop is left", () =>
    simulate(async ({ system }) => {
      let tell: (reason: unknown) => void;
      const told = new Promise((resolve) => (tell = resolve));
      const endless = emitter("endless", async (_, context) => {
        context.signal.addEventListener("abort", () => tell(context.signal.reason));
        for (;;) await context.emit("x");
      });
      const stream = system.stream(endless, 0);
      let parts = 0;
      for await (const item of stream) if (item.kind === "part" && ++parts === 3) break;
      await expect(stream.result).rejects.toMatchObject({ code: "cancelled", outcome: "cancelled" });
      expect(await told).toMatchObject({ code: "cancelled" });
    }, seeds));

  it("begins anew with each attempt, and gives nothing of one that is over", () =>
    simulate(async ({ system }) => {
      let attempt = 0;
      const stubborn = emitter(
        "stubborn",
        async (_, context) => {
          const own = ++attempt;
          for (let n = 0; n < 3; n++) {
            await context.emit(`${own}.${n}`).catch(() => undefined); // it does not heed that its time is up
            if (own === 1) await context.sleep(60).catch(() => undefined);
          }
          return `by ${own}`;
        },
        { timeout: 50, retry: { attempts: 2, backoff: { first: 1 } } },
      );
      attempt = 0;
      const stream = system.stream(stubborn, 0);
      expect(await shortly(stream)).toEqual(["#1", "1.0", "#2", "2.0", "2.1", "2.2"]);
      expect(await stream.result).toBe("by 2");
    }, seeds));

  it("throws in its loop what it fails with, after the parts", () =>
    simulate(async ({ system }) => {
      const failing = emitter("failing", async (_, context) => {
        await context.emit("x");
        throw new Error("no more");
      });
      const stream = system.stream(failing, 0);
      const items: string[] = [];
      const reading = (async () => {
        for await (const item of stream) items.push(short(item));
      })();
      await expect(reading).rejects.toMatchObject({ code: "handler-failed", cause: { message: "no more" } });
      await expect(stream.result).rejects.toMatchObject({ code: "handler-failed" });
      expect(items).toEqual(["#1", "x"]);
    }, seeds));

  it("ends an agent that hangs by its idleTimeout, and not one that waits for the reader", () =>
    simulate(
      async ({ system, sleep }) => {
        const hanging = emitter(
          "hanging",
          async (count, context) => {
            for (let n = 0; n < count; n++) await context.emit("x");
            if (count === 1) await context.sleep(10_000);
            return "done";
          },
          { idleTimeout: 100 },
        );
        await expect(shortly(system.stream(hanging, 1))).rejects.toMatchObject({ code: "timed-out" });
        const slowly = system.stream(hanging, 1_500);
        let items = 0;
        for await (const _ of slowly) if (++items % 100 === 0) await sleep(50);
        expect(await slowly.result).toBe("done");
      },
      { seed: 5, runs: 2 },
    ));

  it("gives no parts in a later attempt at a step, whose output is recorded", () =>
    simulate(async ({ system }) => {
      const heard: string[][] = [];
      const reader = defineAgent(url, {
        name: "reader",
        version: "1.0.0",
        input: v.null(),
        output: v.string(),
        policies: { breaker: false, retry: { attempts: 2, backoff: { first: 1 } } },
        async execute(_, context) {
          const stream = context.stream(speller, 2);
          heard.push([...(await shortly(stream)), await stream.result]);
          if (heard.length === 1) throw new Error("set back");
          return context.call(speller, 2, { timeout: 1_000 }); // another call with the same input: it is made
        },
      });
      heard.length = 0;
      const reading = defineWorkflow(url, { name: "reading", version: "1.0.0", input: v.null() }).step(
        "read",
        reader,
        ({ input }) => input,
      );
      expect(await system.run(reading, null).result).toBe("ab");
      expect(heard).toEqual([["#1", "a", "b", "ab"], ["ab"]]);
    }, seeds));

  it("is read by one loop, of an agent, with options that there are", () =>
    simulate(async ({ system }) => {
      const stream = system.stream(speller, 1);
      await shortly(stream);
      await expect(shortly(stream)).rejects.toMatchObject({ code: "invalid-options" });
      expect(() => system.stream(undefined as never, 1)).toThrow("stream: expected what defineAgent returned");
      expect(() => system.stream(speller, 1, { key: "a" } as never)).toThrow("stream: ");
      await expect(system.stream(speller, "one" as never).result).rejects.toMatchObject({ code: "contract-violated" });
      await expect(shortly(system.stream(speller, 1, { signal: AbortSignal.abort() }))).rejects.toMatchObject({
        code: "cancelled",
      });
    }, seeds));

  it("has no parts where the agent emits nothing", () =>
    simulate(async ({ system }) => {
      const silent = defineAgent(url, {
        ...{ name: "silent", version: "1.0.0", input: v.number(), output: v.string() },
        execute: () => "quiet",
      });
      // @ts-expect-error: it emits nothing
      const stream: CallStream<string, string> = system.stream(silent, 1);
      expect([await shortly(stream), await stream.result]).toEqual([["#1"], "quiet"]);
    }, seeds));

  it("carries dates, bytes and refs in its parts", () =>
    simulate(async ({ system }) => {
      const clerk = defineAgent(url, {
        ...{ name: "clerk", version: "1.0.0", input: v.null(), output: v.null() },
        emits: v.object({ at: v.date(), bytes: v.instance(Uint8Array), missing: v.optional(v.number()) }),
        async execute(_, context) {
          await context.emit({ at: new Date(5), bytes: new Uint8Array([1, 2]), missing: undefined });
          return null;
        },
      });
      const parts: unknown[] = [];
      for await (const item of system.stream(clerk, null)) if (item.kind === "part") parts.push(item.value);
      expect(parts).toEqual([{ at: new Date(5), bytes: new Uint8Array([1, 2]), missing: undefined }]);
    }, seeds));

  it("ends with the system", async () => {
    let failure: unknown;
    await simulate(async ({ system, sleep }) => {
      const endless = emitter("endless", async (_, context) => {
        for (;;) {
          await context.emit("x");
          await context.sleep(10);
        }
      });
      const reading = shortly(system.stream(endless, 0)).catch((error: unknown) => (failure = error));
      await sleep(100);
      await system.close();
      await reading;
      expect(isTroupeError(failure, "system-closed")).toBe(true);
      expect(() => system.stream(speller, 1)).toThrow("closed");
    }, seeds);
  });
});
