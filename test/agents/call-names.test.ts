/** The names of calls: the same for each attempt, and none for two calls. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { CallNames, runCallOf } from "../../src/agents/call-names.ts";
import { defineAgent } from "../../src/index.ts";

function agentOf(name: string, module = "test:here", version = "1.0.0") {
  return defineAgent(module, { name, version, input: v.unknown(), output: v.unknown(), execute: () => null });
}

const one = agentOf("one");

describe("the name of a call", () => {
  it("is the same in each attempt, whatever else an attempt calls, and for no two calls of one", () => {
    const inputs = fc.array(fc.jsonValue(), { maxLength: 8 });
    fc.assert(
      fc.property(inputs, fc.infiniteStream(fc.boolean()), (all, isLeftOut) => {
        const first = new CallNames("r/s", { run: "r" });
        const names = all.map((input) => first.next({ agent: one, input }));
        expect(new Set(names).size).toBe(names.length);
        const second = new CallNames("r/s", { run: "r" });
        const texts = all.map((input) => JSON.stringify(input));
        for (const [i, input] of all.entries()) {
          const isLast = texts.lastIndexOf(texts[i] as string) === i && texts.indexOf(texts[i] as string) === i;
          if (isLast && isLeftOut.next().value) continue;
          expect(second.next({ agent: one, input })).toBe(names[i]);
        }
      }),
    );
  });

  it("is another one for another agent, version, input, key, run or piece of work", () => {
    const made = [
      new CallNames("r/s", { run: "r" }).next({ agent: one, input: 1 }),
      new CallNames("r/s", { run: "r" }).next({ agent: agentOf("other"), input: 1 }),
      new CallNames("r/s", { run: "r" }).next({ agent: agentOf("one", "test:here", "2.0.0"), input: 1 }),
      new CallNames("r/s", { run: "r" }).next({ agent: one, input: "1" }),
      new CallNames("r/s", { run: "r" }).next({ agent: one, input: 1, idempotencyKey: "1" }),
      new CallNames("r/t", { run: "r" }).next({ agent: one, input: 1 }),
      new CallNames("q/s", { run: "q" }).next({ agent: one, input: 1 }),
      new CallNames("r/s", {}).next({ agent: one, input: 1 }),
    ];
    expect(new Set(made).size).toBe(made.length);
  });

  it("is the same for an agent whose module is elsewhere by now", () => {
    const here = new CallNames("r/s", { run: "r" }).next({ agent: one, input: 1 });
    expect(new CallNames("r/s", { run: "r" }).next({ agent: agentOf("one", "test:there"), input: 1 })).toBe(here);
  });

  it("says the run, and whether the output is kept, which can be told from its key; the length doesn't depend on the input", () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), fc.string(), (run, once, input) => {
        const key = new CallNames("scope", { run }).next({ agent: one, input, once });
        const call = runCallOf(key);
        expect(call).toMatchObject({ run, isOnce: once });
        expect(call?.name).toHaveLength(32);
      }),
    );
    expect(runCallOf(new CallNames("scope", {}).next({ agent: one, input: 1 }))).toBeUndefined();
    expect(runCallOf("call/r/name/once")).toBeUndefined(); // a key of a caller's
    expect(runCallOf(undefined)).toBeUndefined();
  });

  it("by a key of the caller's is the same each time, also within an attempt, whatever the input", () => {
    const names = new CallNames("r/s", { run: "r" });
    const first = names.next({ agent: one, input: 1, idempotencyKey: "k" });
    expect(names.next({ agent: one, input: 2, idempotencyKey: "k" })).toBe(first);
    expect(() => names.next({ agent: one, input: 1, idempotencyKey: "" })).toThrow("call one: idempotencyKey");
  });
});
