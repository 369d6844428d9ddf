/**
 * The steps of a run, kept so that the cost of an event doesn't grow with their number: a change copies one segment,
 * and totals are updated with each change instead of counted over all steps.
 */

import type { Mutable } from "../../values/mutable.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import { itemAt, roundAt } from "../definition/steps-of-run.ts";
import { indexOf } from "./outline-index.ts";
import type { ItemsOf, StepOutline } from "./step-outline.ts";

/**
 * How a step stands. `started` and `compensating` are in flight. `open`: a wait, a pause, a sub-workflow, an each or a loop that has begun; `closed`: the run turned
 * back before it was over. `waiting`: the step's attempt failed, and it will be tried again;
 * `undo-waiting`: the same for its compensation. A step that failed or never started has nothing to compensate, unless
 * it is unknown whether it had effects.
 *
 * @since 0.1.0
 */
export type StepStatus =
  | "pending"
  | "started"
  | "open"
  | "closed"
  | "waiting"
  | "finished"
  | "skipped"
  | "failed"
  | "compensating"
  | "undo-waiting"
  | "compensated"
  | "compensation-failed";

/** What a wait or a pause has besides other steps. */
export interface WaitState {
  /** When it began, in milliseconds since the epoch; absent before. */
  readonly since?: number;
  /** When the pause is over, or the wait given up, in milliseconds since the epoch; absent for never. */
  readonly until?: number;
  /** Present once it was answered: by whom, and under which idempotency key. */
  readonly told?: { readonly by?: string; readonly key?: string };
  /** The answer, from when it was told until the step finishes with it. */
  readonly answer?: Payload;
}

/** How far an each has come with its list. */
export interface ListState {
  readonly items: ItemsOf;
  /** The place of its first item; the others follow. An item is there once it has started. */
  readonly from: number;
  /** The index of the item that starts next: so many have started. */
  readonly next: number;
  /** How many items have failed for good and are tolerated; absent for none. */
  readonly failed?: number;
}

/** How far a loop has come with its rounds. */
export interface LoopState {
  /** How many have started: the number of the newest. */
  readonly round: number;
  /** The place of that one; absent before there is one. */
  readonly at?: number;
  /** The first of two places, which rounds that can't be undone take in turns: so two of these are there at most. */
  readonly from: number;
  /** How many have started that can be undone, all of which are kept; absent for none. */
  readonly kept?: number;
  /** The places of the first of them, and of each {@link segmentSize} further ones; the others follow. */
  readonly keptFrom?: readonly number[];
}

/** What a loop was told. */
export interface InboxState {
  /** How many messages there were. */
  readonly told: number;
  /** How many of them rounds have read. */
  readonly read: number;
  /** The newest of them: from the first that the newest round has read. */
  readonly messages: readonly Payload[];
  /** How many were told under an idempotency key, and the newest of these keys. */
  readonly keyed?: number;
  readonly keys?: readonly string[];
}

/** The state of a step. Its fixed properties are in the outline, at the same place. */
export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  /**
   * How many of the steps in its `after` have not settled; absent for none. A step after one other has no such count:
   * the status of that other step tells it.
   */
  readonly missing?: number;
  /** Present for a sub-workflow or an each that has begun: how many of its steps or items have not settled. */
  readonly left?: number;
  /** Present for an each that has begun. */
  readonly list?: ListState;
  /** Present for a loop that has begun. */
  readonly loop?: LoopState;
  /** Present for a loop that was told something. */
  readonly inbox?: InboxState;
  /** Present for a round: the name in its loop of the agent that does it. */
  readonly who?: string;
  /** Present once it has started; of a wait, the question; of a sub-workflow, its input. */
  readonly input?: Payload;
  /** Present once it has finished, or was skipped and its `otherwise` gave one. Those of sub-workflows, eaches and loops are gathered, see `run-outputs.ts`. */
  readonly output?: Payload;
  /** Present for a skipped step that has an output, which may be `undefined`. */
  readonly isGiven?: true;
  /** Why it failed. */
  readonly error?: EncodedError;
  /**
   * Why its compensation failed. Kept apart from `error`, since a failed step that may have had effects is compensated
   * too.
   */
  readonly undoError?: EncodedError;
  /** Present once it has finished; the later, the higher: the number of the run's event that says so. */
  readonly order?: number;
  /** The newest attempt at the step, or at its compensation once that has begun; absent for the first. */
  readonly attempt?: number;
  /**
   * How many attempts failed, of the step or of its compensation; absent for none. Attempts that ended with their
   * process don't count.
   */
  readonly failures?: number;
  /** When it is tried again, in milliseconds since the epoch; present while it waits for that. */
  readonly retryAt?: number;
  /** Present when a failed attempt's effects are unknown. */
  readonly isUncertain?: true;
  /** Present when another run had finished it, of which this one is a fork: it is not undone here. */
  readonly isInherited?: true;
  /** Present when the output is the step's fallback and not its agent's; the error says why. */
  readonly isFallback?: true;
  /**
   * Present once it has finished and can be undone: the place of the step that is undone after it; absent for the last
   * one.
   */
  readonly undoneBefore?: number;
  /** Present for a wait or a pause that has begun, or was answered. */
  readonly wait?: WaitState;
}

/** The steps of a run. A place is the position of a step in the order declared; items of eaches and rounds of loops have places behind all steps. */
export interface RunSteps {
  /** By place. It never changes, and all versions of the run share it. */
  readonly outline: readonly StepOutline[];
  /** By place: {@link segmentSize} steps in each segment but the last. */
  readonly segments: readonly (readonly StepState[])[];
  /** Whose items or rounds are behind the steps: those of the each or the loop at `place` from a place on, up to the next one here. */
  readonly extents?: readonly { readonly place: number; readonly from: number }[];
  /** How many steps have finished, whether or not they were undone. Items and rounds don't count. */
  readonly finished: number;
  /** How many steps were skipped; absent for none. */
  readonly skipped?: number;
  /** How many waits and pauses have begun and are not over; absent for none. */
  readonly open?: number;
  /** The place of the finished step that is undone first, should the run go backward; absent for none. */
  readonly undoneFirst?: number;
  /** Present once the run has turned backward: only then it matters. */
  readonly undoing?: UndoingCounts;
}

/** How many steps the way backward waits for. The numbers always equal a count over all steps. */
export interface UndoingCounts {
  /** Steps and compensations that have started and not ended. */
  readonly inFlight: number;
  /** Steps without an output whose effects are unknown, so that they are undone. */
  readonly unknown: number;
}

/** The steps in a segment: the most that an event copies. */
export const segmentSize = 64;

/** A step that takes the place of another. */
export type Replacement = readonly [place: number, step: StepState];

/** The steps of a run that starts. */
export function newSteps(outline: readonly StepOutline[]): RunSteps {
  const segments: StepState[][] = [];
  for (const [place, { name, after }] of outline.entries()) {
    if (place % segmentSize === 0) segments.push([]);
    const step: StepState =
      after.length < 2 ? { name, status: "pending" } : { name, status: "pending", missing: after.length };
    segments.at(-1)?.push(step);
  }
  return { outline, segments, finished: 0 };
}

/** The place of a step, or of an item or a round that has started and is kept; `undefined` if there is none of that name. */
export function placeOf(steps: RunSteps, name: string): number | undefined {
  const { places } = indexOf(steps.outline);
  const place = places.get(name);
  if (place !== undefined) return place;
  const round = roundAt(name);
  if (round !== undefined) {
    const loop = places.get(round.loop);
    return loop === undefined ? undefined : placeOfRound(steps, loop, round.round);
  }
  const item = itemAt(name);
  const each = item === undefined ? undefined : places.get(item.each);
  const list = each === undefined ? undefined : stepAt(steps, each).list;
  return item === undefined || list === undefined || item.index >= list.next ? undefined : list.from + item.index;
}

/** The place of a round of the loop at a place; `undefined` if it has not started, or is not kept. */
function placeOfRound(steps: RunSteps, loop: number, round: number): number | undefined {
  const state = stepAt(steps, loop).loop;
  if (state === undefined || round > state.round) return undefined;
  if (round === state.round) return state.at;
  const { from, kept = 0, keptFrom = [] } = state;
  for (const place of [from, from + 1])
    if (roundAt((stepAt(steps, place) as StepState | undefined)?.name ?? "")?.round === round) return place;
  // those that are kept ascend
  let [low, high] = [0, kept - 1];
  while (low <= high) {
    const at = Math.floor((low + high) / 2);
    const place = (keptFrom[Math.floor(at / segmentSize)] ?? 0) + (at % segmentSize);
    const there = roundAt(stepAt(steps, place).name)?.round ?? 0;
    if (there === round) return place;
    if (there < round) low = at + 1;
    else high = at - 1;
  }
  return undefined;
}

/** The step at a place, which must exist. */
export function stepAt({ segments }: RunSteps, place: number): StepState {
  return segments[Math.floor(place / segmentSize)]?.[place % segmentSize] as StepState;
}

/** The outline of the step at a place, which must exist. */
export function outlineAt(steps: RunSteps, place: number, { who = "" }: StepState = stepAt(steps, place)): StepOutline {
  const { outline } = steps;
  const own = outline[place];
  if (own !== undefined) return own;
  const { each, loop } = outline[ownerOf(steps, place) ?? 0] ?? {};
  return (each?.item ?? loop?.rounds[who]) as StepOutline;
}

/** The place of the each or the loop whose item or round is at a place. */
function ownerOf({ extents = [] }: RunSteps, place: number): number | undefined {
  return extents.findLast(({ from }) => from <= place)?.place;
}

/** The steps with room for so many more behind all others, for the items or rounds of the step at a place; and where that room is. */
export function withExtent(
  steps: RunSteps,
  place: number,
  count: number,
): { readonly steps: RunSteps; readonly from: number } {
  const from = steps.segments.length * segmentSize;
  const segments = Array.from({ length: Math.ceil(count / segmentSize) }, () => []);
  const extents = [...(steps.extents ?? []), { place, from }];
  return { steps: { ...steps, segments: [...steps.segments, ...segments], extents }, from };
}

/** A step, and where it is. */
export interface PlacedStep {
  readonly place: number;
  readonly step: StepState;
  readonly about: StepOutline;
}

/** All steps, and the items and rounds that have started and are kept. Takes time in proportion to their number, so use it only for what happens once in a run. */
export function placedSteps(steps: RunSteps): readonly PlacedStep[] {
  return steps.segments.flatMap((segment, at) =>
    segment.map((step, index) => {
      const place = at * segmentSize + index;
      return { place, step, about: outlineAt(steps, place, step) };
    }),
  );
}

/** The same without their places. */
export function allSteps({ segments }: RunSteps): readonly StepState[] {
  return segments.flat();
}

/** True if all steps, and the items that have started, are such. Makes no list of them. */
export function everyStep({ segments }: RunSteps, isSuch: (step: StepState, place: number) => boolean): boolean {
  return segments.every((segment, at) => segment.every((step, index) => isSuch(step, at * segmentSize + index)));
}

/** The places of the steps that come after the one at a place. */
export function dependentsOf({ outline }: RunSteps, place: number): readonly number[] {
  return indexOf(outline).dependents[place] ?? [];
}

/** The place of the sub-workflow that the step at a place belongs to, or of an item's each, or a round's loop; `undefined` for a step of the run's workflow. */
export function parentOf(steps: RunSteps, place: number): number | undefined {
  return place < steps.outline.length ? indexOf(steps.outline).parents[place] : ownerOf(steps, place);
}

/** The places of a sub-workflow's steps, in the order declared; or those of the steps of the run's workflow. */
export function membersOf({ outline }: RunSteps, parent: number | undefined): readonly number[] {
  return indexOf(outline).members.get(parent) ?? [];
}

/** The place of the point of no return, if there is one. */
export function pivotOf({ outline }: RunSteps): number | undefined {
  return indexOf(outline).pivot;
}

/**
 * The steps with each of `replacements` in its place, the counts adjusted, and `undoneFirst` as given: all that one event
 * changes, in one copy.
 *
 * @param replacements each for another place.
 */
export function withSteps(
  steps: RunSteps,
  replacements: readonly Replacement[],
  undoneFirst: number | undefined,
): RunSteps {
  const { outline, extents, undoing } = steps;
  const segments = [...steps.segments];
  let { finished, skipped = 0, open = 0 } = steps;
  let inFlight = 0;
  let unknown = 0;
  let copied = -1;
  let segment: StepState[] = [];
  for (const [place, step] of replacements) {
    const before = (stepAt(steps, place) as StepState | undefined) ?? step; // an item or a round that is new
    const about = outlineAt(steps, place, step);
    if (place < outline.length) finished += one(hasFinished(step)) - one(hasFinished(before));
    skipped += one(step.status === "skipped") - one(before.status === "skipped");
    if (about.kind === "wait" || about.kind === "pause")
      open += one(step.status === "open") - one(before.status === "open");
    if (undoing !== undefined) {
      inFlight += one(isInFlight(step)) - one(isInFlight(before));
      unknown += one(isUnknown(step, about)) - one(isUnknown(before, about));
    }
    const at = Math.floor(place / segmentSize);
    if (at !== copied) {
      // a spread: V8 takes 30 times as long for `slice` of a frozen array
      segments[at] = segment = [...(segments[at] ?? [])];
      copied = at;
    }
    segment[place % segmentSize] = step;
  }
  const next: Mutable<RunSteps> = { outline, segments, finished };
  if (extents !== undefined) next.extents = extents;
  if (skipped > 0) next.skipped = skipped;
  if (open > 0) next.open = open;
  if (undoneFirst !== undefined) next.undoneFirst = undoneFirst;
  if (undoing !== undefined)
    next.undoing =
      inFlight === 0 && unknown === 0
        ? undoing
        : { inFlight: undoing.inFlight + inFlight, unknown: undoing.unknown + unknown };
  return next;
}

/** The steps of a run that turns backward. Takes time in proportion to their number. */
export function turnedBack(steps: RunSteps): RunSteps {
  return { ...steps, undoing: countUndoing(steps) };
}

/** The counts computed over all steps. */
export function countUndoing(steps: RunSteps): UndoingCounts {
  const all = placedSteps(steps);
  return {
    inFlight: all.filter(({ step }) => isInFlight(step)).length,
    unknown: all.filter(({ step, about }) => isUnknown(step, about)).length,
  };
}

/** True for a step without an output that is to be undone: its effects are unknown, and its agent can undo them. */
function isUnknown(
  { order, status, isUncertain }: StepState,
  { undoesUnknown }: Pick<StepOutline, "undoesUnknown">,
): boolean {
  if (order !== undefined) return false;
  return status === "undo-waiting" || (status === "failed" && isUncertain === true && undoesUnknown === true);
}

/** True for a step that has finished, or was skipped: what comes after it need not wait for it any more. */
export function isSettled(step: StepState): boolean {
  return hasFinished(step) || step.status === "skipped";
}

/** True for a step that was skipped, and nothing stands in for its output. */
export function isAbsent({ status, isGiven }: StepState): boolean {
  return status === "skipped" && isGiven !== true;
}

/** True for a step that has finished, whether or not it was undone. */
export function hasFinished({ order }: StepState): boolean {
  return order !== undefined;
}
/** True for a step that has started, or whose compensation has, and not ended. */
export function isInFlight({ status }: StepState): boolean {
  return status === "started" || status === "compensating";
}

function one(isCounted: boolean): number {
  return isCounted ? 1 : 0;
}
