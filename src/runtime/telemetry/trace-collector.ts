/**
 * Where the spans of a system come together: what its hosts have recorded, and the spans of its runs (`run-traces.ts`). Each leaves once it has
 * ended. What a dead thread had open has ended with it, as lost.
 */

import { type Address, type HostId, nameOf } from "../../actors/address.ts";
import { timeOfDay } from "../../async/time-of-day.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Clock } from "../../ports/clock.ts";
import { type TraceOptions, redacted } from "../../traces/content.ts";
import { failureName } from "../../traces/failure-name.ts";
import { lost, type Recorded, type Recorder } from "../../traces/recorder.ts";
import type { Sample } from "../../traces/sampling.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { SpanSink } from "../../traces/span-sink.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import { encodeError } from "../../errors/error-codec.ts";
import type { RunRecord } from "../../workflows/history/run-history.ts";
import type { ChildReport } from "../transport/supervision-protocol.ts";
import { CommitPlaces } from "./commit-places.ts";
import type { EventFeed } from "./event-feed.ts";
import { RunTraces } from "./run-traces.ts";
import type { SystemEvent } from "./system-events.ts";

/** How many spans of one thread may be open (invariant 7). */
const mostOpen = 10_000;
/** To how many of the spans that a thread took along its death is linked. */
const mostLinks = 32;

export interface TelemetrySettings extends TraceOptions {
  readonly sinks: readonly SpanSink[];
  /** Takes only what is recorded live. It makes the spans of a run itself, from the history, when the run is looked at. */
  readonly live?: SpanSink | undefined;
  /** Which traces are recorded. */
  readonly sample: Sample;
}

export interface TraceCollectorOptions {
  readonly settings: TelemetrySettings;
  readonly clock: Clock;
  /** That of the home host. */
  readonly recorder: () => Pick<Recorder, "begin" | "take"> | undefined;
  /** Decodes what is in histories. */
  readonly codec: () => PayloadCodec;
  /** All that was recorded of a run. */
  readonly records: (run: string) => Promise<readonly RunRecord[]>;
  /** A sink threw, or a run's history could not be read. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * What became of spans.
 *
 * @since 0.1.0
 */
export interface TelemetryStats {
  /** How many were given to the sinks. */
  readonly taken: number;
  /** How many had no place, on the threads that recorded them or here. */
  readonly dropped: number;
}

export class TraceCollector {
  readonly #options: TraceCollectorOptions;
  /** The spans that have begun and not ended, by host and id. */
  readonly #open = new Map<HostId, Map<string, Span>>();
  /** Where the handlers failed whose failures supervisors have yet to decide about, by child. */
  readonly #failed = new Map<string, string>();
  readonly #commits = new CommitPlaces();
  #lastDeath: TraceContext | undefined;
  #taken = 0;
  #dropped = 0;

  /** The spans of runs. */
  readonly runs: RunTraces;

  constructor(options: TraceCollectorOptions) {
    this.#options = options;
    const { settings, clock, codec, records, onFailure } = options;
    this.runs = new RunTraces({
      sample: settings.sample,
      isGiven: settings.sinks.length > 0,
      content: settings,
      now: () => timeOfDay(clock),
      codec,
      records,
      give: (spans) => this.#give(spans),
      onDropped: () => void this.#dropped++,
      onFailure,
    });
  }

  get stats(): TelemetryStats {
    return { taken: this.#taken, dropped: this.#dropped };
  }

  /** Takes what a host has recorded. */
  take({ spans, dropped }: Recorded, host: HostId): void {
    this.#dropped += dropped;
    const open = this.#openOf(host);
    const ended: Span[] = [];
    for (const span of spans) {
      if (span.end !== undefined) {
        open.delete(span.spanId);
        ended.push(this.#shown(span));
      } else if (open.size < mostOpen) open.set(span.spanId, span);
      else this.#dropped++;
    }
    this.#giveLive(ended);
  }

  /** Takes note of where versions were committed. */
  committed(trace: string, versions: readonly Snapshot[]): void {
    this.#commits.committed(trace, versions);
  }

  /** Takes note of what happens to the system. */
  event(event: SystemEvent): void {
    if (event.type === "thread-died") this.#threadDied(event);
    else if (event.type === "thread-closed") this.#lose(event.thread as HostId, event.time);
    else if (event.type === "supervisor-decided") this.#decided(event);
  }

  /** Takes note of where in a trace a supervised actor's handler failed: its supervisor decides about that next. */
  report(child: Address, report: ChildReport): void {
    if (report.type === "handler-failed" && report.trace !== undefined) this.#failed.set(nameOf(child), report.trace);
  }

  /** Resolves when the runs that have ended are traced. */
  settled(): Promise<void> {
    return this.runs.settled();
  }

  /** Nothing follows: what is open is lost. */
  async close(time: number): Promise<void> {
    for (const host of this.#open.keys()) this.#lose(host, time);
    for (const sink of this.#options.settings.sinks) {
      try {
        await sink.close?.();
      } catch (error) {
        this.#options.onFailure(error);
      }
    }
  }

  #threadDied({ thread, time, error, actors }: Extract<SystemEvent, { type: "thread-died" }>): void {
    const gone = this.#lose(thread as HostId, time);
    const span = this.#options.recorder()?.begin(undefined, `thread ${thread} died`, {
      [names.thread]: thread,
      [names.actors]: actors.length,
      [names.lostSpans]: gone.length,
    });
    if (span === undefined) return;
    this.#lastDeath = span;
    for (const { traceId, spanId } of gone.slice(0, mostLinks)) span.link({ traceId, spanId, attributes: {} });
    span.fail(error);
  }

  #decided({ supervisor, child, failure, decision, restarts, pause }: Decided): void {
    const traceparent = this.#failed.get(child);
    this.#failed.delete(child);
    const parent = failure.kind === "thread-died" ? this.#lastDeath : traceparent && { traceparent };
    const span = this.#options.recorder()?.begin(parent || undefined, `supervise ${child}`, {
      [names.supervisor]: supervisor,
      [names.decision]: decision,
      [names.restarts]: restarts,
      [names.pause]: pause,
      [names.failureKind]: failure.kind,
      ...("error" in failure ? { [names.errorType]: failureName(encodeError(failure.error)) } : {}),
    });
    span?.end();
  }

  /** Ends what a host has open, which is gone. */
  #lose(host: HostId, time: number): readonly Span[] {
    const gone = [...this.#openOf(host).values()].map((span) => lostAt(span, time));
    this.#open.delete(host);
    this.#giveLive(gone.map((span) => this.#shown(span)));
    return gone;
  }

  #shown(span: Span): Span {
    return redacted(this.#commits.resolve(span), this.#options.settings);
  }

  #openOf(host: HostId): Map<string, Span> {
    const known = this.#open.get(host);
    if (known !== undefined) return known;
    const open = new Map<string, Span>();
    this.#open.set(host, open);
    return open;
  }

  #giveLive(spans: readonly Span[]): void {
    this.#options.settings.live?.take(spans);
    this.#give(spans);
  }

  #give(spans: readonly Span[]): void {
    if (spans.length === 0) return;
    this.#taken += spans.length;
    for (const sink of this.#options.settings.sinks) {
      try {
        sink.take(spans);
      } catch (error) {
        this.#options.onFailure(error);
      }
    }
  }
}

/** The collector of a system; `undefined` for one that records nothing. */
export function collectTraces(
  settings: TelemetrySettings | undefined,
  events: EventFeed,
  ports: Pick<TraceCollectorOptions, "clock" | "recorder" | "codec" | "records">,
): TraceCollector | undefined {
  if (settings === undefined) return undefined;
  const onFailure = (error: unknown): void => events.publish({ type: "telemetry-failed", error });
  const traces = new TraceCollector({ ...ports, settings, onFailure });
  events.hearFirst((event) => traces.event(event));
  return traces;
}

type Decided = Extract<SystemEvent, { type: "supervisor-decided" }>;

function lostAt(span: Span, time: number): Span {
  const end = Math.max(span.start, time);
  return {
    ...span,
    end,
    failure: lost,
    attributes: { ...span.attributes, [names.errorType]: lost },
    events: [...span.events, { name: names.exception, time: end, attributes: { [names.exceptionType]: lost } }],
  };
}
