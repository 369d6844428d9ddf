/** Which items fail without failing their run, told from the events of its history: those that fail by themselves, or with a step of theirs. */

import { around, isWithin, itemAt } from "../definition/steps-of-run.ts";
import { outlineOf } from "../steps/outline-index.ts";
import { type StepOutline, toleratedOf } from "../steps/step-outline.ts";

export class ToleratedItems {
  readonly #outline: readonly StepOutline[];
  /** How many items a list has, and how many of them have failed for good, by the path of its each. */
  readonly #counts = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  /** The items of which a step has failed, until they have failed themselves. */
  readonly #givenUp = new Set<string>();

  constructor(outline: readonly StepOutline[]) {
    this.#outline = outline;
  }

  /** A list begins. */
  begin(each: string, count: number): void {
    this.#counts.set(each, count);
  }

  /** The item that fails with a step, or is it; `undefined` if the run does. */
  failsWith(step: string): string | undefined {
    for (let item = step; item !== ""; item = around(item)) {
      const each = itemAt(item)?.each;
      if (each === undefined) continue;
      const failed = (this.#failed.get(each) ?? 0) + 1;
      if (failed > toleratedOf(outlineOf(this.#outline, each)?.each?.tolerate, this.#counts.get(each) ?? 0)) continue;
      this.#failed.set(each, failed);
      if (item !== step) this.#givenUp.add(item);
      return item;
    }
    return undefined;
  }

  /** The item that a step is in, or is, and of which a step has failed. */
  around(step: string): string | undefined {
    if (this.#givenUp.size === 0) return undefined;
    for (const item of this.#givenUp) if (item === step || isWithin(step, item)) return item;
    return undefined;
  }

  /** The item has failed, if it is one of those. */
  end(item: string): void {
    this.#givenUp.delete(item);
  }
}
