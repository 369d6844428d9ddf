/** One run of tasks that share something. */

import { AsyncLocalStorage } from "node:async_hooks";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { RunLog } from "../simulator/explain/run-log.ts";
import type { Playing } from "../simulator/game.ts";
import { InvariantsOfRun } from "../simulator/invariants.ts";
import { play } from "../simulator/play.ts";
import { pointsOfRun } from "../simulator/schedules/points-of-run.ts";
import { ChoicesOfRun } from "../simulator/schedules/choices.ts";
import { hashOf, type RunOutcome } from "../simulator/schedules/run-outcome.ts";
import { epoch, Scheduler } from "../simulator/schedules/scheduler.ts";
import { randomOf } from "../simulator/schedules/seeded-random.ts";
import { type StrategyName, strategyOf } from "../simulator/schedules/strategy.ts";
import { CodeTimers } from "../simulator/virtual/code-timers.ts";
import type { SourcesOfRun } from "../simulator/virtual/sources-of-run.ts";
import { virtualSources as sources } from "../simulator/virtual/virtual-sources.ts";
import type { AnyInterleaving } from "./interleaving.ts";
import { tapAll, unusable } from "./taps.ts";
import { ValueLog } from "./value-log.ts";

/** What plays tasks again and again. */
export interface TasksPlayer {
  play(seed: number, playing?: Playing): Promise<RunOutcome>;
  /** After it, no code is followed any more. */
  end(): void;
}

export interface TasksOptions {
  readonly strategy?: StrategyName | undefined;
  readonly maxSteps?: number | undefined;
}

export function tasksPlayer(it: AnyInterleaving, options: TasksOptions): TasksPlayer {
  /** The task that code is a part of, also after it has waited for a promise of its own. */
  const following = new AsyncLocalStorage<string>();
  /** What was shared in the runs before. */
  const earlier = new WeakSet<object>();
  return {
    play: (seed, playing = {}) => new RunOfTasks(it, seed, { ...options, ...playing, following, earlier }).play(),
    end: () => following.disable(),
  };
}

interface RunOptions extends TasksOptions, Pick<Playing, "given" | "log" | "watch"> {
  readonly following: AsyncLocalStorage<string>;
  readonly earlier: WeakSet<object>;
}

class RunOfTasks {
  readonly #it: AnyInterleaving;
  readonly #seed: number;
  readonly #options: RunOptions;
  readonly #choices: ChoicesOfRun;
  readonly #invariants = new InvariantsOfRun();
  readonly #scheduler: Scheduler;
  readonly #log: RunLog | undefined;
  readonly #values: ValueLog | undefined;
  readonly #unfinished = new Set<string>();
  #calls = 0;
  #isTouched = false;
  #uncontrolled: TroupeError | undefined;
  /** The error of something shared that can't be. */
  #refusal: TroupeError | undefined;

  constructor(it: AnyInterleaving, seed: number, options: RunOptions) {
    this.#it = it;
    this.#seed = seed;
    this.#options = options;
    this.#choices = new ChoicesOfRun(options.given);
    this.#scheduler = new Scheduler({
      choices: this.#choices,
      strategy: strategyOf(options.strategy ?? "portfolio", randomOf(seed, "strategy")),
      start: epoch,
      maxSteps: options.maxSteps ?? 100_000,
      onStep: () => {
        this.#invariants.look(this.#scheduler.trace.length);
        return false;
      },
      outside: sources.outside,
      onTouched: () => (this.#isTouched = true),
    });
    this.#log = options.log;
    this.#values = options.log && new ValueLog(options.log, () => options.following.getStore());
  }

  async play(): Promise<RunOutcome> {
    const scheduler = this.#scheduler;
    const elapsed = (): number => scheduler.now - epoch;
    this.#log?.begin(() => ({ step: scheduler.trace.length, at: elapsed() }));
    let untap: (() => void) | undefined;
    const program = async (): Promise<void> => {
      const shared = await this.#it.shared(this.#invariants);
      untap = this.#tap(shared);
      const { tasks } = this.#it;
      const results = await Promise.all(Object.keys(tasks).map((name) => this.#start(name, shared)));
      const byName = Object.fromEntries(Object.keys(tasks).map((name, at) => [name, results[at]]));
      await this.#it.check?.(shared as never, byName as never);
    };
    const run: SourcesOfRun = {
      now: () => scheduler.now,
      elapsed,
      random: randomOf(this.#seed, "sources"),
      timers: new CodeTimers(scheduler, () => true),
      point: pointsOfRun(scheduler, () => true),
      where: () => `in step ${scheduler.trace.length}, a ${scheduler.turn.name}`,
      onUncontrolled: (error) => (this.#uncontrolled ??= error),
    };
    const { watch } = this.#options;
    watch?.watch({ isInRun: () => sources.isInRun, where: run.where });
    const { failure } = await sources.during(run, () =>
      play(scheduler, {
        run: program,
        invariants: this.#invariants,
        interruption: () => this.#uncontrolled,
        deadlock: this.#deadlock,
      }),
    );
    watch?.end();
    untap?.();
    if (this.#refusal !== undefined) throw this.#refusal;
    const { chosen, lanes, alternatives, marks, misfit } = this.#choices;
    const { trace } = scheduler;
    const schedule = hashOf(trace);
    return {
      ...{
        seed: this.#seed,
        trace,
        schedule,
        effects: schedule,
        crashes: 0,
        chosen,
        lanes,
        alternatives,
        marks,
        states: [],
        misfit,
        failure,
      },
      isTouched: this.#isTouched,
      met: this.#invariants.met,
    };
  }

  #tap(shared: object): () => void {
    try {
      this.#refuseEarlier(shared);
      return tapAll(shared, { deliver: this.#deliver, values: this.#values });
    } catch (error) {
      if (isTroupeError(error)) this.#refusal = error;
      throw error;
    }
  }

  #start(name: string, shared: object): Promise<unknown> {
    const { following } = this.#options;
    const task = this.#it.tasks[name] as (shared: object) => unknown;
    this.#unfinished.add(name);
    return new Promise<unknown>((resolve, reject) => {
      const begin = async (): Promise<unknown> => {
        this.#log?.observe({ type: "begins", actor: name, message: name, from: undefined });
        const result = await task(shared);
        this.#unfinished.delete(name);
        return result;
      };
      this.#add(name, name, () => void following.run(name, begin).then(resolve, reject));
    });
  }

  /** What a call has promised comes in a step of its own. */
  readonly #deliver = (call: string, given: PromiseLike<unknown>): unknown => {
    const task = this.#options.following.getStore();
    if (task === undefined) return given; // such as a call of `check`
    const id = ++this.#calls;
    this.#log?.observe({ type: "asks", host: 0, id, from: task, to: call, message: call });
    return new Promise<unknown>((resolve, reject) => {
      const settle = (how: () => void): void =>
        this.#add(`${task}: ${call}`, task, () => {
          this.#log?.observe({ type: "asked", host: 0, id });
          how();
        });
      given.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  };

  #add(lane: string, task: string, run: () => void): void {
    this.#scheduler.lane(lane, task, () => true).add(0, run);
  }

  /** What one run leaves must not be there in the next. */
  #refuseEarlier(shared: object): void {
    const { earlier } = this.#options;
    for (const [path, one] of [["", shared], ...Object.entries(shared)] as readonly [string, unknown][]) {
      if (typeof one !== "object" || one === null) continue;
      if (earlier.has(one)) throw unusable(path, "is the same object as in an earlier run; make it anew in each");
      earlier.add(one);
    }
  }

  readonly #deadlock = (steps: number): TroupeError =>
    new TroupeError(
      "deadlock",
      `nothing is left to run after ${steps} steps, but ${[...this.#unfinished].join(" and ")} still wait${this.#unfinished.size === 1 ? "s" : ""}: for each other, or for something that isn't shared, such as a real timer or a file.`,
    );
}
