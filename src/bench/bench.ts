/** What a user measures: subjects that do the same work, each its own way. */

import * as v from "valibot";
import { checkOptions } from "../contracts/check-options.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import type { SystemOptions } from "../runtime/system/system-options.ts";
import type { System } from "../runtime/system/system.ts";

/**
 * What a subject is given in each round: a way to make systems, and the measuring.
 *
 * @since 0.1.0
 * @experimental
 */
export interface BenchRound {
  /** Makes a system, as `createSystem` does, but without a log. It is closed at the end of the round. */
  readonly system: (options?: SystemOptions) => Promise<System>;
  /**
   * Measures `work`, which does `count` of the bench's unit. Call it exactly once in a round. What the subject does before isn't measured, such
   * as spawning actors, nor what it does after, such as checking the result.
   */
  readonly measure: (count: number, work: () => unknown) => Promise<void>;
}

/**
 * One way to do the work. What it throws ends the bench: a wrong result has no rate.
 *
 * @since 0.1.0
 * @experimental
 */
export type BenchSubject = (round: BenchRound) => Promise<unknown>;

/**
 * What {@link bench} takes.
 *
 * @since 0.1.0
 * @experimental
 */
export interface Bench {
  readonly name: string;
  /** What is counted, such as `orders`. */
  readonly unit: string;
  /** The ways to do the work, by name. */
  readonly subjects: Readonly<Record<string, BenchSubject>>;
  /** The subject that ratios are taken against. Default: the first. */
  readonly baseline?: string;
  /** How many rounds count, after one that warms up. Default 5. */
  readonly rounds?: number;
}

const filled = v.pipe(v.string(), v.nonEmpty());
const schema = v.strictObject({
  name: filled,
  unit: filled,
  subjects: v.record(filled, v.function()),
  baseline: v.optional(filled),
  rounds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

/**
 * Defines a bench, for a module to export: `troupe bench FILE` measures it.
 *
 * @throws TroupeError `invalid-options` for one without a subject, or whose baseline is none of them.
 * @example
 * export const selling = bench({
 *   name: "selling",
 *   unit: "orders",
 *   subjects: {
 *     "one desk": (round) => sell(round, 1),
 *     "four desks": (round) => sell(round, 4),
 *   },
 * });
 *
 * async function sell({ system, measure }: BenchRound, count: number) {
 *   const shop = await system({ threads: 2 });
 *   const desks = await Promise.all(Array.from({ length: count }, () => shop.spawn(desk)));
 *   await measure(1_000, () => Promise.all(Array.from({ length: 1_000 }, (_, n) => desks[n % count].ask("sell"))));
 * }
 * @since 0.1.0
 * @experimental
 */
export function bench(definition: Bench): Bench {
  checkOptions("bench", schema, definition);
  const { name, subjects, baseline } = definition;
  const names = Object.keys(subjects);
  if (names.length === 0) throw new TroupeError("invalid-options", `bench ${JSON.stringify(name)}: it has no subject`);
  if (baseline !== undefined && !names.includes(baseline))
    throw new TroupeError(
      "invalid-options",
      `bench ${JSON.stringify(name)}: the baseline ${JSON.stringify(baseline)} is none of its subjects, which are ${names.join(", ")}`,
    );
  return definition;
}
