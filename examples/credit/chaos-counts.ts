/** What was done to a system on purpose, and what it took to get over it: counted by what agents and the system tell. */

import type { Run, System } from "troupe";
import type { FaultKind, FaultRates } from "./faults.ts";
import { saboteur, saboteurName } from "./saboteur.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly rates: FaultRates;
}

export interface ChaosCounts {
  /** Calls of agents that began. */
  readonly calls: number;
  /** Faults that calls met, by kind. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** Threads that died. A thread that has far too much to do may be taken for one that stands still. */
  readonly threadsLost: number;
  /** Attempts that ended since their thread did. */
  readonly lost: number;
  /** Attempts that an open breaker turned away. */
  readonly turnedAway: number;
  /** Attempts that were made because the one before failed. */
  readonly retries: number;
  readonly breakersOpened: number;
}

/** Counts from now on. The system has its saboteur when this resolves. */
export async function watchChaos(system: System, { seed, rates }: ChaosOptions): Promise<ChaosWatch> {
  const watch = new ChaosWatch(system);
  const ref = await system.spawn(saboteur, { name: saboteurName });
  await ref.ask("plan", { seed, rates });
  return watch;
}

export class ChaosWatch {
  readonly #system: System;
  #threadsLost = 0;
  #lost = 0;
  #turnedAway = 0;
  #retries = 0;
  #breakersOpened = 0;

  constructor(system: System) {
    this.#system = system;
    system.events$.subscribe(({ type }) => {
      if (type === "breaker-opened") this.#breakersOpened++;
      if (type === "thread-died") this.#threadsLost++;
    });
  }

  /** Counts what happens to a run as well. */
  follow(run: Run): void {
    run.events$.subscribe(({ event }) => {
      if (event.type === "step-started" && event.attempt !== undefined) this.#retries++;
      if (event.type !== "step-failed") return;
      const { code } = event.error;
      if (code === "thread-died" || code === "actor-stopped") this.#lost++;
      if (code === "breaker-open") this.#turnedAway++;
    });
  }

  async counts(): Promise<ChaosCounts> {
    return {
      ...(await (await this.#system.find(saboteur, saboteurName)).ask("counts")),
      threadsLost: this.#threadsLost,
      lost: this.#lost,
      turnedAway: this.#turnedAway,
      retries: this.#retries,
      breakersOpened: this.#breakersOpened,
    };
  }
}
