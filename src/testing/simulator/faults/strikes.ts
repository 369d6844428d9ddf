/** Lets threads die, the process crash or lose its journal, and the clock jump, at moments that the seed decides. */

import type { Choices } from "../schedules/choices.ts";
import type { ResolvedFaults } from "./faults.ts";
import type { Lives } from "../world/lives.ts";
import { type Arriving, type Contents, contentsOf, type Struck } from "./arrivals.ts";
import type { MachineClock } from "../world/machine-clock.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";

/** A jump is one of so many, up to the longest, forward or back. */
const jumps = 32;

export class Strikes {
  readonly #lives: Lives;
  readonly #machine: MachineClock;
  readonly #choices: Choices;
  readonly #random: SeededRandom;
  readonly #faults: ResolvedFaults;
  readonly #onFault: ((what: string) => void) | undefined;
  #deaths = 0;
  #crashes = 0;
  #losses = 0;

  constructor(
    lives: Lives,
    machine: MachineClock,
    choices: Choices,
    random: SeededRandom,
    faults: ResolvedFaults,
    onFault?: (what: string) => void,
  ) {
    this.#onFault = onFault;
    this.#lives = lives;
    this.#machine = machine;
    this.#choices = choices;
    this.#random = random;
    this.#faults = faults;
  }

  /** Called before each step; true when it struck. */
  strike(): boolean {
    return this.#killThread() || this.#crash() || this.#cutOff() || this.#jump();
  }

  /** Called as a batch arrives in the process that lives: has another author be first with what it commits, and says whether a thread dies. */
  strikeAt(arriving: Arriving): Struck | undefined {
    const { deathAtAnswer, maxThreadDeaths, spuriousConflict } = this.#faults;
    const { process } = this.#lives;
    const mayDie = deathAtAnswer > 0 && this.#deaths < maxThreadDeaths;
    if (process.system === undefined || (!mayDie && spuriousConflict === 0)) return undefined;
    const { answered, written } = contentsOf(arriving);
    if (spuriousConflict > 0)
      for (const key of written) {
        if (!this.#happens(spuriousConflict)) continue;
        this.#onFault?.(`another author writes ${key} again, as it is`);
        process.writeAgain(key);
      }
    return mayDie && answered !== undefined ? this.#killAt(answered) : undefined;
  }

  #killAt({ thread, isItsOwn }: NonNullable<Contents["answered"]>): Struck | undefined {
    const draw = (): number => (this.#random.chance(this.#faults.deathAtAnswer) ? 1 + this.#random.below(2) : 0);
    const when = this.#choices.choose("strike", 3, draw);
    if (when === 0) return undefined;
    this.#deaths++;
    const arrives = when === 2;
    const answer = isItsOwn ? "its answer arrives" : "it hears an answer";
    this.#onFault?.(`thread ${thread} dies ${arrives ? "right after" : "before"} ${answer}`);
    return { thread, arrives };
  }

  #happens(probability: number): boolean {
    return this.#choices.choose("strike", 2, () => (this.#random.chance(probability) ? 1 : 0)) === 1;
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
    if (!this.#happens(processCrash)) return false;
    this.#crashes++;
    this.#onFault?.("the process crashes");
    this.#lives.crash();
    return true;
  }

  /** Strikes at any time at which the process has its journal. */
  #cutOff(): boolean {
    const { ownershipLoss, maxOwnershipLosses } = this.#faults;
    if (!this.#lives.canBeCutOff || ownershipLoss === 0 || this.#losses >= maxOwnershipLosses) return false;
    if (!this.#happens(ownershipLoss)) return false;
    this.#losses++;
    this.#onFault?.("the process is cut off from its journal");
    this.#lives.cutOff();
    return true;
  }

  #jump(): boolean {
    const { clockJump, maxClockJump } = this.#faults;
    if (clockJump === 0) return false;
    const draw = (): number => (this.#random.chance(clockJump) ? 1 + this.#random.below(2 * jumps) : 0);
    const chosen = this.#choices.choose("strike", 2 * jumps + 1, draw);
    if (chosen === 0) return false;
    const by = Math.ceil((Math.ceil(chosen / 2) / jumps) * maxClockJump);
    const signed = chosen % 2 === 1 ? by : -by;
    this.#onFault?.(`the time of day jumps by ${signed} ms`);
    this.#machine.jump(signed);
    return true;
  }
}
