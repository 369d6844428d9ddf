/**
 * Forks, and runs that begin later. Invariant 5: what a fork inherits it does not do again, and all else once. 10: it comes to what a run of its
 * own comes to, wherever it is cut off, under either coordination. 11: also across crashes. A run does nothing before its time.
 */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Coordination,
  isTroupeError,
  type Run,
  type RunEvent,
  type RunRecord,
  type System,
} from "../../src/index.ts";
import { simulate } from "../../src/testing/index.ts";
import { schedules } from "../schedules.ts";
import { isByAgent, type Journey, journey, sent } from "./journeys.ts";
import { book } from "./workflows.ts";
import { asMessage, mapFrames } from "./wire.ts";
import { crashes, holdsOnThreads, holdsSimulated, isFoundBroken, type Scenario } from "./worlds.ts";

const steps = [
  "stock",
  "money",
  "check[0]",
  "polish#2",
  "shape#2",
  "glaze",
  "note#2",
  "load[1]",
  "sign",
  "pick",
  "tag",
  "truck",
] as const;

/** What is done again with each step from which a fork may begin. */
const again = {
  stock: /^(stock|check|polish|measure|truck)/,
  check: /^(check|truck)/,
  polish: /^(polish|truck)/,
  measure: /^(measure|truck)/,
  refine: /^(refine|truck)/,
  deliver: /^(deliver|truck)/,
  ship: /^(ship|truck)/,
  "ship/tag": /^(ship\/tag|truck)/,
  truck: /^truck/,
};

interface Fork {
  /** Where it is cut off, as a share of the versions there are. */
  readonly at: number;
  readonly before: keyof typeof again | undefined;
  /** Whether what failed in the run is mended by then. */
  readonly isMended: boolean;
  /** Whether it is undone once it has completed. */
  readonly isUndone: boolean;
  /** After how many rounds of the system; the run may go on then. */
  readonly wait: number;
}

interface Forks {
  readonly start: Coordination;
  readonly startIn: number | undefined;
  readonly input: Journey;
  readonly forks: readonly Fork[];
  readonly switches: readonly number[];
}

const few = fc.integer({ min: 0, max: 12 });

const forks: fc.Arbitrary<Forks> = fc.record({
  start: fc.constantFrom("orchestrator" as const, "relay" as const),
  startIn: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
  input: fc
    .record({
      amount: fc.integer({ min: 1, max: 5 }),
      pauses: fc.record(Object.fromEntries(steps.map((step) => [step, fc.integer({ min: 0, max: 4 })]))),
      parts: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
      rounds: fc.integer({ min: 1, max: 3 }),
      fails: fc.option(fc.constantFrom(...steps), { nil: undefined, freq: 2 }),
    })
    .map(({ fails, ...rest }): Journey => ({ ...rest, ...(fails === undefined ? {} : { fails }) })),
  forks: fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      before: fc.option(fc.constantFrom(...(Object.keys(again) as (keyof typeof again)[])), {
        nil: undefined,
        freq: 2,
      }),
      isMended: fc.boolean(),
      isUndone: fc.boolean(),
      wait: few,
    }),
    { minLength: 1, maxLength: 3 },
  ),
  switches: fc.array(few, { maxLength: 4 }),
});

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

async function idle(system: System, count: number): Promise<void> {
  for (let round = 0; round < count; round++) await system.stats();
}

/** The run of an id, which an earlier process may have started. */
async function found(system: System, id: string, begin: () => Run | Promise<Run>): Promise<Run> {
  try {
    return await system.findRun(id);
  } catch (error) {
    if (!isTroupeError(error, "no-such-run")) throw error;
    return begin();
  }
}

function of(history: readonly RunEvent[], type: "step-finished" | "compensation-started" | "compensation-finished") {
  return history.flatMap((event) => (event.type === type && isByAgent(event.step) ? [event.step] : []));
}

/** All that a run of its own does. */
function allSteps({ parts, rounds }: Journey): readonly string[] {
  const items = parts.map((_, index) => `check[${index}]`);
  const turns = Array.from({ length: rounds }, (_, index) => `polish#${index + 1}`);
  const shapes = Array.from({ length: rounds }, (_, at) => [`refine#${at + 1}/shape`, `refine#${at + 1}/glaze`]);
  const legs = parts.flatMap((_, index) => [`deliver[${index}]/load`, `deliver[${index}]/sign`]);
  return ["stock", "money", ...items, ...turns, ...shapes.flat(), ...legs, "ship/pick", "ship/tag", "truck"];
}

/** What had finished at a cut and was not undone. A loop of which a round was undone begins anew. */
function keptAt(history: readonly RunRecord[], at: number, before: Fork["before"]): ReadonlySet<string> {
  const events = history.flatMap(({ version, event }) => (version <= at ? [event] : []));
  const undone = of(events, "compensation-started");
  const isAnew = (path: string): boolean =>
    ["polish", "refine"].some((loop) => path.startsWith(loop) && undone.some((one) => one.startsWith(loop)));
  const kept = of(events, "step-finished").filter((path) => !undone.includes(path) && !isAnew(path));
  return new Set(before === undefined ? kept : kept.filter((path) => !again[before].test(path)));
}

async function endOf(run: Run): Promise<unknown> {
  try {
    return await run.result;
  } catch (error) {
    if (!isTroupeError(error, "step-failed")) throw error;
    return undefined;
  }
}

/** Threads may die, or the process may crash: then a run that turns back may have done something of which it isn't known. */
type Dying = "dying" | undefined;

/** Checks a run that has ended, which does all steps of its workflow but those that it has got from another one. */
async function isSound(system: System, run: Run, input: Journey, kept: ReadonlySet<string>, dying: Dying) {
  const result = await endOf(run);
  const history = (await run.history()).map(({ event }) => event);
  const [done, undone] = [of(history, "step-finished"), of(history, "compensation-finished")];
  const { entries, total } = await system.store.read(book, run.id);
  const effects = entries.filter((entry) => entry.startsWith("+"));
  expect(new Set(effects).size, "no step is done twice").toBe(effects.length);
  expect(new Set(done).size, "no step finishes twice").toBe(done.length);
  expect(
    effects.filter((effect) => kept.has(effect.slice(1))),
    "what is inherited is not done again",
  ).toEqual([]);
  const end = history.at(-1);
  if (end?.type === "run-ended" && end.status === "completed") {
    expect(result, "it comes to what a run of its own does").toEqual({ amount: sent("1.0.0", input, 0) });
    const own = allSteps(input).filter((path) => !kept.has(path));
    expect(effects.toSorted(), "all else is done").toEqual(own.map((path) => `+${path}`).toSorted());
    return true;
  }
  expect(total, "what it did is undone").toBe(0);
  const known = undone.filter((path) => done.includes(path));
  expect(known, "in exactly the reverse order").toEqual(done.toReversed());
  if (dying === undefined) expect(undone, "and nothing else").toEqual(known);
  return false;
}

/** Before its time it does nothing, and its time is the one that was said. */
function beginsAtItsTime(history: readonly RunRecord[], startIn: number | undefined): void {
  const types = history.map(({ event }) => event.type);
  if (startIn === undefined) return expect(types).not.toContain("run-released");
  const start = history[0]?.event;
  const startsAt = start?.type === "run-started" ? start.startsAt : undefined;
  if (startsAt === undefined)
    return expect(types, "its time had come when it was recorded").not.toContain("run-released");
  const release = history[types.indexOf("run-released")];
  expect(release?.time, "it begins no earlier").toBeGreaterThanOrEqual(startsAt);
  const before = types.slice(0, types.indexOf("run-released"));
  expect(
    before.filter((type) => type.startsWith("step")),
    "and does nothing before",
  ).toEqual([]);
}

const comeToTheSame =
  (dying?: Dying): Scenario<Forks> =>
  async (system, { start, startIn, input, forks: cuts, switches }, scope) => {
    await system.switchCoordination(start);
    const run = await found(system, scope, () =>
      system.run(journey, input, { id: scope, ...(startIn === undefined ? {} : { startIn }) }),
    );
    await run.started;
    const forking = cuts.map(async ({ at: share, before, isMended, isUndone, wait }, n) => {
      const id = `${scope}-${isMended ? "mended" : "again"}-${n}`;
      await idle(system, wait);
      const fork = await found(system, id, async () => {
        const newest = (await run.history()).at(-1)?.version ?? 1;
        const at = Math.max(1, Math.ceil(share * newest));
        return system.forkRun(scope, { id, at, ...(before === undefined ? {} : { before }) });
      });
      await endOf(fork).catch((error: unknown) => {
        if (!isTroupeError(error, "run-undone")) throw error;
      });
      const history = await fork.history();
      const [first] = history;
      const { version = 0 } = (first?.event.type === "run-started" && first.event.fork) || {};
      const kept = keptAt(await run.history(), version, before);
      if (history.some(({ event }) => event.type === "undo-requested")) return; // an earlier process had it undone
      const isDone = await isSound(system, fork, input, kept, dying);
      if (!isDone || !isUndone) return;
      const undone = await fork.undo("changed our minds");
      const end = await undone.result.catch((error: unknown) => error);
      expect(isTroupeError(end, "run-undone"), "it is undone").toBe(true);
      const events = (await undone.history()).map(({ event }) => event);
      expect(of(events, "compensation-finished"), "it undoes what it did").toEqual(
        of(events, "step-finished").toReversed(),
      );
      expect((await system.store.read(book, fork.id)).total).toBe(0);
    });
    const switching = async (): Promise<void> => {
      for (const count of switches) {
        await idle(system, count);
        await system.switchCoordination(other(system.coordination));
      }
    };
    await Promise.all([switching(), ...forking]);
    await isSound(system, run, input, new Set(), dying); // whatever becomes of its forks
    beginsAtItsTime(await run.history(), startIn);
  };

const durable = { journal: "durable" } as const;

/** Of how many versions one is the cut of a fork. */
const stride = schedules < 100 ? 3 : 1;

describe("a fork of a run", () => {
  it("does what is left of it, on the simulator, with any sequence of switches", () =>
    holdsSimulated(forks, comeToTheSame()));

  it("does so when threads die", () =>
    holdsSimulated(forks, comeToTheSame("dying"), { faults: { threadDeath: 0.01, maxThreadDeaths: 2 } }));

  it("does so when the process crashes", () =>
    holdsSimulated(forks, comeToTheSame("dying"), {
      ...durable,
      faults: { ...crashes, threadDeath: 0.005, maxThreadDeaths: 2 },
    }));

  it("does so on real threads", () => holdsOnThreads(forks, comeToTheSame()));

  it.each(["orchestrator", "relay"] as const)("does so from each version of a run on, as %s", async (start) => {
    const input: Journey = { amount: 2, pauses: { tag: 2 }, parts: [1, 2], rounds: 2 };
    // while it fails, all else that is in flight goes on to its end: also the last step of what it is in
    const slow = { "check[0]": 2, "polish#2": 3, glaze: 3, "note#1": 3, sign: 3, tag: 3 };
    for (const given of [input, { ...input, fails: "truck" }, { ...input, fails: "check[0]", pauses: slow }] as const)
      await simulate(
        async ({ system }) => {
          await system.switchCoordination(start);
          const run = system.run(journey, given, { id: "whole" });
          await endOf(run);
          const history = await run.history();
          const last = history.at(-1)?.version ?? 0;
          expect(last).toBeGreaterThan(10);
          // one that completes is no other until then
          for (let at = given.fails === undefined ? last : 1; at <= last; at += given.pauses === slow ? 1 : stride)
            for (const id of given.pauses === slow ? [`mended-${at}`] : [`mended-${at}`, `again-${at}`]) {
              const fork = await system.forkRun("whole", { id, at });
              await isSound(system, fork, given, keptAt(history, at, undefined), undefined);
            }
        },
        { seed: 1, runs: 1 },
      );
  });

  it("does not go on from what it has inherited without the hand-over", async () => {
    const failure = await isFoundBroken(
      forks.map((given): Forks => ({ ...given, start: "relay", switches: [] })),
      comeToTheSame(),
      {
        tamper: () => (batch) =>
          mapFrames(batch, (frame) => {
            const sending = asMessage(frame);
            if (sending?.type !== "coordinate") return frame;
            const { message } = sending.payload as { message: { handOver?: boolean } };
            return message.handOver === true ? undefined : frame;
          }),
      },
    );
    expect(failure).toContain("nothing is left to run");
  });
});
