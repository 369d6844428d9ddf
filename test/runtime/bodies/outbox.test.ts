import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostId, makeAddress } from "../../../src/actors/address.ts";
import type { Parcel } from "../../../src/actors/outbox-state.ts";
import { PayloadCodec } from "../../../src/contracts/payload-codec.ts";
import { AskError } from "../../../src/errors/ask-error.ts";
import type { ErrorCode } from "../../../src/errors/error-code.ts";
import type { Sender, Target } from "../../../src/runtime/messaging/target.ts";
import type { DeadLetter } from "../../../src/runtime/transport/envelope.ts";
import type { SystemReport } from "../../../src/runtime/transport/system-report.ts";
import { Outbox } from "../../../src/runtime/bodies/outbox.ts";
import type { HostAskOptions } from "../../../src/runtime/messaging/messenger.ts";
import { ValueCopier } from "../../../src/values/value-copier.ts";

interface Ask {
  readonly to: string;
  readonly payload: unknown;
  readonly sender: Sender;
  readonly key: string | undefined;
  readonly isRepeat: boolean | undefined;
  readonly answer: () => void;
  readonly fail: (code: ErrorCode) => void;
}

/** A host that writes down what is asked through it, and a clock that the test moves. */
class World {
  readonly asks: Ask[] = [];
  readonly timers = new Map<object, { readonly ms: number; readonly fire: () => void }>();
  readonly letters: DeadLetter[] = [];
  readonly delivered: number[] = [];
  readonly addresses = new Map<string, string>();
  /** What looking for an actor fails with. */
  findFails: ErrorCode | undefined;
  pauses = 0;
  finds = 0;
  token = 7;
  readonly outbox: Outbox;

  constructor() {
    const copier = new ValueCopier(1_000_000);
    const ask = (sender: Sender, target: Target, type: string, payload: unknown, options?: HostAskOptions) => {
      if (type === "find") {
        this.finds++;
        if (this.findFails !== undefined) return Promise.reject(failure(this.findFails));
        return Promise.resolve(this.addresses.get((payload as { name: string }).name));
      }
      return new Promise((resolve, reject) => {
        const { key, isRepeat } = options ?? {};
        this.asks.push({
          to: target.address,
          payload,
          sender,
          key,
          isRepeat,
          answer: () => resolve(undefined),
          fail: (code) => reject(failure(code)),
        });
      });
    };
    const setTimer = (ms: number, fire: () => void) => {
      const timer = { cancel: () => void this.timers.delete(timer) };
      this.timers.set(timer, { ms, fire });
      return timer;
    };
    const report = (told: SystemReport) => {
      if (told.type === "dead-letter") this.letters.push(told.letter);
    };
    const host = { messenger: { ask }, copier, clock: { now: () => 0, jumped: () => 0, setTimer }, report };
    const token = (): number => this.token;
    const cell = {
      address: makeAddress(hostId(1), "me"),
      get token() {
        return token();
      },
    };
    this.outbox = new Outbox({
      host,
      cell,
      codec: new PayloadCodec({ maxBytes: 1_000_000 }),
      sender: "purse/me",
      onDelivered: (number) => void this.delivered.push(number),
      onPause: () => void this.pauses++,
    });
  }

  /** Fires what timers there are; returns how long they waited. */
  async pass(): Promise<number[]> {
    const due = [...this.timers];
    for (const [timer, { fire }] of due) {
      this.timers.delete(timer);
      fire();
    }
    await settled();
    return due.map(([, { ms }]) => ms);
  }

  async next(): Promise<Ask> {
    await settled();
    return this.asks.shift() ?? expect.fail("nothing was sent");
  }
}

function failure(code: ErrorCode): AskError {
  return new AskError("failed", code, `it failed with ${code}`);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function parcels(...to: string[]): Parcel[] {
  return to.map((name, i) => ({
    number: i + 1,
    to: { name, capacity: 8, overflow: "reject" },
    type: "take",
    payload: { n: i + 1 },
  }));
}

function worldOf(...names: string[]): World {
  const world = new World();
  for (const name of names) world.addresses.set(name, `2/${name}`);
  return world;
}

describe("an outbox", () => {
  it("sends to each receiver one after the other, and to all of them at once", async () => {
    const world = worldOf("a", "b");
    world.outbox.add(parcels("a", "a", "b"), false);
    const toA = await world.next();
    expect(toA).toMatchObject({ to: "2/a", payload: { n: 1 }, key: "troupe:mail/purse%2Fme/1", isRepeat: false });
    expect(await world.next()).toMatchObject({ to: "2/b", payload: { n: 3 }, key: "troupe:mail/purse%2Fme/3" });
    await settled();
    expect(world.asks).toEqual([]);
    expect(world.outbox.isIdle).toBe(false);
    toA.answer();
    expect(await world.next()).toMatchObject({ to: "2/a", payload: { n: 2 } });
    expect(world.delivered).toEqual([1]);
  });

  it("looks for a receiver once while it is there, and is idle when all is delivered", async () => {
    const world = worldOf("a");
    world.outbox.add(parcels("a", "a"), false);
    (await world.next()).answer();
    (await world.next()).answer();
    await settled();
    expect(world.delivered).toEqual([1, 2]);
    expect(world.finds).toBe(1);
    expect(world.outbox.isIdle).toBe(true);
    world.outbox.add(parcels("a"), false);
    expect(world.outbox.isIdle).toBe(false);
  });

  it("tries again after a pause that doubles up to five seconds, and looks for the receiver anew", async () => {
    const world = worldOf();
    world.outbox.add(parcels("a"), false);
    await settled();
    expect(world.outbox.isIdle).toBe(true); // nothing can be done for now
    const waited: number[] = [];
    for (let n = 0; n < 10; n++) waited.push(...(await world.pass()));
    expect(waited).toEqual([20, 40, 80, 160, 320, 640, 1280, 2560, 5000, 5000]);
    expect(world.pauses).toBe(11);
    world.addresses.set("a", "3/a");
    await world.pass();
    expect(await world.next()).toMatchObject({ to: "3/a", isRepeat: true });
  });

  it("begins with the shortest pause again after a delivery", async () => {
    const world = worldOf("a");
    world.outbox.add(parcels("a", "a"), false);
    (await world.next()).fail("mailbox-full");
    await settled();
    expect(await world.pass()).toEqual([20]);
    (await world.next()).fail("mailbox-full");
    await settled();
    expect(await world.pass()).toEqual([40]);
    (await world.next()).answer();
    (await world.next()).fail("mailbox-full");
    await settled();
    expect(await world.pass()).toEqual([20]);
  });

  it("says of each parcel whether it may have been sent before", async () => {
    const world = worldOf("a");
    const [first, second, third] = parcels("a", "a", "a") as [Parcel, Parcel, Parcel];
    world.outbox.add([first, second], true); // what an earlier life left: any of them may have arrived
    world.outbox.add([third], false);
    for (const isRepeat of [true, true]) {
      const ask = await world.next();
      expect(ask.isRepeat).toBe(isRepeat);
      ask.answer();
    }
    const fresh = await world.next();
    expect(fresh).toMatchObject({ key: "troupe:mail/purse%2Fme/3", isRepeat: false });
    fresh.fail("thread-died");
    await settled();
    await world.pass();
    expect(await world.next()).toMatchObject({ key: "troupe:mail/purse%2Fme/3", isRepeat: true });
  });

  it.each<ErrorCode>(["handler-failed", "contract-violated", "no-such-message"])(
    "is done with what ends as %s",
    async (code) => {
      const world = worldOf("a");
      world.outbox.add(parcels("a", "a"), false);
      (await world.next()).fail(code);
      expect(await world.next()).toMatchObject({ payload: { n: 2 } });
      expect(world.delivered).toEqual([1]);
    },
  );

  it.each<ErrorCode>([
    "thread-died",
    "no-such-actor",
    "actor-stopped",
    "mailbox-full",
    "not-committed",
    "timed-out",
    "idempotency-mismatch",
  ])("is not done with what ends as %s", async (code) => {
    const world = worldOf("a");
    world.outbox.add(parcels("a", "a"), false);
    (await world.next()).fail(code);
    await settled();
    expect(world.delivered).toEqual([]);
    await world.pass();
    expect(await world.next()).toMatchObject({ payload: { n: 1 } });
    expect(world.letters).toEqual([]);
  });

  it("is not done with what it could not look up the receiver of, whatever that failed with", async () => {
    const world = worldOf("a");
    world.findFails = "handler-failed";
    world.outbox.add(parcels("a"), false);
    await settled();
    expect(world.delivered).toEqual([]);
    world.findFails = undefined;
    await world.pass();
    expect(await world.next()).toMatchObject({ payload: { n: 1 } });
  });

  it("makes a dead letter of what its receiver failed to handle; of what was refused, the receiver does", async () => {
    const world = worldOf("a");
    world.outbox.add(parcels("a", "a"), false);
    (await world.next()).fail("contract-violated");
    (await world.next()).fail("handler-failed");
    await settled();
    const letter = { reason: "handler-failed", to: "2/a", from: "1/me", type: "take", payload: { n: 2 } };
    expect(world.letters).toEqual([{ ...letter, detail: "it failed with handler-failed" }]);
  });

  it("sends with the token of the moment, as caused by no message that is handled meanwhile", async () => {
    const world = worldOf("a");
    world.outbox.add(parcels("a", "a"), false);
    const first = await world.next();
    expect(first.sender).toMatchObject({ address: "1/me", cause: 0, token: 7 });
    world.token = 12;
    first.answer();
    expect((await world.next()).sender.token).toBe(12);
  });

  it("does nothing any more once it is stopped, and leaves no timer", async () => {
    const world = worldOf("a");
    world.outbox.add(parcels("a", "a", "nobody"), false);
    const first = await world.next();
    expect(world.timers.size).toBe(1);
    world.outbox.stop();
    expect(world.timers.size).toBe(0);
    first.answer();
    world.outbox.add(parcels("a"), false);
    await settled();
    expect(world.asks).toEqual([]);
    expect(world.delivered).toEqual([]);
  });

  it.each(["find", "ask"])("stops when the system is closed, which the answer to a %s tells", async (what) => {
    const world = worldOf("a");
    if (what === "find") world.findFails = "system-closed";
    world.outbox.add(parcels("a"), false);
    if (what === "ask") (await world.next()).fail("system-closed");
    await settled();
    expect(world.timers.size).toBe(0);
    expect(world.delivered).toEqual([]);
  });

  it("delivers each parcel, and those for one receiver in order, whatever fails on the way (invariants 2 and 6)", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 }),
        fc.infiniteStream(fc.constantFrom("answer", "answer", "mailbox-full", "thread-died", "handler-failed", "gone")),
        async (to, fates) => {
          const world = worldOf("a", "b", "c");
          const handled = new Map<string, number[]>();
          const all = parcels(...to);
          world.outbox.add(all.slice(0, 4), true);
          world.outbox.add(all.slice(4), false);
          for (let step = 0; world.delivered.length < to.length; step++) {
            if (step > 1_000) expect.fail("something is never delivered");
            await settled();
            const ask = world.asks.shift();
            const fate = step > 100 ? "answer" : (fates.next().value as "answer" | ErrorCode | "gone");
            if (ask === undefined) {
              if (fate === "gone") world.addresses.clear();
              else for (const name of ["a", "b", "c"]) world.addresses.set(name, `2/${name}`);
              await world.pass();
              continue;
            }
            const { n } = ask.payload as { n: number };
            if (fate === "answer" || fate === "gone") ask.answer();
            else ask.fail(fate);
            if (fate === "answer" || fate === "gone" || fate === "handler-failed")
              handled.set(ask.to, [...(handled.get(ask.to) ?? []), n]);
            await settled();
          }
          for (const name of new Set(to)) {
            const due = all.filter((parcel) => parcel.to.name === name).map(({ number }) => number);
            expect(handled.get(`2/${name}`)).toEqual(due);
          }
          expect(world.delivered.toSorted((a, b) => a - b)).toEqual(all.map(({ number }) => number));
        },
      ),
      { numRuns: 100 },
    ));
});
