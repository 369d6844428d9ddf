/**
 * The seeded scheduler: holds every step that could run next (actors' turns, deliveries, timers) and picks one. Time is
 * virtual and passes only when nothing else can run.
 */

import { type Choices, mixed, textHash } from "./choices.ts";
import type { PendingStep, States } from "./states.ts";
import type { ReadyStep, Strategy } from "./strategy.ts";
import { loopBarrier, turnBarrier } from "./turn-barrier.ts";

/** Where virtual time begins: milliseconds since the epoch. */
export const epoch = Date.UTC(2026, 0, 1);

/** A source of steps that run in order among themselves: one actor's host's tasks, one direction of a link, one timer. */
interface Lane {
  readonly name: string;
  /** Of its name. */
  readonly hash: number;
  /** The host that its steps happen on. */
  readonly host: string;
  readonly steps: Step[];
  /** False once its thread is dead: its steps never run. */
  isAlive: () => boolean;
}

interface Step {
  readonly at: number;
  readonly run: () => void;
  readonly id: number;
  /** During which step it was added. */
  readonly addedIn: number;
}

/** One step that ran. */
export interface TraceStep {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly lane: string;
}

/** The end of a lane where steps are added. */
export interface StepsInOrder {
  /** Adds a step that runs `delay` virtual milliseconds from now at the earliest; returns what takes it out again. */
  add(delay: number, run: () => void): () => void;
  /** Runs all of its steps now, as a part of the current step. */
  drain(): void;
}

/** Where steps are put. */
export type Steps = Pick<Scheduler, "now" | "lane" | "atEndOfTurn">;

export interface SchedulerOptions {
  readonly choices: Choices;
  readonly strategy: Strategy;
  /** Virtual milliseconds since the epoch at which the simulation starts. */
  readonly start: number;
  readonly maxSteps: number;
  /** Called before each step; true when it did something that the step has to wait for. */
  readonly onStep: () => boolean;
  /** Goes round a turn of the event loop. Default: nothing does. */
  readonly outside?: (turn: () => Promise<void>) => Promise<void>;
  /** Learns what runs, and tells states apart. Default: none are told apart. */
  readonly states?: States | undefined;
  /** Called when something of the simulation has gone on by a turn of the event loop. */
  readonly onTouched?: () => void;
}

/** What runs: the lane of its step, and the host. */
export interface Turn {
  readonly name: string;
  readonly host: string;
}

export class Scheduler {
  readonly #choices: Choices;
  readonly #strategy: Strategy;
  readonly #outside: (turn: () => Promise<void>) => Promise<void>;
  readonly #maxSteps: number;
  readonly #onStep: () => boolean;
  readonly #onTouched: () => void;
  readonly #states: States | undefined;
  readonly #keys: string[] = [];
  readonly #lanes = new Set<Lane>();
  readonly #endings: (() => void)[] = [];
  readonly #trace: TraceStep[] = [];
  /** A hash of the trace. */
  #soFar = 0;
  #now: number;
  #turn: Turn = { name: "the start", host: "the world" };
  #added = 0;
  /** When the next step is due, of those that can't run yet. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor({ choices, strategy, start, maxSteps, onStep, ...options }: SchedulerOptions) {
    this.#outside = options.outside ?? ((turn) => turn());
    this.#onTouched = options.onTouched ?? (() => undefined);
    this.#choices = choices;
    this.#states = options.states;
    this.#strategy = strategy;
    this.#now = start;
    this.#maxSteps = maxSteps;
    this.#onStep = onStep;
  }

  get now(): number {
    return this.#now;
  }

  get trace(): readonly TraceStep[] {
    return this.#trace;
  }

  /** For each choice among steps, the key of the state in which it was made; none without `states`. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  /** What runs now, or ran last. */
  get turn(): Turn {
    return this.#turn;
  }

  /**
   * A lane whose steps run one after another, each not before its time: in the order added, or in that of their times. Draining it runs
   * all of them now, as a part of the current step.
   */
  lane(name: string, host: string, isAlive: () => boolean, order: "as added" | "by time" = "as added"): StepsInOrder {
    const lane: Lane = { name, hash: textHash(name), host, steps: [], isAlive };
    return {
      drain: () => {
        for (const { run } of lane.steps.splice(0)) run();
      },
      add: (delay, run) => {
        const step = { at: this.#now + delay, run, id: ++this.#added, addedIn: this.#trace.length };
        const next = order === "by time" ? lane.steps.findIndex(({ at }) => at > step.at) : -1;
        lane.steps.splice(next < 0 ? lane.steps.length : next, 0, step);
        this.#lanes.add(lane);
        return () => {
          const index = lane.steps.indexOf(step);
          if (index >= 0) lane.steps.splice(index, 1);
        };
      },
    };
  }

  /** Runs `task` after the current step, once its promises are settled: the end of the turn. */
  atEndOfTurn(task: () => void): void {
    this.#endings.push(task);
  }

  /** Runs steps until `isDone`. Says why it stopped: done, nothing left to run, or too many steps. */
  async run(isDone: () => boolean): Promise<"done" | "deadlock" | "too-many-steps"> {
    await this.#settle();
    while (!isDone()) {
      if (this.#trace.length >= this.#maxSteps) return "too-many-steps";
      if (this.#onStep()) await this.#settle();
      let lane = this.#pick();
      if (lane === undefined) {
        const added = this.#added;
        await this.#outside(loopBarrier);
        await this.#settle();
        if (isDone() || this.#added !== added) this.#onTouched();
        if (isDone()) break;
        lane = this.#pick() ?? this.#pickLater();
      }
      if (lane === undefined) return "deadlock";
      const step = lane.steps.shift();
      if (step === undefined) continue;
      this.#trace.push({ at: this.#now, lane: lane.name });
      this.#soFar = mixed(mixed(this.#soFar, lane.hash), (this.#now - epoch) * 32);
      this.#states?.ran(lane.host, lane.name, this.#now);
      this.#turn = lane;
      step.run();
      await this.#settle();
    }
    return "done";
  }

  async #settle(): Promise<void> {
    await turnBarrier();
    while (this.#endings.length > 0) {
      for (const task of this.#endings.splice(0)) task();
      await turnBarrier();
    }
  }

  /** Picks one of the lanes whose first step may run now. */
  #pick(): Lane | undefined {
    const ready: Lane[] = [];
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes) {
      const first = lane.steps[0];
      if (first === undefined || !lane.isAlive()) {
        this.#lanes.delete(lane);
        continue;
      }
      if (first.at <= this.#now) ready.push(lane);
      else this.#earliest = Math.min(this.#earliest, first.at);
    }
    if (ready.length < 2) return ready[0];
    ready.sort(byCause);
    if (this.#states !== undefined) this.#keys.push(this.#states.key(this.#pending()));
    return ready[this.#choices.chooseStep(ready, this.#soFar, () => this.#strategy.pick(ready.map(asReady)))];
  }

  /** All that is left to run, the ordinary first. */
  #pending(): readonly PendingStep[] {
    const all = [...this.#lanes].flatMap(({ name, steps }) => steps.map((step) => ({ lane: name, ...step })));
    return all.sort((a, b) => b.addedIn - a.addedIn || a.id - b.id);
  }

  /** Lets time pass until a step may run. */
  #pickLater(): Lane | undefined {
    if (this.#earliest === Number.POSITIVE_INFINITY) return undefined;
    this.#now = this.#earliest;
    return this.#pick();
  }
}

/** First what the last step led to, so that the ordinary choice goes on with it; otherwise in the order added. */
function byCause({ steps: [a] }: Lane, { steps: [b] }: Lane): number {
  return a === undefined || b === undefined ? 0 : b.addedIn - a.addedIn || a.id - b.id;
}

function asReady({ name, host, steps: [first] }: Lane): ReadyStep {
  return { lane: name, host, id: first?.id ?? 0 };
}
