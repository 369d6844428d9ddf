/**
 * The processes of a simulation, one after another: each begins with what the journal has kept when the one before crashed, or was cut
 * off. One that was cut off may live on beside the next.
 */

import type { ActorObserver } from "../../../ports/actor-observer.ts";
import type { DefinitionLoader } from "../../../runtime/definitions/definition-loader.ts";
import type { System } from "../../../runtime/system/system.ts";
import { type SystemOptions, withDefaults } from "../../../runtime/system/system-options.ts";
import type { SystemEvent } from "../../../runtime/telemetry/system-events.ts";
import { deferred } from "../../../async/deferred.ts";
import { type ActorFailure, asError, unheardFailure } from "../actor-failure.ts";
import type { LinkFaults } from "../faults/link-faults.ts";
import type { MachineClock } from "./machine-clock.ts";
import type { Scheduler } from "../schedules/scheduler.ts";
import type { SeededRandom } from "../schedules/seeded-random.ts";
import type { JournalSource } from "./simulated-journal.ts";
import type { Tamper } from "./simulated-platform.ts";
import { SimulatedProcess, type SimulatedProcessOptions } from "./simulated-process.ts";

export interface LivesOptions {
  readonly scheduler: Scheduler;
  readonly machine: MachineClock;
  readonly random: SeededRandom;
  readonly faults: LinkFaults;
  /** For how long nothing runs after a crash that doesn't say so itself. */
  readonly downtime: () => number;
  /** Picks the thread of an actor that may be on any, among so many. */
  readonly place: (among: number) => number;
  /** Checked. */
  readonly system: Omit<SystemOptions, "journal">;
  readonly journals: JournalSource;
  /** Loads the definitions of all processes, since they run the same program; those that were spawned or run are remembered. */
  readonly load: DefinitionLoader;
  /** Whether a failure of an actor, of which no asker hears, is meant to happen. */
  readonly expects: (failure: ActorFailure) => boolean;
  readonly seed: number;
  readonly tamper?: Tamper;
  /** Asked as a batch arrives in the process that lives: whether a thread dies of it. */
  readonly strikeAt: SimulatedProcessOptions["strikeAt"];
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
  /** Those that were cut off, and may live. */
  readonly #zombies: SimulatedProcess[] = [];
  #begun = 0;
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
    const { journals } = this.#options;
    const crashed = this.#process;
    if (!crashed.isAlive) return;
    journals.crash();
    if (crashed.system !== undefined && !crashed.isCutOff) this.#standing = deferred();
    crashed.crash();
    this.#crashes++;
    if (crashed.isCutOff) return; // the next process is on its way since the cut
    this.#beginIn(downtime ?? this.#options.downtime());
  }

  /** Whether a process lives that can be cut off from its journal. */
  get canBeCutOff(): boolean {
    return this.#options.journals.cutOff !== undefined && this.#process.isAlive && !this.#process.isCutOff;
  }

  /** Cuts the process off from its journal, which another process owns later. */
  cutOff(): void {
    const { journals } = this.#options;
    const zombie = this.#process;
    if (journals.cutOff === undefined || !this.canBeCutOff) return;
    if (zombie.system !== undefined) this.#standing = deferred();
    zombie.cutOff();
    this.#zombies.push(zombie);
    this.#beginIn(journals.cutOff());
  }

  /** Whether a thread lives that the scheduler knows as this host, in whichever process. */
  hasThread(host: string): boolean {
    return this.#process.hasThread(host) || this.#zombies.some((zombie) => zombie.hasThread(host));
  }

  /** Closes the system, if it stands. */
  async close(): Promise<void> {
    await this.#process.system?.close();
  }

  #beginIn(ms: number): void {
    const before = this.#process;
    const begin = (): void => {
      this.#process = this.#begin();
      before.replace();
    };
    this.#options.scheduler.lane("process begins", "the world", () => true).add(ms, begin);
  }

  #begin(): SimulatedProcess {
    const number = ++this.#begun;
    const process: SimulatedProcess = new SimulatedProcess({
      ...this.#options,
      number,
      tracing: `${this.#options.seed} ${number}`,
      strikeAt: (arriving) => (process === this.#process ? this.#options.strikeAt(arriving) : undefined),
      // what fails in a process that is cut off says nothing of its code
      witness: (event) => process.isCutOff || this.#witness(event),
    });
    this.#start(process).catch((error: unknown) => process.isCutOff || this.#failed.reject(error));
    return process;
  }

  async #start(process: SimulatedProcess): Promise<void> {
    const { system, journals } = this.#options;
    const journal = await journals.open(process);
    await process.start({ ...withDefaults({ threads: 2, logger: false, ...system, journal }), journal });
    if (process.system !== undefined && !process.isCutOff) this.#standing.resolve({ process, system: process.system });
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
