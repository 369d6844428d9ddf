/** Lets threads die and the process crash, at moments that the seed decides. */

import type { ResolvedFaults } from "./faults.ts";
import type { Lives } from "./lives.ts";
import type { SeededRandom } from "./seeded-random.ts";

export class Strikes {
  readonly #lives: Lives;
  readonly #random: SeededRandom;
  readonly #faults: ResolvedFaults;
  #deaths = 0;
  #crashes = 0;

  constructor(lives: Lives, random: SeededRandom, faults: ResolvedFaults) {
    this.#lives = lives;
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
    if (system === undefined || this.#deaths >= maxThreadDeaths || !this.#random.chance(threadDeath)) return false;
    const live = platform.liveThreads();
    const victim = live[this.#random.below(live.length)];
    if (victim === undefined) return false;
    this.#deaths++;
    platform.kill(victim);
    return true;
  }

  /** Strikes at any time, also while the system starts or closes. */
  #crash(): boolean {
    const { processCrash, maxProcessCrashes } = this.#faults;
    if (!this.#lives.process.isAlive || this.#crashes >= maxProcessCrashes || !this.#random.chance(processCrash))
      return false;
    this.#crashes++;
    this.#lives.crash();
    return true;
  }
}
