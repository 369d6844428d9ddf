import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import {
  type AgentContext,
  type AgentDefinition,
  actorRef,
  defineActor,
  defineAgent,
  type PolicyOptions,
} from "../../src/index.ts";

const url = import.meta.url;
const version = "1.0.0";

class Account {
  pay(): void {}
}

describe("the types of an agent", () => {
  it("come from its contract: what it is given, gets, returns and gives", () => {
    const agent = defineAgent(url, {
      name: "measurer",
      version,
      input: v.object({ text: v.pipe(v.string(), v.transform(Number)), note: v.optional(v.string(), "none") }),
      output: v.object({ length: v.pipe(v.number(), v.transform(String)) }),
      execute(input, context) {
        expectTypeOf(input).toEqualTypeOf<{ text: number; note: string }>();
        expectTypeOf(context).toEqualTypeOf<AgentContext>();
        return { length: input.text };
      },
      compensate(output, context, input) {
        expectTypeOf(output).toEqualTypeOf<{ length: string }>();
        expectTypeOf(context).toEqualTypeOf<AgentContext>();
        expectTypeOf(input).toEqualTypeOf<{ text: number; note: string }>();
      },
    });
    expectTypeOf(agent).toEqualTypeOf<
      AgentDefinition<{ text: string; note?: string | undefined }, { length: string }, never>
    >();
  });

  it("say what it emits, and that nothing is emitted without that", () => {
    defineAgent(url, {
      name: "writer",
      version,
      input: v.string(),
      output: v.string(),
      emits: v.pipe(v.string(), v.transform(Number)),
      policies: { idleTimeout: 1_000 },
      async execute(text, context) {
        expectTypeOf(context).toEqualTypeOf<AgentContext<string>>();
        expectTypeOf(context.emit(text)).toEqualTypeOf<Promise<void>>();
        // @ts-expect-error -- it emits strings
        await context.emit(1);
        return text;
      },
      compensate(_output, context) {
        // @ts-expect-error -- a compensation emits nothing
        void context.emit("undone");
      },
    });
    defineAgent(url, {
      name: "silent",
      version,
      input: v.string(),
      output: v.string(),
      async execute(text, context) {
        // @ts-expect-error -- it emits nothing
        await context.emit(text);
        return text;
      },
    });
    defineAgent(url, {
      name: "odd",
      version,
      input: v.string(),
      output: v.string(),
      // @ts-expect-error -- it can't cross to another actor
      emits: v.custom<() => void>(() => true),
      execute: (text) => text,
    });
  });

  it("let agents of any input share policies", () => {
    const policies: PolicyOptions = { timeout: 1_000, estimateTokens: () => 100 };
    defineAgent(url, { name: "one", version, input: v.string(), output: v.null(), policies, execute: () => null });
    defineAgent(url, { name: "other", version, input: v.number(), output: v.null(), policies, execute: () => null });
  });

  it("let execute take its time", () => {
    defineAgent(url, {
      name: "slow",
      version,
      input: v.string(),
      output: v.number(),
      execute: async (text) => text.length,
    });
  });

  it("take literals as they are written, and data that is readonly", () => {
    const input = v.object({ names: v.array(v.string()) });
    const strings = { version, input, output: v.array(v.string()) };
    const Parts = v.object({
      list: v.array(v.string()),
      pair: v.tuple([v.string(), v.number()]),
      kind: v.picklist(["a", "b"]),
    });
    const parts = { version, input, output: Parts };
    defineAgent(url, { ...strings, name: "a", execute: () => ["a", "b"] });
    defineAgent(url, { name: "a", version, input, output: v.array(v.string()), execute: () => ["a"] });
    defineAgent(url, { ...strings, name: "a", execute: async () => ["a"] });
    defineAgent(url, { ...strings, name: "a", execute: ({ names }) => [...names, "x"] });
    defineAgent(url, { ...strings, name: "a", execute: async () => Object.freeze(["a"]) });
    defineAgent(url, { ...parts, name: "a", execute: () => ({ list: ["a"], pair: ["a", 1], kind: "a" }) });
    defineAgent(url, {
      ...parts,
      name: "a",
      async execute({ names }, context) {
        for (;;) {
          if (names.length > 3) return { list: [...names, "x"], pair: ["a", 1], kind: "a" };
          await context.sleep(1);
          if (names.length > 1) return { list: [...names], pair: ["b", 2], kind: "b" };
        }
      },
    });
    // @ts-expect-error: there is no kind c
    defineAgent(url, { ...parts, name: "a", execute: () => ({ list: ["a"], pair: ["a", 1], kind: "c" }) });
    // @ts-expect-error: a list of numbers is none of strings
    defineAgent(url, { ...strings, name: "a", execute: () => [1] });
  });

  it("want the output that the contract says", () => {
    // @ts-expect-error: a string is no number
    defineAgent(url, { name: "a", version, input: v.string(), output: v.number(), execute: (text) => text });
    // @ts-expect-error: nor is a promise of one
    defineAgent(url, { name: "a", version, input: v.string(), output: v.number(), execute: async (text) => text });
    const output = v.object({ n: v.number() });
    // @ts-expect-error: a field is missing
    defineAgent(url, { name: "a", version, input: v.string(), output, execute: () => ({}) });
    const input = v.object({ a: v.string() });
    // @ts-expect-error: there is no such field in the input
    defineAgent(url, { name: "a", version, input, output: v.string(), execute: ({ b }) => b });
  });

  it("let policies look at the input as the caller gives it", () => {
    defineAgent(url, {
      name: "measured",
      version,
      input: v.object({ text: v.pipe(v.string(), v.transform(Number)) }),
      output: v.number(),
      execute: ({ text }) => text,
      policies: {
        estimateTokens(input) {
          expectTypeOf(input).toEqualTypeOf<{ text: string }>();
          return input.text.length;
        },
        breaker: { counts: ["ECONNRESET", (error) => error instanceof RangeError] },
        retry: { attempts: 2, errors: "timed-out" },
      },
    });
    const plain = { name: "a", version, input: v.string(), output: v.string(), execute: (text: string) => text };
    defineAgent(url, { ...plain, policies: { breaker: false } });
    // @ts-expect-error: no such policy
    defineAgent(url, { ...plain, policies: { braker: {} } });
    // @ts-expect-error: a bulkhead needs a number of places
    defineAgent(url, { ...plain, policies: { bulkhead: {} } });
    // @ts-expect-error: callers are told apart, or they are not
    defineAgent(url, { ...plain, policies: { rateLimits: [{ requests: 1, per: "user" }] } });
  });

  it("want a version, an input, an output and something to do", () => {
    // @ts-expect-error: no version
    defineAgent(url, { name: "a", input: v.string(), output: v.string(), execute: (text) => text });
    // @ts-expect-error: no execute
    defineAgent(url, { name: "a", version, input: v.string(), output: v.string() });
  });

  it("let pass what can cross to another actor only", () => {
    const other = defineActor(url, { name: "other", protocol: { ping: {} }, on: { ping: () => undefined } });
    const fine = v.object({ at: v.date(), map: v.map(v.string(), v.bigint()), ref: actorRef(other) });
    defineAgent(url, { name: "a", version, input: fine, output: fine, execute: (given) => given });
    const execute = (): never => {
      throw new Error("never called");
    };
    // it isn't what it does that is refused
    defineAgent(url, { name: "a", version, input: v.string(), output: v.string(), execute });
    // @ts-expect-error: a function
    defineAgent(url, { name: "a", version, input: v.object({ f: v.function() }), output: v.string(), execute });
    // @ts-expect-error: an instance of a class
    defineAgent(url, { name: "a", version, input: v.instance(Account), output: v.string(), execute });
    // @ts-expect-error: a promise
    defineAgent(url, { name: "a", version, input: v.string(), output: v.object({ p: v.promise() }), execute });
    // @ts-expect-error: a symbol
    defineAgent(url, { name: "a", version, input: v.string(), output: v.array(v.symbol()), execute });
  });
});
