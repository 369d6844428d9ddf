/** Lets threads die and the process crash, at moments that the seed decides. */

import type { Choices } from "../schedules/choices.ts";
import type { ResolvedFaults } from "./faults.ts";
import type { Lives } from "../world/lives.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";

export class Strikes {
  readonly #lives: Lives;
  readonly #choices: Choices;
  readonly #random: SeededRandom;
  readonly #faults: ResolvedFaults;
  readonly #onFault: ((what: string) => void) | undefined;
  #deaths = 0;
  #crashes = 0;

  constructor(
    lives: Lives,
    choices: Choices,
    random: SeededRandom,
    faults: ResolvedFaults,
    onFault?: (what: string) => void,
  ) {
    this.#onFault = onFault;
    this.#lives = lives;
    this.#choices = choices;
    this.#random = random;
    this.#faults = faults;
  }

  /** Called before each step; true when it struck. */
  strike(): boolean {
    return this.#killThread() || this.#crash();
  }

  /** Spares a system that is starting: if it can't open its threads, it gives up. */
  #killThread(): boolean {
    const { threadDeath, maxThreadDeaths } = this.#faults;
    const { platform, system } = this.#lives.process;
    if (system === undefined || threadDeath === 0 || this.#deaths >= maxThreadDeaths) return false;
    const live = platform.liveThreads();
    const draw = (): number => (this.#random.chance(threadDeath) ? 1 + this.#random.below(live.length) : 0);
    const victim = live[this.#choices.choose("strike", live.length + 1, draw) - 1];
    if (victim === undefined) return false;
    this.#deaths++;
    this.#onFault?.(`thread ${victim} dies`);
    platform.kill(victim);
    return true;
  }

  /** Strikes at any time, also while the system starts or closes. */
  #crash(): boolean {
    const { processCrash, maxProcessCrashes } = this.#faults;
    if (!this.#lives.process.isAlive || processCrash === 0 || this.#crashes >= maxProcessCrashes) return false;
    if (this.#choices.choose("strike", 2, () => (this.#random.chance(processCrash) ? 1 : 0)) === 0) return false;
    this.#crashes++;
    this.#onFault?.("the process crashes");
    this.#lives.crash();
    return true;
  }
}
