/** What becomes of the times of a schedule: a pure function of its state, the time and its last run. */

import type { Calendar, RecordedTimes } from "./calendar.ts";
import {
  backfillOf,
  type BackfillOptions,
  triggerOf,
  type TriggerOptions,
  withoutTime,
  withRequest,
} from "./schedule-requests.ts";
import type { Overlap, ScheduleDecision, ScheduleRequest, ScheduleState } from "./schedule-state.ts";
import { timeText } from "./moment.ts";

/** What is late by more than this was missed. */
const grace = 60_000;

/** The schedule's last run: whether it goes on, or since when it doesn't. */
export type LastRun = { readonly isOpen: true } | { readonly isOpen: false; readonly endedAt: number };

export type Verdict =
  /** Nothing is due until then; Infinity for never. */
  | { readonly kind: "rest"; readonly until: number }
  /** The last run has to end first; it is to be cancelled if `cancels`. Something else is due at `until`; Infinity for never. */
  | { readonly kind: "hold"; readonly run: string; readonly cancels: boolean; readonly until: number }
  /** A run is to be started, in one commit with this. */
  | { readonly kind: "start"; readonly run: string; readonly decision: ScheduleDecision }
  /** This is to be recorded. */
  | { readonly kind: "pass"; readonly decision: ScheduleDecision };

interface Standing {
  readonly calendar: Calendar;
  readonly now: number;
  readonly last: LastRun;
}

/** What is due comes before what was asked for, and a run that was asked for before those of a stretch. */
export function decide(id: string, state: ScheduleState, standing: Standing): Verdict {
  const { requests = [] } = state;
  const due = ofTimes(id, state, standing);
  const verdicts = [
    due,
    ...requests.filter(({ kind }) => kind === "trigger").map((one) => ofRequest(id, state, standing, one)),
    ...requests.filter(({ kind }) => kind === "backfill").map((one) => ofRequest(id, state, standing, one)),
  ];
  const next = verdicts.find(({ kind }) => kind === "start" || kind === "pass");
  if (next !== undefined) return next;
  const holds = verdicts.filter((one) => one.kind === "hold");
  const [hold] = holds;
  const until = due.kind === "rest" ? due.until : Number.POSITIVE_INFINITY;
  return hold === undefined ? due : { ...hold, cancels: holds.some(({ cancels }) => cancels), until };
}

function ofTimes(id: string, state: ScheduleState, { calendar, now, last }: Standing): Verdict {
  const { times, decided, overlap, catchUp, paused, run: lastRun = "" } = state;
  const first = paused === undefined ? calendar.next(times, decided) : Number.POSITIVE_INFINITY;
  const latest = calendar.latest(times, decided, now);
  if (first > now || latest === undefined) return { kind: "rest", until: first };
  if (last.isOpen && overlap === "skip")
    return { kind: "pass", decision: { outcome: "skipped", at: latest, ...since(first, latest), run: lastRun } };
  if (last.isOpen && overlap !== "allow") return afterLast(state, overlap);
  const at = catchUp === "all" ? first : latest;
  const freeSince = last.isOpen ? at : Math.max(at, last.endedAt);
  if (catchUp === "none" && now - freeSince > grace)
    return { kind: "pass", decision: { outcome: "missed", at, ...since(first, at) } };
  const run = runOf(id, times, at);
  const before = at === first ? undefined : calendar.latest(times, decided, at - 1);
  const missed = before === undefined ? {} : { missed: { from: first, to: before } };
  return { kind: "start", run, decision: { outcome: "started", at, run, ...missed } };
}

function ofRequest(id: string, state: ScheduleState, { last }: Standing, request: ScheduleRequest): Verdict {
  const { kind: by } = request;
  if (request.kind === "trigger") {
    const { at, run, overlap = state.overlap } = request;
    if (!last.isOpen || overlap === "allow")
      return { kind: "start", run, decision: { outcome: "started", at, run, by } };
    if (overlap !== "skip") return afterLast(state, overlap);
    return { kind: "pass", decision: { outcome: "skipped", at, run: state.run ?? "", by } };
  }
  const { from: at, overlap, times } = request;
  if (at > state.decided) return { kind: "rest", until: Number.POSITIVE_INFINITY }; // the schedule's own turn comes first
  if (last.isOpen && overlap === "queue") return afterLast(state, overlap);
  const run = runOf(id, times, at);
  return { kind: "start", run, decision: { outcome: "started", at, run, by } };
}

function afterLast({ run = "" }: ScheduleState, overlap: Overlap): Verdict {
  return { kind: "hold", run, cancels: overlap === "cancel", until: Number.POSITIVE_INFINITY };
}

function runOf(id: string, times: RecordedTimes, at: number): string {
  return "at" in times ? id : `${id}@${timeText(at)}`;
}

/** The state after a decision. */
export function record(state: ScheduleState, decision: ScheduleDecision, calendar: Calendar): ScheduleState {
  const { outcome, at, run, by } = decision;
  return {
    ...(by === undefined ? { ...state, decided: at } : withoutTime(state, by, at, calendar)),
    last: decision,
    ...(outcome === "started" && run !== undefined ? { run } : {}),
  };
}

/** The state where a time that was asked for has its run already. */
export function passOver(state: ScheduleState, { by, at }: ScheduleDecision, calendar: Calendar): ScheduleState {
  return by === undefined ? state : withoutTime(state, by, at, calendar);
}

/** The run of a time could not be started, and can't be. */
export function asFailed({ run: _, ...decision }: ScheduleDecision, why: string): ScheduleDecision {
  return { ...decision, outcome: "failed", why };
}

/** The state with a run that is asked for now, paused or not. @throws TroupeError `invalid-options` */
export function trigger(id: string, state: ScheduleState, now: number, options: TriggerOptions): ScheduleState {
  return withRequest(state, triggerOf(id, state, now, options));
}

/** The state with the runs of a stretch asked for, paused or not. @throws TroupeError `invalid-options` */
export function backfill(
  state: ScheduleState,
  now: number,
  calendar: Calendar,
  options: BackfillOptions,
): ScheduleState {
  const request = backfillOf(state, now, calendar, options);
  return withRequest(state.paused === undefined ? state : withoutRuns(state, now, calendar), request);
}

/** The state once it is paused; the same if it is already. Times that are due before those of a stretch that was asked for have no run: these wait for none of them. */
export function pause(
  state: ScheduleState,
  now: number,
  calendar: Calendar,
  reason: string | undefined,
): ScheduleState {
  if (state.paused !== undefined) return state;
  const ends = (state.requests ?? []).flatMap((one) => (one.kind === "backfill" ? [one.to] : []));
  const rest = ends.length === 0 ? state : withoutRuns(state, Math.max(now, ...ends), calendar);
  return { ...rest, paused: { since: now, ...(reason === undefined ? {} : { reason }) } };
}

/** The state once it goes on; the same if it isn't paused. The times that came meanwhile have no run. */
export function resume(state: ScheduleState, now: number, calendar: Calendar): ScheduleState {
  if (state.paused === undefined) return state;
  const { paused: _, ...rest } = state;
  return withoutRuns(rest, now, calendar);
}

/** The state where times that came while it was paused have none. */
function withoutRuns(state: ScheduleState, now: number, calendar: Calendar): ScheduleState {
  const first = calendar.next(state.times, state.decided);
  const at = calendar.latest(state.times, state.decided, now);
  if (at === undefined) return state;
  return record(state, { outcome: "paused", at, ...since(first, at) }, calendar);
}

function since(first: number, at: number): { readonly from?: number } {
  return first === at ? {} : { from: first };
}
