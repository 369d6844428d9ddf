/** A sink that gives spans to an exporter of OpenTelemetry, batch by batch, and slows nothing down whatever the backend does. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { attempt } from "../../errors/foreign-value.ts";
import type { Attributes, Span } from "../../traces/span.ts";
import type { SpanSink } from "../../traces/span-sink.ts";
import { shown } from "../../values/shown.ts";
import { type OtelResource, type ReadableSpan, readableSpan } from "./readable-span.ts";

/**
 * What an exporter of OpenTelemetry's SDK 2 has that is used here, such as `OTLPTraceExporter` of
 * `@opentelemetry/exporter-trace-otlp-proto`.
 *
 * @since 0.1.0
 */
export interface SpanExporter {
  export(spans: never, done: (result: { readonly code: number; readonly error?: Error }) => void): void;
  shutdown(): Promise<void>;
}

/**
 * How spans are exported; each has a default.
 *
 * @since 0.1.0
 */
export interface OtelOptions {
  /** The `service.name`. Default `"troupe"`. */
  readonly service?: string;
  /** Further attributes of the resource, the same for all spans of the process. Default: none. */
  readonly resource?: Attributes;
  /** How many spans are exported at once, at most. Default 512. */
  readonly batch?: number;
  /** How many spans may wait to be exported; more are dropped. Default 10,000. */
  readonly queue?: number;
  /** Milliseconds that spans wait for others to go with. Default 1,000. */
  readonly delay?: number;
  /** Milliseconds that the exporter has for one export; then it counts as failed. Default 30,000. */
  readonly timeout?: number;
  /** Told how many spans were dropped, with the error that the exporter failed with; without an error, there was no room. Default: they are only counted. */
  readonly onDropped?: (count: number, error: Error | undefined) => void;
}

/**
 * What became of the spans so far.
 *
 * @since 0.1.0
 */
export interface OtelStats {
  readonly exported: number;
  readonly dropped: number;
  /** Spans that wait or are being exported. */
  readonly waiting: number;
}

/**
 * The sink that {@link otel} makes.
 *
 * @since 0.1.0
 */
export interface OtelSink extends SpanSink {
  readonly stats: OtelStats;
  /** Exports what waits, and shuts the exporter down. The system calls it when it has closed. */
  close(): Promise<void>;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const attributeValue = v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]);

const schema = v.strictObject({
  service: v.optional(v.string()),
  resource: v.optional(v.record(v.string(), attributeValue)),
  batch: v.optional(count),
  queue: v.optional(count),
  delay: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  timeout: v.optional(v.pipe(v.number(), v.finite(), v.minValue(1))),
  onDropped: v.optional(v.function()),
});

const succeeded = 0; // ExportResultCode.SUCCESS

/** Statuses of HTTP that say that some span is wrong: the others of the batch may be right. */
const ofContent = new Set([400, 413, 422]);

/**
 * Makes a sink of an exporter. Exporters retry by themselves what is worth it. A batch that is refused for its content is split until the
 * wrong spans are found, and only these are dropped. One export goes on at a time.
 *
 * Guarantees: memory is bounded by `queue`; nothing waits for the backend but `close` of the system, which waits for what is left, `timeout`
 * milliseconds at most; each span is counted as exported or dropped.
 *
 * @throws TroupeError `invalid-options`.
 * @example
 * const traces = otel(new OTLPTraceExporter({ url: "http://127.0.0.1:4318/v1/traces" }), { service: "shop" });
 * const system = await createSystem({ telemetry: { traces } });
 * @since 0.1.0
 */
export function otel(exporter: SpanExporter, options: OtelOptions = {}): OtelSink {
  if (attempt(() => typeof exporter.export === "function" && typeof exporter.shutdown === "function") !== true) {
    throw new TroupeError(
      "invalid-options",
      `otel: the exporter is an object with the methods export and shutdown, such as an OTLPTraceExporter, not ${shown(exporter)}`,
    );
  }
  checkOptions("otel", schema, options);
  return new Exporting(exporter, options);
}

type Outcome = { readonly error?: Error };

class Exporting implements OtelSink {
  readonly #exporter: SpanExporter;
  readonly #resource: OtelResource;
  readonly #limits: Required<Pick<OtelOptions, "batch" | "queue" | "delay" | "timeout">>;
  readonly #onDropped: OtelOptions["onDropped"];
  #queue: Span[] = [];
  #inHand = 0;
  #exported = 0;
  #dropped = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pumping: Promise<void> | undefined;
  #isClosed = false;
  #isGivenUp = false;

  constructor(exporter: SpanExporter, { service = "troupe", resource, onDropped, ...limits }: OtelOptions) {
    this.#exporter = exporter;
    this.#resource = { attributes: { "service.name": service, ...resource }, asyncAttributesPending: false };
    const { batch = 512, queue = 10_000, delay = 1_000, timeout = 30_000 } = limits;
    this.#limits = { batch, queue, delay, timeout };
    this.#onDropped = onDropped;
  }

  get stats(): OtelStats {
    return { exported: this.#exported, dropped: this.#dropped, waiting: this.#queue.length + this.#inHand };
  }

  take(spans: readonly Span[]): void {
    const { batch, queue, delay } = this.#limits;
    const room = this.#isClosed ? 0 : Math.max(0, queue - this.#queue.length - this.#inHand);
    for (const span of spans.slice(0, room)) this.#queue.push(span);
    if (spans.length > room) this.#drop(spans.length - room, undefined);
    if (this.#queue.length >= batch) this.#pump();
    else if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#pump(), delay).unref();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const late = timer(this.#limits.timeout);
    this.#pump();
    const { error } = (await Promise.race([this.#pumping, late.over])) ?? {};
    if (error !== undefined) this.#drop(this.#queue.splice(0).length + this.#giveUp(), error);
    await Promise.race([this.#exporter.shutdown(), late.over]);
    late.cancel();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length > 0) this.#pumping ??= this.#exportAll();
  }

  async #exportAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const spans = this.#queue.splice(0, this.#limits.batch);
      this.#inHand = spans.length;
      await this.#export(spans);
    }
    this.#pumping = undefined;
  }

  async #export(spans: readonly Span[]): Promise<void> {
    const { error } = await this.#attempt(spans.map((span) => readableSpan(span, this.#resource)));
    if (this.#isGivenUp) return;
    this.#inHand -= error === undefined ? spans.length : 0;
    if (error === undefined) {
      this.#exported += spans.length;
      return;
    }
    const { code } = error as { code?: unknown };
    if (spans.length === 1 || typeof code !== "number" || !ofContent.has(code)) {
      this.#inHand -= spans.length;
      this.#drop(spans.length, error);
      return;
    }
    const half = Math.ceil(spans.length / 2);
    await this.#export(spans.slice(0, half));
    await this.#export(spans.slice(half));
  }

  /** Never rejects. */
  async #attempt(spans: readonly ReadableSpan[]): Promise<Outcome> {
    const late = timer(this.#limits.timeout);
    const exported = new Promise<Outcome>((resolve) => {
      try {
        this.#exporter.export(spans as never, ({ code, error }) =>
          resolve(code === succeeded ? {} : { error: error ?? new Error("the exporter failed") }),
        );
      } catch (thrown) {
        resolve({ error: thrown instanceof Error ? thrown : new Error("the exporter threw", { cause: thrown }) });
      }
    });
    const outcome = await Promise.race([exported, late.over]);
    late.cancel();
    return outcome;
  }

  /** What is being exported counts as dropped, whatever becomes of it. */
  #giveUp(): number {
    const inHand = this.#inHand;
    this.#inHand = 0;
    this.#isGivenUp = true;
    return inHand;
  }

  #drop(spans: number, error: Error | undefined): void {
    this.#dropped += spans;
    const tell = this.#onDropped;
    if (tell !== undefined) queueMicrotask(() => tell(spans, error)); // what it throws is no matter of the export
  }
}

function timer(ms: number): { readonly over: Promise<Outcome>; cancel(): void } {
  let timeout: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<Outcome>((resolve) => {
    timeout = setTimeout(() => resolve({ error: new Error(`the exporter did not end within ${ms} ms`) }), ms);
  });
  return { over, cancel: () => clearTimeout(timeout) };
}
