/** Counts what happens on the home host: commits, runs and events of the system, and what threads had counted that are gone. */

import { AgentMeter } from "../../metrics/agent-meter.ts";
import { type Histogram, measure, newHistogram } from "../../metrics/histogram.ts";
import type { CommitMeter } from "../../store/authority/commit-sequencer.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { RunNote } from "../../workflows/history/run-event.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import { isParked } from "../../workflows/history/run-waits.ts";
import type { HostMeasures } from "../transport/host-measures.ts";
import type { SystemEvent } from "./system-events.ts";

/** A run that has not ended. */
interface OpenRun {
  /** When it began, or was taken up by this process; in milliseconds since the epoch. */
  readonly since: number;
  state: "running" | "compensating" | "parked";
}

/** Attempts that have ended, of one workflow, of one kind and in one way. */
export interface EndedAttempts {
  readonly workflow: string;
  readonly kind: "step" | "compensation";
  readonly outcome: "finished" | "retried" | "failed";
  count: number;
}

/** Runs that have ended, of one workflow and in one way. */
export interface EndedRuns {
  readonly workflow: string;
  readonly status: string;
  readonly durations: Histogram;
}

export class SystemMeter implements CommitMeter {
  versions = 0;
  conflicts = 0;
  retries = 0;
  /** Attempts at steps and at compensations that have ended, by workflow and outcome. */
  readonly attempts = new Map<string, EndedAttempts>();
  readonly flushes = newHistogram();
  readonly events = new Map<SystemEvent["type"], number>();
  readonly ended = new Map<string, EndedRuns>();
  /** What threads had counted that are gone. */
  readonly gone = new AgentMeter();
  handledByGone = 0;
  readonly #open = new Map<string, OpenRun>();
  /** What each thread said last. */
  readonly #last = new Map<number, HostMeasures>();

  appended(versions: number, took: number): void {
    this.versions += versions;
    measure(this.flushes, took / 1_000);
  }

  conflicted(): void {
    this.conflicts++;
  }

  retried(): void {
    this.retries++;
  }

  event({ type, ...event }: SystemEvent): void {
    this.events.set(type, (this.events.get(type) ?? 0) + 1);
    if (type === "thread-died" || type === "thread-closed") this.#threadGone((event as { thread: number }).thread);
  }

  /** A thread was asked how it is. */
  measured(thread: number, measures: HostMeasures): void {
    this.#last.set(thread, measures);
  }

  /** A run has its next version. */
  run(id: string, { state, time }: Pick<Snapshot<RunState>, "state" | "time">): void {
    for (const note of state.events) this.#attempted(state.workflow.name, note);
    const open = this.#open.get(id);
    if (isOpen(state)) {
      const now = isParked(state) ? "parked" : (state.status as "running" | "compensating");
      if (open === undefined) this.#open.set(id, { since: time, state: now });
      else open.state = now;
      return;
    }
    this.#open.delete(id);
    const { workflow, status } = state;
    const name = `${status} ${workflow.name}`;
    const ended = this.ended.get(name) ?? { workflow: workflow.name, status, durations: newHistogram() };
    this.ended.set(name, ended);
    measure(ended.durations, Math.max(0, time - (open?.since ?? time)) / 1_000);
  }

  /** Counts the end of an attempt. An attempt that fails is `retried` where another one follows by itself. */
  #attempted(workflow: string, note: RunNote): void {
    const about = endOf(note);
    if (about === undefined) return;
    const name = `${about.kind} ${about.outcome} ${workflow}`;
    const known = this.attempts.get(name);
    if (known === undefined) this.attempts.set(name, { ...about, workflow, count: 1 });
    else known.count++;
  }

  /** How many runs are open in each state, and since when the oldest of them. */
  get open(): ReadonlyMap<OpenRun["state"], { readonly count: number; readonly oldest: number }> {
    const states = new Map<OpenRun["state"], { count: number; oldest: number }>();
    for (const { since, state } of this.#open.values()) {
      const known = states.get(state);
      if (known === undefined) states.set(state, { count: 1, oldest: since });
      else {
        known.count++;
        known.oldest = Math.min(known.oldest, since);
      }
    }
    return states;
  }

  #threadGone(thread: number): void {
    const last = this.#last.get(thread);
    if (last === undefined) return;
    this.#last.delete(thread);
    this.gone.merge(last.agents);
    this.handledByGone += last.handled;
  }
}

function endOf(note: RunNote): Pick<EndedAttempts, "kind" | "outcome"> | undefined {
  switch (note.type) {
    case "step-finished":
      return { kind: "step", outcome: "finished" };
    case "step-failed":
      return { kind: "step", outcome: note.retryAt === undefined ? "failed" : "retried" };
    case "compensation-finished":
      return { kind: "compensation", outcome: "finished" };
    case "compensation-failed":
      return { kind: "compensation", outcome: note.retryAt === undefined ? "failed" : "retried" };
    default:
      return undefined;
  }
}
