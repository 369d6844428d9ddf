/** One process of a simulation: the ports of its system, the system, and its end. */

import { deferred } from "../../../async/deferred.ts";
import { ActorSystem } from "../../../runtime/system/actor-system.ts";
import type { System } from "../../../runtime/system/system.ts";
import type { ResolvedOptions } from "../../../runtime/system/system-options.ts";
import type { StateKey } from "../../../store/versions/state-key.ts";
import { writeAgain } from "../faults/write-again.ts";
import type { Scheduler, Steps, StepsInOrder } from "../schedules/scheduler.ts";
import { simulatedPlatform, type SimulatedPlatform, type SimulatedPlatformOptions } from "./simulated-platform.ts";

export interface SimulatedProcessOptions extends Omit<SimulatedPlatformOptions, "scheduler"> {
  readonly scheduler: Scheduler;
  /** Which process of the simulation it is, from 1. */
  readonly number: number;
}

export class SimulatedProcess {
  /** Takes its steps; they never run once it has crashed. */
  readonly steps: Steps;
  readonly platform: SimulatedPlatform;
  readonly #suffix: string;
  readonly #over = deferred<void>();
  #isAlive = true;
  #isCutOff = false;
  #system: ActorSystem | undefined;

  constructor({ scheduler, number, ...options }: SimulatedProcessOptions) {
    this.#suffix = number === 1 ? "" : ` in process ${number}`;
    this.steps = new StepsOfProcess(scheduler, this.#suffix, () => this.#isAlive);
    this.platform = simulatedPlatform({ ...options, scheduler: this.steps });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Its system, while it lives and once it stands. */
  get system(): System | undefined {
    return this.#isAlive ? this.#system : undefined;
  }

  /** Whether one of its threads lives that the scheduler knows as this host. */
  hasThread(host: string): boolean {
    return this.#isAlive && this.platform.liveThreads().some((thread) => `${thread}${this.#suffix}` === host);
  }

  /** Resolves when it has crashed, or another process begins in its place. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** True once it can't reach its journal any more: another process will own that. It may live on for a while. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** Resolves when its system stands; never if it crashes before. */
  async start(options: ResolvedOptions): Promise<void> {
    this.#system = await ActorSystem.start(this.platform, options);
  }

  /** Has another author write a key again, as it is. */
  writeAgain(key: StateKey): void {
    if (this.#isAlive && this.#system !== undefined) writeAgain(this.#system.store, key);
  }

  /** From now on nothing of it runs. */
  crash(): void {
    this.#isAlive = false;
    this.#over.resolve();
  }

  cutOff(): void {
    this.#isCutOff = true;
  }

  /** Another process begins in its place. It goes on, as one that is cut off does. */
  replace(): void {
    this.#over.resolve();
  }
}

/** What a process does while it lives, as steps of the simulation. */
class StepsOfProcess implements Steps {
  readonly #scheduler: Scheduler;
  readonly #suffix: string;
  readonly #isAlive: () => boolean;

  constructor(scheduler: Scheduler, suffix: string, isAlive: () => boolean) {
    this.#scheduler = scheduler;
    this.#suffix = suffix;
    this.#isAlive = isAlive;
  }

  get now(): number {
    return this.#scheduler.now;
  }

  lane(name: string, host: string, isAlive: () => boolean): StepsInOrder {
    return this.#scheduler.lane(`${name}${this.#suffix}`, `${host}${this.#suffix}`, () => this.#isAlive() && isAlive());
  }

  atEndOfTurn(task: () => void): void {
    this.#scheduler.atEndOfTurn(() => this.#isAlive() && task());
  }
}
