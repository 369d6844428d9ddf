/** What a scenario works with on real threads. */

import { timeOfDay } from "../../async/time-of-day.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { System } from "../../runtime/system/system.ts";
import type { Invariants } from "../simulator/invariants.ts";
import type { SeededRandom } from "../simulator/schedules/seeded-random.ts";
import type { Life, World } from "../simulator/world/world.ts";
import type { HeldThreads } from "./held-threads.ts";

export interface RealWorldOptions {
  readonly system: System;
  readonly threads: Pick<HeldThreads, "ids" | "kill">;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly seed: number;
  readonly invariants: Invariants;
}

/** Its functions are fields: a scenario takes them out of it. */
export class RealWorld implements World {
  readonly system: System;
  readonly seed: number;
  readonly always: Invariants["always"];
  readonly eventually: Invariants["eventually"];
  readonly sometimes: Invariants["sometimes"];
  readonly #threads: RealWorldOptions["threads"];
  readonly #clock: Clock;
  readonly #random: SeededRandom;

  constructor({ system, threads, clock, random, seed, invariants }: RealWorldOptions) {
    ({ always: this.always, eventually: this.eventually, sometimes: this.sometimes } = invariants);
    this.system = system;
    this.seed = seed;
    this.#threads = threads;
    this.#clock = clock;
    this.#random = random;
  }

  readonly now = (): number => timeOfDay(this.#clock);

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => void this.#clock.setTimer(Math.max(0, ms), resolve));

  readonly random = (): number => this.#random.next();

  readonly threads = (): readonly number[] => this.#threads.ids;

  readonly killThread = (thread: number): void => {
    const error = new TroupeError("thread-died", `thread ${thread} was killed by the scenario`);
    void this.#threads.kill(thread, error);
  };

  readonly jumpClock = (): void => {
    throw onlySimulated("jumpClock");
  };

  readonly crash = async (): Promise<System> => {
    throw onlySimulated("crash");
  };

  /** There is one process, which doesn't crash. */
  readonly survive = <T>(work: (life: Life) => Promise<T>): Promise<T> => work(this);
}

function onlySimulated(what: string): TroupeError {
  return new TroupeError("invalid-options", `runOnThreads: ${what}() is only there in a simulation`);
}
