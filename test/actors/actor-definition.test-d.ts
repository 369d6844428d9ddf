import { EMPTY, map, type Observable } from "rxjs";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import {
  type ActorContext,
  type ActorDefinition,
  type ActorRef,
  actorRef,
  type Address,
  defineActor,
  type HandlerResult,
  type InboxMessage,
  type MessageInput,
  type MessagePayload,
  type MessageReply,
} from "../../src/index.ts";

const url = import.meta.url;

class Account {
  cents = 1;
  pay(): void {}
}

const text = v.pipe(
  v.string(),
  v.transform((given) => given.length),
);

const protocol = {
  measure: { input: text, reply: text },
  add: { input: v.object({ by: v.number() }) },
  get: { reply: v.number() },
  ping: {},
} as const;

describe("the types of a protocol", () => {
  it("come from its schemas: what a sender passes, a handler gets and an asker is answered", () => {
    expectTypeOf<MessageInput<(typeof protocol)["measure"]>>().toEqualTypeOf<string>();
    expectTypeOf<MessagePayload<(typeof protocol)["measure"]>>().toEqualTypeOf<number>();
    expectTypeOf<MessageReply<(typeof protocol)["measure"]>>().toEqualTypeOf<number>();
    expectTypeOf<MessageInput<(typeof protocol)["get"]>>().toEqualTypeOf<undefined>();
    expectTypeOf<MessageReply<(typeof protocol)["add"]>>().toEqualTypeOf<undefined>();
  });
});

describe("the types of handlers", () => {
  it("come from the protocol, the state and the events", () => {
    const counter = defineActor(url, {
      name: "counter",
      protocol,
      events: v.object({ count: v.number() }),
      state: () => ({ count: 0 }),
      on: {
        measure(draft, payload, context) {
          expectTypeOf(draft).toEqualTypeOf<{ count: number }>();
          expectTypeOf(payload).toEqualTypeOf<number>();
          expectTypeOf(context).toEqualTypeOf<ActorContext<{ count: number }>>();
          context.emit({ count: 1 });
          // @ts-expect-error: an event of another type
          context.emit({ counted: 1 });
          return "a string, of which the schema makes a number";
        },
        add(draft, { by }) {
          draft.count += by;
        },
        get: async (draft) => draft.count,
        ping: (_draft, payload) => expectTypeOf(payload).toEqualTypeOf<undefined>() as never,
      },
    });
    expectTypeOf(counter).toEqualTypeOf<ActorDefinition<typeof protocol, { count: number }>>();
  });

  it("without a state draft an object without fields, without events emit nothing", () => {
    defineActor(url, {
      name: "stateless",
      protocol: { ping: {} },
      on: {
        ping(draft, _payload, context) {
          // @ts-expect-error: there is no such field
          draft.count = 1;
          // @ts-expect-error: there are no events
          context.emit(1);
        },
      },
    });
  });

  it("take lists as they are written, and frozen ones", () => {
    const lists = { list: { reply: v.array(v.string()) }, frozen: { reply: v.array(v.string()) } };
    defineActor(url, { name: "a", protocol: lists, on: { list: () => ["a"], frozen: () => Object.freeze(["a"]) } });
  });

  it("want the reply that the protocol says", () => {
    // @ts-expect-error: a string is no number
    defineActor(url, { name: "a", protocol: { get: { reply: v.number() } }, on: { get: () => "one" } });
    // @ts-expect-error: nor is a promise of one
    defineActor(url, { name: "a", protocol: { get: { reply: v.number() } }, on: { get: async () => "one" } });
    // @ts-expect-error: nothing is no number
    defineActor(url, { name: "a", protocol: { get: { reply: v.number() } }, on: { get: () => undefined } });
    // @ts-expect-error: there is no reply to give
    defineActor(url, { name: "a", protocol: { get: {} }, on: { get: () => 1 } });
  });

  it("are there for each message", () => {
    // @ts-expect-error: no handler for get
    defineActor(url, { name: "a", protocol: { get: { reply: v.number() }, ping: {} }, on: { ping: () => undefined } });
    // @ts-expect-error: no message pong
    defineActor(url, { name: "a", protocol: { ping: {} }, on: { ping: () => undefined, pong: () => undefined } });
  });

  it("want known options", () => {
    // @ts-expect-error: no such policy
    defineActor(url, { name: "a", protocol: {}, on: {}, mailbox: { overflow: "explode" } });
    // @ts-expect-error: no such placement
    defineActor(url, { name: "a", protocol: {}, on: {}, placement: "anywhere" });
  });
});

describe("the reply of a handler", () => {
  const kind = v.picklist(["a", "b"]);
  const one = v.object({ kind, pair: v.tuple([kind, v.number()]) });
  const name = "a";

  it("is taken as it is written, with parameters and without", () => {
    defineActor(url, { name, protocol: { get: { reply: kind } }, on: { get: () => "a" } });
    // TypeScript 5.9 takes the bare literal of an async function for a string
    defineActor(url, { name, protocol: { get: { reply: kind } }, on: { get: async () => "a" as const } });
    defineActor(url, { name, protocol: { get: { reply: one } }, on: { get: () => ({ kind: "a", pair: ["b", 1] }) } });
    defineActor(url, {
      name,
      protocol: { get: { reply: one } },
      on: { get: async () => ({ kind: "a", pair: ["b", 1] }) },
    });
    defineActor(url, {
      name,
      protocol: { get: { reply: one }, set: { input: one, reply: kind } },
      state: () => ({ n: 1 }),
      on: {
        async get() {
          await Promise.resolve();
          return { kind: "a", pair: ["b", 1] };
        },
        set: (draft, { kind: given }) => (draft.n > 1 ? given : "b"),
      },
    });
  });

  it("is what the protocol says", () => {
    // @ts-expect-error: there is no c
    defineActor(url, { name, protocol: { get: { reply: kind } }, on: { get: () => "c" } });
    // @ts-expect-error: nor is there one in a promise
    defineActor(url, { name, protocol: { get: { reply: kind } }, on: { get: async () => "c" } });
    // @ts-expect-error: a field is missing
    defineActor(url, { name, protocol: { get: { reply: one } }, on: { get: () => ({ kind: "a" }) } });
    expectTypeOf<HandlerResult<{ readonly reply: typeof kind }>>().toEqualTypeOf<"a" | "b">();
    expectTypeOf<HandlerResult<{ readonly input: typeof kind }>>().toEqualTypeOf<void>();
  });
});

describe("what crosses to another actor", () => {
  it("may be plain data, dates, maps, sets, bytes and refs", () => {
    const other = defineActor(url, { name: "other", protocol: { ping: {} }, on: { ping: () => undefined } });
    const everything = v.object({
      text: v.optional(v.nullable(v.string())),
      big: v.bigint(),
      at: v.date(),
      list: v.array(v.tuple([v.literal("a"), v.boolean()])),
      map: v.map(v.string(), v.set(v.number())),
      bytes: v.instance(Uint8Array),
      anything: v.unknown(),
      one: v.variant("type", [v.object({ type: v.literal("x"), x: v.number() }), v.object({ type: v.literal("y") })]),
      ref: actorRef(other),
      refs: v.record(v.string(), v.array(actorRef(other))),
      failure: v.object({ name: v.string(), message: v.string(), stack: v.string() }),
    });
    defineActor(url, {
      name: "a",
      protocol: { take: { input: everything, reply: everything } },
      on: { take: (_draft, all) => all },
    });
  });

  it("can't be a function, an instance of a class, a promise or a symbol, wherever it is", () => {
    const on = { take: () => undefined as never };
    // it isn't the handlers that are refused
    defineActor(url, { name: "a", protocol: { take: { input: v.string() } }, on });
    defineActor(url, { name: "a", protocol: { take: { reply: v.string() } }, on });
    // @ts-expect-error: a function
    defineActor(url, { name: "a", protocol: { take: { input: v.function() } }, on });
    // @ts-expect-error: a function in an object in an array
    defineActor(url, { name: "a", protocol: { take: { input: v.array(v.object({ f: v.function() })) } }, on });
    // @ts-expect-error: an instance of a class
    defineActor(url, { name: "a", protocol: { take: { input: v.object({ account: v.instance(Account) }) } }, on });
    const atTimes = v.object({ account: v.optional(v.instance(Account)) });
    // @ts-expect-error: an instance of a class that is not always there
    defineActor(url, { name: "a", protocol: { take: { input: atTimes } }, on });
    // @ts-expect-error: a promise
    defineActor(url, { name: "a", protocol: { take: { input: v.object({ p: v.promise() }) } }, on });
    // @ts-expect-error: a symbol
    defineActor(url, { name: "a", protocol: { take: { input: v.symbol() } }, on });
    // @ts-expect-error: an error
    defineActor(url, { name: "a", protocol: { take: { input: v.instance(Error) } }, on });
    // @ts-expect-error: functions in a map
    defineActor(url, { name: "a", protocol: { take: { input: v.map(v.string(), v.function()) } }, on });
    // @ts-expect-error: instances in a set
    defineActor(url, { name: "a", protocol: { take: { input: v.set(v.instance(Account)) } }, on });
    // @ts-expect-error: a function as the reply
    defineActor(url, { name: "a", protocol: { take: { reply: v.function() } }, on });
    // @ts-expect-error: a stream
    defineActor(url, { name: "a", protocol: { take: { reply: v.custom<Observable<number>>(() => true) } }, on });
    // @ts-expect-error: in a behaviour
    defineActor(url, { name: "a", protocol: { take: { input: v.function() } }, behaviour: () => EMPTY });
  });
});

describe("the types of a behaviour", () => {
  it("come from the protocol and the events", () => {
    const doubler = defineActor(url, {
      name: "doubler",
      protocol,
      events: v.string(),
      behaviour: (inbox$, context) => {
        expectTypeOf(inbox$).toEqualTypeOf<Observable<InboxMessage<typeof protocol>>>();
        expectTypeOf(context).toEqualTypeOf<ActorContext<string>>();
        return inbox$.pipe(
          map((message) => {
            expectTypeOf(message.type).toEqualTypeOf<"measure" | "add" | "get" | "ping">();
            expectTypeOf(message.from).toEqualTypeOf<Address | undefined>();
            if (message.type === "add") {
              expectTypeOf(message.payload).toEqualTypeOf<{ by: number }>();
              // @ts-expect-error: there is no reply to give
              message.reply(1);
            }
            if (message.type === "get") {
              message.reply(1);
              // @ts-expect-error: a string is no number
              message.reply("one");
            }
            return message.type;
          }),
        );
      },
    });
    expectTypeOf(doubler).toEqualTypeOf<ActorDefinition<typeof protocol, string>>();
    // @ts-expect-error: numbers are no events of it
    defineActor(url, { name: "a", protocol, events: v.string(), behaviour: (inbox$) => inbox$.pipe(map(() => 1)) });
  });

  it("that has no events is a stream of nothing", () => {
    const silent = defineActor(url, { name: "silent", protocol, behaviour: () => EMPTY });
    expectTypeOf(silent).toEqualTypeOf<ActorDefinition<typeof protocol, never>>();
  });
});

describe("a protocol with refs", () => {
  it("may name actors that name it", () => {
    const base = defineActor(url, { name: "base", protocol: { ping: {} }, on: { ping: () => undefined } });
    const friend = defineActor(url, {
      name: "friend",
      protocol: { meet: { input: v.object({ who: actorRef(base) }), reply: actorRef(base) } },
      on: {
        async meet(_draft, { who }) {
          expectTypeOf(who).toEqualTypeOf<ActorRef<(typeof base)["protocol"], never>>();
          await who.tell("ping");
          // @ts-expect-error: it has no such message
          await who.tell("pong");
          return who;
        },
      },
    });
    expectTypeOf<MessageReply<(typeof friend)["protocol"]["meet"]>>().toEqualTypeOf<
      ActorRef<(typeof base)["protocol"], never>
    >();
  });
});
