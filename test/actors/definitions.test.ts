import { EMPTY } from "rxjs";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { actorRef, defineActor, defineAgent, defineState, defineWorkflow } from "../../src/index.ts";

const module = import.meta.url;

/** For what the types refuse. */
const untyped = defineActor as unknown as (module: unknown, options: Record<string, unknown>) => unknown;
const untypedAgent = defineAgent as unknown as (module: unknown, options: Record<string, unknown>) => unknown;

const ping = { name: "ping", protocol: { ping: {} }, on: { ping: () => undefined } };
const noop = { name: "noop", version: "1.0.0", input: v.object({}), output: v.object({}), execute: () => ({}) };

const refused = (message: string | RegExp): Error =>
  expect.objectContaining({ code: "invalid-options", message: expect.stringMatching(message) as string }) as Error;

describe("defineActor", () => {
  it("fills in what was left out", () => {
    expect(defineActor(module, ping)).toMatchObject({
      kind: "actor",
      module,
      name: "ping",
      protocol: { ping: {} },
      events: undefined,
      mailbox: {},
      placement: "pooled",
      concurrency: 1,
      body: { kind: "handlers", state: undefined, on: ping.on },
    });
  });

  it("keeps what was given", () => {
    const given = defineActor(module, {
      name: "a.b-c_1",
      protocol: {},
      behaviour: () => EMPTY,
      events: v.never(),
      mailbox: { capacity: 1, overflow: "drop-newest" },
      placement: { thread: 2 },
    });
    expect(given).toMatchObject({
      name: "a.b-c_1",
      mailbox: { capacity: 1, overflow: "drop-newest" },
      placement: { thread: 2 },
      body: { kind: "behaviour" },
    });
  });

  it("refuses a behaviour that is none", () => {
    expect(() => untyped(module, { name: "ping", protocol: {}, behaviour: {} })).toThrow(
      refused("behaviour is a function"),
    );
  });

  it.each(["", "a b", "a/b", "ü", undefined, 7])("refuses the name %j", (name) => {
    expect(() => untyped(module, { ...ping, name })).toThrow(refused("defineActor"));
  });

  it.each([undefined, "", "./here.ts", "/work/here.ts", 7])(
    "refuses the module %j: another thread could not import it",
    (where) => {
      expect(() => untyped(where, ping)).toThrow(refused(/ping: .*import\.meta\.url/));
    },
  );

  it.each([
    ["no protocol", { protocol: undefined }, /protocol/],
    ["a protocol without handlers", { on: undefined }, /neither handlers .* nor a behaviour/],
    ["a message without a handler", { on: {} }, /no handler for ping\. Add it under "on"/],
    ["a message whose handler is none", { on: { ping: 1 } }, /no handler for ping/],
    [
      "messages that are named like methods of objects",
      { protocol: { toString: {}, ping: {}, constructor: {} } },
      /no handler for toString, constructor/,
    ],
    ["an input that is no schema", { protocol: { ping: { input: { by: "number" } } } }, /ping is a valibot schema/],
    ["a reply that is no schema", { protocol: { ping: { reply: Number } } }, /ping is a valibot schema/],
    ["no room in the mailbox", { mailbox: { capacity: 0 } }, /mailbox\.capacity .* not 0/],
    ["half a place in the mailbox", { mailbox: { capacity: 1.5 } }, /mailbox\.capacity/],
    [
      "endless room in the mailbox",
      { mailbox: { capacity: Number.POSITIVE_INFINITY } },
      /mailbox\.capacity .* not Infinity/,
    ],
    [
      "a policy that there isn't",
      { mailbox: { overflow: "explode" } },
      /mailbox\.overflow .*backpressure.* not "explode"/,
    ],
  ])("refuses %s", (_, options, message) => {
    expect(() => untyped(module, { ...ping, ...options })).toThrow(refused(message));
  });

  it("takes messages that are named like methods of objects", () => {
    const { protocol } = defineActor(module, {
      name: "odd",
      protocol: { toString: {}, constructor: {} },
      on: { toString: () => undefined, constructor: () => undefined },
    });
    expect(Object.keys(protocol)).toEqual(["toString", "constructor"]);
  });
});

describe("actorRef", () => {
  it("refuses what is no ref, and names the definition", () => {
    const schema = actorRef(defineActor(module, ping));
    for (const value of [undefined, null, 1, "1/ping", {}, { "@troupe": "ref", address: "1/ping" }]) {
      const { success, issues } = v.safeParse(schema, value);
      expect(success).toBe(false);
      expect(issues?.[0].message).toBe("expected a ref on ping");
    }
  });
});

describe("defineAgent", () => {
  it("fills in what was left out, and keeps what was given", () => {
    expect(defineAgent(module, noop)).toMatchObject({
      kind: "agent",
      module,
      name: "noop",
      version: "1.0.0",
      compensate: undefined,
      concurrency: 1,
      placement: "pooled",
    });
    expect(defineAgent(module, { ...noop, concurrency: 3, placement: "dedicated" })).toMatchObject({
      concurrency: 3,
      placement: "dedicated",
    });
  });

  it("calls execute and compensate as methods of what it was given", () => {
    const calls: unknown[] = [];
    class Recorder {
      readonly name = "recorder";
      readonly version = "1.0.0";
      readonly input = v.object({});
      readonly output = v.object({});
      readonly rate = 2;
      execute(): Record<string, never> {
        calls.push(this.rate);
        return {};
      }
      compensate(): void {
        calls.push(-this.rate);
      }
    }
    const { execute, compensate } = defineAgent(module, new Recorder());
    execute({} as never, {} as never);
    compensate?.({} as never, {} as never, {} as never);
    expect(calls).toEqual([2, -2]);
  });

  it.each([
    ["a bad name", { name: "a b" }, /name/],
    ["no version", { version: undefined }, /version is a string/],
    ["an empty version", { version: "" }, /version is a string/],
    ["no concurrency", { concurrency: 0 }, /concurrency .* not 0/],
    ["half a concurrency", { concurrency: 0.5 }, /concurrency .* not 0\.5/],
    ["endless concurrency", { concurrency: Number.POSITIVE_INFINITY }, /concurrency .* not Infinity/],
    ["nothing to do", { execute: undefined }, /execute is the function/],
    ["policies that can't be", { policies: { breaker: { probes: 0 } } }, /defineAgent noop: policies\.breaker\.probes/],
  ])("refuses %s", (_, options, message) => {
    expect(() => untypedAgent(module, { ...noop, ...options })).toThrow(refused(message));
  });

  it("refuses a module that another thread could not import", () => {
    expect(() => untypedAgent("./here.ts", noop)).toThrow(refused(/import\.meta\.url/));
  });
});

describe("what is defined", () => {
  const tally = { name: "tally", version: 1, schema: v.object({ n: v.number() }), initial: () => ({ n: 0 }) };
  const flow = { name: "flow", version: "1.0.0", input: v.string() };
  const define: Readonly<Record<string, (options: object) => unknown>> = {
    defineActor: (options) => untyped(module, { ...ping, ...options }),
    defineAgent: (options) => untypedAgent(module, { ...noop, ...options }),
    defineState: (options) => defineState({ ...tally, ...options }),
    defineWorkflow: (options) => defineWorkflow(module, { ...flow, ...options }),
  };

  it.each(Object.keys(define))("has no option that %s doesn't know", (what) => {
    expect(() => define[what]?.({})).not.toThrow();
    expect(() => define[what]?.({ timeOut: 5 })).toThrow(/it has no option "timeOut"; there are name, /);
  });

  it.each([
    ["defineActor", { on: undefined, behaviour: () => EMPTY }, 'it has no option "on"; there are '],
    [
      "defineActor",
      { protocol: { ping: { inputs: v.string() } } },
      'the message ping: it has no option "inputs"; there are input, reply',
    ],
    ["defineActor", { mailbox: { size: 3 } }, 'mailbox: it has no option "size"; there are capacity, overflow'],
    [
      "defineActor",
      { placement: "anywhere" },
      'placement is "pooled", "dedicated" or { thread: number }, not "anywhere"',
    ],
    [
      "defineAgent",
      { placement: { thread: "1" } },
      'placement is "pooled", "dedicated" or { thread: number }, not an object',
    ],
    [
      "defineState",
      { initial: { n: 0 } },
      "defineState tally: initial is a function that makes the state of a key without a version, not an object",
    ],
    [
      "defineState",
      { upcasters: 3 },
      "defineState tally: upcasters are functions by the version that they read, not 3",
    ],
  ])("%s refuses %o", (what, options, message) => {
    expect(() => define[what]?.(options)).toThrow(message);
  });
});
