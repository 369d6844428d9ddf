/** Invariant 16 of calls: what their callers hear of the parts, from steps of runs and from outside, with deaths of threads. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAskError, type System } from "../../src/index.ts";
import { teller } from "./emitters.ts";
import { outside } from "./outside.ts";
import { given, read, type Reading, readingAgent, readings } from "./readers.ts";
import { mapFrames } from "./wire.ts";
import { holdsOnThreads, holdsSimulated, isFoundBroken } from "./worlds.ts";

type Case = Omit<Reading, "story"> & { readonly story: Omit<Reading["story"], "id"> };

const few = fc.integer({ min: 0, max: 2 });

const cases: fc.Arbitrary<Case> = fc
  .record({
    story: fc.record({
      parts: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 40 }) },
        { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 3_000 }) },
      ),
      burst: fc.constantFrom(1, 3, 5_000),
      pace: fc.constantFrom(2, 7, 10_000),
      failures: few,
    }),
    leave: fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) },
    ),
    pace: fc.constantFrom(1, 5, 10_000),
    setbacks: few,
  })
  .map(({ story, pace, ...more }) => ({
    ...more,
    story: { ...story, pace: Math.max(story.pace, Math.ceil(story.parts / 20)) }, // each sleep takes steps
    pace: Math.max(pace, Math.ceil(story.parts / 20)),
  }));

async function callersHearAll(system: System, { story, ...plan }: Case, id: string): Promise<void> {
  outside.reset();
  given.reset();
  const reading = { ...plan, story: { id, ...story } };
  const run = system.run(readings, reading, { id });
  const direct = read(system.stream(teller, reading.story), reading, async () => void (await system.stats()));
  const outsideOfRuns = [direct.then(({ wrongs }) => wrongs), system.call(readingAgent, { ...reading, setbacks: 0 })];
  const [{ outputs }, ...wrongs] = await Promise.all([
    run.result.then(() => run.view()),
    ...outsideOfRuns.map((found) => found.catch(unlessThreadDied)),
  ]);
  const { one = ["no output"], other = ["no output"] } = outputs;
  expect([...wrongs.flat(), ...one, ...other, ...given.wrongs].join("\n")).toBe("");
}

function unlessThreadDied(error: unknown): readonly string[] {
  if (isAskError(error) && error.code === "thread-died") return [];
  throw error;
}

describe("invariant 16: a caller hears of the parts of a call in order, attempt by attempt, and of all that are missing", () => {
  it("holds on the simulator", () => holdsSimulated(cases, callersHearAll));

  it("holds on the simulator where threads die", () =>
    holdsSimulated(cases, callersHearAll, { faults: { threadDeath: 0.004, maxThreadDeaths: 2 } }));

  it("holds on real threads", () => holdsOnThreads(cases, callersHearAll));

  it("does not hold where parts are lost on their way", async () => {
    const broken = isFoundBroken(cases, callersHearAll, {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const sent = frame[0] === 3 ? (frame[1] as { kind: string; values: unknown[] }) : undefined;
          if (sent?.kind === "parts" && sent.values.length > 2) sent.values.splice(1, 1);
          return frame;
        }),
    });
    expect(await broken).toContain("where part");
  });
});
