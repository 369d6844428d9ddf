/** A system before it has its journal, and the same one afterwards: what it is asked is passed on to the system on that journal. */

import { merge, type Observable, ReplaySubject, switchMap } from "rxjs";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Journal } from "../../store/journal/journal.ts";
import { EventFeed } from "../telemetry/event-feed.ts";
import { type LogTarget, SystemLog } from "../telemetry/system-log.ts";
import type { DeadLetter } from "../transport/envelope.ts";
import type { SystemEvent } from "../telemetry/system-events.ts";
import type { LeftRuns } from "../workflows/accepted-runs.ts";
import type { System } from "./system.ts";
import { systemClosed } from "./system-end.ts";
import type { SystemOptions } from "./system-options.ts";
import type { SystemRole } from "./system-role.ts";

export interface StandbySystemOptions {
  readonly clock: Clock;
  readonly logger: LogTarget | undefined;
  /** Waits for the journal, until the signal aborts. */
  readonly wait: (signal: AbortSignal) => Promise<Journal>;
  /** Closes a journal that comes when no system needs it any more. */
  readonly closeUnused: (journal: Journal) => Promise<void>;
  /** Starts the system on the journal, and calls `setup` when it can be used. One that can't start closes what it was given. */
  readonly start: (journal: Journal, setup: NonNullable<SystemOptions["setup"]>) => Promise<System>;
  readonly setup: NonNullable<SystemOptions["setup"]>;
  /** Closes the threads, where no system has them. */
  readonly closeThreads: () => Promise<void>;
}

/** The methods that answer by a promise. */
type Asked =
  | ("spawn" | "call" | "metrics" | "supervise" | "watch" | "find" | "stop" | "runOnce" | "findRun")
  | ("forget" | "deploy" | "forkRun" | "migrate" | "switchCoordination" | "stats");
/** The methods that return at once. */
type Begun = "run" | "stream" | "runs";

export class StandbySystem implements System {
  readonly role$: Observable<SystemRole>;
  readonly events$: Observable<SystemEvent>;
  readonly deadLetters$: Observable<DeadLetter>;
  readonly spawn = this.#asked("spawn");
  readonly call = this.#asked("call");
  readonly metrics = this.#asked("metrics");
  readonly supervise = this.#asked("supervise");
  readonly watch = this.#asked("watch");
  readonly find = this.#asked("find");
  readonly stop = this.#asked("stop");
  readonly runOnce = this.#asked("runOnce");
  readonly findRun = this.#asked("findRun");
  readonly forget = this.#asked("forget");
  readonly deploy = this.#asked("deploy");
  readonly forkRun = this.#asked("forkRun");
  readonly migrate = this.#asked("migrate");
  readonly switchCoordination = this.#asked("switchCoordination");
  readonly stats = this.#asked("stats");
  readonly run = this.#begun("run");
  readonly stream = this.#begun("stream");
  readonly runs = this.#begun("runs");
  readonly #options: StandbySystemOptions;
  readonly #role$ = new ReplaySubject<SystemRole>(1);
  /** The system, from the moment on that it can be used. */
  readonly #started$ = new ReplaySubject<System>(1);
  readonly #log: SystemLog;
  readonly #events: EventFeed;
  readonly #waiting = new AbortController();
  #system: System | undefined;
  /** Aborts with why there will be none. */
  readonly #failed = new AbortController();
  /** Its start on the journal, once that is there. */
  #starting: Promise<unknown> | undefined;
  #ending: Promise<void> | undefined;

  /** @param options of which the threads are open. */
  constructor(options: StandbySystemOptions) {
    this.#options = options;
    this.#log = new SystemLog(options.clock, options.logger);
    this.#events = new EventFeed(options.clock, this.#log);
    this.#role$.next("standby");
    this.role$ = this.#role$.asObservable();
    this.events$ = merge(this.#events.events$, this.#started$.pipe(switchMap(({ events$ }) => events$)));
    this.deadLetters$ = this.#started$.pipe(switchMap(({ deadLetters$ }) => deadLetters$));
    void this.#wait();
  }

  get store(): System["store"] {
    return this.#owner().store;
  }

  get schedules(): System["schedules"] {
    return this.#owner().schedules;
  }

  get queues(): System["queues"] {
    return this.#owner().queues;
  }

  get coordination(): System["coordination"] {
    return this.#owner().coordination;
  }

  get inspector(): System["inspector"] {
    return this.#system?.inspector;
  }

  async drain(options?: { readonly deadline?: number }): Promise<void> {
    await this.#starting;
    return this.#usable?.drain(options) ?? this.close();
  }

  async shutdown(options?: { readonly deadline?: number }): Promise<LeftRuns> {
    await this.#starting;
    if (this.#usable !== undefined) return this.#usable.shutdown(options);
    await this.close();
    return { unfinished: [], notStarted: [] };
  }

  async close(): Promise<void> {
    this.#waiting.abort(systemClosed());
    await this.#starting;
    await (this.#usable?.close() ?? this.#end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #wait(): Promise<void> {
    const { signal } = this.#waiting;
    try {
      const journal = await this.#options.wait(signal);
      if (signal.aborted) return await this.#options.closeUnused(journal);
      this.#starting = this.#start(journal);
    } catch (error) {
      if (!signal.aborted) await this.#fail(error);
    }
  }

  /** Never rejects: a close waits for it. */
  async #start(journal: Journal): Promise<void> {
    const { start, setup } = this.#options;
    try {
      const system = await start(journal, (started) => {
        this.#there(started);
        return setup(this);
      });
      this.#there(system);
      system.role$.subscribe(this.#role$);
      system.events$.subscribe({ complete: () => this.#complete() });
    } catch (error) {
      await this.#fail(error);
    }
  }

  #there(system: System): void {
    if (this.#system !== undefined) return;
    this.#system = system;
    this.#started$.next(system);
    this.#started$.complete();
  }

  async #fail(error: unknown): Promise<void> {
    this.#failed.abort(error);
    this.#events.publish({ type: "standby-failed", error });
    await this.#end();
  }

  /** Ends without a system. */
  #end(): Promise<void> {
    this.#ending ??= this.#options.closeThreads().then(() => {
      this.#role$.next("ended");
      this.#role$.complete();
      this.#started$.complete();
      this.#complete();
    });
    return this.#ending;
  }

  #complete(): void {
    this.#events.complete();
    this.#log.end();
  }

  /** The system, unless there is none, or it has ended as it could not start. */
  get #usable(): System | undefined {
    return this.#failed.signal.aborted ? undefined : this.#system;
  }

  /** @throws TroupeError `on-standby` before the journal is there; why it never will be. */
  #owner(): System {
    this.#failed.signal.throwIfAborted();
    if (this.#system !== undefined) return this.#system;
    throw this.#waiting.signal.aborted ? systemClosed() : onStandby();
  }

  #asked<Name extends Asked>(name: Name): System[Name] {
    const ask = (...given: unknown[]): unknown => {
      try {
        return this.#pass(name, given);
      } catch (error) {
        return Promise.reject(error);
      }
    };
    return ask as System[Name];
  }

  #begun<Name extends Begun>(name: Name): System[Name] {
    return ((...given: unknown[]) => this.#pass(name, given)) as System[Name];
  }

  #pass(name: Asked | Begun, given: readonly unknown[]): unknown {
    const owner = this.#owner();
    return Reflect.apply(owner[name], owner, given) as unknown;
  }
}

function onStandby(): TroupeError {
  return new TroupeError(
    "on-standby",
    'the system is on standby: it waits for its journal, which another process owns or which can\'t be reached. Ask the owner, or wait until role$ says "active"; what is to be done then belongs into setup',
  );
}
