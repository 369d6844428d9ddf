/**
 * Invariant 18: a migration is a switch. With it 5, 10, 11: whenever a run goes on with another definition, no step is done twice, it comes to what
 * that definition says, and what was done can be undone.
 */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, isTroupeError, type Run, type RunEvent, type System } from "../../src/index.ts";
import { free, insured, isByAgent, type Journey, journey, ordered, sent } from "./journeys.ts";
import { asMessage, mapFrames } from "./wire.ts";
import { book } from "./workflows.ts";
import {
  crashes,
  holdsOnThreads,
  holdsSimulated,
  isFoundBroken,
  type Scenario,
  type SimulatedOptions,
} from "./worlds.ts";

const versions = { insured, free, ordered };
const steps = [
  "stock",
  "money",
  "check[0]",
  "polish#2",
  "shape#2",
  "glaze",
  "fire",
  "note#2",
  "load[1]",
  "sign",
  "stamp",
  "pick",
  "tag",
  "wrap",
  "insure",
  "truck",
] as const;

interface Travels {
  readonly start: Coordination;
  readonly journeys: readonly {
    readonly amount: number;
    readonly pauses: Record<string, number>;
    readonly parts: readonly number[];
    readonly rounds: number;
    readonly fails: (typeof steps)[number] | undefined;
  }[];
  /** To which definition, and how often and when it is tried. */
  readonly to: keyof typeof versions;
  readonly moments: readonly number[];
  readonly switches: readonly number[];
}

const rounds = fc.integer({ min: 0, max: 12 });
const pause = fc.integer({ min: 0, max: 4 });

const travels: fc.Arbitrary<Travels> = fc.record({
  start: fc.constantFrom("orchestrator" as const, "relay" as const),
  journeys: fc.array(
    fc.record({
      amount: fc.integer({ min: 1, max: 5 }),
      pauses: fc.record(Object.fromEntries(steps.map((step) => [step, pause]))),
      parts: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
      rounds: fc.integer({ min: 1, max: 3 }),
      fails: fc.option(fc.constantFrom(...steps), { nil: undefined, freq: 3 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  to: fc.constantFrom("insured" as const, "free" as const, "ordered" as const),
  moments: fc.array(rounds, { minLength: 1, maxLength: 4 }),
  switches: fc.array(rounds, { maxLength: 4 }),
});

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

async function idle(system: System, count: number): Promise<void> {
  for (let round = 0; round < count; round++) await system.stats();
}

/** Threads may die, or the process may crash: then a run that turns back may have done something of which it isn't known. */
type Dying = "dying" | undefined;

const comesToWhatIsSaid =
  (dying?: Dying): Scenario<Travels> =>
  async (system, { start, journeys, to, moments, switches }, scope) => {
    await system.switchCoordination(start);
    const runs = journeys.map(async ({ fails, parts, ...rest }, index) => {
      const order = `${scope}-${index}`;
      const input: Journey = { ...rest, parts: [...parts], ...(fails === undefined ? {} : { fails }) };
      const run: Run = await system.findRun(order).catch((error: unknown) => {
        if (!isTroupeError(error, "no-such-run")) throw error; // an earlier process started it
        return system.run(journey, input, { id: order });
      });
      await isSound(system, run, input, dying);
    });
    const repeat = async (pauses: readonly number[], act: () => Promise<unknown>): Promise<void> => {
      for (const count of pauses) {
        await idle(system, count);
        await act();
      }
    };
    const migrating = repeat(moments, () => system.migrate(versions[to], { from: "1.0.0" }));
    const switching = repeat(switches, () => system.switchCoordination(other(system.coordination)));
    await Promise.all([migrating, switching, ...runs]);
  };

async function isSound(system: System, run: Run, input: Journey, dying: Dying): Promise<void> {
  const result = await run.result.catch((error: unknown) => {
    if (!isTroupeError(error, "step-failed")) throw error;
    return undefined;
  });
  const history = (await run.history()).map(({ event }) => event);
  const changes = history.flatMap((event) => (event.type === "definition-changed" ? [event] : []));
  expect(changes.length, "it is migrated once").toBeLessThanOrEqual(1);
  const [change] = changes;
  const of = (type: "step-finished" | "compensation-finished"): string[] =>
    history.flatMap((event) => (event.type === type && isByAgent(event.step) ? [event.step] : []));
  const [done, undone] = [of("step-finished"), of("compensation-finished")];
  const { entries, total } = await system.store.read(book, run.id);
  const effects = entries.filter((entry) => entry.startsWith("+"));
  expect(new Set(done).size, "no step finishes twice").toBe(done.length);
  expect(new Set(effects).size, "no step is done twice").toBe(effects.length);
  isMappedByItsOwn(history);
  const end = history.at(-1);
  if (end?.type === "run-ended" && end.status === "completed") {
    expect(effects.toSorted(), "each finished step was done").toEqual(done.map((step) => `+${step}`).toSorted());
    expect(undone).toEqual([]);
    const insurance = change?.skipped.includes("insure") === true ? 100 : 7;
    const amount = sent(mappedBy(history, "truck"), input, insurance);
    expect(result, "it comes to what its definition says").toEqual({ amount });
  } else {
    expect(end).toMatchObject({ type: "run-ended", status: "failed" });
    expect(total, "all is undone").toBe(0);
    const known = undone.filter((step) => done.includes(step));
    expect(known, "in exactly the reverse order").toEqual(done.toReversed());
    if (dying === undefined) expect(undone, "and nothing else").toEqual(known);
  }
}

/** The version of the definition that had the step start: it may have been migrated since. */
function mappedBy(history: readonly RunEvent[], step: string): string {
  const start = history.find((event) => event.type === "step-started" && event.step === step);
  return (start as { readonly input: { readonly via: string } }).input.via;
}

/** What starts is mapped by the definition that the run follows then. */
function isMappedByItsOwn(history: readonly RunEvent[]): void {
  let version = "1.0.0";
  for (const event of history) {
    if (event.type === "definition-changed") ({ version } = event.to);
    if (event.type !== "step-started" || !isByAgent(event.step) || event.attempt !== undefined) continue;
    expect(event.input, `${event.step} is mapped by ${version}`).toMatchObject({ via: version });
  }
}

const durable: SimulatedOptions = {
  journal: "durable",
  system: { workflows: [journey, insured, free, ordered] },
};

describe("invariant 18: a migration is a switch", () => {
  it("holds on the simulator, with any sequence of switches", () => holdsSimulated(travels, comesToWhatIsSaid()));

  it("holds on the simulator when threads die", () =>
    holdsSimulated(travels, comesToWhatIsSaid("dying"), { faults: { threadDeath: 0.01, maxThreadDeaths: 2 } }));

  it("holds on the simulator when the process crashes", () =>
    holdsSimulated(travels, comesToWhatIsSaid("dying"), {
      ...durable,
      faults: { ...crashes, threadDeath: 0.005, maxThreadDeaths: 2 },
    }));

  it("holds on real threads", () => holdsOnThreads(travels, comesToWhatIsSaid()));

  it("does not hold without the hand-over", async () => {
    const failure = await isFoundBroken(
      travels.map((given): Travels => ({ ...given, start: "relay", switches: [] })),
      comesToWhatIsSaid(),
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

  it("does not hold when a claim that an older definition has mapped is taken for one of the new", async () => {
    const failure = await isFoundBroken(
      travels.map((given): Travels => ({ ...given, start: "relay", switches: [] })),
      comesToWhatIsSaid(),
      {
        tamper: () => (batch) =>
          mapFrames(batch, (frame) => {
            const sending = asMessage(frame);
            if (sending?.type === "claim") {
              const { event } = sending.payload as { event: { epoch?: number } };
              event.epoch = 1_000;
            }
            return frame;
          }),
      },
    );
    expect(failure).toContain("is mapped by");
  });
});
