import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import {
  type ActorContext,
  type ActorRef,
  type AgentContext,
  type AgentProtocol,
  agentRef,
  type CallItem,
  type CallStream,
  defineActor,
  defineAgent,
  type RefOf,
  type System,
} from "../../src/index.ts";
import { answering } from "../../src/testing/index.ts";

const url = import.meta.url;

const measurer = defineAgent(url, {
  name: "measurer",
  version: "1.0.0",
  input: v.object({ text: v.pipe(v.string(), v.transform(Number)), note: v.optional(v.string(), "none") }),
  output: v.object({ length: v.pipe(v.number(), v.transform(String)) }),
  execute: ({ text }) => ({ length: text }),
});

const counter = defineActor(url, { name: "counter", protocol: { count: {} }, on: { count: () => undefined } });

type MeasurerRef = ActorRef<AgentProtocol<{ text: string; note?: string | undefined }, { length: string }>, never>;

declare const system: System;
declare const context: AgentContext;
declare const ofActor: ActorContext;

describe("the types of a call", () => {
  it("come from the agent's contract: what it takes, and what it resolves to", () => {
    expectTypeOf(context.call(measurer, { text: "12" })).toEqualTypeOf<Promise<{ length: string }>>();
    expectTypeOf(ofActor.call(measurer, { text: "12", note: "" })).toEqualTypeOf<Promise<{ length: string }>>();
    expectTypeOf(system.call(measurer, { text: "12" }, { timeout: 5 })).toEqualTypeOf<Promise<{ length: string }>>();
  });

  it("tell of a wrong input where it is wrong", () => {
    void context.call(measurer, {
      // @ts-expect-error: the text is of another type
      text: 12,
    });
    // @ts-expect-error: the text is missing
    void context.call(measurer, {});
    void system.call(measurer, {
      text: "12",
      // @ts-expect-error: there is no such field
      other: true,
    });
    // @ts-expect-error: the input is missing
    void system.call(measurer);
  });

  it("tell of a wrong option, and of what is no agent", () => {
    void context.call(
      measurer,
      { text: "12" },
      {
        // @ts-expect-error: there is no such option
        key: "a",
      },
    );
    // @ts-expect-error: an actor is no agent
    void context.call(counter, {});
  });
});

const writer = defineAgent(url, {
  name: "writer",
  version: "1.0.0",
  input: v.object({ name: v.string() }),
  output: v.object({ text: v.string() }),
  emits: v.pipe(v.string(), v.transform(Number)),
  execute: ({ name }) => ({ text: name }),
});

describe("the types of a streamed call", () => {
  it("come from the agent's contract: its parts as parsed, and its output", () => {
    expectTypeOf(context.stream(writer, { name: "Ada" })).toEqualTypeOf<CallStream<number, { text: string }>>();
    expectTypeOf(ofActor.stream(writer, { name: "Ada" })).toEqualTypeOf<CallStream<number, { text: string }>>();
    const stream = system.stream(writer, { name: "Ada" }, { timeout: 5 });
    expectTypeOf(stream.result).toEqualTypeOf<Promise<{ text: string }>>();
    expectTypeOf(stream[Symbol.asyncIterator]().next()).resolves.toEqualTypeOf<
      IteratorResult<CallItem<number>, void>
    >();
  });

  it("tell of a wrong input, and of an agent that emits nothing", () => {
    // @ts-expect-error: the name is missing
    context.stream(writer, {});
    // @ts-expect-error: it emits nothing
    system.stream(measurer, { text: "12" });
    // @ts-expect-error: an actor is no agent
    system.stream(counter, {});
  });

  it("are those of what a fake answers and emits", () => {
    answering(writer, ({ name }, emit) => {
      expectTypeOf(emit).toEqualTypeOf<(part: number) => void>();
      return { text: name };
    });
  });
});

describe("the types of refs on agents", () => {
  it("are those of what spawn and find resolve to, and of the schema", () => {
    expectTypeOf(context.spawn(measurer)).toEqualTypeOf<Promise<MeasurerRef>>();
    expectTypeOf(context.find(measurer, "m")).toEqualTypeOf<Promise<MeasurerRef>>();
    expectTypeOf(system.find(measurer, "m")).toEqualTypeOf<Promise<MeasurerRef>>();
    expectTypeOf<v.InferOutput<ReturnType<typeof agentRef<string, string>>>>().toEqualTypeOf<
      ActorRef<AgentProtocol<string, string>, never>
    >();
    const schema = agentRef(measurer);
    expectTypeOf<v.InferInput<typeof schema>>().toEqualTypeOf<MeasurerRef>();
    expectTypeOf<RefOf<typeof measurer>>().toEqualTypeOf<MeasurerRef>();
  });
});
