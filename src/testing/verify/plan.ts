/**
 * What is decided by chance in one run of a verified workflow: values, failures, answers, faults. Each decision has a name, and draws
 * numbers of its own, so that it is the same in any schedule, and whatever the others are.
 */

import { seededRandom } from "../simulator/schedules/seeded-random.ts";

/** A number in [0, 1). 0 is the simplest choice there is. */
export type Draw = () => number;

/** The numbers that decisions drew, by their names. What isn't there is 0. */
export type Draws = ReadonlyMap<string, readonly number[]>;

export class Plan {
  readonly #seed: number;
  readonly #given: Draws | undefined;
  readonly #drawn = new Map<string, number[]>();

  /** @param given the draws of an earlier plan, or fewer of them; without them, they come by the seed. */
  constructor(seed: number, given?: Draws) {
    this.#seed = seed;
    this.#given = given;
  }

  /** The draws of a decision, from its first on. */
  of(name: string): Draw {
    const drawn: number[] = [];
    this.#drawn.set(name, drawn);
    const next = this.#given === undefined ? drawsOf(this.#seed, name) : listed(this.#given.get(name) ?? []);
    return () => {
      const number = next();
      drawn.push(number);
      return number;
    };
  }

  /** What was drawn. */
  get drawn(): Draws {
    return this.#drawn;
  }
}

/** A whole number in [0, below). */
export function below(draw: Draw, limit: number): number {
  return Math.min(limit - 1, Math.floor(draw() * limit));
}

/** One of several; the first is the simplest. */
export function oneOf<T>(draw: Draw, options: readonly [T, ...T[]]): T {
  return options[below(draw, options.length)] ?? options[0];
}

/** True with probability `p`; false is simpler. */
export function chance(draw: Draw, p: number): boolean {
  return draw() > 1 - p;
}

function listed(numbers: readonly number[]): Draw {
  let at = 0;
  return () => numbers[at++] ?? 0;
}

/** FNV-1a (Fowler, Noll, Vo) of the name, so that each name has a sequence of its own. */
function drawsOf(seed: number, name: string): Draw {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  const random = seededRandom(hash);
  return () => random.next();
}
