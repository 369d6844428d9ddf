import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { homeHost, hostId, makeAddress } from "../../../src/actors/address.ts";
import { encodeError } from "../../../src/errors/error-codec.ts";
import { type Envelope, type EnvelopeHeader, never } from "../../../src/runtime/transport/envelope.ts";
import type { Frame } from "../../../src/runtime/transport/frame.ts";
import {
  encodeBatch,
  framesOf,
  isReadable,
  openBatch,
  type WireBatch,
} from "../../../src/runtime/transport/frame-codec.ts";
import { envelopeOf, frames } from "./frame-arbitrary.ts";

const origin = 7;

/** The way through a MessagePort. */
const carry = (batch: WireBatch): Frame[] => framesOf(openBatch(structuredClone(batch)), hostId(origin));
const cross = (...batch: Frame[]): Frame[] => carry(encodeBatch(1, 0, batch));
const crossMessages = (...batch: Envelope[]) => cross(...batch) as Envelope[];

/** What the receiver learns anew: who sent the batch, and whether all of it was JSON. */
const bare = (frame: Frame): unknown => {
  if (frame.kind === "message") return { ...frame, isJson: undefined, origin: undefined };
  if (frame.kind === "reply" && frame.answer.ok) return { ...frame, answer: { ...frame.answer, isJson: undefined } };
  // JSON has no fields of undefined; a dead letter without a payload says the same as one of undefined
  if (frame.kind === "report" && frame.report.type === "dead-letter") {
    const { letter } = frame.report;
    const { from, payload } = letter;
    return { ...frame, report: { ...frame.report, letter: { ...letter, from, payload } } };
  }
  return frame;
};

const contentOf = (frame: Frame): { value: unknown; isJson: boolean } | undefined => {
  if (frame.kind === "message") return { value: frame.payload, isJson: frame.isJson };
  if (frame.kind === "reply" && frame.answer.ok) return frame.answer;
  if (frame.kind === "event") return { value: frame.event, isJson: frame.isJson };
  return undefined;
};

const tells = (rows: readonly unknown[], fields: Partial<Envelope> = {}): Envelope[] =>
  rows.map((payload, i) => envelopeOf({ id: 10 + i, payload, ...fields }));

afterEach(() => void vi.restoreAllMocks());

describe("a batch", () => {
  it("brings its frames, each as it was, in their order (invariant 2)", () => {
    fc.assert(
      fc.property(frames, (batch) => {
        const received = cross(...batch);
        expect(received).toHaveLength(batch.length);
        for (const [i, frame] of batch.entries()) {
          const arrived = received[i]!;
          expect(isDeepStrictEqual(bare(arrived), bare(frame)), JSON.stringify([arrived.kind, i])).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("says of what it brings that it is JSON only where JSON carries it", () => {
    fc.assert(
      fc.property(frames, (batch) => {
        for (const frame of cross(...batch)) {
          const content = contentOf(frame);
          if (content?.isJson !== true || content.value === undefined) continue;
          expect(isDeepStrictEqual(JSON.parse(JSON.stringify(content.value)), content.value)).toBe(true);
        }
      }),
    );
  });

  it("comes out the same when it is sent on", () => {
    fc.assert(
      fc.property(frames, (batch) => {
        const once = cross(...batch);
        expect(cross(...once)).toEqual(once);
      }),
    );
  });

  it("is one string exactly when all of it is JSON", () => {
    const plain = envelopeOf({ payload: { a: 1 } });
    const [date] = tells([{ at: new Date(0) }], { isJson: false });
    const form = (...batch: Frame[]) => typeof encodeBatch(1, 0, batch);
    expect(form()).toBe("string");
    expect(form(plain, envelopeOf(), plain)).toBe("string");
    expect(form(plain, date!)).toBe("object");
    expect(form({ kind: "event", subscription: 1, event: undefined, isJson: false })).toBe("object");
    const failed = { ok: false, error: encodeError(new Error("bad", { cause: 5n })) } as const;
    expect(form({ kind: "reply", id: 1, token: 0, answer: failed })).toBe("string");
  });

  it("carries its number and position", () => {
    expect(openBatch(encodeBatch(3, 9, [])).parts).toEqual([3, 9, []]);
  });

  it("names the host it came from as the origin", () => {
    const [alone, first, second] = crossMessages(envelopeOf({ isAsk: true }), ...tells([{ a: 1 }, { a: 2 }]));
    expect([alone?.origin, first?.origin, second?.origin]).toEqual([origin, origin, origin]);
  });

  it("travels as arrays when it is longer than any string", () => {
    vi.spyOn(JSON, "stringify").mockImplementationOnce(() => {
      throw new RangeError("Invalid string length");
    });
    const batch = encodeBatch(1, 0, tells([{ a: 1 }, { a: 2 }]));
    expect(batch).toMatchObject({ parts: [1, 0, [expect.any(Array)]] });
    expect(carry(batch)).toMatchObject([{ payload: { a: 1 } }, { payload: { a: 2 } }]);
  });
});

describe("a payload", () => {
  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["false", false],
    ["the empty string", ""],
    ["zero", 0],
    ["an empty object", {}],
    ["an array", [{ a: 1 }]],
    ["a field __proto__", JSON.parse('{"__proto__": {"a": 1}, "b": 2}')],
    ["a field toJSON", { toJSON: 1, a: 2 }],
    ["fields named by numbers", { b: 1, 2: 2, 1: 3 }],
  ])("arrives as it was: %s", (_, payload) => {
    for (const isAsk of [true, false]) {
      const [one, two, three] = crossMessages(...tells([payload, payload, payload], { isAsk }));
      for (const arrived of [one, two, three]) {
        expect(arrived?.payload).toStrictEqual(payload);
        expect(JSON.stringify(arrived?.payload)).toBe(JSON.stringify(payload));
      }
      expect([one?.id, two?.id, three?.id]).toEqual([10, 11, 12]);
    }
  });

  it("arrives next to one that JSON doesn't carry", () => {
    const [first, second] = crossMessages(
      envelopeOf({ payload: { a: 1 } }),
      envelopeOf({ id: 2, payload: { a: -0, b: undefined }, isJson: false }),
    );
    expect(first?.payload).toEqual({ a: 1 });
    expect(second?.payload).toStrictEqual({ a: -0, b: undefined });
  });
});

describe("a burst of tells", () => {
  const wire = (batch: Frame[]) => openBatch(encodeBatch(1, 0, batch)).parts[2];

  it("writes the names of its fields once", () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ sensor: "north", value: i }));
    expect(wire(tells(rows))).toHaveLength(1);
    expect(JSON.stringify(wire(tells(rows))).match(/sensor/g)).toHaveLength(1);
    expect(crossMessages(...tells(rows)).map(({ payload }) => payload)).toEqual(rows);
  });

  it.each([1, 2, 15, 16, 250])("takes the room of one for %i without a payload", (count) => {
    const ticks = tells(Array.from({ length: count }, () => undefined));
    expect(wire(ticks)).toHaveLength(1);
    expect(crossMessages(...ticks, ...tells([{ a: 1 }])).map(({ id, payload }) => [id, payload])).toEqual([
      ...ticks.map(({ id }) => [id, undefined]),
      [10, { a: 1 }],
    ]);
  });

  it("brings columns of any kind, however long (invariant 2)", () => {
    const number = fc.double({ noNaN: true }).filter((n) => Number.isFinite(n) && !Object.is(n, -0));
    const kind = fc.constantFrom<fc.Arbitrary<unknown>>(
      number,
      fc.array(number, { maxLength: 5 }),
      fc.array(fc.oneof(number, fc.string()), { maxLength: 2 }),
      fc.oneof({ weight: 30, arbitrary: number }, fc.constant(null)),
      fc.string(),
    );
    const run = fc
      .tuple(kind, kind, kind)
      .chain(([a, b, c]) => fc.array(fc.record({ a, b, c }, { noNullPrototype: true }), { maxLength: 80 }));
    fc.assert(
      fc.property(run, run, (one, other) => {
        const batch = [...tells(one), ...tells(other)].map((message, id) => ({ ...message, id }));
        expect(crossMessages(...batch).map(({ payload }) => payload)).toStrictEqual([...one, ...other]);
      }),
      { numRuns: 300 },
    );
  });

  const rows = [{ a: 1 }, { a: 2 }];
  it.each<[string, Envelope[]]>([
    ["the fields", tells([{ a: 1 }, { b: 2 }])],
    ["the number of fields", tells([{ a: 1 }, { a: 1, b: 2 }])],
    ["a missing field", tells([{ a: 1, b: 2 }, { a: 1 }])],
    [
      "the order of fields",
      tells([
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ],
    ["what is an array", tells([{ 0: 1 }, [1]])],
    ["what is no object", tells([{ a: 1 }, "a"])],
    ["what is null", tells([{ a: 1 }, null])],
    ["what is not there", tells([{ a: 1 }, undefined])],
    ["what is there", tells([undefined, {}])],
    ["the ids, with a gap", tells(rows).map((each, i) => ({ ...each, id: 10 + 2 * i }))],
    ["the ids, the same twice", tells(rows).map((each) => ({ ...each, id: 10 }))],
    ["the receivers", tells(rows).map((each, i) => ({ ...each, to: makeAddress(hostId(1), `${i}`) }))],
    [
      "the senders",
      tells(rows).map((each, i) => ({ ...each, from: i === 0 ? undefined : makeAddress(homeHost, "s") })),
    ],
    ["the types", tells(rows).map((each, i) => ({ ...each, type: `${i}` }))],
    ["the tokens", tells(rows).map((each, i) => ({ ...each, token: i }))],
    ["the causes", tells(rows).map((each, i) => ({ ...each, cause: i }))],
    ["the checks", tells(rows).map((each, i) => ({ ...each, isChecked: i === 0 }))],
    ["the deadlines", tells(rows).map((each, i) => ({ ...each, deadline: i + 1 }))],
    ["what is an ask", tells(rows).map((each, i) => ({ ...each, isAsk: i === 1 }))],
    ["what has refs", tells(rows).map((each, i) => ({ ...each, hasRefs: i === 1 }))],
  ])("ends where the tells differ in %s", (_, batch) => {
    expect(wire(batch)).toHaveLength(2);
    expect(crossMessages(...batch)).toEqual(batch.map((each) => ({ ...each, origin })));
  });

  /** Two values for each field. One that messages get is to be added here. */
  const values: { readonly [K in Exclude<keyof EnvelopeHeader, "origin" | "isJson">]: readonly EnvelopeHeader[K][] } = {
    to: [makeAddress(hostId(1), "a"), makeAddress(hostId(1), "b")],
    from: [undefined, makeAddress(homeHost, "s")],
    type: ["take", "give"],
    token: [0, 7],
    isAsk: [false, true],
    deadline: [never, 12.5],
    cause: [0, 7],
    isChecked: [false, true],
    hasRefs: [false, true],
    idempotencyKey: [undefined, "k"],
    isRepeat: [false, true],
    isTold: [false, true],
    askers: [undefined, [makeAddress(homeHost, "s"), makeAddress(hostId(1), "a")]],
    trace: [undefined, `00-${"1".repeat(32)}-${"2".repeat(16)}-01`],
  };
  it.each(Object.entries(values))("brings each message's own %s (invariant 2)", (field, [one, other]) => {
    const told = [one, one, other, other, one].map((value, id) => envelopeOf({ id, payload: { id }, [field]: value }));
    expect(crossMessages(...told)).toEqual(told.map((each) => ({ ...each, origin })));
  });

  it("ends at any other frame", () => {
    const [first, second] = tells(rows);
    const actor = makeAddress(hostId(1), "a");
    const stopped: Frame = { kind: "report", report: { type: "stopped", actor, hasFailed: false } };
    expect(wire([first!, stopped, second!])).toHaveLength(3);
    expect(cross(first!, stopped, second!)).toMatchObject([{ id: 10 }, { kind: "report" }, { id: 11 }]);
  });
});

describe("a batch that is none", () => {
  it.each<[string, unknown]>([
    ["no JSON", "garbage"],
    ["another value", "{}"],
    ["a text", JSON.stringify("[1,0,[]]")],
    ["too short", "[1,0]"],
    ["without a number", '["1",0,[]]'],
    ["without frames", "[1,0,{}]"],
    ["with a frame that is none", "[1,0,[7]]"],
    ["with an empty frame", "[1,0,[[]]]"],
    ["with a message of nothing", "[1,0,[[0]]]"],
    ["with an unknown frame", '[1,0,[[3,{"kind":"hello"}]]]'],
    ["with a frame that lacks something", '[1,0,[[3,{"kind":"stop"}]]]'],
    ["with a reply of nothing", "[1,0,[[2,1,0]]]"],
    ["with a run of nothing", "[1,0,[[4]]]"],
    ["undefined", undefined],
    ["null", null],
    ["a number", 5],
    ["an object of other things", { parts: {}, numbers: 1 }],
  ])("is found out: %s (invariant 9)", (_what, wire) => {
    expect(isReadable(wire)).toBe(false);
  });

  it("is found out, or read, whatever it is", () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.string({ maxLength: 3 }), (batch, at, by) => {
        const wire = encodeBatch(1, 0, batch);
        expect(isReadable(wire)).toBe(true);
        if (typeof wire !== "string") return;
        const from = at % (wire.length + 1);
        isReadable(`${wire.slice(0, from)}${by}${wire.slice(from + by.length)}`); // throws nothing
      }),
      { numRuns: 1000 },
    );
  });
});
