/** A sink that keeps spans in a file, where `troupe trace` reads them. */

import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Span } from "../../traces/span.ts";
import type { SpanSink } from "../../traces/span-sink.ts";
import { shown } from "../../values/shown.ts";

/** How many bytes may wait for the disk (invariant 7). */
const mostWaiting = 16 * 1024 * 1024;

/**
 * The sink that {@link traceFile} makes.
 *
 * @since 0.1.0
 */
export interface TraceFile extends SpanSink {
  /** How many spans had no place, as the disk was slow, or were lost with the file. */
  readonly dropped: number;
  /** Resolves when all of it is in the file. The system calls it when it has closed. */
  close(): Promise<void>;
}

/**
 * Appends spans to a file, as a line of JSON each. `troupe trace ID --spans FILE` shows a run of it, with what happened inside of its agents.
 *
 * Guarantees: nothing waits for the disk but `close` of the system; at most 16 MiB wait, and what has no place is counted as `dropped`. A file that can't be
 * written to is told of once, by the event `telemetry-failed`.
 *
 * @throws TroupeError `invalid-options` for a path that is no text.
 * @example
 * const system = await createSystem({ telemetry: { traces: traceFile("traces.jsonl"), sample: 1 } });
 * @since 0.1.0
 */
export function traceFile(path: string): TraceFile {
  if (typeof path !== "string" || path === "")
    throw new TroupeError("invalid-options", `traceFile: the path is a text that isn't empty, not ${shown(path)}`);
  return new SpanLines(path);
}

class SpanLines implements TraceFile {
  readonly #path: string;
  #stream: WriteStream | undefined;
  #failure: Error | undefined;
  #isTold = false;
  #dropped = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get dropped(): number {
    return this.#dropped;
  }

  take(spans: readonly Span[]): void {
    const stream = (this.#stream ??= this.#open());
    if (this.#failure !== undefined || stream.writableLength > mostWaiting) {
      this.#dropped += spans.length;
      return this.#tell();
    }
    stream.write(spans.map((span) => `${JSON.stringify(span)}\n`).join(""), (error) => {
      if (error !== undefined && error !== null) this.#dropped += spans.length;
    });
  }

  async close(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (this.#failure === undefined) {
      stream.end();
      await finished(stream).catch(() => undefined); // the listener has it
    }
    this.#tell();
  }

  #open(): WriteStream {
    const stream = createWriteStream(this.#path, { flags: "a" });
    stream.on("error", (error) => (this.#failure = error));
    return stream;
  }

  /** @throws Error once: what keeps the file from being written. */
  #tell(): void {
    if (this.#failure === undefined || this.#isTold) return;
    this.#isTold = true;
    throw new TroupeError("invalid-options", `traceFile: ${this.#path} can't be written: ${this.#failure.message}`, {
      cause: this.#failure,
    });
  }
}
