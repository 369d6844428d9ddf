/** The processes of a simulation, one after another: each begins with what the journal kept when the one before crashed. */

import type { ActorObserver } from "../../../ports/actor-observer.ts";
import type { DefinitionLoader } from "../../../runtime/definitions/definition-loader.ts";
import type { System } from "../../../runtime/system/system.ts";
import { resolveOptions, type SystemOptions } from "../../../runtime/system/system-options.ts";
import type { SystemEvent } from "../../../runtime/telemetry/system-events.ts";
import { deferred } from "../../../async/deferred.ts";
import { type ActorFailure, asError, unheardFailure } from "../actor-failure.ts";
import type { LinkFaults } from "../faults/link-faults.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { Scheduler } from "../schedules/scheduler.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";
import type { JournalSource } from "./simulated-journal.ts";
import type { Tamper } from "./simulated-platform.ts";
import { SimulatedProcess } from "./simulated-process.ts";

export interface LivesOptions {
  readonly scheduler: Scheduler;
  readonly machine: MachineClock;
  readonly random: SeededRandom;
  readonly faults: LinkFaults;
  /** For how long nothing runs after a crash, unless it is told. */
  readonly downtime: () => number;
  /** Picks the thread of an actor that may be on any, among so many. */
  readonly place: (among: number) => number;
  readonly system: Omit<SystemOptions, "journal">;
  readonly journals: JournalSource;
  /** Loads the definitions of all processes, since they run the same program; those that were spawned or run are remembered. */
  readonly load: DefinitionLoader;
  /** Whether a failure of an actor, of which no asker hears, is meant to happen. */
  readonly expects: (failure: ActorFailure) => boolean;
  readonly seed: number;
  readonly tamper?: Tamper;
  readonly observer?: ActorObserver | undefined;
}

/** A process whose system stands. */
export interface Standing {
  readonly process: SimulatedProcess;
  readonly system: System;
}

export class Lives {
  readonly #options: LivesOptions;
  readonly #failed = deferred<never>();
  #standing = deferred<Standing>();
  #process: SimulatedProcess;
  #crashes = 0;

  constructor(options: LivesOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => undefined); // the simulation races it; a rejection before that is not unhandled
    this.#process = this.#begin();
  }

  get crashes(): number {
    return this.#crashes;
  }

  /** The process that was begun last; it may have crashed. */
  get process(): SimulatedProcess {
    return this.#process;
  }

  /** Rejects when a system can't be started, and when an actor failed of which no asker hears. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** The process that lives, once its system stands. */
  async standing(): Promise<Standing> {
    for (;;) {
      const standing = await this.#standing.promise;
      if (standing.process.isAlive) return standing;
    }
  }

  /** Ends the process, and begins another `downtime` milliseconds later. Does nothing while no process lives. */
  crash(downtime?: number): void {
    const { scheduler, journals } = this.#options;
    const crashed = this.#process;
    if (!crashed.isAlive) return;
    journals.crash();
    if (crashed.system !== undefined) this.#standing = deferred();
    crashed.crash();
    this.#crashes++;
    const begin = (): void => void (this.#process = this.#begin());
    scheduler.lane("process begins", "the world", () => true).add(downtime ?? this.#options.downtime(), begin);
  }

  /** Closes the system, if it stands. */
  async close(): Promise<void> {
    await this.#process.system?.close();
  }

  #begin(): SimulatedProcess {
    const number = this.#crashes + 1;
    const process = new SimulatedProcess({
      ...this.#options,
      number,
      tracing: `${this.#options.seed} ${number}`,
      witness: (event) => this.#witness(event),
    });
    this.#start(process).catch((error: unknown) => this.#failed.reject(error));
    return process;
  }

  async #start(process: SimulatedProcess): Promise<void> {
    const { system, journals } = this.#options;
    await process.start(
      await resolveOptions({ threads: 2, logger: false, ...system, journal: journals.open(process) }),
    );
    if (process.system !== undefined) this.#standing.resolve({ process, system: process.system });
  }

  #witness(event: SystemEvent): void {
    const failure = unheardFailure(event);
    if (failure === undefined) return;
    try {
      if (!this.#options.expects(failure)) this.#failed.reject(asError(failure));
    } catch (error) {
      this.#failed.reject(error);
    }
  }
}
