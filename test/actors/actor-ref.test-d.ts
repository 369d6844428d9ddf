import type { Observable } from "rxjs";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import {
  type ActorRef,
  actorRef,
  type Address,
  type AgentProtocol,
  defineActor,
  defineAgent,
  type RefOf,
  type System,
} from "../../src/index.ts";

const url = import.meta.url;

const counter = defineActor(url, {
  name: "counter",
  protocol: {
    add: { input: v.object({ by: v.number() }) },
    get: { reply: v.number() },
    ping: {},
    measure: { input: v.pipe(v.string(), v.transform(Number)), reply: v.pipe(v.number(), v.transform(String)) },
    maybe: { input: v.optional(v.object({ n: v.number() })), reply: v.nullable(v.number()) },
  },
  events: v.object({ count: v.number() }),
  on: { add: () => undefined, get: () => 1, ping: () => undefined, measure: (_draft, n) => n, maybe: () => null },
});

const recorder = defineActor(url, {
  name: "recorder",
  protocol: { record: { input: v.object({ n: v.number() }) } },
  on: { record: () => undefined },
});

const doubler = defineAgent(url, {
  name: "doubler",
  version: "1",
  input: v.object({ n: v.number() }),
  output: v.object({ n: v.number() }),
  execute: ({ n }) => ({ n: 2 * n }),
});

const talker = defineActor(url, {
  name: "talker",
  protocol: { talk: { input: v.object({ to: actorRef(recorder) }) } },
  on: { talk: () => undefined },
});

declare const ref: ActorRef<(typeof counter)["protocol"], { count: number }>;
declare const system: System;

it("has a type that its definition gives", () => {
  expectTypeOf<RefOf<typeof counter>>().toEqualTypeOf(ref);
  expectTypeOf(system.spawn(counter)).resolves.toEqualTypeOf<RefOf<typeof counter>>();
  expectTypeOf(system.spawn(doubler)).resolves.toEqualTypeOf<RefOf<typeof doubler>>();
  expectTypeOf(ref.name).toEqualTypeOf<string>();
  // @ts-expect-error: an actor's definition is none of a ref's
  expectTypeOf<RefOf<typeof ref>>();
});

describe("tell", () => {
  it("takes the messages of the protocol, with their input", () => {
    expectTypeOf(ref.tell("add", { by: 1 })).toEqualTypeOf<Promise<void>>();
    void ref.tell("measure", "12");
    void ref.tell("ping");
    void ref.tell("ping", undefined);
    void ref.tell("maybe");
    void ref.tell("maybe", { n: 1 });
    // @ts-expect-error: the input is of another type
    void ref.tell("add", { by: "1" });
    // @ts-expect-error: a part of the input is missing
    void ref.tell("add", {});
    // @ts-expect-error: the input is missing
    void ref.tell("add");
    // @ts-expect-error: a sender passes what the schema takes, not what it makes
    void ref.tell("measure", 12);
    // @ts-expect-error: it takes no input
    void ref.tell("ping", { by: 1 });
    // @ts-expect-error: there is no such message
    void ref.tell("subtract", { by: 1 });
    // @ts-expect-error: a tell has no options
    void ref.tell("add", { by: 1 }, { timeout: 1 });
  });
});

describe("ask", () => {
  it("resolves to what the reply's schema makes", () => {
    expectTypeOf(ref.ask("get")).toEqualTypeOf<Promise<number>>();
    expectTypeOf(ref.ask("measure", "12")).toEqualTypeOf<Promise<string>>();
    expectTypeOf(ref.ask("maybe")).toEqualTypeOf<Promise<number | null>>();
  });

  it("of a message without a reply resolves to undefined", () => {
    expectTypeOf(ref.ask("add", { by: 1 })).toEqualTypeOf<Promise<undefined>>();
    expectTypeOf(ref.ask("ping")).toEqualTypeOf<Promise<undefined>>();
  });

  it("takes options after the input", () => {
    const { signal } = new AbortController();
    void ref.ask("add", { by: 1 }, { timeout: 10, signal });
    void ref.ask("get", undefined, { timeout: Number.POSITIVE_INFINITY });
    // @ts-expect-error: the second argument is the input, also where there is none
    void ref.ask("get", { timeout: 10 });
    // @ts-expect-error: there is no such option
    void ref.ask("add", { by: 1 }, { deadline: 10 });
    // @ts-expect-error: the input is of another type
    void ref.ask("add", 1);
    // @ts-expect-error: there is no such message
    void ref.ask("set");
  });
});

describe("a ref", () => {
  it("has an address and the events of its definition", () => {
    expectTypeOf(ref.address).toEqualTypeOf<Address>();
    expectTypeOf(ref.events$).toEqualTypeOf<Observable<{ count: number }>>();
    expectTypeOf<string>().not.toExtend<Address>();
  });

  it("is what spawn and find give", () => {
    expectTypeOf(system.spawn(counter)).resolves.toEqualTypeOf<
      ActorRef<(typeof counter)["protocol"], { count: number }>
    >();
    expectTypeOf(system.find(recorder, "it")).resolves.toEqualTypeOf<ActorRef<(typeof recorder)["protocol"], never>>();
    void system.spawn(counter, { name: "it", placement: { thread: 1 } });
    // @ts-expect-error: no such placement
    void system.spawn(counter, { placement: "somewhere" });
  });

  it("in a message is of the definition that the protocol names", async () => {
    const talking = await system.spawn(talker);
    void talking.tell("talk", { to: await system.spawn(recorder) });
    // @ts-expect-error: a counter is no recorder
    void talking.tell("talk", { to: await system.spawn(counter) });
    // @ts-expect-error: an address is no ref
    void talking.tell("talk", { to: ref.address });
  });

  it("on an agent asks it directly", async () => {
    const agent = defineAgent(url, {
      name: "measurer",
      version: "1.0.0",
      input: v.object({ text: v.pipe(v.string(), v.transform(Number)) }),
      output: v.object({ length: v.pipe(v.number(), v.transform(String)) }),
      execute: ({ text }) => ({ length: text }),
    });
    const asked = await system.spawn(agent);
    expectTypeOf(asked).toEqualTypeOf<ActorRef<AgentProtocol<{ text: string }, { length: string }>, never>>();
    expectTypeOf(asked.ask("execute", { text: "12" })).toEqualTypeOf<Promise<{ length: string }>>();
    // @ts-expect-error: the input is of another type
    void asked.ask("execute", { text: 12 });
    // @ts-expect-error: it is asked to execute only
    void asked.ask("compensate");
  });
});
