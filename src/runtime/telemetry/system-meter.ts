/** Counts what happens on the home host: commits, runs and events of the system, and what threads had counted that are gone. */

import { AgentMeter } from "../../metrics/agent-meter.ts";
import { type Histogram, measure, newHistogram } from "../../metrics/histogram.ts";
import type { CommitMeter } from "../../store/authority/commit-sequencer.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
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

/** Runs that have ended, of one workflow and in one way. */
export interface EndedRuns {
  readonly workflow: string;
  readonly status: string;
  readonly durations: Histogram;
}

export class SystemMeter implements CommitMeter {
  versions = 0;
  conflicts = 0;
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
