/** Time, chance and timers of JavaScript and Node.js, as code of a simulation gets them: from virtual time and the seed. */

import { syncBuiltinESMExports } from "node:module";
import { deferred } from "../../../async/deferred.ts";
import { TroupeError } from "../../../errors/troupe-error.ts";
import { type PointHook, pointHook } from "../../../runtime/threads/point-protocol.ts";
import { loopBarrier } from "../schedules/turn-barrier.ts";
import { chanceStandIns } from "./virtual-chance.ts";
import { clockStandIns } from "./virtual-clock.ts";
import type { RunNow, SourcesOfRun, StandIn } from "./sources-of-run.ts";
import { uncontrolledStandIns } from "./uncontrolled.ts";
import { timerStandIns } from "./virtual-timers.ts";

interface Installed extends StandIn {
  readonly before: PropertyDescriptor | undefined;
}

/**
 * Stands in for the sources while a run goes on, but not while the event loop has its turn: what comes from there is not the simulation's. A
 * call of what can't be stood in for, such as `fetch`, ends the run with an error. One simulation has the sources at a time, since there is one of each.
 */
export class VirtualSources {
  #installed: Installed[] = [];
  /** The sources of the run whose code runs now; `undefined` while other code does. */
  #run: SourcesOfRun | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #now: RunNow = () => this.#run;
  readonly #uncontrolled = uncontrolledStandIns(this.#now);

  /** Whether the code that runs now is that of a run. */
  get isInRun(): boolean {
    return this.#run !== undefined;
  }

  /**
   * Does `work` with the sources stood in for, once no other simulation has them. With `isKept`, the stand-ins stay in place afterwards, and pass
   * each call on to the real source.
   *
   * @throws TroupeError `invalid-options` (as a rejection) in a run, which would wait for the work, and the work for its end.
   */
  async lend<T>(work: () => Promise<T>, isKept = false): Promise<T> {
    if (this.isInRun)
      throw new TroupeError(
        "invalid-options",
        `a simulation was begun ${this.#run?.where() ?? ""}, within another one, which would have to end first. Begin it outside of the scenario, and have one scenario call the functions of the other.`,
      );
    const before = this.#last;
    const { promise, resolve } = deferred<void>();
    this.#last = promise;
    await before;
    await loopBarrier(); // what the caller does meanwhile is not the simulation's
    try {
      this.#install();
      return await work();
    } finally {
      if (!isKept) this.#remove();
      resolve();
    }
  }

  /** Has a run use the stand-ins while `play` goes on. */
  async during<T>(run: SourcesOfRun, play: () => Promise<T>): Promise<T> {
    this.#run = run;
    try {
      return await play();
    } finally {
      this.#run = undefined;
    }
  }

  /** Lets the event loop have its turn. */
  readonly outside = async (turn: () => Promise<void>): Promise<void> => {
    const run = this.#run;
    this.#run = undefined;
    await turn();
    this.#run = run;
  };

  #install(): void {
    if (this.#installed.length > 0) return;
    const run = this.#now;
    const all = [
      ...clockStandIns(run),
      ...chanceStandIns(run),
      ...timerStandIns(run),
      pointStandIn(run),
      ...this.#uncontrolled,
    ];
    this.#installed = all.flatMap(put);
    syncBuiltinESMExports(); // what modules have imported by name follows
  }

  /** Puts the real sources back. A source that other code has replaced meanwhile stays as it is. */
  #remove(): void {
    for (const { holder, key, before, value } of this.#installed.splice(0)) {
      if (Reflect.get(holder, key) !== value) continue;
      if (before === undefined) Reflect.deleteProperty(holder, key);
      else Object.defineProperty(holder, key, before);
    }
    syncBuiltinESMExports();
  }
}

/** What a point of the code asks when it may go on. */
function pointStandIn(run: RunNow): StandIn {
  return { holder: globalThis, key: pointHook, value: ((name) => run()?.point(name)) satisfies PointHook };
}

/** The sources of this thread. */
export const virtualSources = new VirtualSources();

/** Puts a stand-in in place. Does nothing where the source was replaced before, as by a test that has a function of its own there. */
function put({ holder, key, value, real }: StandIn): Installed[] {
  const before = Object.getOwnPropertyDescriptor(holder, key);
  if (before?.configurable === false || (real !== undefined && Reflect.get(holder, key) !== real)) return [];
  const enumerable = before?.enumerable ?? false;
  Object.defineProperty(holder, key, { configurable: true, writable: true, enumerable, value });
  return [{ holder, key, value, before }];
}
