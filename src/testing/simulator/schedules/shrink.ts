/**
 * Shrinks a schedule that fails: fewer choices that are not ordinary, and those smaller. So what is left of switches between actors, and of
 * faults, is what the failure needs.
 */

import type { Clock } from "../../../ports/clock.ts";
import { choiceKinds, type ChoiceKind, type Chosen } from "./choices.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { seededRandom } from "./seeded-random.ts";

export interface ShrinkOptions {
  /** Runs the scenario with other choices. */
  readonly run: (chosen: Chosen) => Promise<RunOutcome>;
  /** Whether a run fails as the one does that is shrunk. */
  readonly fails: (run: RunOutcome) => boolean;
  readonly clock: Pick<Clock, "now">;
  readonly maxRuns: number;
  /** Milliseconds by the clock. */
  readonly maxTime: number;
}

/** A switch is tried alone at so many choices, at most. */
const mostAlone = 100;

/** How often a few switches elsewhere are tried. */
const mostOthers = 200;

/** One choice that is not ordinary. */
interface Unusual {
  readonly kind: ChoiceKind;
  readonly at: number;
}

/** The smallest run found that fails. */
export function shrink(failed: RunOutcome, options: ShrinkOptions): Promise<RunOutcome> {
  return new Shrinking(failed, options).smallest();
}

class Shrinking {
  readonly #options: ShrinkOptions;
  readonly #end: number;
  #best: RunOutcome;
  #runs = 0;

  constructor(failed: RunOutcome, options: ShrinkOptions) {
    this.#options = options;
    this.#best = failed;
    this.#end = options.clock.now() + options.maxTime;
  }

  async smallest(): Promise<RunOutcome> {
    await this.#without(unusual(this.#best.chosen, (kind) => kind !== "step"));
    await this.#without(unusual(this.#best.chosen));
    await this.#leaveOut();
    await this.#oneAlone();
    await this.#others();
    await this.#lessen();
    return this.#best;
  }

  get #isOver(): boolean {
    return this.#runs >= this.#options.maxRuns || this.#options.clock.now() >= this.#end;
  }

  /** Leaves out halves, quarters and so on, as long as the rest fails; at last one by one, until none can be left out. */
  async #leaveOut(): Promise<void> {
    let size = unusual(this.#best.chosen).length;
    while (size >= 1 && !this.#isOver) {
      let isSmaller = false;
      for (let at = 0; at < unusual(this.#best.chosen).length && !this.#isOver;) {
        if (await this.#without(unusual(this.#best.chosen).slice(at, at + size))) isSmaller = true;
        else at += size;
      }
      if (size > 1) size = Math.ceil(size / 2);
      else if (!isSmaller) return;
    }
  }

  /** Tries each switch alone, since what is left may be two where another one is enough. */
  async #oneAlone(): Promise<void> {
    if (unusual(this.#best.chosen).length < 2) return;
    const { length } = this.#best.chosen.step;
    for (let at = 0; at < Math.min(length, mostAlone); at++)
      for (const choice of [1, 2]) {
        const step = Array.from({ length: at + 1 }, (_, index) => (index === at ? choice : 0));
        if (await this.#try({ ...this.#best.chosen, step, fault: [], strike: [] })) return;
      }
  }

  /** Tries a few switches elsewhere, by chance: what can't be left out one by one may be far from the fewest. */
  async #others(): Promise<void> {
    const random = seededRandom(1);
    for (let tried = 0; tried < mostOthers; tried++) {
      const { alternatives, chosen } = this.#best;
      const left = unusual(chosen).length;
      if (left < 3 || alternatives.length === 0 || this.#isOver) return;
      const step: number[] = alternatives.map(() => 0);
      for (let switches = 2 + random.below(Math.min(left - 2, 2)); switches > 0; switches--) {
        const at = random.below(alternatives.length);
        step[at] = 1 + random.below((alternatives[at] as number) - 1);
      }
      const place = tried % 2 === 0 ? chosen.place : chosen.place.map(() => random.below(2));
      if (await this.#try({ step, fault: [], strike: [], place })) await this.#leaveOut();
    }
  }

  /** Has each of the rest smaller: an earlier step, a shorter delay. */
  async #lessen(): Promise<void> {
    for (let n = 0; n < unusual(this.#best.chosen).length && !this.#isOver; n++) {
      const { kind, at } = unusual(this.#best.chosen)[n] as Unusual;
      const choice = this.#best.chosen[kind][at] as number;
      for (const less of new Set([1, Math.floor(choice / 2), choice - 1]))
        if (less > 0 && less < choice && (await this.#try(changed(this.#best.chosen, [{ kind, at }], less)))) break;
    }
  }

  async #without(some: readonly Unusual[]): Promise<boolean> {
    return some.length > 0 && this.#try(changed(this.#best.chosen, some, 0));
  }

  async #try(chosen: Chosen): Promise<boolean> {
    if (this.#isOver) return false;
    this.#runs++;
    const run = await this.#options.run(chosen);
    if (!this.#options.fails(run) || !isLess(costOf(run), costOf(this.#best))) return false;
    this.#best = run;
    return true;
  }
}

/** The choices that are not ordinary: the later ones first, as what comes after the failure is needed least. */
function unusual(chosen: Chosen, isMeant: (kind: ChoiceKind) => boolean = () => true): Unusual[] {
  const found: Unusual[] = [];
  for (const kind of choiceKinds.filter(isMeant))
    for (const [at, choice] of chosen[kind].entries()) if (choice !== 0) found.push({ kind, at });
  return found.reverse();
}

function changed(chosen: Chosen, some: readonly Unusual[], choice: number): Chosen {
  const copy = Object.fromEntries(choiceKinds.map((kind) => [kind, [...chosen[kind]]])) as Record<ChoiceKind, number[]>;
  for (const { kind, at } of some) copy[kind][at] = choice;
  return copy;
}

/** How many choices are not ordinary, their sum, and the steps. */
function costOf({ chosen, trace }: RunOutcome): readonly number[] {
  const all = choiceKinds.flatMap((kind) => chosen[kind]);
  return [all.filter((choice) => choice !== 0).length, all.reduce((sum, choice) => sum + choice, 0), trace.length];
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((cost, index) => cost !== other[index]);
  return at >= 0 && (one[at] as number) < (other[at] as number);
}
