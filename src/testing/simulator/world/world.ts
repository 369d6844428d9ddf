/** What a scenario works with: the world in which the processes of a simulation live and crash. */

import { TroupeError } from "../../../errors/troupe-error.ts";
import type { System } from "../../../runtime/system/system.ts";
import type { Lives, Standing } from "./lives.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { Invariants } from "../invariants.ts";
import type { Scheduler } from "../schedules/scheduler.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";
import { shown } from "../../../values/shown.ts";

/**
 * One life of the process, as code in the process sees it. It ends with the process.
 *
 * @since 0.1.0
 */
export interface Life {
  /** A system on simulated threads; the same code that production runs. */
  readonly system: System;
  /** The seed of this run. */
  readonly seed: number;
  /** The time of day: virtual milliseconds since the epoch. */
  now(): number;
  /**
   * Sets the machine's clock forward by `ms` milliseconds, or back by negative ones, as an operator does, or a laptop that
   * wakes up. What waits for a time to pass waits as before.
   *
   * @throws TroupeError `invalid-options` for anything but a finite number.
   */
  jumpClock(ms: number): void;
  /** Resolves after `ms` virtual milliseconds. */
  sleep(ms: number): Promise<void>;
  /** A number in [0, 1). */
  random(): number;
  /** The threads that live. */
  threads(): readonly number[];
  /** Kills a thread, as a crash would. */
  killThread(thread: number): void;
}

/**
 * What a scenario works with. Everything in it is decided by the seed. It is outside of the process, and survives it.
 *
 * @since 0.1.0
 */
export interface World extends Life, Invariants {
  /**
   * The system of the process that lives. A system that was read from here before a crash is dead, and never answers.
   *
   * @throws TroupeError `process-crashed` after a crash, until the next process has started its system.
   */
  readonly system: System;
  /**
   * Crashes the whole process, as `kill -9` would: all of its threads end at once, and nothing that was in memory is left.
   * `downtime` virtual milliseconds later (default: by chance), the next process starts a system with the same options on what
   * the journal has kept. Resolves to that system.
   *
   * @throws TroupeError (as a rejection) `invalid-options`.
   */
  crash(options?: { readonly downtime?: number }): Promise<System>;
  /**
   * Runs `work` in the process, and again from the beginning in the next process whenever a process crashes or loses its journal meanwhile. So
   * `work` has to be something that may be begun again, like a program that works on a journal. Resolves or rejects as `work`
   * does in the first process that doesn't crash before.
   *
   * @example
   * await survive(async ({ system }) => {
   *   const ref = await system.spawn(desk, { name: "desk" });
   *   await ref.ask("order", { guest: "ada" }, { idempotencyKey: "order 1" });
   * });
   */
  survive<T>(work: (life: Life) => Promise<T>): Promise<T>;
}

export interface WorldOptions {
  readonly lives: Lives;
  readonly scheduler: Scheduler;
  readonly machine: MachineClock;
  readonly random: SeededRandom;
  readonly seed: number;
  readonly invariants: Invariants;
}

export function worldOf(options: WorldOptions): World {
  return new SimulatedWorld(options);
}

/** Its functions are fields: a scenario takes them out of it. */
class SimulatedWorld implements World {
  readonly seed: number;
  readonly #lives: Lives;
  readonly #scheduler: Scheduler;
  readonly #machine: MachineClock;
  readonly #random: SeededRandom;
  readonly always: Invariants["always"];
  readonly eventually: Invariants["eventually"];
  readonly sometimes: Invariants["sometimes"];

  constructor({ lives, scheduler, machine, random, seed, invariants }: WorldOptions) {
    ({ always: this.always, eventually: this.eventually, sometimes: this.sometimes } = invariants);
    this.seed = seed;
    this.#lives = lives;
    this.#scheduler = scheduler;
    this.#machine = machine;
    this.#random = random;
  }

  get system(): System {
    const { system } = this.#lives.process;
    if (system !== undefined) return system;
    throw new TroupeError(
      "process-crashed",
      "the simulated process has crashed, and the next doesn't stand yet. What crash() resolves to does; survive() waits for it.",
    );
  }

  readonly now = (): number => this.#scheduler.now + this.#machine.ahead;

  readonly jumpClock = (ms: number): void => {
    if (!Number.isFinite(ms))
      throw new TroupeError("invalid-options", `jumpClock: ms is a number of milliseconds, not ${shown(ms)}`);
    this.#machine.jump(ms);
  };

  readonly sleep = (ms: number): Promise<void> =>
    new Promise(
      (resolve) =>
        void this.#scheduler.lane("timer of the world", "the world", () => true).add(Math.max(0, ms), resolve),
    );

  readonly random = (): number => this.#random.next();

  readonly threads = (): readonly number[] => {
    const { isAlive, platform } = this.#lives.process;
    return isAlive ? platform.liveThreads() : [];
  };

  readonly killThread = (thread: number): void => this.#lives.process.platform.kill(thread);

  readonly crash = async ({ downtime }: { readonly downtime?: number } = {}): Promise<System> => {
    if (downtime !== undefined && !(downtime >= 0 && downtime <= Number.MAX_VALUE))
      throw new TroupeError("invalid-options", `crash: downtime is a number of milliseconds, not ${shown(downtime)}`);
    this.#lives.crash(downtime);
    const { system } = await this.#lives.standing();
    return system;
  };

  readonly survive = async <T>(work: (life: Life) => Promise<T>): Promise<T> => {
    for (;;) {
      const standing = await this.#lives.standing();
      const { process } = standing;
      // an error in a process that has lost its journal doesn't end the work: the next process begins it again
      const failed = (error: unknown): undefined => {
        if (!process.isCutOff) throw error;
      };
      const end = await Promise.race([work(this.#lifeOf(standing)).then(finished, failed), process.over]);
      if (end !== undefined) return end.value;
    }
  };

  #lifeOf({ process: { platform }, system }: Standing): Life {
    const { seed, now, jumpClock, random } = this;
    return {
      system,
      seed,
      now,
      jumpClock,
      sleep: (ms) => new Promise((resolve) => platform.clock.setTimer(ms, resolve)),
      random,
      threads: () => platform.liveThreads(),
      killThread: (thread) => platform.kill(thread),
    };
  }
}

function finished<T>(value: T): { readonly value: T } {
  return { value };
}
