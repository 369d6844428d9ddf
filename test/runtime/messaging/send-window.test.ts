import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OverflowPolicy } from "../../../src/actors/mailbox-options.ts";
import { isAskError } from "../../../src/errors/ask-error.ts";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import { type Admission, SendWindow } from "../../../src/runtime/messaging/send-window.ts";
import { envelopeOf } from "../transport/frame-arbitrary.ts";
import { quickExpect } from "../../quick-expect.ts";

type Outcome = "sent" | "dropped" | "refused" | "admitted" | "lost";
const policies: OverflowPolicy[] = ["backpressure", "drop-oldest", "drop-newest", "reject"];

/** A window, and all that came of each message that was offered to it, by its id. */
class Bench {
  readonly sent: number[] = [];
  readonly dropped: number[] = [];
  /** Taken back while they waited. */
  readonly unwanted = new Set<number>();
  readonly outcomes = new Map<number, Outcome>();
  readonly errors = new Map<number, unknown>();
  readonly window: SendWindow;
  onSend: (id: number) => void = () => {};

  constructor(capacity: number, overflow: OverflowPolicy) {
    const send = ({ id }: { id: number }): void => {
      this.sent.push(id);
      this.onSend(id);
    };
    this.window = new SendWindow({ capacity, overflow, send, onDropped: ({ id }) => this.dropped.push(id) });
  }

  /** What the sender sees at once. */
  offer(id: number, isPatient = false): "sent" | "dropped" | "refused" | "waits" {
    let admission: Admission;
    try {
      admission = this.window.offer(envelopeOf({ id }), isPatient, () => !this.unwanted.has(id));
    } catch (error) {
      this.outcomes.set(id, "refused");
      this.errors.set(id, error);
      return "refused";
    }
    if (typeof admission === "string") {
      this.outcomes.set(id, admission);
      return admission;
    }
    admission.then(
      () => this.outcomes.set(id, "admitted"),
      (error: unknown) => {
        this.outcomes.set(id, "lost");
        this.errors.set(id, error);
      },
    );
    return "waits";
  }

  offerAll(...ids: number[]): string[] {
    return ids.map((id) => this.offer(id));
  }
}

/** Lets the promises that have settled tell so. */
const settled = () => Promise.resolve();

describe.each(policies)("a window under %s", (overflow) => {
  it("sends at once while there is room", () => {
    const bench = new Bench(3, overflow);
    expect(bench.offerAll(1, 2, 3)).toEqual(["sent", "sent", "sent"]);
    expect(bench.sent).toEqual([1, 2, 3]);
  });

  it("has room again for what is credited", () => {
    const bench = new Bench(2, overflow);
    bench.offerAll(1, 2);
    bench.window.credit(1);
    expect(bench.offerAll(3)).toEqual(["sent"]);
    bench.window.credit(2);
    expect(bench.offerAll(4, 5)).toEqual(["sent", "sent"]);
    expect(bench.sent).toEqual([1, 2, 3, 4, 5]);
  });

  it("has no more room for more credits than it sent", () => {
    const bench = new Bench(2, overflow);
    bench.offerAll(1);
    bench.window.credit(100);
    expect(bench.offerAll(2, 3)).toEqual(["sent", "sent"]);
    expect(bench.offerAll(4)).not.toEqual(["sent"]);
  });

  it("returns, when it is closed, what was sent and not credited", () => {
    const bench = new Bench(3, overflow);
    bench.offerAll(1, 2, 3);
    bench.window.credit(1);
    expect(bench.window.close(() => new Error("gone")).map(({ id }) => id)).toEqual([2, 3]);
    expect(bench.window.close(() => new Error("gone"))).toEqual([]);
  });

  it("never lets itself be held up by a receiver that credits while it is sent to", () => {
    const bench = new Bench(1, overflow);
    bench.onSend = () => bench.window.credit(1);
    expect(bench.offerAll(1, 2, 3)).toEqual(["sent", "sent", "sent"]);
    expect(bench.sent).toEqual([1, 2, 3]);
  });
});

describe("a full window", () => {
  it("makes senders wait under backpressure, and sends for them first come, first served (invariant 2)", async () => {
    const bench = new Bench(2, "backpressure");
    expect(bench.offerAll(1, 2, 3, 4)).toEqual(["sent", "sent", "waits", "waits"]);
    bench.window.credit(1);
    await settled();
    expect(bench.sent).toEqual([1, 2, 3]);
    expect([bench.outcomes.get(3), bench.outcomes.get(4)]).toEqual(["admitted", undefined]);
    expect(bench.offerAll(5)).toEqual(["waits"]); // not past 4
    bench.window.credit(3);
    await settled();
    expect(bench.sent).toEqual([1, 2, 3, 4, 5]);
    expect(bench.outcomes.get(5)).toBe("admitted");
  });

  it("under backpressure refuses those that don't heed it, beyond the capacity, with advice (invariant 7)", () => {
    const bench = new Bench(2, "backpressure");
    expect(bench.offerAll(1, 2, 3, 4, 5)).toEqual(["sent", "sent", "waits", "waits", "refused"]);
    const error = bench.errors.get(5);
    expect(isAskError(error)).toBe(true);
    expect(error).toMatchObject({
      outcome: "rejected",
      code: "mailbox-full",
      details: { to: "1/a", type: "take", capacity: 2 },
    });
    expect(String(error)).toContain("the mailbox of 1/a is full: 2 messages wait. Await what tell returns");
  });

  it("lets patient senders wait in any number", () => {
    const bench = new Bench(1, "backpressure");
    for (let id = 1; id <= 50; id++) bench.offer(id, true);
    bench.window.credit(1);
    expect(bench.offer(51)).toBe("refused");
    for (let n = 0; n < 50; n++) bench.window.credit(1);
    expect(bench.sent).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it("refuses at once under reject, patient senders too, with other advice", () => {
    const bench = new Bench(1, "reject");
    expect(bench.offerAll(1, 2)).toEqual(["sent", "refused"]);
    expect(bench.offer(3, true)).toBe("refused");
    expect(bench.errors.get(2)).toMatchObject({ outcome: "rejected", code: "mailbox-full" });
    expect(String(bench.errors.get(2))).toContain("use the overflow policy backpressure");
  });

  it("drops the new message under drop-newest", () => {
    const bench = new Bench(1, "drop-newest");
    expect(bench.offerAll(1, 2, 3)).toEqual(["sent", "dropped", "dropped"]);
    bench.window.credit(1);
    expect(bench.offerAll(4)).toEqual(["sent"]);
    expect(bench.sent).toEqual([1, 4]);
    expect(bench.dropped).toEqual([]); // told by what offer returns
  });

  it("drops the oldest that waits under drop-oldest, and refuses none", async () => {
    const bench = new Bench(2, "drop-oldest");
    expect(bench.offerAll(1, 2, 3, 4, 5, 6)).toEqual(["sent", "sent", "waits", "waits", "waits", "waits"]);
    expect(bench.dropped).toEqual([3, 4]);
    await settled();
    expect([bench.outcomes.get(3), bench.outcomes.get(4)]).toEqual(["admitted", "admitted"]); // senders are not told
    bench.window.credit(2);
    expect(bench.sent).toEqual([1, 2, 5, 6]);
  });

  it("skips asks that ended while they waited", async () => {
    const bench = new Bench(1, "backpressure");
    bench.offer(1);
    for (const id of [2, 3, 4]) bench.offer(id, true);
    bench.unwanted.add(2).add(3);
    bench.window.credit(1);
    await settled();
    expect(bench.sent).toEqual([1, 4]);
    expect([bench.outcomes.get(2), bench.outcomes.get(3)]).toEqual(["admitted", "admitted"]);
  });

  it("rejects those that wait when it is closed (invariant 6)", async () => {
    const bench = new Bench(1, "backpressure");
    bench.offer(1);
    for (const id of [2, 3]) bench.offer(id, true);
    const error = new TroupeError("thread-died", "gone");
    expect(bench.window.close(() => error).map(({ id }) => id)).toEqual([1]);
    await settled();
    expect([bench.outcomes.get(2), bench.outcomes.get(3)]).toEqual(["lost", "lost"]);
    expect(bench.errors.get(2)).toBe(error);
    bench.window.credit(5);
    expect(bench.sent).toEqual([1]);
  });

  it("keeps the order when a receiver credits while it is sent to", () => {
    const bench = new Bench(1, "backpressure");
    bench.offer(1);
    for (const id of [2, 3, 4, 5]) bench.offer(id, true);
    bench.onSend = () => bench.window.credit(1);
    bench.window.credit(1);
    expect(bench.sent).toEqual([1, 2, 3, 4, 5]);
  });

  it("keeps the order when more is offered while it sends what waited (invariant 2)", () => {
    const bench = new Bench(3, "backpressure");
    bench.offerAll(1, 2, 3, 4, 5);
    bench.onSend = (id) => {
      if (id === 4) expect(bench.offer(6)).toBe("waits"); // there is room, but 5 was first
    };
    bench.window.credit(3);
    expect(bench.sent).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("any use of a window", () => {
  type Step = { readonly credit: number } | { readonly isPatient: boolean } | { readonly takeBack: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ isPatient: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ credit: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ takeBack: fc.nat(5) }) },
  );

  it("keeps to the capacity and the order, and accounts for every message (invariants 2, 6, 7)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(...policies),
        fc.array(step, { maxLength: 60, size: "max" }),
        fc.integer({ min: 0, max: 60 }),
        async (capacity, overflow, steps, closeAt) => {
          const bench = new Bench(capacity, overflow);
          let offered = 0;
          let credited = 0;
          const waiting = (): number[] =>
            Array.from({ length: offered }, (_, i) => i + 1).filter((id) => !bench.outcomes.has(id));
          for (const each of steps.slice(0, closeAt)) {
            const waited = waiting();
            if ("isPatient" in each) {
              const admission = bench.offer(++offered, each.isPatient);
              quickExpect(
                {
                  backpressure: ["sent", "waits", "refused"],
                  "drop-oldest": ["sent", "waits"],
                  "drop-newest": ["sent", "dropped"],
                  reject: ["sent", "refused"],
                }[overflow],
              ).toContain(admission);
              if (admission === "refused" && overflow === "backpressure") {
                quickExpect(each.isPatient).toBe(false);
                quickExpect(waited.length).toBeGreaterThanOrEqual(capacity);
              }
            } else if ("credit" in each) {
              const count = Math.min(each.credit, bench.sent.length - credited);
              credited += count;
              bench.window.credit(count);
            } else if (waited.length > 0) {
              bench.unwanted.add(waited[each.takeBack % waited.length]!);
            }
            await settled();
            const inFlight = bench.sent.length - credited;
            quickExpect(inFlight).toBeLessThanOrEqual(capacity);
            if (inFlight < capacity) quickExpect(waiting()).toEqual([]); // no sender waits while there is room
            quickExpect(bench.sent).toEqual(bench.sent.toSorted((a, b) => a - b));
          }

          const lost = bench.window.close(() => new Error("gone")).map(({ id }) => id);
          quickExpect(lost).toEqual(bench.sent.slice(credited));
          await settled();
          quickExpect(bench.outcomes.size).toBe(offered);
          for (const [id, outcome] of bench.outcomes) {
            const wasSent = bench.sent.includes(id);
            const wasDropped = bench.dropped.includes(id);
            quickExpect(wasSent && wasDropped).toBe(false);
            if (outcome === "sent") quickExpect(wasSent).toBe(true);
            else if (outcome === "admitted") quickExpect(wasSent || wasDropped || bench.unwanted.has(id)).toBe(true);
            else quickExpect(wasSent || wasDropped).toBe(false);
          }
          quickExpect(new Set(bench.sent).size).toBe(bench.sent.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});
