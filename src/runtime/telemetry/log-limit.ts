/** Bounds how many lines of one kind are logged: a storm of failures is a few lines and a count. */

import type { Clock, Timer } from "../../ports/clock.ts";

/** At most so many lines of a kind are logged in so many milliseconds. */
export const linesPerPeriod = 10;
export const period = 10_000;

interface Window {
  readonly since: number;
  lines: number;
  /** How many lines were left out. */
  left: number;
  timer: Timer | undefined;
}

/**
 * Guarantees: of each kind, at most {@link linesPerPeriod} pass within {@link period}. How many did not pass is told once,
 * at the end of that time or of the limit.
 */
export class LogLimit {
  readonly #clock: Clock;
  readonly #onLeft: (kind: string, count: number) => void;
  readonly #windows = new Map<string, Window>();

  /** @param onLeft called with how many lines of a kind did not pass. */
  constructor(clock: Clock, onLeft: (kind: string, count: number) => void) {
    this.#clock = clock;
    this.#onLeft = onLeft;
  }

  /** True if the next line of a kind may be logged. */
  passes(kind: string): boolean {
    const now = this.#clock.now();
    let window = this.#windows.get(kind);
    if (window === undefined || now < window.since || now >= window.since + period) {
      this.#tell(kind);
      this.#windows.set(kind, (window = { since: now, lines: 0, left: 0, timer: undefined }));
    }
    if (window.lines < linesPerPeriod) {
      window.lines++;
      return true;
    }
    window.left++;
    window.timer ??= this.#clock.setTimer(window.since + period - now, () => this.#tell(kind));
    return false;
  }

  /** Tells what has not been told. */
  end(): void {
    for (const kind of [...this.#windows.keys()]) this.#tell(kind);
  }

  #tell(kind: string): void {
    const window = this.#windows.get(kind);
    if (window === undefined) return;
    this.#windows.delete(kind);
    window.timer?.cancel();
    if (window.left > 0) this.#onLeft(kind, window.left);
  }
}
