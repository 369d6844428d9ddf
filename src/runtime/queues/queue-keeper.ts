/** Keeps the queues of a system: which runs wait in them and go on, as the histories of the runs say, and has the next one released when there is a place. */

import { isDeepStrictEqual } from "node:util";
import { Alarm } from "../../async/alarm.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import { fromTimeOfDay, timeOfDay, toTimeOfDay } from "../../async/time-of-day.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import { type Evolution, subjectOf } from "../../store/client/change.ts";
import type { StoreClient } from "../../store/client/store-client.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { live } from "../../store/versions/tombstone.ts";
import { shown } from "../../values/shown.ts";
import type { QueuedIn } from "../../workflows/history/run-event.ts";
import type { Joining } from "../../workflows/queue/joining.ts";
import { rankOf } from "../../workflows/queue/rank.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import { QueueMachine } from "../../workflows/queue/queue-machine.ts";
import { checkQueueOptions, type QueueOptions } from "../../workflows/queue/queue-options.ts";
import { type QueueState, queueState, withLimits, withRelease } from "../../workflows/queue/queue-state.ts";
import { waitingIn, type QueuedRun, type QueueView, viewOfQueue } from "../../workflows/queue/queue-view.ts";
import type { Queues } from "./queues.ts";
import type { Waiting } from "./run-queue.ts";

export interface QueueKeeperOptions {
  readonly clock: Clock;
  readonly authority: Pick<StoreAuthority, "keys" | "stored">;
  readonly store: Pick<StoreClient, "evolveNow">;
  /** Has a run begin, in one commit with a change of its queue. Returns whether it did. */
  release(run: string, beside: Evolution | undefined): MaybePromise<boolean>;
  /** Asks for {@link QueueKeeper.next}, as long as there is a place in the system. */
  fill(): void;
  /** A run that {@link QueueKeeper.next} gave doesn't begin. */
  leave(run: string): void;
}

interface Kept {
  options: QueueOptions;
  readonly machine: QueueMachine;
}

/** Which runs wait and go on is recorded in the runs' histories alone: what is known here is made of these, and of the keys `queue/<name>`. */
export class QueueKeeper implements Queues {
  readonly #options: QueueKeeperOptions;
  /** In the order in which the queues are asked for a run: the queue that gave the last run is asked last. */
  readonly #queues = new Map<string, Kept>();
  /** Where in their queues the runs wait. */
  readonly #waiting = new Map<string, QueuedIn>();
  /** The runs whose release is on its way to the journal; each promise settles once it is known whether it got there. */
  readonly #releasing = new Map<string, Promise<unknown>>();
  readonly #alarm: Alarm;
  #life: "new" | "running" | "resting" = "new";
  /** The latest `since` of all runs that are known: the next one to join gets a later one. */
  #lastJoined = 0;

  constructor(options: QueueKeeperOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => options.fill());
  }

  /** Reads what the queues allow. */
  async load(): Promise<void> {
    const { authority } = this.#options;
    const prefix = stateKey(queueState, "");
    for (const key of await authority.keys(prefix)) {
      const found = live(await authority.stored(key));
      if (found !== undefined) this.#keep(key.slice(prefix.length), found.state as QueueState);
    }
  }

  /** True if there is any queue. */
  get isUsed(): boolean {
    return this.#queues.size > 0;
  }

  /** From now on runs are released: all that wait and go on are known. */
  start(): void {
    if (this.#life !== "new") return;
    this.#life = "running";
    this.#options.fill();
  }

  /** No run is released from now on. Those that wait are the next process's. */
  rest(): void {
    this.#life = "resting";
    this.#alarm.set(Number.POSITIVE_INFINITY);
  }

  /**
   * A run is about to join a queue. Returns where it waits.
   *
   * @throws TroupeError `no-such-queue`; `queue-full` if no more runs may wait.
   */
  join(run: string, { name, key, priority = 0 }: Joining): QueuedIn {
    const { machine } = this.#find(name);
    const waiting = machine.fullFor(key);
    if (waiting !== undefined) throw full(run, name, key, waiting);
    machine.join(run, key);
    this.#lastJoined = Math.max(this.#lastJoined + 1, Math.floor(timeOfDay(this.#options.clock)));
    return { name, key, ...(priority === 0 ? {} : { priority }), since: this.#lastJoined };
  }

  /** A run doesn't join the queue after all, since it could not be started. */
  notJoined(run: string, name: string): void {
    this.#queues.get(name)?.machine.leave(run, this.#options.clock.now());
  }

  /** A run that this system goes on with has its next version. */
  observe(run: string, state: RunState): void {
    const { queue } = state;
    if (queue === undefined) return;
    if (isOpen(state) && state.isQueued === true) {
      if (this.#waiting.has(run) || this.#releasing.has(run)) return; // it waits as before: it was answered, or given another definition
      this.#waiting.set(run, queue);
      this.#learn(queue).wait(run, queue.key, rankOf(queue), this.#options.clock.now());
      this.#options.fill();
    } else this.leftAside(run, state); // released or over, it counts the same
  }

  /** Takes in a run that this system doesn't go on with. If it was released and has not ended, it has its place all the same. */
  leftAside(run: string, state: RunState): void {
    const { queue } = state;
    if (queue === undefined) return;
    const machine = this.#learn(queue);
    const now = this.#options.clock.now();
    if (!isOpen(state)) {
      this.#waiting.delete(run);
      machine.leave(run, now);
      this.#options.fill();
    } else if (state.isQueued !== true) {
      this.#waiting.delete(run);
      machine.release(run, queue.key, now);
    }
  }

  /** The run to begin now, as far as the limits of the queues go; `undefined` for none. */
  next(): Waiting | undefined {
    if (this.#life !== "running" || this.#queues.size === 0) return undefined;
    const now = this.#options.clock.now();
    let at = Number.POSITIVE_INFINITY;
    for (const [name, kept] of this.#queues) {
      const run = kept.machine.next(now);
      if (run !== undefined) {
        this.#queues.delete(name);
        this.#queues.set(name, kept);
        return [run, () => this.#release(run, name, kept, now)];
      }
      at = Math.min(at, kept.machine.nextAt(now));
    }
    this.#alarm.set(at);
    return undefined;
  }

  async set(name: string, options: QueueOptions): Promise<QueueView> {
    if (this.#life === "resting") throw new TroupeError("system-closed", "the system takes nothing more");
    checkName(name);
    checkQueueOptions(options);
    const limits = withLimits(undefined, options);
    const known = this.#queues.get(name);
    if (known === undefined || !isDeepStrictEqual(known.options, limits)) {
      const subject = subjectOf(queueState, name);
      await this.#options.store.evolveNow(subject, (before) => withLimits(before, limits));
      this.#keep(name, limits);
      const decidedBefore = [...this.#releasing.values()];
      this.#options.fill();
      await Promise.allSettled(decidedBefore);
    }
    return this.find(name);
  }

  async find(name: string): Promise<QueueView> {
    checkName(name);
    const { options, machine } = this.#find(name);
    return viewOfQueue(name, options, machine.counts, machine.keys);
  }

  async *list(): AsyncGenerator<QueueView, undefined> {
    for (const name of [...this.#queues.keys()].toSorted()) yield await this.find(name);
    return undefined;
  }

  async *waiting(name: string, { key }: { readonly key?: string } = {}): AsyncGenerator<QueuedRun, undefined> {
    checkName(name);
    this.#find(name);
    const runs = [...this.#waiting].flatMap(([run, queue]) => (queue.name === name ? [{ run, queue }] : []));
    for (const one of waitingIn(runs)) if (key === undefined || one.key === key) yield one;
    return undefined;
  }

  #release(run: string, name: string, { options, machine }: Kept, now: number): void {
    const { release, clock, leave } = this.#options;
    const queue = this.#waiting.get(run);
    this.#waiting.delete(run);
    this.#releasing.set(run, Promise.resolve());
    const settled = (isReleased: boolean): void => {
      this.#releasing.delete(run);
      if (isReleased) return;
      machine.leave(run, clock.now()); // it ended meanwhile, or its last commit failed
      leave(run);
    };
    const isRated = (options.all?.rate ?? options.perKey?.rate) !== undefined;
    const at = toTimeOfDay(clock, now);
    const noted = (state: QueueState): QueueState => withRelease(state, run, queue?.key ?? "", at);
    try {
      const released = release(run, isRated ? evolution(name, noted) : undefined);
      if (!(released instanceof Promise)) settled(released);
      else {
        this.#releasing.set(run, released);
        released.then(settled, () => leave(run));
      }
    } catch {
      leave(run); // the run's listeners are told why; whether it was released is unknown, so it keeps its place
    }
  }

  /** @throws TroupeError `no-such-queue` */
  #find(name: string): Kept {
    const found = this.#queues.get(name);
    if (found === undefined)
      throw new TroupeError("no-such-queue", `there is no queue ${name}; system.queues.set makes one`, {
        details: { queue: name },
      });
    return found;
  }

  /** The machine of a run's queue. What joins from now on comes after the run. */
  #learn({ name, since }: QueuedIn): QueueMachine {
    this.#lastJoined = Math.max(this.#lastJoined, since);
    return (this.#queues.get(name) ?? this.#keep(name, {})).machine;
  }

  #keep(name: string, state: QueueState): Kept {
    const options = withLimits(undefined, state);
    const { clock } = this.#options;
    const now = clock.now();
    const known = this.#queues.get(name);
    if (known !== undefined) {
      known.options = options;
      known.machine.setLimits(options, now);
      return known;
    }
    const kept = { options, machine: new QueueMachine(options) };
    this.#queues.set(name, kept);
    // a clock that was set back doesn't make the wait longer than a period
    const released = Object.values(state.released ?? {}).map(({ at, key }) => ({
      key,
      at: Math.min(now, fromTimeOfDay(clock, at)),
    }));
    for (const { key, at } of released.toSorted((one, other) => one.at - other.at))
      kept.machine.noteRelease(key, at, now);
    return kept;
  }
}

function evolution(name: string, next: (state: QueueState) => QueueState): Evolution {
  return { subject: subjectOf(queueState, name), next };
}

/** @throws TroupeError `invalid-options` */
function checkName(name: unknown): void {
  if (typeof name === "string" && name !== "") return;
  throw new TroupeError("invalid-options", `queues: name is a text, and not an empty one, not ${shown(name)}`);
}

function full(run: string, queue: string, key: string, waiting: number): TroupeError {
  const whose = key === "" ? "" : ` or for ${key}`;
  return new TroupeError(
    "queue-full",
    `${waiting} runs wait in the queue ${queue}${whose}, as many as may: the run ${run} was not accepted. Start it again later.`,
    { details: { run, queue, key, waiting } },
  );
}
