/** A system's events on their way to listeners: hot, but for those of its start, which come before a listener can be there. */

import { channel as diagnosticsChannel } from "node:diagnostics_channel";
import { Observable, Subject } from "rxjs";
import { timeOfDay } from "../../async/time-of-day.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SystemLog } from "./system-log.ts";
import type { SystemEvent, Untimed } from "./system-events.ts";

/** For code that listens in the process, such as a monitor that is loaded before the application. */
const channel = diagnosticsChannel("troupe.event");

const ofStart: ReadonlySet<SystemEvent["type"]> = new Set(["clock-jumped", "run-recovered", "run-refused"]);

/**
 * Guarantees: a listener gets all events that are published while it listens. The first one also gets those of the start that
 * were published before, first of all. Each event is in the log before a listener hears of it.
 */
export class EventFeed {
  readonly events$: Observable<SystemEvent>;
  readonly #subject = new Subject<SystemEvent>();
  /** What waits for the first listener. */
  #waiting: SystemEvent[] = [];
  #isOver = false;
  readonly #ends: (() => void)[] = [];
  readonly #clock: Clock;
  readonly #log: Pick<SystemLog, "event">;
  /** Parts of Troupe that hear of each event before listeners, and don't count as listeners: traces, meters, an inspector, a simulation. */
  readonly #first: ((event: SystemEvent) => void)[] = [];

  constructor(clock: Clock, log: Pick<SystemLog, "event">) {
    this.#clock = clock;
    this.#log = log;
    this.events$ = new Observable((subscriber) => {
      const waiting = this.#waiting;
      this.#waiting = [];
      // subscribed first: what waited may make it do something whose event comes at once, and mustn't be missed
      const listening = this.#isOver ? undefined : this.#subject.subscribe(subscriber);
      for (const event of waiting) subscriber.next(event);
      return listening ?? this.#subject.subscribe(subscriber);
    });
  }

  /** Tells of an event that happens now. Bound: the parts of a system are given it. */
  readonly publish = (untimed: Untimed): void => {
    const event = { ...untimed, time: timeOfDay(this.#clock) };
    this.#log.event(event);
    for (const hear of this.#first) hear(event);
    if (channel.hasSubscribers) channel.publish(event);
    if (ofStart.has(event.type) && !this.#subject.observed) this.#waiting.push(event);
    this.#subject.next(event);
  };

  /** Calls `hear` for each event from now on, before listeners get it. It is no listener: what waits for the first one still does. */
  hearFirst(hear: (event: SystemEvent) => void): void {
    this.#first.push(hear);
  }

  /** Calls `end` when the system has ended. */
  onEnd(end: () => void): void {
    this.#ends.push(end);
  }

  /** The system has ended. */
  complete(): void {
    this.#isOver = true;
    this.#subject.complete();
    for (const end of this.#ends) end();
  }
}
