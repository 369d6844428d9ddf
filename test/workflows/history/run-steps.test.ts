/** What a run counts as its events come is what a look at every step would give. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admits, apply } from "../../../src/workflows/history/run-machine.ts";
import {
  awaitsSteps,
  isReady,
  isToBeUndone,
  nextToCompensate,
  remainingCompensations,
} from "../../../src/workflows/history/run-progress.ts";
import { scopeOf, wholeOf } from "../../../src/workflows/definition/steps-of-run.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { beside, isInPart, itemAt, roundAt } from "../../../src/workflows/definition/steps-of-run.ts";
import { isRoundKept, outlineOf } from "../../../src/workflows/steps/outline-index.ts";
import { placeOf, stepAt } from "../../../src/workflows/steps/run-places.ts";
import {
  allSteps,
  countUndoing,
  newSteps,
  placedSteps,
  type Replacement,
  turnedBack,
  withSteps,
} from "../../../src/workflows/steps/run-steps.ts";
import { segmentSize, type StepState } from "../../../src/workflows/steps/step-state.ts";
import { play, scenarios } from "../support/run-scenario.ts";
import { quickExpect } from "../../quick-expect.ts";

/** Compares all that is counted with a look at every step. */
function expectCounted(state: RunState): void {
  const { steps } = state;
  const all = allSteps(steps);
  const isRunning = state.status === "new" || state.status === "running" || state.status === "completed";
  quickExpect(steps.undoing).toEqual(isRunning ? undefined : countUndoing(steps));
  const isWaiting = !isRunning && all.some(({ status }) => status === "started" || status === "compensating");
  quickExpect(awaitsSteps(state)).toBe(isWaiting);
  const hasFinished = new Set(all.flatMap(({ name, order }) => (order === undefined ? [] : [name])));
  quickExpect(steps.finished).toBe([...hasFinished].filter((name) => !isInPart(name)).length);
  const stepIn = new Map(all.map((step) => [step.name, step]));
  const membersOf = new Map<string, StepState[]>();
  for (const step of all)
    if (wholeOf(step.name) === undefined)
      membersOf.set(scopeOf(step.name), [...(membersOf.get(scopeOf(step.name)) ?? []), step]);
  for (const { place, step, about } of placedSteps(steps)) {
    const { name } = step;
    if (wholeOf(name) !== undefined && about.kind === undefined) continue; // an agent's item or round
    quickExpect(placeOf(steps, name)).toBe(place);
    const after = about.after.map((other) => beside(name, other));
    const missing = after.filter((needed) => !hasFinished.has(needed)).length;
    quickExpect(step.missing ?? 0).toBe(after.length < 2 ? 0 : missing);
    const members = membersOf.get(name) ?? [];
    if (step.list !== undefined) expectListCounted(all, step, state);
    const settled = members.filter(({ order, status }) => order !== undefined || status === "skipped").length;
    if (step.loop !== undefined) expectLoopCounted(all, step, steps);
    if (step.list === undefined && step.loop === undefined)
      quickExpect(step.left).toBe(
        step.status === "open" || step.status === "closed" || (step.status === "failed" && step.left !== undefined)
          ? members.length - settled
          : undefined,
      );
    const scope = stepIn.get(scopeOf(name));
    const hasBegun = scope === undefined || scope.status === "open";
    quickExpect(isReady(state, name)).toBe(
      state.status === "running" && step.status === "pending" && missing === 0 && hasBegun,
    );
  }
  quickExpect(nextToCompensate(state)).toBe(awaitsSteps(state) ? undefined : remainingCompensations(state)[0]);
  if (isWaiting) return; // what is being undone is still the first
  const undone: string[] = [];
  for (let at = steps.undoneFirst; at !== undefined; at = stepAt(steps, at).undoneBefore)
    undone.push(stepAt(steps, at).name);
  const byOrder = placedSteps(steps)
    .filter(({ step, about }) => step.order !== undefined && isToBeUndone(step, about))
    .sort((one, other) => (other.step.order ?? 0) - (one.step.order ?? 0));
  if (state.uncompensated === undefined) quickExpect(undone).toEqual(byOrder.map(({ step }) => step.name));
}

function expectListCounted(
  all: readonly StepState[],
  { name, list, left, status: of }: StepState,
  state: RunState,
): void {
  const items = all.filter((other) => itemAt(other.name)?.each === name);
  quickExpect(items.map((item) => item.name)).toEqual(items.map((_, index) => `${name}[${index}]`));
  quickExpect(list?.next).toBe(items.length);
  if (state.status !== "running" || of === "closed") return;
  const failed = items.filter(({ status }) => status === "failed").length;
  const givenUp = items.filter(({ status }) => status === "closed").length;
  quickExpect(list?.failed ?? 0).toBe(failed + givenUp);
  const settled = failed + items.filter(({ order }) => order !== undefined).length;
  const isOpen = all.some((step) => step.name === name && step.status === "open");
  quickExpect(left ?? 0).toBe(isOpen ? (list?.items.count ?? 0) - settled : 0);
}

/** Of a loop, the newest rounds that can't be undone are there, two of them at most, and all that can. Each is found where it is. */
function expectLoopCounted(all: readonly StepState[], { name, loop }: StepState, steps: RunState["steps"]): void {
  const rounds = all.filter((other) => roundAt(other.name)?.loop === name);
  const isKept = ({ who = "" }: StepState): boolean => {
    const round = outlineOf(steps.outline, name)?.loop?.rounds[who];
    return round !== undefined && isRoundKept(round);
  };
  quickExpect(rounds.filter(isKept)).toHaveLength(loop?.kept ?? 0);
  quickExpect(rounds.filter((round) => !isKept(round))).toHaveLength(
    Math.min(2, (loop?.round ?? 0) - (loop?.kept ?? 0)),
  );
  for (const round of rounds) quickExpect(stepAt(steps, placeOf(steps, round.name) ?? -1)).toBe(round);
  const newest = loop?.at === undefined ? undefined : stepAt(steps, loop.at).name;
  quickExpect(newest).toBe(loop?.round === 0 ? undefined : `${name}#${loop?.round}`);
  quickExpect(placeOf(steps, `${name}#${(loop?.round ?? 0) + 1}`)).toBeUndefined();
}

describe("the steps of a run", () => {
  it("are counted as a look at each would count them, after any events", async () => {
    const statuses = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        scenarios({
          fails: ["executing", "once", "mapping", "compensating", "undoing-once"],
          interventions: ["switch", "cancel", "lose", "crash", "crash-cancel", "tell"],
          repeats: true,
          retries: true,
          fallbacks: true,
          pivots: true,
          depth: 2,
          bodies: true,
          eaches: true,
          loops: true,
        }),
        async (scenario) => {
          for (const { events } of (await play(scenario)).runs) {
            let state = newRun;
            for (const event of events) {
              quickExpect(admits(state, event)).toBe(true);
              state = apply(state, event, []);
              expectCounted(state);
            }
            const again = { type: "compensation-retried" } as const;
            if (admits(state, again)) expectCounted(apply(state, again));
            statuses.add(state.status);
          }
        },
      ),
      { numRuns: 100 },
    );
    expect([...statuses].toSorted()).toEqual(["cancelled", "compensation-failed", "completed", "failed"]);
  });

  it("are found by name and by place, in any segment, and share all segments but the one that changes", () => {
    const names = Array.from({ length: 3 * segmentSize + 1 }, (_, place) => `s${place}`);
    const outline = names.map((name) => ({ name, agent: "a@1", after: [], compensable: false }));
    const steps = newSteps(outline);
    expect(steps.segments.map(({ length }) => length)).toEqual([segmentSize, segmentSize, segmentSize, 1]);
    expect(names.map((name) => placeOf(steps, name))).toEqual(names.map((_, place) => place));
    expect(["toString", "__proto__", "s"].map((name) => placeOf(steps, name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(names.length - 1), { maxLength: 5 }), fc.option(fc.nat()), (places, first) => {
        const started = (place: number): Replacement => [place, { name: names[place] ?? "", status: "started" }];
        const changed = withSteps(steps, places.map(started), first ?? undefined);
        expect(allSteps(changed).flatMap(({ status }, at) => (status === "started" ? [at] : []))).toEqual(
          places.toSorted((one, other) => one - other),
        );
        const copied = new Set(places.map((place) => Math.floor(place / segmentSize)));
        expect(changed.segments.map((segment, index) => segment !== steps.segments[index])).toEqual(
          steps.segments.map((_, index) => copied.has(index)),
        );
        expect(changed.undoneFirst).toBe(first ?? undefined);
        expect(changed.undoing).toBeUndefined();
        expect(withSteps(turnedBack(steps), places.map(started), undefined).undoing).toEqual(countUndoing(changed));
      }),
    );
  });
});
