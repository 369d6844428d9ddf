/** Invariant 1 on real threads: what crosses a mailbox is a copy, complete and shared with no other actor. */

import { describe, expect, it } from "vitest";
import { counter, echo, parent, recorder, sharer, talker } from "../../fixtures/actors.ts";
import { carrier } from "../../fixtures/carrier.ts";
import { record, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();

/** Nested deeper than most data, less deep than the limit of 256. */
function nested(depth: number): unknown {
  let value: unknown = "the bottom";
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

const values: readonly [string, unknown][] = [
  ["undefined", undefined],
  ["null", null],
  ["booleans", [true, false]],
  ["numbers that JSON has", [0, 1.5, -1e300, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE]],
  ["numbers that JSON lacks", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]],
  ["-0 alone", -0],
  ["bigints", [0n, -1n, 2n ** 200n]],
  ["strings", ["", "\0", "ü 漢 🎭", "\u2028\u2029", '"\\', "\ud800 alone", "\udc00 alone"]],
  ["a long string", "x".repeat(1_000_000)],
  ["objects with undefined fields", { a: undefined, b: [undefined, { c: undefined }] }],
  ["awkward keys", { "": 1, "0": 2, constructor: 3, toString: 4, "a.b": 5, length: 6 }],
  ["an own field named __proto__", JSON.parse('{"__proto__":{"polluted":true},"x":1}')],
  ["plain data that looks like a ref", { "@troupe": "ref", address: "1/nobody", capacity: 1, overflow: "reject" }],
  ["dates", [new Date(0), new Date(8.64e15), new Date(Number.NaN)]],
  [
    "maps",
    new Map<unknown, unknown>([
      ["a", new Map([[1, 2]])],
      [{ key: true }, [undefined]],
      [Number.NaN, -0],
    ]),
  ],
  ["sets", new Set<unknown>([1, "1", undefined, new Set([2n])])],
  [
    "typed arrays",
    [
      new Uint8Array([1, 2, 255]),
      new Uint8ClampedArray([3]),
      new Int16Array([-4]),
      new Float32Array([1.5]),
      new Float64Array([Number.NaN, -0]),
      new BigInt64Array([-5n]),
      new BigUint64Array([6n]),
      new Uint8Array(0),
    ],
  ],
  ["bytes", new Uint8Array([1, 2, 3]).buffer],
  ["a DataView", new DataView(new Uint8Array([9, 8, 7]).buffer)],
  ["deep structures", nested(200)],
  ["a thousand fields", Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`field-${n}`, n]))],
  ["a value twice", ((twice) => [twice, twice])({ shared: 1 })],
];

describe.each([0, 1])("with an actor on thread %i", (thread) => {
  it.each(values)("%s arrive intact: as a message, a reply and an event", async (_, value) => {
    const ref = await system().spawn(echo, { placement: { thread } });
    using events = record(ref.events$);
    expect(await ref.ask("echo", { value })).toStrictEqual(value);
    expect((await events.first()).value).toStrictEqual(value);
    await system().stop(ref);
  });

  it("what was told is not what the sender changes afterwards", async () => {
    const ref = await system().spawn(recorder, { placement: { thread } });
    const value = { list: [1], map: new Map([["a", { n: 1 }]]), bytes: new Uint8Array([1]), at: new Date(0) };
    const told = ref.tell("keep", { value });
    value.list.push(2);
    value.map.set("b", { n: 2 });
    (value.map.get("a") as { n: number }).n = 3;
    value.bytes[0] = 4;
    value.at.setTime(5);
    await told;
    value.list.push(6);
    expect(await ref.ask("kept")).toStrictEqual({
      list: [1],
      map: new Map([["a", { n: 1 }]]),
      bytes: new Uint8Array([1]),
      at: new Date(0),
    });
  });

  it("what was answered is the asker's own", async () => {
    const ref = await system().spawn(recorder, { placement: { thread } });
    await ref.tell("keep", { value: { list: [1], map: new Map([["a", new Set([1])]]) } });
    const first = (await ref.ask("kept")) as { list: number[]; map: Map<string, Set<number>> };
    first.list.push(2);
    first.map.get("a")?.add(2);
    expect(await ref.ask("kept")).toStrictEqual({ list: [1], map: new Map([["a", new Set([1])]]) });
    await ref.tell("record", { from: "main", n: 1 });
    const entries = await ref.ask("list");
    entries.push({ from: "me", n: 2 });
    expect(await ref.ask("list")).toEqual([{ from: "main", n: 1 }]);
  });

  it.each([0, 1, 2])("what an actor of thread %i told is not what it changes afterwards", async (own) => {
    const to = await system().spawn(recorder, { placement: { thread } });
    const ref = await system().spawn(sharer, { placement: { thread: own } });
    expect(await ref.ask("share", { to })).toEqual({ list: [1, 2, 3] });
    expect(await to.ask("kept")).toEqual({ list: [1] });
    await ref.ask("spoil", { to });
    expect(await to.ask("kept")).toEqual({ list: [1] });
  });

  it("a view arrives without the rest of its buffer", async () => {
    const ref = await system().spawn(echo, { placement: { thread } });
    const secret = new Uint8Array(1024).fill(42);
    secret.set([1, 2, 3], 100);
    const back = (await ref.ask("echo", { value: secret.subarray(100, 103) })) as Uint8Array;
    expect([...back]).toEqual([1, 2, 3]);
    expect(back.buffer.byteLength).toBe(3);
  });
});

describe.each([0, 1])("refs in messages to an actor on thread %i", (thread) => {
  it("are told through", async () => {
    const to = await system().spawn(recorder, { placement: { thread: 2 } });
    const ref = await system().spawn(talker, { placement: { thread } });
    expect(await ref.ask("talk", { to, from: "talker", count: 3 })).toBe(3);
    expect(await to.ask("list")).toEqual([0, 1, 2].map((n) => ({ from: "talker", n })));
  });

  it("come back in replies, and know their actor", async () => {
    const ref = await system().spawn(parent, { placement: { thread } });
    const { child } = await ref.ask("raise", { name: `child-of-${thread}` });
    await child.tell("add", { by: 2 });
    expect(await child.ask("get")).toBe(2);
    expect(await ref.ask("lookUp", { name: `child-of-${thread}` })).toBe(2);
    using events = record(child.events$);
    await child.tell("add", { by: 1 });
    expect(await events.first()).toEqual({ count: 3 });
  });

  it("work wherever they are in a message, when kept, and when passed on", async () => {
    const ref = await system().spawn(carrier, { placement: { thread } });
    const next = await system().spawn(carrier, { placement: { thread: 2 } });
    const [direct, listed, mapped, member] = await Promise.all(
      [1, 2, 0, 1].map((own) => system().spawn(counter, { placement: { thread: own } })),
    );
    if (direct === undefined || listed === undefined || mapped === undefined || member === undefined)
      throw new Error("not spawned");
    await ref.ask("carry", { direct, list: [{ ref: listed }], map: new Map([["a", mapped]]), set: new Set([member]) });
    expect(await ref.ask("addToAll", { by: 1 })).toEqual([1, 1, 1, 1]);
    await ref.ask("passOn", { to: next });
    expect(await next.ask("addToAll", { by: 2 })).toEqual([3, 3, 3, 3]);
    const { direct: back, list, map, set } = await next.ask("carried");
    expect([back, list[0]?.ref, map.get("a"), [...set][0]].map((one) => one?.address)).toEqual(
      [direct, listed, mapped, member].map(({ address }) => address),
    );
    expect(await back.ask("get")).toBe(3);
  });
});
