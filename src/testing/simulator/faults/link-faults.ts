/** What becomes of batches on links and of writes of a journal: they are held up, or come twice. */

import type { Choices } from "../schedules/choices.ts";
import type { ResolvedFaults } from "./faults.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";

/** A delay is one of so many, up to the longest. */
const delays = 32;

export class LinkFaults {
  readonly #choices: Choices;
  readonly #random: SeededRandom;
  readonly #onFault: ((what: string) => void) | undefined;
  readonly #faults: Pick<ResolvedFaults, "delay" | "maxDelay" | "duplicate">;

  constructor(
    choices: Choices,
    random: SeededRandom,
    faults: Pick<ResolvedFaults, "delay" | "maxDelay" | "duplicate">,
    onFault?: (what: string) => void,
  ) {
    this.#choices = choices;
    this.#random = random;
    this.#faults = faults;
    this.#onFault = onFault;
  }

  /** For how many virtual milliseconds something is held up. */
  delay(what: string): number {
    const { delay, maxDelay } = this.#faults;
    const draw = (): number => (this.#random.chance(delay) ? 1 + this.#random.below(delays) : 0);
    const held = (this.#choices.choose("fault", delays + 1, draw) / delays) * maxDelay;
    if (held > 0) this.#onFault?.(`${what} is held up ${Math.round(held * 10) / 10} ms`);
    return held;
  }

  /** Whether a batch comes twice. */
  isTwice(what: string): boolean {
    const draw = (): number => (this.#random.chance(this.#faults.duplicate) ? 1 : 0);
    const isTwice = this.#choices.choose("fault", 2, draw) === 1;
    if (isTwice) this.#onFault?.(`${what} comes twice`);
    return isTwice;
  }
}
