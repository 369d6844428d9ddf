/** Measures a bench. */

import { messageOf } from "../errors/caught.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { createSystem } from "../runtime/system/create-system.ts";
import type { SystemOptions } from "../runtime/system/system-options.ts";
import type { System } from "../runtime/system/system.ts";
import { type Bench, bench, type BenchSubject } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { type Cost, costOf, measureCosts } from "./measure.ts";

/**
 * How {@link runBench} measures.
 *
 * @since 0.1.0
 * @experimental
 */
export interface RunBenchOptions {
  /** How many rounds count. Default: as the bench says. */
  readonly rounds?: number;
  /** When it aborts, no other round begins. */
  readonly signal?: AbortSignal;
}

/**
 * Measures a bench: round after round, each subject in turn, so that other load meets all alike. The first round warms up.
 *
 * Returns two figures for each subject: how many of the unit it does a second, and how many microseconds of processor time each takes, of all threads
 * of the process. Other load disturbs the second less.
 *
 * @throws TroupeError (as a rejection) `bench-failed` when a subject throws, or doesn't measure once; `cancelled` when the signal aborts;
 * `invalid-options` as {@link bench}.
 * @example
 * console.log(formatFigures(await runBench(selling)));
 * @since 0.1.0
 * @experimental
 */
export async function runBench(definition: Bench, options: RunBenchOptions = {}): Promise<readonly Figure[]> {
  const {
    name,
    unit,
    subjects,
    baseline = Object.keys(subjects)[0],
    rounds = 5,
  } = bench({
    ...definition,
    ...(options.rounds !== undefined && { rounds: options.rounds }),
  });
  return await measureCosts({
    bench: name,
    unit,
    rounds,
    ...(baseline !== undefined && { baseline }),
    subjects: Object.entries(subjects).map(([subject, play]) => ({
      name: subject,
      async cost() {
        if (options.signal?.aborted === true) throw new TroupeError("cancelled", `bench ${name} was interrupted`);
        return played(`bench ${JSON.stringify(name)}, ${JSON.stringify(subject)}`, play);
      },
    })),
  });
}

/** Plays a subject once. Returns what one of the unit took. */
async function played(where: string, play: BenchSubject): Promise<Cost> {
  const systems: System[] = [];
  const costs: Cost[] = [];
  const failed = (why: string, cause?: unknown): TroupeError =>
    new TroupeError("bench-failed", `${where}: ${why}`, cause === undefined ? {} : { cause });
  try {
    await play({
      system: async (options: SystemOptions = {}) => {
        const system = await createSystem({ logger: false, ...options });
        systems.push(system);
        return system;
      },
      measure: async (count, work) => {
        if (!(count > 0)) throw failed(`measure takes how many are done, a number above 0, not ${String(count)}`);
        const { clock, processor } = await costOf(async () => work());
        costs.push({ clock: clock / count, processor: processor / count });
      },
    });
  } catch (error) {
    throw error instanceof TroupeError && error.code === "bench-failed" ? error : failed(messageOf(error), error);
  } finally {
    await Promise.all(systems.map((system) => system.close()));
  }
  const [cost, ...more] = costs;
  if (cost === undefined) throw failed("it has not called measure");
  if (more.length > 0) throw failed(`it has called measure ${costs.length} times; once a round`);
  return cost;
}
