/** How the next step is chosen among those that could run. */

import type { SeededRandom } from "./seeded-random.ts";

/** A step that could run now. */
export interface ReadyStep {
  /** What it is a step of: an actor, one direction of a link, the timers of a host. */
  readonly lane: string;
  /** The host that it happens on. */
  readonly host: string;
  /** Another one for each step of a run. */
  readonly id: number;
}

/** Chooses steps during one run. */
export interface Strategy {
  /** The place of the next step in `ready`, which has two at least. The first goes on with what the last step did. */
  pick(ready: readonly ReadyStep[]): number;
}

/**
 * How the simulator chooses among the steps that could run. `"random"`: each is as likely. `"weighted"`: actors and links are slow and fast,
 * drawn for each run. `"pct"`: the step of the actor or link with the highest priority. Priorities are drawn for each run, and the highest becomes the
 * lowest at up to three moments (Burckhardt et al., ASPLOS 2010). `"pos"`: the step with the highest priority, which is drawn for each step, and again for those that meet
 * it on its thread (Yuan et al., CAV 2018). `"fair"`: the step that waits longest, and now and then any, so that all come equally far (after Emmi et al., POPL
 * 2011). `"portfolio"`: one of these, drawn for each run.
 *
 * @since 0.1.0
 */
export type StrategyName = "portfolio" | "random" | "weighted" | "pct" | "pos" | "fair";

const strategies: Readonly<Record<Exclude<StrategyName, "portfolio">, (random: SeededRandom) => Strategy>> = {
  random: (random) => ({ pick: (ready) => random.below(ready.length) }),
  weighted: (random) => new Weighted(random),
  pct: (random) => new Pct(random),
  pos: (random) => new Pos(random),
  fair: (random) => new Fair(random),
};

export const strategyNames = [
  "portfolio",
  "random",
  "weighted",
  "pct",
  "pos",
  "fair",
] as const satisfies readonly StrategyName[];

/** The strategy of a run. */
export function strategyOf(name: StrategyName, random: SeededRandom): Strategy {
  if (name !== "portfolio") return strategies[name](random);
  const all = Object.values(strategies);
  return (all[random.below(all.length)] as (random: SeededRandom) => Strategy)(random);
}

/** Some lanes are up to 50 times as fast as others: where all are equally fast, a failure that needs a slow one stays hidden. */
class Weighted implements Strategy {
  readonly #random: SeededRandom;
  readonly #weights = new Map<string, number>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  pick(ready: readonly ReadyStep[]): number {
    const weights = ready.map(({ lane }) => valueOf(this.#weights, lane, () => Math.exp(4 * this.#random.next())));
    let rest = this.#random.next() * weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, weight] of weights.entries()) if ((rest -= weight) < 0) return index;
    return ready.length - 1;
  }
}

/** For so many choices a run is under priorities at most. Later it is random: with priorities, an actor that polls can starve the one that it polls for. */
const longestHorizon = 1024;

class Pct implements Strategy {
  readonly #random: SeededRandom;
  readonly #priorities = new Map<string, number>();
  readonly #horizon: number;
  /** At which choices the lane that would be next gets the lowest priority. How many there are is drawn: one bug needs none, another three. */
  readonly #changes: ReadonlySet<number>;
  #choices = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#horizon = 8 * 2 ** random.below(Math.log2(longestHorizon / 8) + 1);
    this.#changes = new Set(Array.from({ length: random.below(4) }, () => random.below(this.#horizon)));
  }

  pick(ready: readonly ReadyStep[]): number {
    const choice = this.#choices++;
    if (choice >= longestHorizon) return this.#random.below(ready.length);
    const highest = (): number =>
      highestOf(ready, ({ lane }) => valueOf(this.#priorities, lane, () => this.#random.next()));
    if (this.#changes.has(choice)) this.#priorities.set((ready[highest()] as ReadyStep).lane, -choice);
    return highest();
  }
}

class Pos implements Strategy {
  readonly #random: SeededRandom;
  readonly #priorities = new Map<number, number>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  pick(ready: readonly ReadyStep[]): number {
    const picked = highestOf(ready, ({ id }) => valueOf(this.#priorities, id, () => this.#random.next()));
    const { host } = ready[picked] as ReadyStep;
    for (const step of ready) if (step.host === host) this.#priorities.delete(step.id);
    return picked;
  }
}

/** Has all actors take their steps in turn, as on threads of equal speed, and now and then another one. */
class Fair implements Strategy {
  readonly #random: SeededRandom;
  /** How likely another step is. Drawn for each run, since one failure needs few of them and another many. */
  readonly #swerve: number;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#swerve = 1 / 4 ** (1 + random.below(3));
  }

  pick(ready: readonly ReadyStep[]): number {
    if (this.#random.chance(this.#swerve)) return this.#random.below(ready.length);
    return highestOf(ready, ({ id }) => -id);
  }
}

function valueOf<Key>(known: Map<Key, number>, key: Key, draw: () => number): number {
  const value = known.get(key) ?? draw();
  known.set(key, value);
  return value;
}

function highestOf(ready: readonly ReadyStep[], priorityOf: (step: ReadyStep) => number): number {
  let highest = 0;
  let best = Number.NEGATIVE_INFINITY;
  for (const [index, step] of ready.entries()) {
    const priority = priorityOf(step);
    if (priority > best) [highest, best] = [index, priority];
  }
  return highest;
}
