/** Invariant 16: the stream is the history's, under either coordination, with switches and deaths of threads. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, isTroupeError, type Run, type System } from "../../src/index.ts";
import { Audience, type Story, telling } from "./emitters.ts";
import { outside } from "./outside.ts";
import { asMessage, mapFrames } from "./wire.ts";
import { crashes, holdsInWorld, holdsOnThreads, holdsSimulated, isFoundBroken, type WorldScenario } from "./worlds.ts";

interface Given {
  readonly start: Coordination;
  /** After how many rounds of doing nothing the coordination is switched, again and again. */
  readonly switches: readonly number[];
  /** Whether code listens from the start on. */
  readonly hasFirst: boolean;
  /** After how many rounds another listener comes. */
  readonly late: number;
  readonly story: Omit<Story, "id">;
  readonly isBad: boolean;
}

const rounds = fc.integer({ min: 0, max: 10 });

const given: fc.Arbitrary<Given> = fc.record({
  start: fc.constantFrom("orchestrator" as const, "relay" as const),
  switches: fc.array(rounds, { maxLength: 3 }),
  hasFirst: fc.boolean(),
  late: rounds,
  story: fc
    .record({
      parts: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 40 }) },
        { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 3_000 }) },
      ),
      burst: fc.constantFrom(1, 3, 5_000),
      pace: fc.constantFrom(2, 7, 10_000),
      failures: fc.integer({ min: 0, max: 2 }),
    })
    .map((story) => ({ ...story, pace: Math.max(story.pace, Math.ceil(story.parts / 20)) })), // each sleep takes steps
  isBad: fc.boolean(),
});

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

async function idle(system: System, count: number): Promise<void> {
  for (let round = 0; round < count; round++) await system.stats();
}

/** Listens to a run to its end. */
function listen(run: Run, audience: Audience): Promise<Audience> {
  return new Promise((resolve, reject) => {
    run.stream$.subscribe({
      next: (item) => audience.take(item),
      error: reject,
      complete: () => resolve(audience),
    });
    audience.isLive = true;
  });
}

async function theStreamIsTheHistorys(
  system: System,
  { start, switches, hasFirst, late, story, isBad }: Given,
  id: string,
): Promise<void> {
  outside.reset();
  await system.switchCoordination(start);
  const run = system.run(telling, { story: { id, ...story }, isBad }, { id });
  const isPolite = story.burst < 10;
  const audiences = hasFirst ? [listen(run, new Audience({ isEarly: true, isPolite }))] : [];
  const coming = (async () => {
    await idle(system, late);
    audiences.push(listen(run, new Audience({ isEarly: false, isPolite })));
  })();
  for (const after of switches) {
    await idle(system, after);
    await system.switchCoordination(other(system.coordination));
  }
  await run.result.catch((error: unknown) => {
    if (!isTroupeError(error, "step-failed")) throw error;
  });
  await coming;
  const history = await run.history();
  for (const audience of await Promise.all(audiences)) {
    expect(audience.wrongs.join("\n")).toBe("");
    expect(audience.records, "its events are the history").toEqual(history);
  }
}

/** The same where the process crashes: who listens to the next one gets what is emitted there. */
const alsoAfterCrashes: WorldScenario<Given> = async (world, { story, start }) => {
  outside.reset();
  await world.survive(async ({ system }) => {
    const known = await system.findRun(telling, "case").catch(() => undefined);
    await system.switchCoordination(start);
    const run = known ?? system.run(telling, { story: { id: "case", ...story }, isBad: false }, { id: "case" });
    const audience = await listen(run, new Audience({ isEarly: false, isPolite: false }));
    expect(audience.wrongs.join("\n")).toBe("");
  });
};

describe("invariant 16: the stream is the history's", () => {
  it("holds on the simulator, with switches of the coordination", () => holdsSimulated(given, theStreamIsTheHistorys));

  it("holds on the simulator where threads die", () =>
    holdsSimulated(given, theStreamIsTheHistorys, { faults: { threadDeath: 0.004, maxThreadDeaths: 2 } }));

  it("holds on the simulator where the process crashes, and another one goes on", () =>
    holdsInWorld(given, alsoAfterCrashes, { faults: crashes, journal: "durable" }, [
      // what another process had recorded of the run came only some time after code had subscribed
      [
        {
          start: "relay",
          switches: [2],
          hasFirst: false,
          late: 8,
          story: { parts: 4, burst: 5_000, pace: 10_000, failures: 1 },
          isBad: false,
        },
        990_997_983,
      ],
    ]));

  it("holds on real threads", () => holdsOnThreads(given, theStreamIsTheHistorys));

  it("does not hold where parts are lost on their way", async () => {
    const broken = isFoundBroken(given, theStreamIsTheHistorys, {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const sent = asMessage(frame);
          const values = sent?.type === "parts" ? (sent.payload as { values: unknown[] }).values : [];
          if (values.length > 2) values.splice(1, 1);
          return frame;
        }),
    });
    expect(await broken).toContain("where part");
  });
});
