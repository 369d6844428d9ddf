/** The overview: how much there is, how fast it goes, and what a person should look at. */

import type { BreakerRecord } from "../../agents/policies/breaker-record.ts";
import type { Coordination } from "../../workflows/history/coordination.ts";
import type { SystemFigures } from "../source/inspected.ts";
import type { LetterGroup } from "../source/recent.ts";
import type { IndexedRun } from "../source/run-index.ts";
import type { Span } from "../../traces/span.ts";
import { type Usage, usageIn } from "./executions.ts";
import { breakersOf } from "./gates.ts";
import { type ShownEvent, shownEvents } from "./events.ts";
import type { Looking, View } from "./view.ts";

/** Something that a person should look at, and where in the page it is. */
export interface Concern {
  readonly kind: "answer" | "person" | "refused" | "breaker" | "dead-letters" | "thread-died" | "gave-up";
  readonly text: string;
  /** The page's address of it. */
  readonly at: string;
}

export interface OverviewData {
  readonly kind: "system" | "journal" | "recording" | "schedule";
  readonly journal?: string;
  readonly isReadOnly: boolean;
  readonly coordination?: Coordination;
  readonly epoch?: number;
  readonly figures?: SystemFigures;
  /** How many versions the store has written. */
  readonly position: number;
  readonly runs: { readonly total: number; readonly byStatus: Readonly<Record<string, number>> };
  readonly pace: Pace;
  /** What agents used in the last minute, of what was recorded. */
  readonly usage: Usage;
  readonly concerns: readonly Concern[];
  readonly events: readonly ShownEvent[];
}

/** How many runs ended in each of the last 60 seconds, the newest last, and how long runs took from their start. */
export interface Pace {
  readonly completed: readonly number[];
  readonly failed: readonly number[];
  /** Milliseconds; absent while no run has ended in that time. */
  readonly median?: number;
  readonly p95?: number;
}

const seconds = 60;
/** How many runs the latency is taken of: the last that ended. */
const sampled = 100;
const eventsShown = 40;
/** A death is a concern for ten minutes, and so is a lost message. */
const concernFor = 600_000;

export const overview: View<OverviewData> = () => async (at) => {
  const { inspected, isReadOnly, runs, recent } = at;
  const { kind, journal, live } = inspected;
  const all = await runs.newestFirst();
  const byStatus: Record<string, number> = {};
  for (const { status } of all) byStatus[status] = (byStatus[status] ?? 0) + 1;
  return {
    kind,
    ...(journal === undefined ? {} : { journal }),
    isReadOnly,
    ...(live === undefined ? {} : { coordination: live.coordination, epoch: live.epoch, figures: await live.stats() }),
    position: inspected.reader().position,
    runs: { total: all.length, byStatus },
    pace: await paceOf(all, at),
    usage: usageIn(recentSpans(at)).sum,
    concerns: [
      ...runConcerns(all),
      ...breakerConcerns(await breakersOf(at)),
      ...eventConcerns(at),
      ...letterConcern(recent.letterGroups.list, at.now() - concernFor),
    ],
    events: shownEvents(at, eventsShown),
  };
};

function* recentSpans(at: Looking): Generator<Span> {
  const since = at.now() - 1_000 * seconds;
  for (const span of at.spans.all()) if ((span.end ?? 0) >= since) yield span;
}

async function paceOf(all: readonly IndexedRun[], at: Looking): Promise<Pace> {
  const now = at.now();
  const completed = new Array<number>(seconds).fill(0);
  const failed = new Array<number>(seconds).fill(0);
  const took: number[] = [];
  for (const one of all) {
    const ago = Math.max(0, Math.floor((now - one.changed) / 1000));
    if (ago >= seconds) break; // those that changed last come first
    if (one.status === "running" || one.status === "compensating" || one.status === "refused") continue;
    const counts = one.status === "completed" || one.status === "resolved" ? completed : failed;
    counts[seconds - 1 - ago] = (counts[seconds - 1 - ago] ?? 0) + 1;
    if (took.length < sampled) took.push(one.changed - ((await at.runs.startOf(one.run)) ?? one.changed));
  }
  took.sort((a, b) => a - b);
  const [median, p95] = [0.5, 0.95].map((share) => took[Math.floor(share * (took.length - 1))]);
  return { completed, failed, ...(median === undefined || p95 === undefined ? {} : { median, p95 }) };
}

function runConcerns(all: readonly IndexedRun[]): readonly Concern[] {
  const asking = all.filter(({ asks }) => asks.length > 0).length;
  const stuck = all.filter(({ status }) => status === "compensation-failed").length;
  const refused = all.filter(({ status }) => status === "refused").length;
  return [
    ...concern(stuck, "person", `${runsIn(stuck)} could not be undone, and ${isOrAre(stuck)} waiting for a person`, {
      status: "compensation-failed",
    }),
    ...concern(asking, "answer", `${runsIn(asking)} ${isOrAre(asking)} waiting for an answer`, { asks: "yes" }),
    ...concern(refused, "refused", `${runsIn(refused)} can't go on`, { status: "refused" }),
  ];
}

function concern(count: number, kind: Concern["kind"], text: string, filter: Record<string, string>): Concern[] {
  return count === 0 ? [] : [{ kind, text, at: `#/runs?${new URLSearchParams(filter).toString()}` }];
}

function breakerConcerns(breakers: readonly { readonly agent: string; readonly breaker: BreakerRecord }[]): Concern[] {
  return breakers.flatMap(({ agent, breaker }) =>
    breaker.status === "closed"
      ? []
      : [{ kind: "breaker", text: `the breaker of ${agent} is ${breaker.status}`, at: "#/gates" } as const],
  );
}

/** Deaths of the last minutes, and supervisors that gave up. */
function eventConcerns(at: Looking): readonly Concern[] {
  const since = at.now() - concernFor;
  const recent = at.recent.events.list(Number.POSITIVE_INFINITY).filter(({ time }) => time >= since);
  const deaths = recent.filter(({ of }) => of.type === "thread-died").length;
  const gaveUp = recent.filter(({ of }) => of.type === "supervisor-escalated").length;
  const died = deaths === 1 ? "a thread died" : `${deaths} threads died`;
  const gave = gaveUp === 1 ? "a supervisor gave up" : `supervisors gave up ${gaveUp} times`;
  return [
    ...(deaths === 0
      ? []
      : [{ kind: "thread-died", text: `${died} in the last 10 minutes`, at: "#/threads" } as const]),
    ...(gaveUp === 0 ? [] : [{ kind: "gave-up", text: `${gave} in the last 10 minutes`, at: "#/actors" } as const]),
  ];
}

/** Thousands for one actor are one thing to look at. What is long over is none. */
function letterConcern(groups: readonly LetterGroup[], since: number): readonly Concern[] {
  const recent = groups.filter(({ time }) => time >= since);
  const actors = new Set(recent.map(({ to }) => to)).size;
  if (actors === 0) return [];
  const of = actors === 1 ? "an actor" : `${actors} actors`;
  const reasons = [...new Set(recent.map(({ reason }) => reason))].sort().join(", ");
  return [
    { kind: "dead-letters", text: `messages to ${of} were lost in the last 10 minutes: ${reasons}`, at: "#/messages" },
  ];
}

function runsIn(count: number): string {
  return count === 1 ? "a run" : `${count} runs`;
}

function isOrAre(count: number): string {
  return count === 1 ? "is" : "are";
}
