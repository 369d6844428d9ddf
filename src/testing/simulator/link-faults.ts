/** What becomes of batches on links and of writes of a journal: they are held up, or come twice. */

import type { Choices } from "./choices.ts";
import type { ResolvedFaults } from "./faults.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** A delay is one of so many, up to the longest. */
const delays = 32;

export class LinkFaults {
  readonly #choices: Choices;
  readonly #random: SeededRandom;
  readonly #faults: Pick<ResolvedFaults, "delay" | "maxDelay" | "duplicate">;

  constructor(
    choices: Choices,
    random: SeededRandom,
    faults: Pick<ResolvedFaults, "delay" | "maxDelay" | "duplicate">,
  ) {
    this.#choices = choices;
    this.#random = random;
    this.#faults = faults;
  }

  /** For how many virtual milliseconds something is held up. */
  delay(): number {
    const { delay, maxDelay } = this.#faults;
    const draw = (): number => (this.#random.chance(delay) ? 1 + this.#random.below(delays) : 0);
    return (this.#choices.choose("fault", delays + 1, draw) / delays) * maxDelay;
  }

  /** Whether a batch comes twice. */
  isTwice(): boolean {
    return this.#choices.choose("fault", 2, () => (this.#random.chance(this.#faults.duplicate) ? 1 : 0)) === 1;
  }
}
