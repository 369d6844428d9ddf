/**
 * The spans of runs. Which runs are recorded is decided when they begin; their spans are made of the events that are noted as they are
 * committed, or of the history that is read at the end: of a run that another process began, or that failed and was not to be recorded.
 */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { TraceOptions } from "../../traces/content.ts";
import { type Sample, TraceRate } from "../../traces/sampling.ts";
import type { Span } from "../../traces/span.ts";
import { traceIdOf } from "../../traces/trace-ids.ts";
import { isInShare, isSampled } from "../../traces/traceparent.ts";
import type { RunEvent } from "../../workflows/history/run-event.ts";
import type { RunRecord } from "../../workflows/history/run-history.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import { spansOf } from "../../workflows/history/spans-of-run.ts";
import { FollowedRun } from "./followed-run.ts";

/** How many runs may be followed while they go on, how many may wait for their turn to be read, and how many are known to be recorded (invariant 7). */
const mostFollowed = 1_000;
const mostWaiting = 1_000;
const mostKnown = 10_000;

export interface RunTracesOptions {
  readonly sample: Sample;
  /** False where no sink takes the spans of runs: then none are made. */
  readonly isGiven: boolean;
  readonly content: TraceOptions;
  /** The time of day, in milliseconds. */
  readonly now: () => number;
  readonly codec: () => PayloadCodec;
  /** All that was recorded of a run. */
  readonly records: (run: string) => Promise<readonly RunRecord[]>;
  readonly give: (spans: readonly Span[]) => void;
  readonly onDropped: () => void;
  readonly onFailure: (error: unknown) => void;
}

export class RunTraces {
  readonly #options: RunTracesOptions;
  readonly #rate: TraceRate | undefined;
  readonly #since: number;
  /** The runs that are recorded by the rate, in the order in which they began. */
  readonly #recorded = new Set<string>();
  readonly #followed = new Map<string, FollowedRun>();
  /** The runs that go on and are not recorded. The history of one is read at its end only if it fails. */
  readonly #passed = new Set<string>();
  #reading: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: RunTracesOptions) {
    this.#options = options;
    this.#since = options.now();
    if (typeof options.sample !== "number") this.#rate = new TraceRate(options.sample);
  }

  /**
   * The id of the trace in which a run is recorded; `undefined` for a run that isn't. A run is recorded if its caller's trace is; without a
   * caller, as `sample` says. A run that another process began counts as recorded, since that process may have recorded the first part.
   */
  readonly traceOf = (run: string, startedAt: number, caller: string | undefined): string | undefined => {
    const { sample } = this.#options;
    const known = this.#followed.get(run)?.traceId;
    if (known !== undefined) return known;
    if (caller !== undefined) return isSampled(caller) ? traceIdOf(run, startedAt) : undefined;
    if (typeof sample !== "number") return this.#isInRate(run, startedAt) ? traceIdOf(run, startedAt) : undefined;
    if (sample === 0) return undefined;
    const traceId = traceIdOf(run, startedAt);
    return isInShare(traceId, sample) ? traceId : undefined;
  };

  /** True for a run that had a place when it began, and for one that began before there was this system. */
  #isInRate(run: string, startedAt: number): boolean {
    if (this.#recorded.has(run)) return true;
    return !this.#passed.has(run) && startedAt <= this.#since;
  }

  /** A run has its next version, by these events. */
  version(run: string, snapshot: Snapshot<RunState>, events: readonly RunEvent[]): void {
    if (snapshot.version === 1) this.#begun(run, snapshot);
    this.#followed.get(run)?.note(snapshot, events);
    if (!isOpen(snapshot.state)) this.#ended(run, snapshot.state);
  }

  /** Resolves when the runs that have ended are traced. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  #begun(run: string, { time, state }: Snapshot<RunState>): void {
    const rate = state.caller === undefined ? this.#rate : undefined;
    if (rate !== undefined && !rate.take(this.#options.now())) return note(this.#passed, run);
    if (rate !== undefined) note(this.#recorded, run);
    const traceId = this.traceOf(run, time, state.caller);
    if (traceId === undefined) note(this.#passed, run);
    else if (this.#options.isGiven && this.#followed.size < mostFollowed) {
      const { content, codec } = this.#options;
      this.#followed.set(run, new FollowedRun(run, traceId, content, codec));
    }
  }

  #ended(run: string, { status }: RunState): void {
    const followed = this.#followed.get(run);
    if (followed !== undefined) {
      this.#followed.delete(run);
      return this.#give(followed.end());
    }
    const isPassed = this.#passed.delete(run);
    if (!this.#options.isGiven || (isPassed && status === "completed")) return;
    if (this.#waiting >= mostWaiting) return this.#options.onDropped();
    this.#waiting++;
    this.#reading = this.#reading.then(() => this.#read(run));
  }

  /** The spans of a run that failed are kept whether or not it is recorded: they cost nothing before. */
  async #read(run: string): Promise<void> {
    const { content, records, onFailure } = this.#options;
    try {
      const all = await records(run);
      const [first] = all;
      const spans = spansOf(all, content);
      if (first?.event.type !== "run-started") return;
      if (spans[0]?.failure !== undefined || this.traceOf(run, first.time, first.event.caller) !== undefined)
        this.#give(spans);
    } catch (error) {
      onFailure(error);
    } finally {
      this.#waiting--;
    }
  }

  #give(spans: readonly Span[]): void {
    this.#options.give(spans.filter(({ end }) => end !== undefined));
  }
}

/** Keeps the newest ones. */
function note(known: Set<string>, run: string): void {
  known.add(run);
  if (known.size <= mostKnown) return;
  for (const oldest of known) {
    known.delete(oldest);
    return;
  }
}
