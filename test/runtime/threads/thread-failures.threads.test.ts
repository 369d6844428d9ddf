/**
 * Invariant 9 on real threads, for every way a thread can fail: the system says what happened, the rest of it answers
 * throughout, every caller that waited is told, and the thread is replaced.
 */

import { setInterval } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ActorRef, createSystem, type System } from "troupe";
import { counter, tally } from "../../fixtures/actors.ts";
import { stuck } from "../../fixtures/emitters.ts";
import { forwarder } from "../../fixtures/forwarder.ts";
import { duty, mortal, routine, type Way } from "../../fixtures/mortal.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

/** Long enough for a machine that is busy with other things, too. */
const stallTimeout = 2_000;

const workers = new Map<number, Worker>();
const onWorker = (worker: Worker): void => void workers.set(worker.threadId, worker);
beforeAll(() => void process.on("worker", onWorker));
afterAll(() => void process.off("worker", onWorker));

const prompt = useSystem({ stallTimeout });
/** A heap that is nearly full stands still in its collector, for longer the busier the machine is. */
const small = useSystem({ stallTimeout: 60_000, resourceLimits: { maxOldGenerationSizeMb: 48 } });

const threadOf = ({ address }: { address: string }): number => Number.parseInt(address, 10);

type Mortal = ActorRef<typeof mortal.protocol>;

const dieBy =
  (way: Way) =>
  (victim: Mortal): Promise<void> =>
    victim.tell("die", { way });

/** By what it says next. */
const dieByWords =
  (way: Way) =>
  async (victim: Mortal): Promise<void> => {
    await victim.tell("die", { way });
    expect(await rejectionOf(victim.ask("threadId"))).toMatchObject({ code: "thread-died" });
  };

const threw = "code on it threw outside of any handler: ";
const stalled = {
  how: "stalled",
  says: /^thread \d+ died: it stood still for \d+ ms \(stallTimeout is 2000\), and was killed: an endless loop/,
  more: { stallTimeout },
};
const full = {
  how: "out-of-memory",
  says: /^thread \d+ died: its heap is full\. Give it more by resourceLimits\.maxOldGenerationSizeMb/,
  cause: { code: "ERR_WORKER_OUT_OF_MEMORY" },
};

interface Failure {
  readonly by: string;
  readonly die: (victim: Mortal) => Promise<unknown>;
  readonly how: string;
  readonly says: RegExp | string;
  readonly more?: object;
  /** What the error has for a cause; absent where there is none. */
  readonly cause?: unknown;
}

const failures: readonly Failure[] = [
  {
    by: "process.exit",
    die: dieBy("exit"),
    how: "exited",
    says: "code on it called process.exit(7)",
    more: { exitCode: 7 },
  },
  {
    by: "process.exit with a listener that throws",
    die: dieBy("exit with a listener that throws"),
    how: "exited",
    says: "code on it called process.exit(7)",
    more: { exitCode: 7 },
  },
  {
    by: "an error outside of any handler",
    die: dieBy("throw an error"),
    how: "threw",
    says: `${threw}outside`,
    cause: { name: "Error", message: "outside", code: "E_OUTSIDE", cause: { message: "the cause" } },
  },
  {
    by: "an error that can't be cloned",
    die: dieBy("throw an error that can't be cloned"),
    how: "threw",
    says: `${threw}take it or leave it`,
    cause: { message: "take it or leave it", code: "E_REFUSED" },
  },
  {
    by: "an error with a getter that throws",
    die: dieBy("throw an error with a getter that throws"),
    how: "threw",
    says: threw,
    cause: { name: "Error" },
  },
  {
    by: "a string that is thrown",
    die: dieBy("throw a string"),
    how: "threw",
    says: `${threw}just words`,
    cause: "just words",
  },
  {
    by: "an error that is larger than any message may be",
    die: dieBy("throw a large error"),
    how: "threw",
    says: `${threw}large: xxx`,
    cause: { message: expect.stringMatching(/^large: x+ … \(5000007 characters\)$/) as string },
  },
  {
    by: "a JSON.stringify that writes no JSON",
    die: dieByWords("change JSON.stringify"),
    how: "unreadable",
    says: /what it sent to other threads can't be read \(Unexpected token/,
    cause: { name: "SyntaxError" },
  },
  {
    by: "arrays that write themselves",
    die: dieByWords("give arrays a toJSON"),
    how: "unreadable",
    says: "can't be read (a batch has three parts, in an array)",
    cause: { name: "Error" },
  },
  { by: "a null that is thrown", die: dieBy("throw null"), how: "threw", says: `${threw}null`, cause: null },
  { by: "an undefined that is thrown", die: dieBy("throw undefined"), how: "threw", says: `${threw}undefined` },
  {
    by: "a rejection that no code handles",
    die: dieBy("reject without a handler"),
    how: "rejected",
    says: "a promise was rejected on it, and no code handled that: broken promise",
    cause: { message: "broken promise", code: "E_PROMISE" },
  },
  {
    by: "a rejection with a number",
    die: dieBy("reject with a number"),
    how: "rejected",
    says: /no code handled that: .*42/,
    cause: { code: "ERR_UNHANDLED_REJECTION" },
  },
  { by: "a heap that overruns at once", die: dieBy("run out of heap"), ...full },
  { by: "a heap that fills up", die: dieBy("run out of heap little by little"), ...full },
  { by: "an endless loop", die: dieBy("loop for ever"), ...stalled },
  { by: "an endless await", die: dieBy("await for ever"), ...stalled },
  { by: "Atomics.wait", die: dieBy("wait for shared memory"), ...stalled },
  {
    by: "terminate from outside",
    die: async (victim) => workers.get(await victim.ask("threadId"))?.terminate(),
    how: "terminated",
    says: "it was terminated from outside",
  },
];

/** Uses the rest of the system, again and again, until it is told to stop. Returns how often, of which each time has worked. */
function use(system: () => System, neighbour: ActorRef<typeof counter.protocol, { count: number }>) {
  const over = new AbortController();
  const key = neighbour.address.replace("/", "-");
  const pace = setInterval(25);
  const using = (async () => {
    let rounds = 0;
    while (!over.signal.aborted) {
      await neighbour.tell("add", { by: 1 });
      const [count, filed, { version }] = await Promise.all([
        neighbour.ask("get"),
        system().run(routine, { n: rounds }).result,
        system().store.commit(tally, key, (draft) => void draft.n++),
      ]);
      expect([count, filed, version]).toEqual([rounds + 1, { n: rounds + 1 }, rounds + 1]);
      rounds++;
      await pace.next(); // often enough to be there whatever happens, and no reason for a stall itself
    }
    return rounds;
  })();
  return {
    stop: async (): Promise<number> => {
      over.abort();
      const rounds = await using;
      await pace.return?.();
      return rounds;
    },
  };
}

describe.each(failures)("a thread that dies by $by", ({ die, how, says, more, cause }) => {
  const system = how === full.how ? small : prompt;
  it("costs its own actors only, who waits is told why, and it is replaced", async () => {
    using told = record(system().events$);
    const victim = await system().spawn(mortal);
    const thread = threadOf(victim);
    const another = (await system().stats()).threads.find((one) => one.thread !== thread)!.thread;
    const elsewhere = { placement: { thread: another } };
    const lost = await system().spawn(stuck, { placement: { thread } });
    const asker = await system().spawn(forwarder, elsewhere);
    const neighbour = await system().spawn(counter, elsewhere);
    await system().deploy(routine);
    using events = record(lost.events$);
    const inFlight = rejectionOf(lost.ask("begin", undefined, patiently));
    await events.first();
    const behind = asker.ask("ask", { to: lost as never, type: "begin" }, patiently);
    const waiting = async (): Promise<number> =>
      (await system().stats()).threads.find((one) => one.thread === thread)?.waiting ?? 0;
    while ((await waiting()) === 0); // it has arrived: one that had not left would be rejected, and rightly

    const usage = use(system, neighbour);
    await die(victim);
    const died = await told.first(({ type }) => type === "thread-died");
    expect(await usage.stop()).toBeGreaterThan(0);

    const details = { thread, how, ...more };
    const error = {
      name: "TroupeError",
      code: "thread-died",
      message: expect.stringMatching(typeof says === "string" ? new RegExp(escaped(says)) : says) as string,
      details,
    };
    expect(died).toMatchObject({ type: "thread-died", thread, actors: [victim.address, lost.address], error });
    const of = (whole: unknown): unknown => (whole as { cause?: unknown }).cause;
    const own = (died as { error: Error }).error;
    if (cause === undefined) expect("cause" in own).toBe(false);
    else expect({ cause: own.cause }).toMatchObject({ cause });

    const answer = await inFlight;
    const asked = { outcome: "failed", code: "thread-died", details: { to: lost.address, type: "begin" } };
    expect(answer).toMatchObject({ name: "AskError", ...asked, cause: error });
    if (cause !== undefined) expect({ cause: of(of(answer)) }).toMatchObject({ cause });
    expect(await behind).toMatchObject(asked);
    expect(await rejectionOf(victim.ask("threadId"))).toMatchObject({ outcome: "rejected", code: "thread-died" });

    const opened = await told.first((event) => event.type === "thread-opened" && event.thread > thread);
    const again = await system().spawn(mortal, { placement: { thread: (opened as { thread: number }).thread } });
    expect(await again.ask("threadId")).toBeGreaterThan(0);
    expect(await neighbour.ask("get")).toBeGreaterThan(0);
    expect(told.values.filter(({ type }) => type === "thread-died")).toHaveLength(1);
    for (const ref of [again, asker, neighbour]) await system().stop(ref);
  });
});

describe.each(["exit", "run out of heap", "wait for shared memory"] as const)(
  "a step that makes its thread %s",
  (way) => {
    const system = way === "run out of heap" ? small : prompt;

    it("fails its run, and only that; the next one has its agent on a new thread", async () => {
      using told = record(system().events$);
      const first = await system().run(duty, {}).result;
      const doomed = rejectionOf(system().run(duty, { way }).result);
      const usual = await Promise.all([1, 2, 3].map((n) => system().run(routine, { n }).result));
      expect(usual).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }]);
      expect(await doomed).toMatchObject({ code: "step-failed", details: { step: "serve" } });
      expect(await told.first(({ type }) => type === "thread-died")).toMatchObject({ thread: first.thread });
      const { thread } = await system().run(duty, {}).result;
      expect(thread).not.toBe(first.thread);
    });
  },
);

describe("the only thread", () => {
  it("is replaced: an actor that is placed meanwhile waits for the next thread, and answers there", async () => {
    await using own = await createSystem({ threads: 1, askTimeout: Number.POSITIVE_INFINITY });
    for (let n = 1; n <= 3; n++) {
      using told = record(own.events$);
      const victim = await own.spawn(mortal);
      await victim.tell("die", { way: "exit" });
      await told.first(({ type }) => type === "thread-died");
      const refs = await Promise.all(Array.from({ length: 5 }, () => own.spawn(counter)));
      expect(refs.map(threadOf)).toEqual(Array.from({ length: 5 }, () => n + 1));
      expect(await Promise.all(refs.map((ref) => ref.ask("get")))).toEqual([0, 0, 0, 0, 0]);
    }
  });
});

describe("a thread that only has much to do", () => {
  it("goes on, however long it is without a turn of its event loop", async () => {
    await using own = await createSystem({ threads: 1, stallTimeout: 2_000, askTimeout: Number.POSITIVE_INFINITY });
    using told = record(own.events$);
    const busy = await own.spawn(mortal);
    const toil = Array.from({ length: 6 }, () => busy.ask("toil", { ms: 500 }));
    expect(await Promise.all(toil)).toHaveLength(6);
    expect(told.values.map(({ type }) => type)).not.toContain("thread-died");
  });

  it("goes on when it was the system's own thread that stood still", async () => {
    await using own = await createSystem({ threads: 1, stallTimeout: 1_500, askTimeout: Number.POSITIVE_INFINITY });
    using told = record(own.events$);
    const ref = await own.spawn(mortal);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
    expect(await ref.ask("threadId")).toBeGreaterThan(0);
    expect(told.values.map(({ type }) => type)).not.toContain("thread-died");
  });

  it("may take as long as it likes where no limit is set", async () => {
    await using own = await createSystem({ threads: 1, stallTimeout: Number.POSITIVE_INFINITY });
    expect(await (await own.spawn(mortal)).ask("toil", { ms: 300 })).toBe(300);
  });
});

describe("a thread that throws while it is closed", () => {
  it("ends like the others, and the process goes on", async () => {
    const own = await createSystem({ threads: 2 });
    for (const thread of [1, 2]) await (await own.spawn(mortal, { placement: { thread } })).ask("resent");
    await own.close();
    await expect(record(own.events$).end).resolves.toEqual({});
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
