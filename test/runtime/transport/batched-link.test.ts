import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostId } from "../../../src/actors/address.ts";
import type { Link } from "../../../src/ports/link.ts";
import type { Turns } from "../../../src/ports/turns.ts";
import { BatchedLink } from "../../../src/runtime/transport/batched-link.ts";
import { encodeError } from "../../../src/errors/error-codec.ts";
import type { Envelope } from "../../../src/runtime/transport/envelope.ts";
import type { Frame } from "../../../src/runtime/transport/frame.ts";
import { openBatch, type WireBatch } from "../../../src/runtime/transport/frame-codec.ts";
import { envelopeOf } from "./frame-arbitrary.ts";

const maxFrames = 256;

/** One way of a link: a sender, a receiver, and the wire between them, which the test works by hand. */
/** A batch that can't be read is the fault of the test that sent it. */
const failTest = (_batch: unknown, error: unknown): never => {
  throw error;
};

class Bench {
  /** Batches that were sent and not delivered. */
  wire: WireBatch[] = [];
  readonly received: { readonly frames: Frame[]; readonly position: number }[] = [];
  readonly atEndOfTurn: (() => void)[] = [];
  readonly atEndOfLoop: (() => void)[] = [];
  position = 0;
  isClosed = false;
  readonly sender: BatchedLink;
  readonly receiver: BatchedLink;
  #deliver: (batch: unknown) => void = () => {};

  constructor() {
    const turns: Turns = {
      schedule: () => {},
      atEndOfTurn: (task) => void this.atEndOfTurn.push(task),
      atEndOfLoop: (task) => void this.atEndOfLoop.push(task),
    };
    const out: Link = {
      send: (batch) => {
        if (!this.isClosed) this.wire.push(structuredClone(batch) as WireBatch);
      },
      receive: () => {},
      drain: () => {},
      close: () => (this.isClosed = true),
    };
    const into: Link = {
      send: () => {},
      receive: (onBatch) => (this.#deliver = onBatch),
      drain: () => {},
      close: () => {},
    };
    const position = () => this.position;
    this.sender = new BatchedLink({
      peer: hostId(2),
      link: out,
      turns,
      position,
      onBatch: () => {},
      onUnreadable: failTest,
    });
    const onBatch = (frames: Frame[], at: number) => void this.received.push({ frames, position: at });
    this.receiver = new BatchedLink({ peer: hostId(1), link: into, turns, position, onBatch, onUnreadable: failTest });
  }

  tell(...ids: number[]): void {
    for (const id of ids) this.sender.send(envelopeOf({ id, payload: { id } }));
  }

  ask(...ids: number[]): void {
    for (const id of ids) this.sender.send(envelopeOf({ id, payload: { id }, isAsk: true, deadline: 5000 }));
  }

  endTurn(): void {
    for (const task of this.atEndOfTurn.splice(0)) task();
  }

  endLoop(): void {
    this.endTurn();
    for (const task of this.atEndOfLoop.splice(0)) task();
  }

  /** Delivers all that is on the wire, each batch as often as it says. */
  deliver(times: (index: number) => number = () => 1): void {
    for (const [i, batch] of this.wire.splice(0).entries()) {
      for (let n = times(i); n > 0; n--) this.#deliver(batch);
    }
  }

  deliverAgain(batch: WireBatch): void {
    this.#deliver(batch);
  }

  get ids(): number[] {
    return this.received.flatMap(({ frames }) => frames.map((frame) => (frame as Envelope).id));
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe("what is sent", () => {
  it("leaves in one batch at the end of the loop when no asker waits for it", () => {
    const bench = new Bench();
    bench.tell(1, 2, 3);
    bench.endTurn();
    expect(bench.wire).toEqual([]);
    bench.endLoop();
    expect(bench.wire).toHaveLength(1);
    bench.deliver();
    expect(bench.ids).toEqual([1, 2, 3]);
  });

  it("leaves at the end of the turn, with all that came before, when an asker waits for it", () => {
    const answer = { ok: true, value: 1, hasRefs: false, isJson: true } as const;
    const awaited: Frame[] = [
      envelopeOf({ id: 9, isAsk: true, deadline: 5000 }),
      { kind: "reply", id: 9, token: 0, answer },
      { kind: "reply", id: 9, token: 0, answer: { ok: false, error: encodeError("bad") } },
    ];
    for (const frame of awaited) {
      const bench = new Bench();
      bench.tell(1);
      bench.sender.send(frame);
      bench.tell(2);
      expect(bench.wire).toEqual([]);
      bench.endTurn();
      bench.deliver();
      expect(bench.received.flatMap(({ frames }) => frames)).toMatchObject([
        { id: 1 },
        { kind: frame.kind, id: 9 },
        { id: 2 },
      ]);
      bench.tell(3);
      bench.endTurn();
      expect(bench.wire).toEqual([]); // that hurry is over
      bench.endLoop();
      expect(bench.wire).toHaveLength(1);
    }
  });

  it("asks for the end of a turn, or of a loop, once", () => {
    const bench = new Bench();
    bench.tell(1, 2, 3);
    bench.ask(4, 5);
    bench.tell(6);
    expect([bench.atEndOfTurn.length, bench.atEndOfLoop.length]).toEqual([1, 1]);
    bench.endLoop();
    bench.ask(7);
    bench.tell(8);
    expect([bench.atEndOfTurn.length, bench.atEndOfLoop.length]).toEqual([1, 0]);
  });

  it(`leaves before that, at ${maxFrames} frames (invariant 7)`, () => {
    const bench = new Bench();
    bench.tell(...range(0, maxFrames - 1));
    expect(bench.wire).toHaveLength(0);
    bench.tell(maxFrames - 1);
    expect(bench.wire).toHaveLength(1);
    bench.tell(...range(maxFrames, 2 * maxFrames + 10));
    expect(bench.wire).toHaveLength(2);
    bench.endLoop();
    expect(bench.wire).toHaveLength(3);
    bench.deliver();
    expect(bench.received.map(({ frames }) => frames.length)).toEqual([maxFrames, maxFrames, 10]);
    expect(bench.ids).toEqual(range(0, 2 * maxFrames + 10));
  });

  it("leaves when it is flushed, and an empty batch never does", () => {
    const bench = new Bench();
    bench.sender.flush();
    bench.tell(1);
    bench.sender.flush();
    bench.sender.flush();
    bench.endLoop();
    expect(bench.wire.map((batch) => openBatch(batch).parts[0])).toEqual([1]);
  });

  it("carries the position of the moment at which it leaves", () => {
    const bench = new Bench();
    bench.position = 1;
    bench.tell(1);
    bench.position = 2;
    bench.endLoop();
    bench.position = 3;
    bench.deliver();
    expect(bench.received[0]?.position).toBe(2);
  });

  it("leaves before the link closes, and what comes later does not", () => {
    const bench = new Bench();
    bench.tell(1);
    bench.sender.close();
    expect(bench.isClosed).toBe(true);
    bench.tell(2);
    bench.endLoop();
    bench.deliver();
    expect(bench.ids).toEqual([1]);
  });
});

describe("what arrives", () => {
  it("is dropped when it arrived before, however late", () => {
    const bench = new Bench();
    bench.tell(1);
    bench.endLoop();
    const [first] = bench.wire;
    bench.tell(2);
    bench.endLoop();
    bench.deliver((i) => i + 2);
    bench.deliverAgain(first!);
    expect(bench.ids).toEqual([1, 2]);
  });

  it("names the peer as its origin", () => {
    const bench = new Bench();
    bench.tell(1);
    bench.endLoop();
    bench.deliver();
    expect(bench.received[0]?.frames[0]).toMatchObject({ origin: 1 });
  });

  it("is told of once when it can't be read or handled, and nothing after it is looked at (invariant 9)", () => {
    const link: { deliver?: (batch: unknown) => void } = {};
    let handled = 0;
    const onBatch = (): never => {
      handled++;
      throw new Error("bad");
    };
    const port: Link = {
      send: () => {},
      receive: (deliver) => (link.deliver = deliver),
      drain: () => {},
      close: () => {},
    };
    const turns: Turns = { schedule: () => {}, atEndOfTurn: () => {}, atEndOfLoop: () => {} };
    const unreadable: unknown[] = [];
    const peer = hostId(1);
    const onUnreadable = (batch: unknown, error: unknown): void => void unreadable.push([batch, String(error)]);
    const batched = new BatchedLink({ peer, link: port, turns, position: () => 0, onBatch, onUnreadable });
    const batch: WireBatch = "[1,0,[]]";
    link.deliver?.(batch);
    link.deliver?.("garbage");
    link.deliver?.("[2,0,[]]");
    expect([batched.peer, handled]).toEqual([1, 1]);
    expect(unreadable).toEqual([[batch, "Error: bad"]]);
  });

  it("is what was sent, once and in its order, however turns end and batches double (invariants 2, 5)", () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ send: fc.integer({ min: 1, max: 5 }) }) },
      { weight: 2, arbitrary: fc.constant("ask" as const) },
      { weight: 1, arbitrary: fc.record({ send: fc.constantFrom(maxFrames - 1, maxFrames, maxFrames + 1) }) },
      { weight: 3, arbitrary: fc.constantFrom("end of turn" as const, "end of loop" as const) },
      { weight: 1, arbitrary: fc.constant("flush" as const) },
      { weight: 3, arbitrary: fc.record({ times: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1 }) }) },
      { weight: 1, arbitrary: fc.record({ again: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const bench = new Bench();
        const delivered: WireBatch[] = [];
        let sent = 0;
        for (const each of steps) {
          if (each === "end of turn") bench.endTurn();
          else if (each === "end of loop") bench.endLoop();
          else if (each === "ask") bench.ask(sent++);
          else if (each === "flush") bench.sender.flush();
          else if ("send" in each) bench.tell(...range(sent, (sent += each.send)));
          else if ("again" in each) {
            const old = delivered[each.again % Math.max(1, delivered.length)];
            if (old !== undefined) bench.deliverAgain(old);
          } else {
            delivered.push(...bench.wire);
            bench.deliver((i) => each.times[i % each.times.length]!);
          }
        }
        bench.endLoop();
        bench.deliver();
        expect(bench.ids).toEqual(range(0, sent));
        for (const { frames } of bench.received) expect(frames.length).toBeLessThanOrEqual(maxFrames);
      }),
    );
  });
});
