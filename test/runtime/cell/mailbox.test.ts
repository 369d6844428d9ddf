import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { homeHost, type HostId, hostId, makeAddress, makeSupervisedAddress } from "../../../src/actors/address.ts";
import type { OverflowPolicy } from "../../../src/actors/mailbox-options.ts";
import type { AskError } from "../../../src/errors/ask-error.ts";
import type { DeadLetterReason, Envelope } from "../../../src/runtime/transport/envelope.ts";
import type { Frame } from "../../../src/runtime/transport/frame.ts";
import { Ledger, newLedger } from "../../../src/runtime/cell/ledger.ts";
import { Mailbox } from "../../../src/runtime/cell/mailbox.ts";
import { creditBatch } from "../../../src/runtime/transport/credit.ts";
import { DeliveryLog } from "../../../src/runtime/cell/delivery-log.ts";
import { ValueCopier } from "../../../src/values/value-copier.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import { envelopeOf } from "../transport/frame-arbitrary.ts";

const policies: OverflowPolicy[] = ["backpressure", "drop-oldest", "drop-newest", "reject"];
/** The host of the mailbox. */
const here = hostId(1);
const there = hostId(2);

interface BenchOptions {
  readonly capacity: number;
  readonly overflow?: OverflowPolicy;
  readonly isSupervised?: boolean;
}

/** A mailbox on host 1, and all that its host is told. */
class Bench {
  readonly clock = new FakeClock();
  readonly letters: (readonly [origin: HostId, id: number, reason: DeadLetterReason])[] = [];
  readonly refusals: AskError[] = [];
  /** By host; `gone` once it was told that the actor is. */
  readonly credits = new Map<HostId, { count: number; gone: boolean }>();
  readonly settled = new Map<HostId, number>();
  readonly ledger: Ledger;
  readonly mail: DeliveryLog | undefined;
  readonly mailbox: Mailbox;

  constructor({ capacity, overflow = "backpressure", isSupervised = false }: BenchOptions) {
    const host = {
      id: here,
      clock: this.clock,
      copier: new ValueCopier(1_000),
      deadLetter: ({ origin, id }: Envelope, reason: DeadLetterReason) => void this.letters.push([origin, id, reason]),
      refuse: (_: Envelope, error: AskError) => void this.refusals.push(error),
      transmit: (origin: HostId, frame: Frame) => {
        if (frame.kind === "settled") this.settled.set(origin, frame.settled);
        if (frame.kind !== "credit") return;
        const before = this.credits.get(origin)?.count ?? 0;
        this.credits.set(origin, { count: before + frame.count, gone: frame.gone });
      },
    };
    const actor = isSupervised ? makeSupervisedAddress("a") : makeAddress(here, "a");
    const order = { maxDeliveries: 3, ledger: newLedger(), identity: "x", incarnation: 1 };
    this.ledger = new Ledger(order.ledger);
    const batch = creditBatch(capacity);
    if (isSupervised) this.mail = new DeliveryLog({ host, actor, order, batch });
    this.mailbox = new Mailbox({ host, actor, capacity, overflow, mail: this.mail });
  }

  push(...ids: number[]): void {
    for (const id of ids) this.mailbox.push(envelopeOf({ id }));
  }

  ask(...ids: number[]): void {
    for (const id of ids) this.mailbox.push(envelopeOf({ id, isAsk: true, deadline: 2_000 }));
  }

  /** Handles all that waits, and returns its ids. */
  handleAll(): number[] {
    const ids: number[] = [];
    for (let next = this.mailbox.next(); next !== undefined; next = this.mailbox.next()) {
      if (this.mailbox.settleUnwanted(next)) continue;
      ids.push(next.id);
      this.mail?.begin(next);
      this.mailbox.settle(next);
    }
    return ids;
  }
}

describe("a mailbox", () => {
  it("gives messages out in their order, one that is put back first (invariant 2)", () => {
    const bench = new Bench({ capacity: 8 });
    bench.push(1, 2, 3);
    const first = bench.mailbox.next();
    expect(bench.mailbox.length).toBe(2);
    bench.mailbox.putBack(first as Envelope);
    expect(bench.mailbox.length).toBe(3);
    expect(bench.handleAll()).toEqual([1, 2, 3]);
    expect(bench.mailbox.length).toBe(0);
  });

  it("gives room back as messages are settled: at once on its own host, in batches to others (invariant 7)", () => {
    const bench = new Bench({ capacity: 32 });
    for (let id = 1; id <= 5; id++) {
      for (const origin of [here, there]) {
        const envelope = envelopeOf({ id, origin });
        bench.mailbox.push(envelope);
        bench.mailbox.settle(bench.mailbox.next() as Envelope);
      }
      expect(bench.credits.get(here)?.count).toBe(id);
      expect(bench.credits.get(there)?.count).toBe(id < 4 ? undefined : 4); // an eighth of the capacity
    }
    bench.mailbox.close();
    expect(bench.credits).toEqual(
      new Map([
        [here, { count: 5, gone: true }],
        [2, { count: 5, gone: true }], // with what it still owed
      ]),
    );
  });

  it("drops the oldest where it is to, and gives its room back before", () => {
    const bench = new Bench({ capacity: 2, overflow: "drop-oldest" });
    bench.push(1);
    bench.ask(2);
    bench.push(3);
    expect(bench.credits.get(homeHost)?.count).toBe(3);
    expect(bench.letters).toEqual([[0, 1, "overflow"]]);
    expect(bench.refusals).toEqual([]);
    bench.push(4);
    expect(bench.refusals.map(({ code, mayHaveRun }) => [code, mayHaveRun])).toEqual([["mailbox-full", false]]);
    expect(bench.handleAll()).toEqual([3, 4]);
    expect(bench.credits.get(homeHost)?.count).toBe(4); // no more than came
  });

  it("counts as done with what a supervised actor's mailbox dropped, once nothing before it is in hand", () => {
    const bench = new Bench({ capacity: 1, overflow: "drop-oldest", isSupervised: true });
    bench.push(1, 2);
    expect(bench.ledger.settledOf(homeHost)).toEqual({ settled: 1, inHand: 0 });
    bench.mail?.begin(bench.mailbox.next() as Envelope);
    bench.push(3, 4);
    expect(bench.ledger.settledOf(homeHost)).toEqual({ settled: 3, inHand: 2 });
  });

  it("doesn't hand out a message whose deadline has passed", () => {
    const bench = new Bench({ capacity: 8 });
    bench.ask(1);
    bench.push(2);
    bench.clock.pass(1_000);
    expect(bench.handleAll()).toEqual([2]);
    expect(bench.letters).toEqual([[0, 1, "expired"]]);
    expect(bench.refusals.map(({ outcome, code }) => [outcome, code])).toEqual([["rejected", "timed-out"]]);
    expect(bench.credits.get(homeHost)?.count).toBe(2);
  });

  it.each([false, true])("nor an ask that its asker gave up; supervised: %s", (isSupervised) => {
    const bench = new Bench({ capacity: 8, isSupervised });
    bench.ask(1, 2, 3, 4);
    bench.push(5);
    bench.mailbox.withdraw(homeHost, 2, "cancelled");
    bench.mailbox.withdraw(homeHost, 3, "timed-out");
    bench.mailbox.withdraw(homeHost, 5, "cancelled"); // a tell
    bench.mailbox.withdraw(hostId(7), 4, "cancelled"); // of another host
    expect(bench.handleAll()).toEqual([1, 4, 5]);
    expect(bench.letters).toEqual([
      [0, 2, "cancelled"],
      [0, 3, "expired"],
    ]);
    expect(bench.refusals).toEqual([]); // the asker has its error already
  });

  it("nor again an ask that was given up while it was in hand", () => {
    const bench = new Bench({ capacity: 8, isSupervised: true });
    bench.ask(1, 2);
    const begun = bench.mailbox.next() as Envelope;
    bench.mail?.begin(begun);
    bench.mailbox.withdraw(homeHost, 1, "cancelled");
    bench.mailbox.putBack(begun);
    expect(bench.handleAll()).toEqual([2]);
    expect(bench.letters).toEqual([[0, 1, "cancelled"]]);
  });

  it("but a message whose sender only wanted to know when it is handled", () => {
    const bench = new Bench({ capacity: 8 });
    bench.mailbox.push(envelopeOf({ id: 1, isAsk: true, isTold: true }));
    bench.mailbox.withdraw(homeHost, 1, "cancelled");
    bench.mailbox.hostLost(homeHost, "thread-died");
    expect(bench.handleAll()).toEqual([1]);
  });

  it("nor asks of a host that is gone; tells are", () => {
    const bench = new Bench({ capacity: 8 });
    for (const [id, origin, isAsk] of [
      [1, there, true],
      [2, there, false],
      [1, hostId(3), true],
    ] as const)
      bench.mailbox.push(envelopeOf({ id, origin, isAsk }));
    bench.mailbox.hostLost(there, "thread-died");
    expect(bench.letters).toEqual([[2, 1, "cancelled"]]);
    expect(bench.handleAll()).toEqual([2, 1]);
  });

  it("of an actor that stops buries all that waits, and what still comes, and tells the askers", () => {
    const bench = new Bench({ capacity: 8 });
    bench.push(1);
    bench.ask(2);
    bench.mailbox.discard("dead-letters");
    bench.mailbox.turnAway(envelopeOf({ id: 3, isAsk: true }), "dead-letters");
    expect(bench.letters).toEqual([1, 2, 3].map((id) => [0, id, "actor-stopped"]));
    expect(bench.refusals.map(({ outcome, code }) => [outcome, code])).toEqual([
      ["rejected", "actor-stopped"],
      ["rejected", "actor-stopped"],
    ]);
    expect(bench.credits.get(homeHost)?.count).toBe(3);
  });

  it("of a supervised actor that was ended leaves all of that to its senders' hosts", () => {
    const bench = new Bench({ capacity: 8, isSupervised: true });
    bench.ask(1, 2);
    bench.mailbox.discard("left-to-senders");
    bench.mailbox.turnAway(envelopeOf({ id: 3, isAsk: true }), "left-to-senders");
    expect([bench.letters, bench.refusals, bench.mailbox.length]).toEqual([[], [], 0]);
    expect(bench.ledger.settledOf(homeHost).settled).toBe(0);
  });

  it("says of a message that was begun before that it may have had effects", () => {
    const bench = new Bench({ capacity: 8, isSupervised: true });
    bench.ask(1, 2);
    const begun = bench.mailbox.next() as Envelope;
    bench.mail?.begin(begun);
    bench.mailbox.putBack(begun);
    bench.mailbox.discard("dead-letters");
    expect(bench.refusals.map(({ code, mayHaveRun }) => [code, mayHaveRun])).toEqual([
      ["actor-stopped", true],
      ["actor-stopped", false],
    ]);
  });

  it("loses nothing, ends nothing twice, and owes no more room than it got (invariants 2, 6 and 7)", () => {
    const origin = fc.constantFrom(here, homeHost, there);
    const command = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant("push" as const), origin, isAsk: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("handle" as const) }) },
      fc.record({ do: fc.constant("again" as const) }),
      fc.record({ do: fc.constant("withdraw" as const), origin, nth: fc.nat(9) }),
      fc.record({ do: fc.constant("hostLost" as const) }),
    );
    const options = fc.record({
      capacity: fc.integer({ min: 1, max: 20 }),
      overflow: fc.constantFrom(...policies),
      isSupervised: fc.boolean(),
    });
    fc.assert(
      fc.property(options, fc.array(command, { maxLength: 60 }), fc.boolean(), (given, commands, isDiscarded) => {
        const bench = new Bench(given);
        const { mailbox, mail } = bench;
        /** All that came, and what was handled, of each host, in order. */
        const pushed = new Map<HostId, number[]>();
        const handled = new Map<HostId, number[]>();
        let lastId = 0;
        const take = (isRepeated: boolean): void => {
          const next = mailbox.next();
          if (next === undefined || mailbox.settleUnwanted(next)) return;
          if (mail !== undefined && mail.begin(next) === undefined) return mailbox.settle(next);
          if (isRepeated && mail !== undefined && mail.deliveries < 3) return mailbox.putBack(next);
          handled.set(next.origin, [...(handled.get(next.origin) ?? []), next.id]);
          mailbox.settle(next);
        };
        let isLost = false; // host 2, which sends nothing any more then
        for (const one of commands) {
          if (one.do === "push") {
            if (isLost && one.origin === 2) continue;
            const id = ++lastId;
            pushed.set(one.origin, [...(pushed.get(one.origin) ?? []), id]);
            mailbox.push(envelopeOf({ id, origin: one.origin, isAsk: one.isAsk }));
            if (given.overflow === "drop-oldest") expect(mailbox.length).toBeLessThanOrEqual(given.capacity + 1);
          } else if (one.do === "withdraw")
            mailbox.withdraw(one.origin, pushed.get(one.origin)?.at(-1 - one.nth) ?? 0, "cancelled");
          else if (one.do === "hostLost") {
            isLost = true;
            mailbox.hostLost(there, "thread-died");
          } else take(one.do === "again");
        }
        if (isDiscarded) mailbox.discard("dead-letters");
        while (mailbox.length > 0) take(false);
        for (const [host, ids] of pushed) {
          const done = handled.get(host) ?? [];
          expect(done).toEqual(done.toSorted((a, b) => a - b));
          const buried = bench.letters.filter(([from]) => from === host).map(([, id]) => id);
          expect([...done, ...buried].toSorted((a, b) => a - b)).toEqual(ids);
          if (mail === undefined) {
            const returned = bench.credits.get(host)?.count ?? 0;
            expect(returned).toBeLessThanOrEqual(ids.length);
            expect(ids.length - returned).toBeLessThan(creditBatch(given.capacity));
          } else if (!isLost || host !== 2)
            expect(bench.ledger.settledOf(host)).toEqual({ settled: ids.at(-1), inHand: 0 });
        }
      }),
    );
  });
});
