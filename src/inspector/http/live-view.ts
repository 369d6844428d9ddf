/**
 * A view that goes on: sent again when it has changed, as server-sent events. What is sent is always the whole view as it stands. So
 * while a reader is slow to take what it was sent, nothing is made for it and nothing waits, and it misses nothing that the view still shows.
 */

import type { Clock, Timer } from "../../ports/clock.ts";

/** Where the events go. */
export interface EventSink {
  /** False while what was written before has not left. */
  readonly isReady: boolean;
  write(text: string): void;
}

export interface LiveViewOptions {
  readonly clock: Clock;
  readonly sink: EventSink;
  /** What is shown now, as JSON without line breaks. */
  look(): Promise<string>;
  /** Changes when what is shown may have changed for another reason than that time passes. */
  mark(): string;
}

/** Milliseconds from one look to the next, at least. */
const pause = 500;
/** Looking takes one part of so many of the time, at most. */
const share = 50;
/** However long looking takes, the pause after it is at most so many milliseconds. */
const longestPause = 5_000;
/** A view is looked at again after so many milliseconds without a new mark, since it may show times. */
const agesAfter = 2_000;
/** A reader hears something after so many milliseconds without a change, so that the connection stays open. */
const beat = 15_000;

export class LiveView {
  readonly #options: LiveViewOptions;
  #timer: Timer | undefined;
  #isOver = false;
  #mark = "";
  #lookedAt = Number.NEGATIVE_INFINITY;
  #wroteAt = Number.NEGATIVE_INFINITY;
  #sent = "";
  #count = 0;

  constructor(options: LiveViewOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#turn();
  }

  end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  async #turn(): Promise<void> {
    const { clock, sink } = this.#options;
    const begun = clock.now();
    if (sink.isReady) await this.#tell(begun);
    if (this.#isOver) return;
    const took = clock.now() - begun;
    this.#timer = clock.setTimer(Math.min(longestPause, Math.max(pause, took * (share - 1))), () => void this.#turn());
  }

  async #tell(now: number): Promise<void> {
    const { sink, look, mark } = this.#options;
    const newest = mark();
    if (newest !== this.#mark || now - this.#lookedAt >= agesAfter) {
      const shown = await look();
      this.#mark = newest;
      this.#lookedAt = now;
      if (this.#isOver) return;
      if (shown !== this.#sent) {
        this.#sent = shown;
        this.#wroteAt = now;
        return sink.write(`id: ${++this.#count}\ndata: ${shown}\n\n`);
      }
    }
    if (now - this.#wroteAt < beat) return;
    this.#wroteAt = now;
    sink.write(":\n\n");
  }
}
