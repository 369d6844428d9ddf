/** The scenarios reach what they are meant to test: each of these happens in some of them. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { type Outcome, play, type Played, scenarios } from "../support/run-scenario.ts";

const situations: Readonly<Record<string, (run: Outcome, refused: Played["refused"]) => boolean>> = {
  "a run is switched": ({ events }) => events.some(({ type }) => type === "coordination-switched"),
  "a run is switched three times": ({ events }) =>
    events.filter(({ type }) => type === "coordination-switched").length >= 3,
  "a run is switched with steps in flight": ({ events }) =>
    events.some(({ type }, at) => type === "coordination-switched" && openAt(events.slice(0, at)) > 0),
  "both coordinations start steps of one run": ({ events }) => deciders(events, "step-started").size === 2,
  "both coordinations start compensations of one run": ({ events }) =>
    deciders(events, "compensation-started").size === 2,
  "a claim of an earlier epoch is refused": ({ state }, refused) =>
    refused.some((event) => event.type === "step-started" && event.epoch < state.epoch),
  "a step finishes after the run failed": ({ events }) =>
    events.some(
      ({ type }, at) =>
        type === "step-finished" && events.slice(0, at).some((earlier) => earlier.type === "step-failed"),
    ),
  "three steps are compensated": ({ compensated }) => compensated.length >= 3,
  "a run is cancelled": ({ status }) => status === "cancelled",
  "a compensation fails": ({ status }) => status === "compensation-failed",
  "both coordinations start rounds of one loop": ({ events }) =>
    new Set(events.flatMap((event) => (event.type === "step-started" && event.who !== undefined ? [event.by] : [])))
      .size === 2,
  "two agents do rounds of one loop": ({ events }) =>
    new Set(events.flatMap((event) => (event.type === "step-started" ? [event.who ?? []].flat() : []))).size > 1,
  "a message comes between the decision that a loop ends and its end": (_, refused) =>
    refused.some((event) => event.type === "step-finished" && event.round !== undefined),
  "a message comes between the decision about the last round and its start": ({ events }, refused) =>
    refused.some(
      (event) =>
        event.type === "step-started" &&
        event.who !== undefined &&
        events.some((later) => later.type === "step-started" && later.step === event.step && later.told !== event.told),
    ),
  "a round reads two messages": ({ events }) =>
    events.some((event, at) => {
      if (event.type !== "step-started" || event.told === undefined) return false;
      const loop = event.step.slice(0, event.step.lastIndexOf("#"));
      const before = events
        .slice(0, at)
        .map((other) => (other.type === "step-started" && other.step.startsWith(`${loop}#`) ? (other.told ?? 0) : 0));
      return event.told - Math.max(...before) > 1;
    }),
  "a loop finishes its fourth round": ({ events }) =>
    events.some(
      ({ type, ...event }) => type === "step-finished" && "step" in event && (event.step ?? "").endsWith("#4"),
    ),
  "a run completes": ({ status }) => status === "completed",
  "a run fails": ({ status }) => status === "failed",
};

it("reach every situation", async () => {
  const samples = fc.sample(
    scenarios({
      fails: ["executing", "mapping", "compensating"],
      interventions: ["switch", "cancel", "tell"],
      repeats: true,
      loops: true,
    }),
    { numRuns: 1000, seed: 7 },
  );
  const missing = new Set(Object.keys(situations));
  for (const scenario of samples) {
    const { runs, refused } = await play(scenario);
    for (const name of missing) if (runs.some((run) => situations[name]?.(run, refused))) missing.delete(name);
    if (missing.size === 0) break;
  }
  expect([...missing]).toEqual([]);
}, 60_000);

function openAt(events: Outcome["events"]): number {
  return (
    events.filter(({ type }) => type === "step-started").length -
    events.filter(({ type }) => type === "step-finished" || type === "step-failed").length
  );
}

function deciders(events: Outcome["events"], type: "step-started" | "compensation-started"): Set<string> {
  return new Set(events.flatMap((event) => (event.type === type ? [event.by] : [])));
}
