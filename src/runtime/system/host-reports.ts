/** Tells each part of the system what concerns it of what hosts report, and of the death of a thread. */

import { type Address, homeHost, type HostId, hostOf, isSupervised } from "../../actors/address.ts";
import { decodeError } from "../../errors/error-codec.ts";
import type { Gates } from "../agents/gates.ts";
import type { HomeHost } from "../host/home-host.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import type { DeathWatch } from "../registry/death-watch.ts";
import type { Supervision } from "../supervision/supervision.ts";
import type { EventFeed } from "../telemetry/event-feed.ts";
import type { SystemLog } from "../telemetry/system-log.ts";
import type { TraceCollector } from "../telemetry/trace-collector.ts";
import { threadUnreadable } from "../threads/thread-death.ts";
import { threadClosed, type ThreadRoster } from "../threads/thread-roster.ts";
import { isReadable } from "../transport/frame-codec.ts";
import type { SystemReport } from "../transport/system-report.ts";
import type { Runs } from "../workflows/runs.ts";

export interface HostReportsOptions {
  readonly home: HomeHost;
  readonly roster: ThreadRoster;
  readonly registry: ActorRegistry;
  readonly gates: Gates;
  readonly supervision: Supervision;
  readonly deathWatch: DeathWatch;
  readonly runs: Runs;
  readonly events: EventFeed;
  readonly log: SystemLog;
  readonly traces: TraceCollector | undefined;
  readonly isClosing: () => boolean;
}

export class HostReports {
  readonly #system: HostReportsOptions;

  constructor(options: HostReportsOptions) {
    this.#system = options;
  }

  /** Acts on what a host reports. */
  hear(report: SystemReport, from: HostId): void {
    const { supervision, events, log, traces, roster, isClosing } = this.#system;
    switch (report.type) {
      case "dead-letter":
        return log.deadLetter(report.letter, report.hasAsker || isClosing()); // the home host keeps those
      case "failure": {
        const { actor, message, error, isExpected } = report;
        return events.publish({ type: "actor-failed", actor, message, error: decodeError(error), isExpected });
      }
      case "stopped":
        if (isSupervised(report.actor)) return supervision.stopped(report.actor, from);
        return this.stopped(report.actor, report.hasFailed);
      case "child":
        traces?.report(report.actor, report.report);
        return supervision.report(report.actor, report.report, from);
      case "locate":
        return supervision.locate(report.actor, from);
      case "unreadable": {
        // a batch that can be read here is unreadable only where it arrived
        const culprit = from !== homeHost && isReadable(report.batch) ? from : report.peer;
        return void roster.kill(culprit, threadUnreadable(culprit, report.error));
      }
    }
  }

  /** An actor without a supervisor has stopped. */
  stopped(actor: Address, hasFailed: boolean): void {
    const { registry, gates, events, runs, deathWatch, roster, isClosing } = this.#system;
    if (!registry.stopped(actor)) return;
    gates.stopped(actor);
    events.publish({ type: "actor-stopped", actor });
    runs.participantStopped(actor);
    deathWatch.gone(actor, hasFailed ? "failed" : "stopped");
    const host = hostOf(actor);
    if (host !== undefined && !isClosing()) void roster.release(host);
  }

  /** A thread is gone, with its actors. */
  threadGone(thread: HostId, error: unknown, wasClosing: boolean): void {
    const { home, registry, supervision, events, deathWatch, runs } = this.#system;
    const reason = error ?? threadClosed(thread);
    home.detach(thread, reason);
    const lost = registry.releaseHost(thread);
    const actors = [...lost, ...supervision.on(thread)];
    if (wasClosing) {
      events.publish({ type: "thread-closed", thread });
      return;
    }
    events.publish({ type: "thread-died", thread, error: reason, actors });
    home.services.gates.threadLost(home.outside, thread);
    supervision.threadLost(thread, reason);
    for (const actor of lost) deathWatch.gone(actor, "thread-died");
    runs.threadLost(thread, reason);
  }
}
