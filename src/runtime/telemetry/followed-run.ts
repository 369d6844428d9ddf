/** A run that is recorded while it goes on. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { TraceOptions } from "../../traces/content.ts";
import type { Span } from "../../traces/span.ts";
import type { RunEvent } from "../../workflows/history/run-event.ts";
import { decoded } from "../../workflows/history/run-history.ts";
import { eventOf } from "../../workflows/history/run-note.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import { type RunTrace, traceFrom } from "../../workflows/history/spans-of-run.ts";

/** After so many versions their spans are made: what these say is held for no longer. */
const mostNoted = 64;

/** A version of a run, and the events that led to it. */
type Noted = Pick<Snapshot, "version" | "time"> & { readonly events: readonly RunEvent[] };

/**
 * Notes the events of a run as they are committed, and makes its spans when the run ends: what lives as long as a run does is copied by each
 * collection of garbage meanwhile, and spans are ten times as many objects as the events that they are made of.
 */
export class FollowedRun {
  readonly traceId: string;
  readonly #run: string;
  readonly #options: TraceOptions;
  readonly #codec: () => PayloadCodec;
  #noted: Noted[] = [];
  #trace: RunTrace | undefined;

  constructor(run: string, traceId: string, options: TraceOptions, codec: () => PayloadCodec) {
    this.#run = run;
    this.traceId = traceId;
    this.#options = options;
    this.#codec = codec;
  }

  /** Takes its versions, from the first one on. */
  note({ version, time, state }: Snapshot<RunState>, events: readonly RunEvent[]): void {
    // what an end says is in the state that it leads to
    const whole = isOpen(state) ? events : state.events.map((note) => eventOf(note, state));
    this.#noted.push({ version, time, events: whole });
    if (this.#noted.length >= mostNoted) this.#makeSpans();
  }

  /**
   * The spans of the run, which has ended. They are forgotten here: as long as an old object names them, be it garbage itself, a collection
   * of young garbage keeps them.
   */
  end(): readonly Span[] {
    this.#makeSpans();
    const trace = this.#trace;
    this.#trace = undefined;
    return trace?.spans ?? [];
  }

  #makeSpans(): void {
    const run = this.#run;
    const codec = this.#options.content === "all" ? this.#codec() : undefined;
    for (const { version, time, events } of this.#noted) {
      for (const stored of events) {
        const record = { run, version, time, event: codec === undefined ? stored : decoded(stored, codec) };
        if (this.#trace === undefined) this.#trace = traceFrom(record, this.#options, this.traceId);
        else this.#trace.take(record);
      }
    }
    this.#noted = [];
  }
}
