/** The functions that an application calls, with arguments that they take: each argument, and each option, may be made odd. */

import * as fc from "fast-check";
import * as v from "valibot";
import {
  actorRef,
  createSystem,
  defineActor,
  defineAgent,
  defineState,
  defineWorkflow,
  handleEach,
  isAskError,
  isConflictError,
  isTroupeError,
  lmdbJournal,
  memoryJournal,
  type ActorRef,
  type Run,
  type System,
  verifyJournal,
} from "../../src/index.ts";
import { simulate } from "../../src/testing/index.ts";
import { descriptions, draftable } from "./descriptions.ts";
import { box, deeds, failing, mirror, ways, work } from "./fixtures/mirror.ts";
import { type Description, valueOf } from "./odd-values.ts";

/** What calls are made on. `far` is on a worker thread. */
export interface Stage {
  readonly system: System;
  readonly near: ActorRef;
  readonly far: ActorRef;
  /** A directory of its own, for files. */
  readonly directory: string;
  /** A name that no earlier case had. */
  readonly fresh: string;
}

type Arguments = readonly unknown[];

interface Call {
  /** The arguments as they should be. */
  readonly usual: (stage: Stage) => Arguments;
  /** The options' names in the arguments that are objects, by index. */
  readonly options?: Readonly<Record<number, readonly string[]>>;
  readonly make: (stage: Stage, given: Arguments) => unknown;
}

const url = import.meta.url;
const anything = v.object({ value: v.unknown() });
const ping = { protocol: { ping: { reply: v.string() } }, on: { ping: () => "pong" } };
const agent = { version: "1", input: anything, output: anything, execute: () => ({ value: 1 }) };
const commitOptions = ["onConflict", "expectedVersion", "maxRetries", "idempotencyKey"];
const systemOptions = [
  ...["threads", "coordination", "retention", "env", "maxMessageBytes", "askTimeout", "loadTimeout", "maxRuns"],
  ...["resourceLimits", "stallTimeout", "maxWaitingRuns", "onOverload", "shutdownOn", "shutdownDeadline", "recover"],
  ...["logger", "workflows", "journal", "thread"],
];

const untyped = (method: unknown): ((...given: unknown[]) => unknown) => method as (...given: unknown[]) => unknown;

/** A call of a plain function. */
function plain(method: unknown, usual: Call["usual"], options: Call["options"] = {}): Call {
  return { usual, options, make: (_, given) => untyped(method)(...given) };
}

/** A call of a method of the system. */
function ofSystem(
  method: "find" | "stop" | "findRun" | "deploy" | "switchCoordination" | "stats",
  usual: Call["usual"],
  options: Call["options"] = {},
): Call {
  return { usual, options, make: ({ system }, given) => untyped(Reflect.get(system, method).bind(system))(...given) };
}

function ofStore(method: keyof System["store"], usual: Call["usual"], options: Call["options"] = {}): Call {
  const make: Call["make"] = ({ system: { store } }, given) =>
    untyped(Reflect.get(store, method).bind(store))(...given);
  return { usual, options, make };
}

/** Starts a run, and waits for its end if it starts. */
const run: Call["make"] = async ({ system }, given) => (untyped(system.run.bind(system))(...given) as Run).result;

const calls = {
  createSystem: {
    usual: () => [{ threads: 1, logger: false }],
    options: { 0: systemOptions },
    make: async (_, given) => (await (untyped(createSystem)(...given) as Promise<System>)).close(),
  },
  defineActor: plain(defineActor, () => [url, { name: "a", ...ping }], {
    1: ["name", "protocol", "on", "state", "events", "mailbox", "placement", "behaviour"],
  }),
  "defineActor, a mailbox": plain(
    (mailbox: object) => defineActor(url, { name: "a", ...ping, mailbox }),
    () => [{ capacity: 3, overflow: "backpressure" }],
    { 0: ["capacity", "overflow", "maxBytes", "typo"] },
  ),
  "defineActor, a message": plain(
    (message: object) => defineActor(url, { name: "a", protocol: { message }, on: { message: () => null as never } }),
    () => [{ reply: v.null() }],
    { 0: ["input", "reply"] },
  ),
  defineAgent: plain(defineAgent, () => [url, { name: "a", ...agent }], {
    1: ["name", "version", "input", "output", "execute", "compensate", "compensateUnknown", "concurrency", "policies"],
  }),
  "defineAgent, policies": plain(
    (policies: object) => defineAgent(url, { name: "a", ...agent, policies }),
    () => [{ timeout: 100 }],
    { 0: ["breaker", "bulkhead", "rateLimits", "estimateTokens", "retry", "compensationRetry", "timeout", "typo"] },
  ),
  "defineAgent, a breaker": plain(
    (breaker: object) => defineAgent(url, { name: "a", ...agent, policies: { breaker } }),
    () => [{}],
    { 0: ["consecutiveFailures", "failureRate", "window", "minimumCalls", "slowAfter", "openFor", "probes", "counts"] },
  ),
  defineState: plain(defineState, () => [{ name: "a", version: 1, schema: anything }], {
    0: ["name", "version", "schema", "initial", "upcasters"],
  }),
  defineWorkflow: plain(defineWorkflow, () => [url, { name: "a", version: "1", input: anything }], {
    1: ["name", "version", "input", "typo"],
  }),
  step: plain(
    (...given: Arguments) => untyped(defineWorkflow(url, { name: "a", version: "1", input: anything }).step)(...given),
    () => ["one", failing, { after: [] }, () => ({ fails: false })],
    { 2: ["after", "fallback", "pointOfNoReturn", "typo"] },
  ),
  actorRef: plain(
    (definition: unknown) => v.safeParse(untyped(actorRef)(definition) as never, 1),
    () => [mirror],
  ),
  handleEach: plain(handleEach, () => [() => undefined]),
  isTroupeError: plain(isTroupeError, () => [new Error("odd"), "conflict"]),
  isAskError: plain(isAskError, () => [new Error("odd")]),
  isConflictError: plain(isConflictError, () => [new Error("odd")]),
  memoryJournal: plain(memoryJournal, () => [{}], { 0: ["typo"] }),
  lmdbJournal: {
    usual: () => ["no-journal", { readOnly: true }],
    options: { 1: ["durability", "readOnly", "typo"] },
    make: async (_, given) => (await (untyped(lmdbJournal)(...given) as ReturnType<typeof lmdbJournal>)).close(),
  },
  verifyJournal: plain(verifyJournal, () => ["no-journal"]),
  simulate: plain(simulate, () => [async () => undefined, { runs: 1 }], {
    1: ["seed", "journal", "system", "maxSteps", "faults", "typo"],
  }),
  "simulate, faults": plain(
    (faults: object) => simulate(async () => undefined, { runs: 1, faults }),
    () => [{ delay: 0.1 }],
    { 0: ["delay", "maxDelay", "duplicate", "threadDeath", "maxThreadDeaths", "processCrash", "maxDowntime", "typo"] },
  ),

  spawn: {
    usual: ({ fresh }) => [mirror, { name: fresh }],
    options: { 1: ["name", "placement", "typo"] },
    make: async ({ system }, given) =>
      system.stop(await (untyped(system.spawn.bind(system))(...given) as Promise<ActorRef>)),
  },
  supervise: {
    usual: ({ fresh }) => [{ name: fresh, children: [{ name: `${fresh}-child`, actor: mirror }] }],
    options: { 0: ["name", "children", "strategy", "intensity", "backoff", "decide", "typo"] },
    make: async ({ system }, given) =>
      (await (untyped(system.supervise.bind(system))(...given) as ReturnType<System["supervise"]>)).stop(),
  },
  "supervise, a child": {
    usual: ({ fresh }) => [{ name: `${fresh}-child`, actor: mirror }],
    options: { 0: ["name", "actor", "restart", "placement", "stopWithin", "maxDeliveries", "supervisor", "typo"] },
    make: async ({ system, fresh }, [child]) =>
      (await system.supervise({ name: fresh, children: [child as never] })).stop(),
  },
  find: ofSystem("find", ({ near }) => [mirror, near.name]),
  watch: {
    usual: () => [{ address: "1/9999" }],
    make: ({ system }, given) => untyped(system.watch.bind(system))(...given),
  },
  stop: ofSystem("stop", () => [{ address: "1/9999" }, "discard", { deadline: 100 }], { 2: ["deadline", "typo"] }),
  run: {
    usual: ({ fresh }) => [work, { of: { text: "a" }, way: "returns" }, { id: fresh }],
    options: { 2: ["id", "coordination", "timeout", "onOverload", "typo"] },
    make: run,
  },
  runOnce: {
    usual: ({ fresh }) => [work, { of: { text: "a" }, way: "returns" }, { id: fresh }],
    options: { 2: ["id", "coordination", "timeout", "tenant", "onOverload", "typo"] },
    make: async ({ system }, given) => ((await untyped(system.runOnce.bind(system))(...given)) as Run).result,
  },
  findRun: ofSystem("findRun", () => ["no-run"]),
  "findRun, of a workflow": ofSystem("findRun", () => [work, "no-run"]),
  deploy: ofSystem("deploy", () => [work]),
  switchCoordination: ofSystem("switchCoordination", () => ["orchestrator"]),
  stats: ofSystem("stats", () => []),
  drain: {
    usual: () => [{ deadline: Number.NaN }],
    make: ({ system }, [options]) => system.drain(withNaN(options)),
  },
  shutdown: {
    usual: () => [{ deadline: Number.NaN }],
    make: ({ system }, [options]) => system.shutdown(withNaN(options)),
  },

  "ref.tell": { usual: () => ["ping"], make: ({ far }, given) => untyped(far.tell.bind(far))(...given) },
  "ref.ask": {
    usual: () => ["take", { value: 1 }, { timeout: 5_000 }],
    options: { 1: ["value"], 2: ["timeout", "signal", "detached", "idempotencyKey", "typo"] },
    make: ({ far }, given) => untyped(far.ask.bind(far))(...given),
  },
  "ref.ask, on the thread of the system": {
    usual: () => ["take", { value: 1 }, { timeout: 5_000 }],
    options: { 1: ["value"], 2: ["timeout", "signal", "detached", "idempotencyKey", "typo"] },
    make: ({ near }, given) => untyped(near.ask.bind(near))(...given),
  },

  "store.read": ofStore("read", () => [box, "x"]),
  "store.snapshot": ofStore("snapshot", () => [box, "x"]),
  "store.commit": ofStore("commit", ({ fresh }) => [box, fresh, () => ({ value: 1 }), {}], { 3: commitOptions }),
  "store.commit, a state": ofStore("commit", () => [box, "x", setOdd, {}]),
  "store.put": ofStore("put", () => [box, "x", { value: 1 }, {}], {
    2: ["value"],
    3: ["expectedVersion", "idempotencyKey", "typo"],
  }),
  "store.transact": ofStore("transact", () => [[[box, "x"]], () => undefined, {}], { 2: [...commitOptions, "typo"] }),
  "store.transact, a key": {
    usual: () => [box, "x"],
    make: ({ system }, key) => system.store.transact([key as never], () => undefined),
  },
  "store.history": ofStore("history", () => [box, "x", {}], {
    2: ["from", "to", "limit", "order", "author", "run", "since", "until", "typo"],
  }),
  "store.at": ofStore("at", () => [box, "x", 1]),
  "store.ids": ofStore("ids", () => [box]),
  "store.watch": {
    usual: () => [box, "x"],
    make: ({ system: { store } }, given) =>
      (untyped(store.watch.bind(store))(...given) as ReturnType<typeof store.watch>)
        .subscribe({ error: () => undefined })
        .unsubscribe(),
  },
  "store.diff": ofStore("diff", () => [box, "x", 1, 1]),
  "store.bisect": {
    usual: () => [box, "x", () => true, {}],
    options: { 3: ["from", "to", "typo"] },
    // what its predicate throws is the caller's own
    make: ({ system: { store } }, [definition, id, predicate, options]) =>
      untyped(store.bisect.bind(store))(
        definition,
        id,
        typeof predicate === "function" ? () => true : predicate,
        options,
      ),
  },
  "store.revert": ofStore("revert", () => [box, "x", 1, {}], { 3: ["expectedVersion", "typo"] }),
  "store.fork": ofStore("fork", ({ fresh }) => [box, "x", 1, fresh]),
  "store.blame": ofStore("blame", () => [box, "x", "/value"]),
  "store.size": ofStore("size", () => [box, "x"]),
  "store.exportHistory": {
    usual: () => [box, "x"],
    make: async ({ system: { store } }, given) => {
      const lines: string[] = [];
      for await (const line of untyped(store.exportHistory.bind(store))(...given) as AsyncIterable<string>)
        lines.push(line);
      return lines;
    },
  },
  "store.importHistory": ofStore("importHistory", () => [[], "import"]),
} satisfies Record<string, Call>;

type CallName = keyof typeof calls;

/** A state whose field is odd comes by the recipe, so that it meets the draft. */
const setOdd = (draft: { value: unknown }): void => void (draft.value = 1);

/** A deadline that is right would end the system that the other cases need. */
function withNaN(options: unknown): { deadline: number } {
  return { deadline: Number.NaN, ...(typeof options === "number" ? { deadline: -1 } : {}) };
}

/** What is made odd: an argument, or one of its options. */
interface Spoilt {
  readonly argument: number;
  readonly option: number;
  readonly by: Description;
}

export type FuzzCase =
  | { readonly call: CallName; readonly spoilt: readonly Spoilt[] }
  | { readonly deed: (typeof deeds)[number]; readonly on: "near" | "far"; readonly of: Description }
  | { readonly way: (typeof ways)[number]; readonly coordination: "orchestrator" | "relay"; readonly of: Description };

const spoilt = fc.record({ argument: fc.nat({ max: 3 }), option: fc.integer({ min: -1, max: 20 }), by: descriptions });

export const fuzzCases: fc.Arbitrary<FuzzCase> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      call: fc.constantFrom(...(Object.keys(calls) as CallName[])),
      spoilt: fc.array(spoilt, { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ deed: fc.constantFrom(...deeds), on: fc.constantFrom("near", "far"), of: draftable }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      way: fc.constantFrom(...ways),
      coordination: fc.constantFrom("orchestrator", "relay"),
      of: descriptions,
    }),
  },
);

/** Makes the call of a case. */
export function play(stage: Stage, given: FuzzCase): unknown {
  if ("deed" in given)
    return untyped(stage[given.on].ask.bind(stage[given.on]))(given.deed, { of: given.of }, { timeout: 300 });
  if ("way" in given) {
    const { of, way, coordination } = given;
    return run(stage, [work, { of, way }, { coordination }]);
  }
  const { usual, options, make }: Call = calls[given.call];
  const asUsual = usual(stage);
  const args = [...asUsual];
  for (const { argument, option, by } of given.spoilt) {
    const at = argument % Math.max(1, args.length);
    const names = options?.[at] ?? [];
    const name = names[option % names.length];
    if (option < 0 || name === undefined) args[at] = valueOf(by);
    else if (args[at] === asUsual[at]) args[at] = { ...(asUsual[at] as object), [name]: valueOf(by) };
  }
  return make(stage, args);
}
