/**
 * Records spans while they go on, on one host: what a history doesn't have. Bounded and pure: what happens is told to it, time is asked of
 * it, and what it has recorded is taken from it.
 */

import { encodeError } from "../errors/error-codec.ts";
import type { Mutable } from "../values/mutable.ts";
import { shownContent, type TraceOptions } from "./content.ts";
import { failureName } from "./failure-name.ts";
import { type Sample, TraceRate } from "./sampling.ts";
import * as names from "./semantic-names.ts";
import type { Attributes, AttributeValue, Span, SpanEvent, SpanKind, SpanLink } from "./span.ts";
import { SpanIds } from "./span-ids.ts";
import { isSampled, spanIdIn, type TraceContext, traceIdIn, traceparentOf, unsampled } from "./traceparent.ts";

/** What a host is told about what it is to record; plain data. */
export interface RecorderSettings {
  /** Another one for each process. */
  readonly seed: string;
  /** Which of the traces that begin here are recorded. */
  readonly sample: Sample;
  readonly content: NonNullable<TraceOptions["content"]>;
  /** How many spans wait to be taken, and how many may be open; what is beyond is dropped (invariant 7). */
  readonly capacity: number;
}

export interface RecorderOptions extends RecorderSettings {
  /** The time of day in milliseconds. */
  readonly now: () => number;
  /** Called when something waits to be taken, the first time since something was. */
  readonly onRecord: () => void;
}

/** What was recorded since it was taken before: spans that have ended, and spans that have begun. */
export interface Recorded {
  readonly spans: readonly Span[];
  /** How many spans were dropped for want of room. */
  readonly dropped: number;
}

/** A span on its way to a `Span`. */
type Draft = Mutable<Omit<Span, "attributes" | "events" | "links">> & {
  readonly attributes: Record<string, AttributeValue>;
  readonly events: SpanEvent[];
  readonly links: SpanLink[];
};

/** Of how many versions that a span read it tells one by one. OpenTelemetry's own limit of events and links. */
const mostReads = 128;

/** How many messages that a span sends have spans in it; of the others, only their number is told. */
const mostSent = mostReads;

/** What became of a span that was still open when its thread died, or when the work that it is of was taken from it. */
export const lost = "lost";

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #ids: SpanIds;
  readonly #rate: TraceRate | undefined;
  readonly #open = new Map<OpenSpan, boolean>();
  #ended: Span[] = [];
  #dropped = 0;
  #hasTold = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#ids = new SpanIds(options.seed);
    if (typeof options.sample !== "number") this.#rate = new TraceRate(options.sample);
  }

  /** True if a span in `parent`, or the next root, would be recorded: ask before attributes are made of much. */
  wants(parent: TraceContext | undefined): boolean {
    if (parent === undefined) {
      const { sample, now } = this.#options;
      return typeof sample === "number" ? this.#ids.nextIsIn(sample) : this.#rate?.allows(now()) === true;
    }
    return isSampled(parent.traceparent) && !(parent instanceof OpenSpan && parent.isLost);
  }

  /**
   * Begins a span: in `parent`, or as the root of a trace. Returns `undefined` where the trace is not recorded, there is no room, or the
   * parent is lost.
   *
   * @param attributes become the span's own.
   */
  begin(
    parent: TraceContext | undefined,
    name: string,
    attributes: Record<string, AttributeValue> = {},
    kind?: SpanKind,
  ): OpenSpan | undefined {
    const { capacity, now } = this.#options;
    if (!this.wants(parent)) return undefined;
    const around = parent instanceof OpenSpan ? parent : undefined;
    if (this.#open.size >= capacity) {
      this.#dropped++;
      return undefined;
    }
    if (parent === undefined) this.#rate?.take(now());
    const traceId = parent === undefined ? this.#ids.trace() : traceIdIn(parent.traceparent);
    const spanId = this.#ids.span();
    const draft: Draft = { traceId, spanId, name, start: now(), attributes, events: [], links: [] };
    if (parent !== undefined) draft.parentId = spanIdIn(parent.traceparent);
    if (kind !== undefined) draft.kind = kind;
    const span = new OpenSpan(this, draft, around);
    this.#open.set(span, false);
    this.#tell();
    return span;
  }

  /** What is shown of the application's data, as JSON; it is redacted where spans are gathered. */
  content(attribute: string, value: unknown): Attributes {
    return shownContent({ content: this.#options.content }, attribute, value);
  }

  /** Takes what was recorded; `undefined` for nothing. */
  take(): Recorded | undefined {
    const spans = this.#ended;
    for (const [span, isTold] of this.#open) {
      if (isTold) continue;
      this.#open.set(span, true);
      spans.push(span.soFar);
    }
    const dropped = this.#dropped;
    if (spans.length === 0 && dropped === 0) return undefined;
    this.#ended = [];
    this.#dropped = 0;
    this.#hasTold = false;
    return { spans, dropped };
  }

  /** What is still open is lost. */
  close(): void {
    for (const span of [...this.#open.keys()]) span.lose();
  }

  /** @internal */
  now(): number {
    return this.#options.now();
  }

  /** @internal */
  ended(span: OpenSpan, record: Span): void {
    const wasTold = this.#open.get(span) === true;
    this.#open.delete(span);
    // one that was told of has to end; the rest makes room for that
    if (this.#ended.length >= this.#options.capacity && !wasTold) this.#dropped++;
    else this.#ended.push(record);
    this.#tell();
  }

  #tell(): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    this.#options.onRecord();
  }
}

/** A span that goes on. It ends once: what comes after its end changes nothing. */
export class OpenSpan implements TraceContext {
  readonly traceparent: string;
  readonly #recorder: Recorder;
  readonly #draft: Draft;
  readonly #around: OpenSpan | undefined;
  #inside: Set<OpenSpan> | undefined;
  #read: Set<string> | undefined;
  #sent = 0;
  #state: "open" | "ended" | "lost" = "open";

  /** @internal */
  constructor(recorder: Recorder, draft: Draft, around: OpenSpan | undefined) {
    this.traceparent = traceparentOf(draft.traceId, draft.spanId, true);
    this.#recorder = recorder;
    this.#draft = draft;
    this.#around = around;
    if (around !== undefined) (around.#inside ??= new Set()).add(this);
  }

  get isOver(): boolean {
    return this.#state !== "open";
  }

  get isLost(): boolean {
    return this.#state === "lost";
  }

  /** What is known of it by now, without an end. */
  get soFar(): Span {
    const { attributes, events, links, ...draft } = this.#draft;
    return { ...draft, attributes: { ...attributes }, events: [...events], links: [...links] };
  }

  set(attributes: Attributes): void {
    if (!this.isOver) Object.assign(this.#draft.attributes, attributes);
  }

  tell(name: string, attributes: Attributes = {}): void {
    if (!this.isOver) this.#draft.events.push({ name, time: this.#recorder.now(), attributes });
  }

  link(link: SpanLink): void {
    if (!this.isOver) this.#draft.links.push(link);
  }

  /** Notes that it read a version. */
  read(key: string, version: number): void {
    if (this.isOver) return;
    const read = (this.#read ??= new Set());
    const count = read.size;
    if (read.add(`${version} ${key}`).size === count) return; // it read that before
    this.#draft.attributes[names.versionsRead] = count + 1;
    if (count >= mostReads) return;
    const about = { [names.stateKey]: key, [names.stateVersion]: version };
    this.tell(names.stateRead, about);
    this.linkToVersion(key, version);
  }

  /** Counts a message that it sends. False for one that has no span: then its handling has none, either. */
  sends(): boolean {
    return ++this.#sent <= mostSent;
  }

  /** The place in a trace of what it sends. */
  get place(): TraceContext {
    return this.#sent <= mostSent ? this : unsampled;
  }

  /** A link to where a version was committed; that is filled in where spans are gathered. */
  linkToVersion(key: string, version: number): void {
    this.link({ traceId: "", spanId: "", attributes: { [names.stateKey]: key, [names.stateVersion]: version } });
  }

  end(): void {
    this.#end("ended");
  }

  /** Ends it with what was thrown. */
  fail(thrown: unknown): void {
    if (this.isOver) return;
    const error = encodeError(thrown);
    this.#failed(failureName(error), this.#recorder.content(names.exceptionMessage, error.message));
    this.#end("ended");
  }

  /** Ends it, and all that is open in it: no one else will. What is begun in it from now on is not recorded. */
  lose(): void {
    for (const inner of [...(this.#inside ?? [])]) inner.lose();
    if (this.isOver) {
      this.#state = "lost";
      return;
    }
    this.#failed(lost, {});
    this.#end("lost");
  }

  #forget(inner: OpenSpan): void {
    this.#inside?.delete(inner);
  }

  #failed(failure: string, message: Attributes): void {
    this.#draft.failure = failure;
    this.#draft.attributes[names.errorType] = failure;
    this.tell(names.exception, { [names.exceptionType]: failure, ...message });
  }

  #end(state: "ended" | "lost"): void {
    if (this.isOver) return;
    this.#state = state;
    if (this.#sent > mostSent) this.#draft.attributes[names.messagesNotRecorded] = this.#sent - mostSent;
    this.#draft.end = Math.max(this.#draft.start, this.#recorder.now());
    const around = this.#around;
    if (around !== undefined) around.#forget(this);
    this.#recorder.ended(this, this.#draft);
  }
}

/** Has a span end as a promise does, which itself stays as it is. */
export function endWith<T>(span: OpenSpan | undefined, promise: Promise<T>, done?: (value: T) => void): Promise<T> {
  if (span === undefined) return promise;
  promise.then(
    (value) => {
      done?.(value);
      span.end();
    },
    (error: unknown) => span.fail(error),
  );
  return promise;
}
