/** Invariant 12: no work without an asker. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { System } from "../../src/index.ts";
import { simulate, type World } from "../../src/testing/index.ts";
import {
  beginLog,
  type Errand,
  errander,
  type Errander,
  type ErrandLog,
  juggler,
  type Order,
  passer,
} from "./errands.ts";
import { mapFrames, type WireFrame } from "./wire.ts";
import { holdsInWorld, holdsOnThreads, isFoundBrokenInWorld } from "./worlds.ts";

const actors = 4;
const maxDelay = 20;

/** An order before there is anybody to do it. */
interface Plan extends Omit<Order, "to" | "errand"> {
  readonly to: number;
  readonly errand: Omit<Errand, "asks"> & { readonly asks: readonly Plan[] };
}

interface Death {
  readonly at: number;
  readonly thread: number;
}

interface Bustle {
  readonly orders: readonly (Plan & { readonly after: number })[];
  /** Which thread dies when, if one does. */
  readonly death?: { readonly after: number; readonly thread: number } | undefined;
  /** Whether actors have a supervisor: it brings them back when they go down, and they begin the same errand again. */
  readonly isSupervised: boolean;
  /** Which actor is stopped when, if one is. */
  readonly stop?: { readonly after: number; readonly actor: number } | undefined;
}

const time = fc.integer({ min: 0, max: 60 });
const terms = {
  to: fc.nat(actors - 1),
  timeout: fc.option(fc.integer({ min: 0, max: 80 }), { nil: undefined }),
  abortAfter: fc.option(time, { nil: undefined, freq: 3 }),
  detached: fc.constantFrom(false, false, false, true),
};

const { order } = fc.letrec<{ order: Plan; errand: Plan["errand"] }>((tie) => ({
  order: fc.record({ ...terms, errand: tie("errand") }),
  errand: fc.record({
    id: fc.constant(""),
    ms: fc.integer({ min: 0, max: 100 }),
    hears: fc.boolean(),
    fails: fc.constantFrom(false, false, false, true),
    asks: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constant([]),
      fc.array(tie("order"), { minLength: 1, maxLength: 2 }),
    ),
  }),
}));

const bustle: fc.Arbitrary<Bustle> = fc
  .record({
    orders: fc.array(fc.tuple(order, time), { minLength: 1, maxLength: 5 }),
    isSupervised: fc.boolean(),
    death: fc.option(fc.record({ after: time, thread: fc.integer({ min: 1, max: 2 }) }), { nil: undefined, freq: 3 }),
    stop: fc.option(fc.record({ after: time, actor: fc.nat(actors - 1) }), { nil: undefined, freq: 3 }),
  })
  .map(({ orders, ...rest }) => ({
    orders: orders.map(([one, after], n) => ({ ...named(one, String(n)), after })),
    ...rest,
  }));

/** Gives each errand an id of its own. */
function named(one: Plan, id: string): Plan {
  const { errand } = one;
  const asks = errand.asks.map((next, n) => named(next, `${id}.${n}`));
  return { ...one, errand: { ...errand, id, asks } };
}

function given({ to, errand, ...rest }: Plan, erranders: readonly Errander[]): Order {
  const asks = errand.asks.map((next) => given(next, erranders));
  return { ...rest, to: erranders[to] as Errander, errand: { ...errand, asks } };
}

async function spawnAll({ system }: World, isSupervised: boolean): Promise<Errander[]> {
  return Promise.all(
    Array.from({ length: actors }, async (_, n): Promise<Errander> => {
      const placement = { thread: n % 3 };
      const name = `errander-${n}`;
      if (n % 2 === 1) return { kind: "agent", ref: await system.spawn(juggler, { placement }) };
      if (!isSupervised) return { kind: "actor", ref: await system.spawn(errander, { placement }) };
      await system.supervise({
        name: `supervisor-${n}`,
        intensity: { restarts: 100, within: 1000 },
        backoff: { first: 5 },
        children: [{ name, actor: errander, placement, stopWithin: 60_000 }],
      });
      return { kind: "actor", ref: await system.find(errander, name) };
    }),
  );
}

async function inTime(world: World, { orders, isSupervised, death, stop }: Bustle): Promise<void> {
  const log = beginLog(world);
  const all = await spawnAll(world, isSupervised);
  let died: Death | undefined;
  const struck = async (): Promise<void> => {
    if (death === undefined) return;
    await world.sleep(death.after);
    world.killThread(death.thread);
    died = { at: world.now(), thread: death.thread };
  };
  const stopped = async (): Promise<void> => {
    if (stop === undefined) return;
    await world.sleep(stop.after);
    await world.system.stop((all[stop.actor] as Errander).ref);
  };
  const asked = orders.map(async ({ after, ...one }) => {
    await world.sleep(after);
    await log.follow(given({ ...one, detached: false }, all), { left: one.timeout ?? 5_000, thread: 0 });
  });
  await Promise.all([...asked, struck(), stopped()]);
  await world.sleep(10_000); // until nothing goes on any more
  check(log, isSupervised, died);
}

function check(log: ErrandLog, isSupervised: boolean, died: Death | undefined): void {
  for (const [id, asked] of log.asked) {
    const runs = log.runs.get(id) ?? [];
    const most = isSupervised ? 3 : 1; // an actor that goes down begins the same again, so often at most
    expect(runs.length, `${id} is begun so often at most`).toBeLessThanOrEqual(most);
    const isAskerDead = asked.thread === died?.thread;
    if (asked.ended === undefined) expect(isAskerDead, `the ask of ${id} ends`).toBe(true);
    const bound = asked.detached ? undefined : boundOf(log, id);
    if (bound !== undefined && !isAskerDead) {
      expect(asked.ended?.at, `the ask of ${id} ends with what it is for`).toBeLessThanOrEqual(
        Math.max(asked.at, bound),
      );
    }
    if (runs.length > 0) {
      expect(asked.ended?.mayHaveRun, `the ask of ${id} says that it may have been handled`).not.toBe(false);
    }
    for (const run of runs) {
      expect(run.left, `${id} sees no more time than its asker has`).toBeLessThanOrEqual(asked.left);
      if (run.by === "actor") expect(run.left, `${id} is not begun once its time is over`).toBeGreaterThan(0);
      if (asked.ended?.outcome === "answered" || asked.ended?.outcome === "failed") continue;
      if (run.thread === died?.thread) continue;
      // a frame takes its time; so does hearing of a thread's death
      const heard = (asked.ended ?? (died as Death)).at + maxDelay;
      expect(run.at, `${id} is not begun once its actor knows that it is not wanted`).toBeLessThanOrEqual(heard);
      const isFinished = run.ended !== undefined && run.ended.at <= heard;
      if (!isFinished) expect(run.isAborted(), `${id} hears that it is not wanted`).toBe(true);
    }
  }
}

/** When the asker of a part of an errand hears that the whole is no longer wanted, if that comes about. */
function boundOf(log: ErrandLog, id: string): number | undefined {
  const whole = log.asked.get(id.slice(0, Math.max(0, id.lastIndexOf("."))))?.ended;
  const isUnwanted = whole?.outcome === "cancelled" || whole?.outcome === "timed-out";
  return whole !== undefined && isUnwanted ? whole.at + maxDelay : undefined;
}

/** Without partitions, no message is later than that. */
const faults = { maxDelay, partition: 0 };

/** Changes the frames of other kinds than messages and replies. */
function tampered(change: (frame: WireFrame) => WireFrame | undefined) {
  return () => (batch: unknown) => mapFrames(batch, change);
}

describe("invariant 12: no work without an asker", () => {
  it("holds on the simulator", () => holdsInWorld(bustle, inTime, { faults }));

  it("holds for what an actor had begun, and will not again since it is stopped while it is nowhere", async () => {
    const errand = { id: "begun", ms: 1_000, hears: false, fails: false, asks: [] };
    const once = async (world: World): Promise<void> => {
      const log = beginLog(world);
      const child = { name: "errander", actor: errander, placement: { thread: 1 } };
      await world.system.supervise({ name: "supervisor", backoff: { first: 100 }, children: [child] });
      const ref = await world.system.find(errander, "errander");
      const first: Order = { to: { kind: "actor", ref }, detached: false, errand };
      const asked = log.follow(first, { left: 5_000, thread: 0 });
      const waits = log.follow({ ...first, errand: { ...errand, id: "waits" } }, { left: 5_000, thread: 0 });
      while (!log.runs.has("begun")) await world.sleep(1);
      world.killThread(1);
      await world.sleep(1);
      await Promise.all([world.system.stop(ref), asked, waits]);
      expect(log.asked.get("begun")?.ended).toMatchObject({ outcome: "failed", mayHaveRun: true });
      expect(log.asked.get("waits")?.ended).toMatchObject({ outcome: "rejected", mayHaveRun: false });
      expect(log.runs.get("waits")).toBeUndefined();
    };
    await simulate(once, { runs: 1, seed: 469016168 });
    await simulate(once, { runs: 200 });
  });

  it("stands on cancellations that arrive", async () => {
    const lost = tampered((frame) =>
      frame[0] === 3 && (frame[1] as { kind: string }).kind === "cancel" ? undefined : frame,
    );
    expect(await isFoundBrokenInWorld(bustle, inTime, { faults, tamper: lost })).toMatch(
      /hears that it is not wanted|ends with what it is for/,
    );
  });

  it("stands on deadlines that travel", async () => {
    const late = tampered((frame) =>
      frame[0] === 0 && frame[7] !== 0 ? frame.with(7, (frame[7] as number) + 1) : frame,
    );
    expect(await isFoundBrokenInWorld(bustle, inTime, { faults, tamper: late })).toMatch(/no more time than its asker/);
  });

  it("stands on errors that say what is true", async () => {
    const untrue = tampered((frame) => {
      const error = frame[0] === 2 ? (frame[3] as { outcome?: string }) : undefined;
      return error?.outcome === "failed" ? frame.with(3, { ...error, outcome: "rejected", mayHaveRun: false }) : frame;
    });
    expect(await isFoundBrokenInWorld(bustle, inTime, { faults, tamper: untrue })).toMatch(/may have been handled/);
  });

  it("holds for what each sees on real threads", () =>
    holdsOnThreads(
      fc.record({ route: fc.array(fc.nat(2), { maxLength: 6 }), timeout: fc.constantFrom(60_000, 600_000) }),
      async (system: System, { route, timeout }, scope) => {
        const names = await Promise.all(
          [0, ...route].map(async (thread, n) => {
            const name = `${scope}-${n}`;
            await system.spawn(passer, { name, placement: { thread } });
            return name;
          }),
        );
        const first = await system.find(passer, names[0] as string);
        const seen = await first.ask("pass", { route: names.slice(1), timeout }, { timeout: 30_000 });
        expect(seen).toHaveLength(names.length);
        for (const [n, { left, deadline }] of seen.entries()) {
          expect(left).toBeLessThanOrEqual(n === 0 ? 30_000 : (seen[n - 1]?.left ?? 0));
          expect(deadline).toBe(seen[0]?.deadline);
        }
      },
    ));
});
