/** What becomes of the times of a schedule: a pure function of its state, the time and its last run. */

import type { Calendar } from "./calendar.ts";
import type { ScheduleDecision, ScheduleState } from "./schedule-state.ts";

/** What is late by more than this was missed. */
const grace = 60_000;

/** The schedule's last run: whether it goes on, or since when it doesn't. */
export type LastRun = { readonly isOpen: true } | { readonly isOpen: false; readonly endedAt: number };

export type Verdict =
  /** Nothing is due until then; Infinity for never. */
  | { readonly kind: "rest"; readonly until: number }
  /** The last run has to end first; it is to be cancelled if `cancels`. */
  | { readonly kind: "hold"; readonly run: string; readonly cancels: boolean }
  /** A run is to be started, in one commit with this. */
  | { readonly kind: "start"; readonly run: string; readonly decision: ScheduleDecision }
  /** This is to be recorded. */
  | { readonly kind: "pass"; readonly decision: ScheduleDecision };

export function decide(
  id: string,
  state: ScheduleState,
  { calendar, now, last }: { readonly calendar: Calendar; readonly now: number; readonly last: LastRun },
): Verdict {
  const { times, decided, overlap, catchUp, paused, run: lastRun = "" } = state;
  const first = paused === undefined ? calendar.next(times, decided) : Number.POSITIVE_INFINITY;
  const latest = calendar.latest(times, decided, now);
  if (first > now || latest === undefined) return { kind: "rest", until: first };
  if (last.isOpen && overlap === "skip")
    return { kind: "pass", decision: { outcome: "skipped", at: latest, ...since(first, latest), run: lastRun } };
  if (last.isOpen && overlap !== "allow") return { kind: "hold", run: lastRun, cancels: overlap === "cancel" };
  const at = catchUp === "all" ? first : latest;
  const freeSince = last.isOpen ? at : Math.max(at, last.endedAt);
  if (catchUp === "none" && now - freeSince > grace)
    return { kind: "pass", decision: { outcome: "missed", at, ...since(first, at) } };
  const run = "at" in times ? id : `${id}@${timeText(at)}`;
  const before = at === first ? undefined : calendar.latest(times, decided, at - 1);
  const missed = before === undefined ? {} : { missed: { from: first, to: before } };
  return { kind: "start", run, decision: { outcome: "started", at, run, ...missed } };
}

/** The state after a decision. */
export function record(state: ScheduleState, decision: ScheduleDecision): ScheduleState {
  const { outcome, at, run } = decision;
  return {
    ...state,
    decided: at,
    last: decision,
    ...(outcome === "started" && run !== undefined ? { run } : {}),
  };
}

/** The run of a time could not be started, and can't be. */
export function asFailed({ run: _, ...decision }: ScheduleDecision, why: string): ScheduleDecision {
  return { ...decision, outcome: "failed", why };
}

/** The state once it is paused; the same if it is already. */
export function pause(state: ScheduleState, now: number, reason: string | undefined): ScheduleState {
  if (state.paused !== undefined) return state;
  return { ...state, paused: { since: now, ...(reason === undefined ? {} : { reason }) } };
}

/** The state once it goes on; the same if it isn't paused. The times that came meanwhile have no run. */
export function resume(state: ScheduleState, now: number, calendar: Calendar): ScheduleState {
  if (state.paused === undefined) return state;
  const { paused: _, ...rest } = state;
  const first = calendar.next(state.times, state.decided);
  const at = calendar.latest(state.times, state.decided, now);
  if (at === undefined) return rest;
  return record(rest, { outcome: "paused", at, ...since(first, at) });
}

function since(first: number, at: number): { readonly from?: number } {
  return first === at ? {} : { from: first };
}

/** `2026-01-31T02:00:00Z`; with milliseconds where there are any. */
function timeText(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
