/**
 * The rules of a loop: its rounds follow one another, there are no more of them than its `max`, and it ends with the one that was decided to be
 * the last. A message to it is read by exactly one round, or refused (invariant 15): the loop does not end while one is unread, and
 * takes none that no round could read.
 */

import { roundAt, roundPath } from "../definition/steps-of-run.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type { Mutable } from "../../values/mutable.ts";
import type { LoopTold, StepStarted } from "./run-event.ts";
import { outputAt } from "./run-outputs.ts";
import type { RunState } from "./run-state.ts";
import { isRoundKept } from "../steps/outline-index.ts";
import { outlineAt, placeOf, stepAt, widthAt, withExtent, withoutParts } from "../steps/run-places.ts";
import { newPart, withSteps } from "../steps/run-steps.ts";
import { hasFinished, type InboxState, type RunSteps, segmentSize, type StepState } from "../steps/step-state.ts";
import { isCutOff } from "./given-up.ts";
import { changeStep, copyOfStep } from "./step-change.ts";

/** How many messages may be unread: a loop that has so many takes no further one before its next round (invariant 7). */
export const mostUnread = 1_000;

/** Of so many messages, the newest that were told under a key, it is known that they were. */
const mostKeys = 128;

const nothingTold: InboxState = { told: 0, read: 0, messages: [] };

/** Where a loop stands between two rounds. */
export interface BetweenRounds {
  /** How many rounds have finished. */
  readonly done: number;
  /** The newest of them; absent before there is one. */
  readonly last?: { readonly who: string; readonly output: Payload };
  /** The messages that no round has read, and how many messages there were in all. */
  readonly unread: readonly Payload[];
  readonly told: number;
}

/** The loop at a path, if there is one. */
function loopIn(steps: RunSteps, path: string): { readonly place: number; readonly step: StepState } | undefined {
  const place = placeOf(steps, path);
  return place === undefined || outlineAt(steps, place).kind !== "loop"
    ? undefined
    : { place, step: stepAt(steps, place) };
}

/** What is to be decided about a loop now; `undefined` while a round of it has not finished, and for a loop that is not open. */
export function betweenRounds({ status, steps }: RunState, path: string): BetweenRounds | undefined {
  const { step } = loopIn(steps, path) ?? {};
  if (status !== "running" || step?.status !== "open" || step.loop === undefined) return undefined;
  const { round: done } = step.loop;
  const newest = step.loop.at === undefined ? undefined : stepAt(steps, step.loop.at);
  if (newest !== undefined && !hasFinished(newest)) return undefined;
  const { told } = inboxOf(step);
  const of = { done, unread: unreadIn(step), told };
  if (newest === undefined || step.loop.at === undefined) return of;
  return { ...of, last: { who: newest.who ?? "", output: outputAt(steps, step.loop.at) } };
}

function inboxOf({ inbox = nothingTold }: StepState): InboxState {
  return inbox;
}

function unreadIn(step: StepState): readonly Payload[] {
  const { told, read, messages } = inboxOf(step);
  return messages.slice(messages.length - (told - read));
}

/** True while a round of a loop has started and not finished. */
export function isInRound(state: RunState, path: string): boolean {
  return loopIn(state.steps, path) !== undefined && betweenRounds(state, path) === undefined;
}

/** True for the first attempt at the round that is next, done by one of the loop's agents. The last one that there may be reads all messages. */
export function isNextRound(state: RunState, { step: path, who = "", told }: StepStarted): boolean {
  const at = roundAt(path);
  const between = at === undefined ? undefined : betweenRounds(state, at.loop);
  if (at === undefined || between === undefined || at.round !== between.done + 1) return false;
  const { max, rounds } = boundsOf(state.steps, at.loop);
  if (at.round > max || !Object.hasOwn(rounds, who)) return false;
  const read = between.told - between.unread.length;
  const upTo = told ?? read;
  return upTo >= read && (at.round === max ? upTo === between.told : upTo <= between.told);
}

function boundsOf(steps: RunSteps, loop: string): NonNullable<ReturnType<typeof outlineAt>["loop"]> {
  const { place = 0 } = loopIn(steps, loop) ?? {};
  return outlineAt(steps, place).loop ?? { max: 0, rounds: {} };
}

/** True for a loop that may end with its newest round, which has that number: it has finished, and no message is unread. */
export function isLastRound(state: RunState, path: string, round: number): boolean {
  const between = betweenRounds(state, path);
  return between !== undefined && round > 0 && between.done === round && between.unread.length === 0;
}

/** True while a loop may get this message: it did not get it before, and a round that reads it can begin. */
export function takesMessage({ status, steps }: RunState, { step: path, idempotencyKey: key }: LoopTold): boolean {
  const { place = 0, step } = loopIn(steps, path) ?? {};
  if (status !== "running" || (step?.status !== "pending" && step?.status !== "open")) return false;
  if (isCutOff(steps, place)) return false;
  const { max, hasInbox: takesAny } = boundsOf(steps, path);
  if (takesAny !== true || (step.loop?.round ?? 0) >= max || isFull(step)) return false;
  return key === undefined || step.inbox?.keys?.includes(key) !== true;
}

/** True for a loop that takes messages. */
export function hasInbox({ steps }: RunState, path: string): boolean {
  return boundsOf(steps, path).hasInbox === true;
}

/** True for a loop that has as many unread messages as it may have. */
export function isFull(step: StepState): boolean {
  const { told, read } = inboxOf(step);
  return told - read >= mostUnread;
}

/** Has a loop begin: it has places for two rounds from now on. */
export function openLoop(next: Mutable<RunState>, place: number): void {
  const { steps, from } = withExtent(next.steps, place, 2 * widthAt(next.steps, place));
  const step = copyOfStep(stepAt(steps, place), "open");
  step.input = null;
  step.loop = { round: 0, from };
  next.steps = withSteps(steps, [[place, step]], steps.undoneFirst);
}

/**
 * Gives the run the round that an event starts, if it starts one, with the steps that are in it. A round that can't be undone takes the place of the one
 * before the last, and nothing that was in that one is left.
 */
export function addRound(next: Mutable<RunState>, { step: path, who, told }: StepStarted): void {
  const at = who === undefined ? undefined : roundAt(path);
  const { place: loop = 0, step } = (at && loopIn(next.steps, at.loop)) ?? {};
  if (at === undefined || who === undefined || step?.loop === undefined) return;
  const changed = copyOfStep(step, step.status);
  let { steps } = next;
  const { kept = 0, keptFrom = [] } = step.loop;
  const about = boundsOf(steps, at.loop).rounds[who];
  const width = widthAt(steps, loop);
  let place = step.loop.from + ((at.round - kept - 1) % 2) * width;
  if (about !== undefined && isRoundKept(about)) {
    let from = keptFrom.at(-1) ?? 0;
    if (kept % segmentSize === 0) ({ steps, from } = withExtent(steps, loop, segmentSize * width));
    place = from + (kept % segmentSize) * width;
    changed.loop = {
      round: at.round,
      at: place,
      from: step.loop.from,
      kept: kept + 1,
      keptFrom: kept % segmentSize === 0 ? [...keptFrom, from] : keptFrom,
    };
  } else {
    changed.loop = { ...step.loop, round: at.round, at: place };
    if (width > 1) steps = withoutParts(steps, place, place + width);
  }
  if (step.inbox !== undefined) changed.inbox = readUpTo(step.inbox, told ?? step.inbox.read);
  const round: StepState = { name: roundPath(at.loop, at.round), status: "pending", who };
  const [root, ...inner] = newPart(round, place, about);
  next.steps = withSteps(steps, root === undefined ? [] : [[loop, changed], root], steps.undoneFirst);
  // what a step in a round is follows from what does the round
  if (inner.length > 0) next.steps = withSteps(next.steps, inner, steps.undoneFirst);
}

/** Lets go of what rounds before this one had read: what this one reads is kept for as long as it is the newest. */
function readUpTo({ told, read, messages, ...keys }: InboxState, upTo: number): InboxState {
  return { told, read: upTo, messages: messages.slice(messages.length - (told - read)), ...keys };
}

export function tellLoop(next: Mutable<RunState>, { step: path, message, idempotencyKey: key }: LoopTold): void {
  const { step } = loopIn(next.steps, path) ?? {};
  if (step === undefined) return;
  const { told, read, messages, ...known } = inboxOf(step);
  changeStep(next, path, step.status, (changed) => {
    changed.inbox = {
      told: told + 1,
      read,
      messages: [...messages, message],
      ...(key === undefined ? known : withKey(known, key)),
    };
  });
}

/** The newest keys, each in a place that it keeps until it is forgotten: so a version differs from the one before in one of them. */
function withKey(
  { keyed = 0, keys = [] }: Pick<InboxState, "keyed" | "keys">,
  key: string,
): Required<Pick<InboxState, "keyed" | "keys">> {
  const next = [...keys];
  next[keyed % mostKeys] = key;
  return { keyed: keyed + 1, keys: next };
}
