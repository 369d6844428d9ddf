/** What a search tried. */

/**
 * What {@link simulate} tried, if nothing failed.
 *
 * @since 0.1.0
 */
export interface SimulationReport {
  readonly seed: number;
  readonly runs: number;
  /** Steps over all runs. */
  readonly steps: number;
  /** How many different schedules the runs took: those that differ in what actors read, wrote and were sent, each in its order. */
  readonly schedules: number;
  /** How often the process crashed over all runs. */
  readonly crashes: number;
  /** What was stated by `sometimes` and met in no run: these runs didn't come to what they were to test. */
  readonly unmet: readonly string[];
  /** With `exhaustive`: true if these were all schedules that it is to try. False where `runs` or `time` ended it before. */
  readonly isComplete?: boolean;
}

/** What a part of a search tried: what {@link SimulationReport} counts, to be added to other parts. */
export interface Tally {
  readonly runs: number;
  readonly steps: number;
  readonly crashes: number;
  /** The hashes of what they did. */
  readonly schedules: readonly string[];
  /** What was stated by `sometimes`, and whether it was met. */
  readonly met: ReadonlyMap<string, boolean>;
}

/** Adds up what runs were. */
export class Tallied {
  runs = 0;
  steps = 0;
  crashes = 0;
  readonly #schedules = new Set<string>();
  readonly #met = new Map<string, boolean>();

  add({ runs, steps, crashes, schedules, met }: Tally): void {
    this.runs += runs;
    this.steps += steps;
    this.crashes += crashes;
    for (const schedule of schedules) this.#schedules.add(schedule);
    for (const [what, isMet] of met) this.#met.set(what, isMet || (this.#met.get(what) ?? false));
  }

  get tally(): Tally {
    const { runs, steps, crashes } = this;
    return { runs, steps, crashes, schedules: [...this.#schedules], met: this.#met };
  }

  report(seed: number): SimulationReport {
    const { runs, steps, crashes } = this;
    const unmet = [...this.#met].flatMap(([what, isMet]) => (isMet ? [] : [what]));
    return { seed, runs, steps, schedules: this.#schedules.size, crashes, unmet };
  }
}
