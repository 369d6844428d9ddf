/** How a system ends: drained, shut down in good order, or closed at once; and what it still accepts until then. */

import { ReplaySubject } from "rxjs";
import type { Address } from "../../actors/address.ts";
import { readGiven } from "../../contracts/read-given.ts";
import { timeOfDay } from "../../async/time-of-day.ts";
import { within } from "../../async/within.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LeftRuns } from "../workflows/accepted-runs.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import type { DeathWatch } from "../registry/death-watch.ts";
import type { Gates } from "../agents/gates.ts";
import type { HomeHost } from "../host/home-host.ts";
import type { Runs } from "../workflows/runs.ts";
import type { ScheduleKeeper } from "../schedules/schedule-keeper.ts";
import type { Supervision } from "../supervision/supervision.ts";
import type { TraceCollector } from "../telemetry/trace-collector.ts";
import type { EventFeed } from "../telemetry/event-feed.ts";
import type { SystemLog } from "../telemetry/system-log.ts";
import type { Untimed } from "../telemetry/system-events.ts";
import type { SystemRole } from "./system-role.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";
import { shown } from "../../values/shown.ts";

/** The parts of a system that end, each in its turn. */
export interface SystemEndOptions {
  readonly clock: Clock;
  /** Milliseconds that a shutdown takes at most where it isn't told otherwise. */
  readonly shutdownDeadline: number;
  /** True where another process waits to go on. */
  readonly isFollowed: boolean;
  readonly home: HomeHost;
  readonly roster: ThreadRoster;
  readonly registry: ActorRegistry;
  readonly gates: Gates;
  readonly supervision: Supervision;
  readonly deathWatch: DeathWatch;
  readonly runs: Runs;
  readonly schedules: Pick<ScheduleKeeper, "rest">;
  /** Absent where nothing is traced. */
  readonly traces: TraceCollector | undefined;
  /** Stops an actor after what waits in its mailbox. */
  readonly stop: (actor: Address) => Promise<void>;
  readonly events: Pick<EventFeed, "complete">;
  readonly log: Pick<SystemLog, "end">;
  readonly publish: (event: Untimed) => void;
}

/** How long an end may take at most, in milliseconds. */
interface Deadline {
  readonly deadline?: number;
}

/** Milliseconds that a thread gets to close by itself; fewer where another process does its work already, or waits to. */
const closeGrace = 1000;
const followedGrace = 250;
/** In so many parts they are waited for, one after another. */
const graceParts = 10;

export class SystemEnd {
  readonly #options: SystemEndOptions;
  #isDraining = false;
  /** True once the runs have ended and actors are being stopped. Until then, actors may start other actors. */
  #isStopping = false;
  /** What a drain waits for, in words. */
  #awaited = "";
  #shutdown: Promise<LeftRuns> | undefined;
  /** True from the very beginning of closing, which reports to others before it is a promise. */
  #isClosing = false;
  #closing: Promise<void> | undefined;
  #hasEnded = false;
  #left: LeftRuns = { unfinished: [], notStarted: [] };
  /** Why the system ends, if it has lost its journal. */
  #lost: TroupeError | undefined;
  /** Keeps the last role for later subscribers. */
  readonly #role$ = new ReplaySubject<SystemRole>(1);
  readonly role$ = this.#role$.asObservable();

  constructor(options: SystemEndOptions) {
    this.#options = options;
    this.#role$.next("active");
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** @throws TroupeError `system-closed` once nothing more is taken from outside; `ownership-lost`. */
  checkOpen(): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#isClosing) throw systemClosed();
    if (this.#isDraining) throw new TroupeError("system-closed", "the system is being drained");
  }

  /** @throws TroupeError `system-closed` once actors may start no others any more. */
  checkMayStart(): void {
    if (this.#isStopping || this.#isClosing) this.checkOpen();
  }

  /** See `System.drain`. */
  async drain(options: Deadline = {}): Promise<void> {
    const deadline = readGiven("drain", () => options.deadline) ?? Number.POSITIVE_INFINITY;
    checkDeadline("drain", deadline);
    this.#isDraining = true;
    const late = (): TroupeError =>
      new TroupeError(
        "timed-out",
        `the system was not drained within ${deadline} ms, as ${this.#awaited}; close() ends what is left`,
      );
    await within(this.#options.clock, deadline, this.#drain(), late);
  }

  /** See `System.shutdown`. */
  async shutdown(options: Deadline = {}): Promise<LeftRuns> {
    const deadline = readGiven("shutdown", () => options.deadline) ?? this.#options.shutdownDeadline;
    checkDeadline("shutdown", deadline);
    this.#shutdown ??= this.#shutDown(deadline);
    return this.#shutdown;
  }

  /** The system has lost its journal: it refuses everything from now on, and ends without the journal's help. */
  lose(error: TroupeError): void {
    if (this.#hasEnded) return;
    this.#lost = error;
    this.#role$.next("lost");
    this.#options.publish({ type: "ownership-lost", error });
    this.close().catch(() => undefined); // who calls it as well is told
  }

  /** See `System.close`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    const { runs, schedules, supervision, registry, stop } = this.#options;
    schedules.rest();
    this.#awaited = "runs are in flight";
    await runs.rest();
    this.#isStopping = true;
    this.#awaited = "supervised actors have not handled what they were sent";
    await supervision.stop("drain");
    for (const address of registry.addresses()) {
      this.#awaited = `${address} has not handled what it was sent`;
      await stop(address);
    }
    if (this.#isClosing) throw systemClosed();
  }

  async #shutDown(deadline: number): Promise<LeftRuns> {
    const { runs, publish } = this.#options;
    publish({ type: "shutdown-began", deadline });
    runs.turnAway();
    try {
      await this.drain({ deadline });
    } catch (error) {
      if (!isTroupeError(error, "timed-out") && !isTroupeError(error, "system-closed")) throw error;
    } finally {
      await this.close();
    }
    return this.#left;
  }

  async #close(): Promise<void> {
    const { clock, home, roster, gates, supervision, deathWatch, runs, traces, events, log, publish } = this.#options;
    const grace = this.#lost === undefined && !this.#options.isFollowed ? closeGrace : followedGrace;
    this.#isClosing = true;
    this.#options.schedules.rest();
    const left = runs.close(this.#lost);
    supervision.close();
    deathWatch.close();
    // After this thread stood still, a timer fires before what the others have answered meanwhile is heard: that costs one part.
    const after = async (ms: number): Promise<void> => {
      for (let part = 0; part < graceParts; part++)
        await new Promise<void>((resolve) => clock.setTimer(ms / graceParts, resolve));
    };
    await home.host.stopActors(after(grace), this.#lost); // before the threads close: they keep the process alive, a timer doesn't
    await roster.close(grace, after, () => home.host.flush());
    await gates.close();
    this.#left = await left; // before the store closes: the last note of the unfinished runs may wait for the one before
    await traces?.settled();
    await home.close((actor) => supervision.settledOf(actor));
    await traces?.close(timeOfDay(clock));
    if (this.#shutdown !== undefined) publish({ type: "shutdown-ended", ...this.#left });
    this.#hasEnded = true;
    this.#role$.next("ended");
    this.#role$.complete();
    events.complete();
    log.end();
  }
}

/** @throws TroupeError `invalid-options` */
function checkDeadline(method: string, deadline: number): void {
  if (typeof deadline === "number" && deadline >= 0) return;
  throw new TroupeError(
    "invalid-options",
    `${method}: deadline is a number of milliseconds from 0, not ${shown(deadline)}`,
  );
}

export function systemClosed(cause?: unknown): TroupeError {
  return new TroupeError("system-closed", "the system is closed", cause === undefined ? {} : { cause });
}
