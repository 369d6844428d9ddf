import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type Address, homeHost, hostId, makeAddress } from "../../../src/actors/address.ts";
import { Cancellation } from "../../../src/async/cancellation.ts";
import { AskError, isAskError } from "../../../src/errors/ask-error.ts";
import type { GivenUpCode } from "../../../src/runtime/messaging/ask-errors.ts";
import { type AskTerms, PendingAsks, type Reply } from "../../../src/runtime/messaging/pending-asks.ts";
import type { Sender } from "../../../src/runtime/messaging/target.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";

const replyOf = (value: unknown): Reply => ({ answer: { ok: true, value, hasRefs: false, isJson: true }, token: 0 });
const never = Number.POSITIVE_INFINITY;

const asker = (address: Address | undefined): Sender => ({ address, token: 0, cause: 0, observe: () => undefined });

/** Asks of one host, and what each came to. */
class Bench {
  readonly clock: FakeClock;
  readonly asks: PendingAsks;
  readonly outcomes = new Map<number, unknown>();
  /** What the receivers of asks have been told. */
  readonly cancels: (readonly [to: Address, id: number, code: GivenUpCode])[] = [];
  readonly controller = new AbortController();
  readonly scope = { deadline: never, cancellation: new Cancellation(), isOver: false };
  #lastId = 0;

  constructor(early = 0) {
    this.clock = new FakeClock(early);
    this.asks = new PendingAsks({
      clock: this.clock,
      cancel: (...cancel) => this.cancels.push(cancel),
      open: ({ answer }) => answer.value,
    });
  }

  /** What else ends an ask. */
  bounds(): Pick<AskTerms, "signal" | "scope"> {
    return { signal: this.controller.signal, scope: this.scope };
  }

  add(timeout: number, { isSent = true, ...terms }: Partial<AskTerms> & { readonly isSent?: boolean } = {}): number {
    const id = ++this.#lastId;
    const deadline = this.clock.now() + timeout;
    const ask = this.asks.add(id, {
      to: makeAddress(hostId(1), "a"),
      sender: asker(undefined),
      type: "get",
      timeout,
      deadline,
      signal: undefined,
      scope: undefined,
      isTold: false,
      ...terms,
    });
    ask.isSent = isSent;
    ask.answer.then(
      (value) => this.outcomes.set(id, value),
      (error: unknown) => this.outcomes.set(id, error),
    );
    return id;
  }
}

/** Lets the promises that have settled tell so. */
const settled = () => Promise.resolve();

describe("a reply", () => {
  it("answers its ask and no other", async () => {
    const bench = new Bench();
    const [first, second] = [bench.add(100), bench.add(100)];
    expect([bench.asks.has(first), bench.asks.has(99), bench.asks.size]).toEqual([true, false, 2]);
    bench.asks.resolve(second, replyOf("two"));
    await settled();
    expect([...bench.outcomes]).toEqual([[second, "two"]]);
    expect([bench.asks.has(first), bench.asks.has(second), bench.asks.size]).toEqual([true, false, 1]);
  });

  it("may be a rejection", async () => {
    const bench = new Bench();
    const error = new AskError("failed", "handler-failed", "bad", { details: { to: "1/a", type: "add" } });
    const id = bench.add(100);
    bench.asks.reject(id, error);
    await settled();
    expect(bench.outcomes.get(id)).toBe(error);
  });

  it("does nothing when it is the second, comes late, or answers no ask", async () => {
    const bench = new Bench();
    const [answered, expired] = [bench.add(100), bench.add(50)];
    bench.asks.resolve(answered, replyOf(1));
    bench.asks.resolve(answered, replyOf(2));
    bench.asks.reject(answered, new Error("bad"));
    bench.clock.pass(60);
    bench.asks.resolve(expired, replyOf("late"));
    bench.asks.resolve(77, replyOf("lost"));
    await settled();
    expect(bench.outcomes.get(answered)).toBe(1);
    expect(bench.outcomes.get(expired)).toMatchObject({ code: "timed-out" });
    expect(bench.outcomes.size).toBe(2);
  });
});

describe("a deadline", () => {
  it("ends the ask as timed-out when it is reached, and not before", async () => {
    const bench = new Bench();
    const id = bench.add(100);
    bench.clock.pass(99);
    expect(bench.asks.has(id)).toBe(true);
    bench.clock.pass(1);
    await settled();
    const error = bench.outcomes.get(id);
    expect(isAskError(error)).toBe(true);
    expect(error).toMatchObject({
      outcome: "timed-out",
      code: "timed-out",
      details: { to: "1/a", type: "get", timeout: 100 },
    });
    expect(String(error)).toContain('1/a did not answer "get" within 100 ms');
  });

  it("is waited for again when the timer fires early", async () => {
    const bench = new Bench(0.8);
    const id = bench.add(100);
    bench.clock.pass(99.5);
    expect(bench.asks.has(id)).toBe(true);
    bench.clock.pass(0.5);
    bench.clock.pass(0.8);
    await settled();
    expect(bench.outcomes.get(id)).toMatchObject({ code: "timed-out" });
  });

  it("that has passed already ends the ask on the next occasion", async () => {
    const bench = new Bench();
    const id = bench.add(-5);
    expect(bench.asks.has(id)).toBe(true);
    bench.clock.pass(0);
    await settled();
    expect(bench.outcomes.get(id)).toMatchObject({ code: "timed-out" });
  });

  it("of infinity needs no timer and never comes", () => {
    const bench = new Bench();
    bench.add(never);
    expect(bench.clock.timers.size).toBe(0);
    bench.add(10);
    bench.clock.pass(1e9);
    expect(bench.asks.size).toBe(1);
    expect(bench.clock.timers.size).toBe(0);
  });

  it("shares one timer with all others, set for the earliest", () => {
    const bench = new Bench();
    for (const timeout of [500, 300, 400, 100, 200]) bench.add(timeout);
    expect([...bench.clock.timers.values()].map(({ at }) => at)).toEqual([1100]);
    bench.clock.pass(100);
    expect([...bench.clock.timers.values()].map(({ at }) => at)).toEqual([1200]);
    bench.add(50);
    expect([...bench.clock.timers.values()].map(({ at }) => at)).toEqual([1150]);
    bench.clock.pass(1000);
    expect([bench.asks.size, bench.clock.timers.size]).toEqual([0, 0]);
  });

  it("sets no new timer for each ask", () => {
    const bench = new Bench();
    const setTimer = vi.spyOn(bench.clock, "setTimer");
    for (let i = 0; i < 1000; i++) bench.asks.resolve(bench.add(5000 + i), replyOf(i));
    expect(setTimer).toHaveBeenCalledOnce();
  });
});

describe("a signal", () => {
  it("ends the ask as cancelled, with its reason", async () => {
    const bench = new Bench();
    const [mine, others] = [new AbortController(), new AbortController()];
    const id = bench.add(100, { signal: mine.signal });
    bench.add(100, { signal: others.signal });
    const reason = new Error("enough");
    mine.abort(reason);
    await settled();
    expect(bench.outcomes.size).toBe(1);
    expect(bench.outcomes.get(id)).toMatchObject({
      outcome: "cancelled",
      code: "cancelled",
      cause: reason,
      details: { to: "1/a", type: "get" },
    });
  });

  it("that has aborted already ends the ask at once", async () => {
    const bench = new Bench();
    const id = bench.add(never, { signal: AbortSignal.abort() });
    await settled();
    expect(bench.outcomes.get(id)).toMatchObject({ outcome: "cancelled", cause: { name: "AbortError" } });
    expect(bench.asks.size).toBe(0);
  });

  it("may be shared by many asks, which have one listener between them", async () => {
    const bench = new Bench();
    const controller = new AbortController();
    const added = vi.spyOn(controller.signal, "addEventListener");
    const ids = Array.from({ length: 20 }, () => bench.add(100, { signal: controller.signal }));
    bench.asks.resolve(ids[0]!, replyOf("first"));
    controller.abort();
    await settled();
    expect(bench.asks.size).toBe(0);
    expect(ids.map((id) => bench.outcomes.get(id))).toEqual([
      "first",
      ...Array.from({ length: 19 }, () => expect.objectContaining({ code: "cancelled" }) as unknown),
    ]);
    expect(added).toHaveBeenCalledOnce();
  });

  it("is let go of however the ask ends", () => {
    const bench = new Bench();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    const [replied, refused] = [bench.add(100, { signal }), bench.add(100, { signal })];
    bench.add(50, { signal });
    bench.add(never, { signal });
    bench.asks.resolve(replied, replyOf(1));
    bench.asks.reject(refused, new Error("bad"));
    bench.clock.pass(60);
    bench.asks.giveUpAll("system-closed");
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
    expect(added).toHaveBeenCalledOnce();
    bench.add(100, { signal });
    expect(added).toHaveBeenCalledTimes(2);
  });
});

describe("rejectAll (invariant 6)", () => {
  const gone = (ask: { to: Address; type: string }) =>
    new AskError("rejected", "thread-died", `${ask.type} to ${ask.to}`);

  it("answers the asks of one host at once, and no others", async () => {
    const bench = new Bench();
    const [one, ten, two] = ["1/a", "10/a", "2/a"].map((to) => bench.add(100, { to: to as Address }));
    bench.asks.rejectAll(hostId(1), gone);
    await settled();
    expect([...bench.outcomes.keys()]).toEqual([one]);
    expect(bench.outcomes.get(one!)).toMatchObject({ code: "thread-died", message: "get to 1/a" });
    expect([bench.asks.has(ten!), bench.asks.has(two!)]).toEqual([true, true]);
  });

  it("takes host 0 for one", () => {
    const bench = new Bench();
    for (const host of [0, 1, 2]) bench.add(100, { to: makeAddress(hostId(host), "a") });
    bench.asks.rejectAll(homeHost, gone);
    expect(bench.asks.size).toBe(2);
  });

  it("tells apart what had been sent", async () => {
    const bench = new Bench();
    const [sent, unsent] = [bench.add(100), bench.add(100, { isSent: false })];
    bench.asks.rejectAll(
      hostId(1),
      ({ isSent }) => new AskError(isSent ? "failed" : "rejected", "thread-died", "gone"),
    );
    await settled();
    expect(bench.outcomes.get(sent)).toMatchObject({ mayHaveRun: true });
    expect(bench.outcomes.get(unsent)).toMatchObject({ mayHaveRun: false });
  });

  it("cancels nothing: no receiver is left to hear of it", () => {
    const bench = new Bench();
    bench.add(100);
    bench.asks.rejectAll(hostId(1), gone);
    expect(bench.cancels).toEqual([]);
  });
});

describe("an asker that gives up", () => {
  const ways: [how: string, code: GivenUpCode, outcome: string, end: (bench: Bench, id: number) => void][] = [
    ["as its signal aborts", "cancelled", "cancelled", (bench) => bench.controller.abort()],
    ["as what it is for is called off", "cancelled", "cancelled", (bench) => bench.scope.cancellation.abort("off")],
    ["as time is up", "timed-out", "timed-out", (bench) => bench.clock.pass(100)],
    ["as its actor stops", "actor-stopped", "cancelled", (bench) => bench.asks.giveUpAll("actor-stopped")],
    ["as the system closes", "system-closed", "failed", (bench) => bench.asks.giveUpAll("system-closed")],
  ];

  it.each(ways)("tells so, once, %s", async (_how, code, outcome, end) => {
    const bench = new Bench();
    const id = bench.add(100, bench.bounds());
    end(bench, id);
    end(bench, id);
    bench.asks.resolve(id, replyOf("late"));
    await settled();
    // of a system that closes, each host stops its own actors
    expect(bench.cancels).toEqual(code === "system-closed" ? [] : [["1/a", id, code]]);
    expect(bench.outcomes.get(id)).toMatchObject({ code, outcome, mayHaveRun: true, details: { to: "1/a" } });
  });

  it.each(ways)(
    "tells no receiver of an ask that was not sent, %s; it certainly had no effect",
    async (_how, code, outcome, end) => {
      const bench = new Bench();
      const id = bench.add(100, { ...bench.bounds(), isSent: false });
      end(bench, id);
      await settled();
      expect(bench.cancels).toEqual([]);
      const expected = outcome === "cancelled" ? "cancelled" : "rejected";
      expect(bench.outcomes.get(id)).toMatchObject({ code, outcome: expected, mayHaveRun: false });
    },
  );

  it.each(ways)("doesn't call off what it only wanted to know of, %s", async (_how, code, _outcome, end) => {
    const bench = new Bench();
    const id = bench.add(100, { ...bench.bounds(), isTold: true });
    end(bench, id);
    await settled();
    expect(bench.cancels).toEqual([]);
    expect(bench.outcomes.get(id)).toMatchObject({ code });
  });

  it("picks which asks end", () => {
    const bench = new Bench();
    const [one, other] = [bench.add(100, { sender: asker(makeAddress(hostId(2), "b")) }), bench.add(100)];
    bench.asks.giveUpAll("actor-stopped", ({ from }) => from === "2/b");
    expect([bench.asks.has(one), bench.asks.has(other)]).toEqual([false, true]);
  });

  it("is forgotten by what it was for once it is answered", () => {
    const bench = new Bench();
    const id = bench.add(100, bench.bounds());
    bench.asks.resolve(id, replyOf(1));
    bench.scope.cancellation.abort("off");
    expect(bench.cancels).toEqual([]);
  });

  it("ends at once where what it is for is called off already, and the reason is told", async () => {
    const bench = new Bench();
    const reason = new Error("off");
    bench.scope.cancellation.abort(reason);
    const id = bench.add(100, { scope: bench.scope });
    await settled();
    expect(bench.outcomes.get(id)).toMatchObject({ outcome: "cancelled", cause: reason });
    expect(bench.asks.size).toBe(0);
  });
});

it("sets no timer any more once it is closed", () => {
  const bench = new Bench();
  bench.add(100);
  bench.asks.close();
  expect(bench.clock.timers.size).toBe(0);
  new Bench().asks.close();
});

describe("any use", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ timeout: fc.constantFrom(0, 1, 5, 10, 10, 50, never), aborts: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ reply: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ abort: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ pass: fc.constantFrom(0, 1, 2.5, 10) }) },
    { weight: 1, arbitrary: fc.record({ host: fc.nat(1) }) },
  );

  it("ends each ask once and in time, by one timer at most (invariants 6, 7)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), fc.constantFrom(0, 0.8), async (steps, early) => {
        const bench = new Bench(early);
        const asks: { id: number; to: Address; deadline: number; controller: AbortController; expected?: unknown }[] =
          [];
        const open = () => asks.filter((ask) => !("expected" in ask));
        for (const each of steps) {
          const pick = (n: number) => open()[n % Math.max(1, open().length)];
          if ("timeout" in each) {
            const to = makeAddress(hostId(asks.length % 2), "a");
            const controller = new AbortController();
            const deadline = bench.clock.now() + each.timeout;
            const id = bench.add(each.timeout, each.aborts ? { to, signal: controller.signal } : { to });
            asks.push({ id, to, deadline, controller });
          } else if ("reply" in each) {
            const ask = pick(each.reply);
            if (ask === undefined) continue;
            bench.asks.resolve(ask.id, replyOf((ask.expected = `reply ${ask.id}`)));
          } else if ("abort" in each) {
            const ask = asks[each.abort % Math.max(1, asks.length)];
            if (ask === undefined) continue;
            const isOpen = bench.asks.has(ask.id);
            ask.controller.abort();
            if (isOpen && !bench.asks.has(ask.id)) ask.expected = expect.objectContaining({ code: "cancelled" });
          } else if ("host" in each) {
            bench.asks.rejectAll(hostId(each.host), () => new AskError("rejected", "thread-died", "gone"));
            for (const ask of open()) {
              if (ask.to === makeAddress(hostId(each.host), "a"))
                ask.expected = expect.objectContaining({ code: "thread-died" });
            }
          } else {
            bench.clock.pass(each.pass);
            for (const ask of open()) {
              // a timer may be late by what the clock lags
              if (!bench.asks.has(ask.id)) {
                expect(ask.deadline).toBeLessThanOrEqual(bench.clock.now());
                ask.expected = expect.objectContaining({ code: "timed-out" });
              } else expect(ask.deadline).toBeGreaterThan(bench.clock.now() - early);
            }
          }
          expect(bench.clock.timers.size).toBeLessThanOrEqual(1);
          expect(bench.asks.size).toBe(open().length);
        }
        await settled();
        for (const { id, expected } of asks) expect(bench.outcomes.get(id)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
