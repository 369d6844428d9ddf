/** What becomes of batches on links and of writes of a journal: they are held up, alone or by a partition, or come twice. */

import type { Choices } from "../schedules/choices.ts";
import type { ResolvedFaults } from "./faults.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";

/** A delay is one of so many, up to the longest; so is a partition. */
const delays = 32;

type FaultsOfLinks = Pick<ResolvedFaults, "delay" | "maxDelay" | "duplicate" | "partition" | "maxPartition">;

export class LinkFaults {
  readonly #choices: Choices;
  readonly #random: SeededRandom;
  readonly #onFault: ((what: string) => void) | undefined;
  readonly #faults: FaultsOfLinks;
  /** By pair of hosts: until when nothing passes between them. */
  readonly #parted = new Map<string, number>();

  constructor(choices: Choices, random: SeededRandom, faults: FaultsOfLinks, onFault?: (what: string) => void) {
    this.#choices = choices;
    this.#random = random;
    this.#faults = faults;
    this.#onFault = onFault;
  }

  /** For how many virtual milliseconds something is held up. */
  delay(what: string): number {
    return this.#held(what, this.#choices.choose("fault", delays + 1, this.#drawDelay));
  }

  /** The same of a batch between two hosts; it may be the first that a partition holds up. */
  delayBetween(from: number, to: number, now: number): number {
    const { partition, maxPartition } = this.#faults;
    const draw = (): number =>
      this.#drawDelay() || (this.#random.chance(partition) ? delays + 1 + this.#random.below(delays) : 0);
    const chosen = this.#choices.choose("fault", 2 * delays + 1, draw);
    const [one, other] = [Math.min(from, to), Math.max(from, to)];
    const pair = `${one} ${other}`;
    if (chosen > delays) {
      const lasts = ((chosen - delays) / delays) * maxPartition;
      this.#onFault?.(`threads ${one} and ${other} are parted for ${rounded(lasts)} ms`);
      this.#parted.set(pair, Math.max(this.#parted.get(pair) ?? 0, now + lasts));
    }
    const held = chosen > delays ? 0 : this.#held(`a batch ${from}>${to}`, chosen);
    return Math.max(held, (this.#parted.get(pair) ?? now) - now);
  }

  /** Whether a batch comes twice. */
  isTwice(what: string): boolean {
    const draw = (): number => (this.#random.chance(this.#faults.duplicate) ? 1 : 0);
    const isTwice = this.#choices.choose("fault", 2, draw) === 1;
    if (isTwice) this.#onFault?.(`${what} comes twice`);
    return isTwice;
  }

  readonly #drawDelay = (): number => (this.#random.chance(this.#faults.delay) ? 1 + this.#random.below(delays) : 0);

  #held(what: string, chosen: number): number {
    const held = (chosen / delays) * this.#faults.maxDelay;
    if (held > 0) this.#onFault?.(`${what} is held up ${rounded(held)} ms`);
    return held;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
