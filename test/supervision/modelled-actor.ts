/**
 * A supervised actor's whereabouts between its real supervisor's machine and its real lives, each on a host that answers when the
 * test has it: commands and reports cross on links that keep their order, and a host may die at any moment.
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { type HostId, hostId } from "../../src/actors/address.ts";
import {
  awaitsHandled,
  isEnding,
  isOpen,
  type Life,
  type LifeEffect,
  type LifeEvent,
  live,
  newLife,
} from "../../src/actors/life.ts";
import type { StopMode } from "../../src/actors/stop-mode.ts";
import { ReentrantQueue } from "../../src/async/reentrant-queue.ts";
import type { ChildKind, Decision } from "../../src/supervision/decision.ts";
import { type Failure, isLoss } from "../../src/supervision/failure.ts";
import { supervise } from "../../src/supervision/supervisor-machine.ts";
import {
  type ChildState,
  newSupervisor,
  type SupervisionPlan,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorState,
} from "../../src/supervision/supervisor-state.ts";
import {
  type Death,
  hostIn,
  isGone,
  type LifeCommand,
  move,
  notStarted,
  type Whereabouts,
  type WhereaboutsEffect,
  type WhereaboutsEvent,
} from "../../src/supervision/whereabouts.ts";

type At = Whereabouts["at"];

/** Where an actor may be after one event. Nothing else is a transition. */
const table: Readonly<Record<At, readonly At[]>> = {
  gone: ["spawning"],
  nowhere: ["gone", "spawning"],
  spawning: ["gone", "nowhere", "there", "leaving"],
  there: ["nowhere", "leaving"],
  leaving: ["gone", "nowhere", "spawning"],
  closed: [],
};

type Report =
  | { readonly type: "started" | "suspended" | "abandoned" | "stopped" }
  | { readonly type: "failed"; readonly failure: Failure };

const error = new Error("no");

/** A life on a host. Its messages are all the same, and it has as many as the test takes. */
class ModelledLife {
  life: Life<true> = newLife;
  isHandling = false;
  /** The next restart fails. */
  startFails = false;
  readonly #report: (report: Report) => void;

  constructor(report: (report: Report) => void) {
    this.#report = report;
  }

  take(): void {
    if (isOpen(this.life)) this.isHandling = true;
  }

  conclude(how: "handled" | "handler" | "behaviour"): void {
    if (!this.isHandling) return;
    this.isHandling = false;
    if (how !== "handled") this.hear({ type: "failed", failed: true, by: how });
    else if (awaitsHandled(this.life)) this.hear({ type: "handled" });
    this.#finish();
  }

  command(command: LifeCommand | { readonly type: "abandon"; readonly isFinal: boolean }): void {
    if (command.type === "suspend") this.hear({ type: "suspend", isHandling: this.isHandling });
    else if (command.type === "stop") this.hear({ ...command, unhandled: "left-to-senders" });
    else this.hear({ ...command } as LifeEvent<true>);
  }

  hear(event: LifeEvent<true>): void {
    const [life, effects] = live(this.life, event);
    this.life = life;
    for (const effect of effects) this.#do(effect);
  }

  #finish(): void {
    if (isEnding(this.life) && !this.isHandling) this.hear({ type: "idle" });
  }

  #do(effect: LifeEffect<true>): void {
    switch (effect.type) {
      case "finish":
        return this.#finish();
      case "begin-anew":
        return this.hear(this.startFails ? { type: "start-failed", error } : { type: "begun" });
      case "end":
        return this.#report({ type: "stopped" });
      case "report":
        return this.#report({ type: effect.report });
      case "report-end":
        return this.#report({ type: "failed", failure: { kind: "completed" } });
      case "report-start-failed":
        return this.#report({ type: "failed", failure: { kind: "start-failed", error } });
      case "report-failed": {
        const failure = { kind: "handler-failed", message: "m", error, deliveries: 1, isAsk: false } as const;
        return this.#report({ type: "failed", failure });
      }
      default: // of no concern to where it is
    }
  }
}

interface Host {
  readonly id: HostId;
  death: Death | undefined;
  /** It is killed: that takes a while. */
  isKilled: boolean;
  /** The actor takes a place here. */
  isTaken: boolean;
  /** A life was left behind here. */
  isLeft: boolean;
  life: ModelledLife | undefined;
  readonly commands: (LifeCommand | { readonly type: "abandon"; readonly isFinal: boolean })[];
  readonly reports: Report[];
}

export class ModelledActor {
  whereabouts: Whereabouts = notStarted;
  supervisor: SupervisorState;
  readonly hosts: Host[] = [];
  /** The next life on its way: without a host, while a host starts it, or once that has answered. */
  spawn: { readonly host: Host | undefined; readonly hasAnswered: boolean } | undefined;
  /** How often it was said to be gone. */
  departures = 0;
  /** No other actor is on its host. */
  isAlone = false;
  decision: Decision = "restart";
  mode: StopMode = "discard";
  readonly #plan: SupervisionPlan;
  readonly #order = new ReentrantQueue();
  /** What its supervisor has asked and not heard of. */
  #asked: "start" | "suspended" | "stopped" | undefined;
  /** How many answers may still come of this life to what a restart in vain has answered. */
  #stale = 0;
  /** The host that its last life was still on when the next was asked for: how that one ends is nothing to blame the next for. */
  #last: HostId | undefined;
  #failures = 0;
  /** What the next life is to be told, and the hosts. */
  #lastDeath: Death | undefined;

  constructor(kind: ChildKind) {
    this.#plan = {
      strategy: "one-for-one",
      intensity: { restarts: Number.POSITIVE_INFINITY, within: 1 },
      backoff: { first: 0, factor: 1, max: 0, jitter: 0 },
      children: [{ name: "a", kind }],
    };
    this.supervisor = newSupervisor(this.#plan);
  }

  get child(): ChildState {
    const [child] = this.supervisor.children;
    ok(child);
    return child;
  }

  get asked(): string | undefined {
    return this.#asked;
  }

  /** The lives that were not left behind. */
  get lives(): Host[] {
    return this.hosts.filter(({ life, isLeft }) => life !== undefined && !isLeft);
  }

  // ---- its supervisor, as `SupervisorNode` has it

  tell(event: SupervisorEvent): void {
    this.#order.run(() => {
      const before = this.child.status;
      const [after, effects] = supervise(this.#plan, this.supervisor, event);
      this.supervisor = after;
      for (const effect of effects) this.#obey(effect);
      if (this.child.status === "gone" && before !== "gone") this.hear({ type: "ended" });
    });
  }

  fails(failure: Failure): void {
    this.#failures++;
    if (isLoss(failure)) {
      if (this.#asked !== "start" && failure.kind === "start-failed") this.#stale++;
      this.#asked = undefined;
    }
    this.tell({ type: "failed", child: "a", failure, decision: this.decision, now: 0, chance: 0 });
  }

  #obey(effect: SupervisorEffect): void {
    switch (effect.type) {
      case "start":
        this.#asked = "start";
        this.#last = this.whereabouts.at === "leaving" ? this.whereabouts.host : undefined;
        return this.hear({ type: "start" });
      case "suspend":
        this.#asked = "suspended";
        this.#last = undefined;
        return this.hear({ type: "suspend" });
      case "stop":
        this.#asked = "stopped";
        this.#last = undefined;
        return this.hear({ type: "stop", mode: this.mode });
      case "abandon": {
        const { isFinal } = effect;
        if (isFinal) this.#asked = undefined;
        return this.hear({ type: "abandon", isFinal, isAlone: this.isAlone });
      }
      case "resume":
        return this.hear({ type: "resume" });
      default: // of no concern to the actor
    }
  }

  // ---- where it is

  hear(event: WhereaboutsEvent): void {
    const before = this.whereabouts;
    const frozen = JSON.stringify(before);
    const [after, effects] = move(before, event);
    strictEqual(JSON.stringify(before), frozen); // pure
    if (after.at !== before.at) ok(table[before.at].includes(after.at), `${before.at} > ${after.at} by ${event.type}`);
    this.whereabouts = after;
    if (isGone(before) && !isGone(after)) strictEqual(event.type, "start");
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: WhereaboutsEffect): void {
    switch (effect.type) {
      case "spawn":
        strictEqual(this.spawn, undefined);
        deepStrictEqual(this.lives, []); // never two lives at once
        strictEqual(effect.lastDeath, this.#lastDeath);
        this.#stale = 0;
        this.spawn = { host: undefined, hasAnswered: false };
        return;
      case "command":
        this.#at(effect.host).commands.push(effect.command);
        return;
      case "leave-behind": {
        const host = this.#at(effect.host);
        host.isLeft = true;
        host.commands.push({ type: "abandon", isFinal: effect.isFinal });
        return;
      }
      case "kill":
        this.#at(effect.host).isKilled = true;
        return;
      case "release": {
        const host = this.#at(effect.host);
        ok(host.isTaken || host.death !== undefined, "released once");
        host.isTaken = false;
        return;
      }
      case "locate":
        strictEqual(effect.host, hostIn(this.whereabouts));
        strictEqual(effect.isLost, this.#lastDeath !== undefined);
        this.#lastDeath = undefined; // the life that is there now was told
        return;
      case "depart":
        strictEqual(effect.isLost, this.#lastDeath !== undefined);
        ok(isGone(this.whereabouts));
        this.departures++;
        return;
      case "run":
        ok(!isGone(this.whereabouts));
        if (this.#asked === "start") this.#asked = undefined;
        return this.tell({ type: "started", child: "a", now: 0 });
      case "tell":
        if (this.#asked === effect.report) this.#asked = undefined;
        else ok(this.#stale-- > 0, `${effect.report}, but it was asked for ${this.#asked ?? "nothing"}`);
        return this.tell({ type: effect.report, child: "a" });
      case "fail":
        return this.fails(effect.failure);
      case "fall": // of no concern to where it is
    }
  }

  #at(id: HostId): Host {
    const host = this.hosts.find((one) => one.id === id);
    ok(host);
    return host;
  }

  // ---- hosts

  /** A host is found for the next life: one that there is, or a new one. */
  place(at: number): void {
    if (this.spawn === undefined || this.spawn.host !== undefined) return;
    const free = this.hosts.filter(({ death, isKilled, isLeft }) => death === undefined && !isKilled && !isLeft);
    const host = free[at] ?? this.#open();
    ok(!host.isTaken && host.life === undefined);
    host.isTaken = true;
    host.life = new ModelledLife((report) => {
      if (report.type === "stopped" || report.type === "abandoned") host.life = undefined;
      host.reports.push(report);
    });
    this.spawn = { host, hasAnswered: false };
  }

  /** The host that starts it answers. */
  answer(): void {
    const host = this.spawn?.host;
    if (host !== undefined && host.death === undefined) this.spawn = { host, hasAnswered: true };
  }

  /** What became of the next life is heard. */
  hearAnswer(): void {
    const { spawn } = this;
    if (spawn?.host === undefined) return;
    const { id, death } = spawn.host;
    if (death === undefined && !spawn.hasAnswered) return;
    this.spawn = undefined;
    if (death !== undefined && !spawn.hasAnswered) return this.hear({ type: "spawn-failed", host: id, failure: death });
    if (death !== undefined) this.#lastDeath = death;
    else if (isGone(this.whereabouts)) this.#lastDeath = undefined; // that life was told of it, and no host hears of that life
    this.hear({ type: "spawned", host: id });
  }

  /** The next life can't be started, there or anywhere. */
  failToSpawn(): void {
    const { spawn } = this;
    if (spawn === undefined || spawn.hasAnswered) return;
    this.spawn = undefined;
    if (spawn.host !== undefined) spawn.host.life = undefined;
    this.hear({ type: "spawn-failed", host: spawn.host?.id, failure: { kind: "start-failed", error } });
  }

  deliverCommand(host: Host | undefined): void {
    const command = host?.commands.shift();
    if (host === undefined || command === undefined) return;
    const { life } = host;
    if (command.type === "abandon") host.life = undefined;
    life?.command(command);
  }

  deliverReport(host: Host | undefined): void {
    const report = host?.reports.shift();
    if (host !== undefined && report !== undefined) this.hear({ ...report, from: host.id });
  }

  die(host: Host | undefined): void {
    if (host === undefined || host.death !== undefined) return;
    const death: Death = { kind: "thread-died", thread: host.id, error };
    Object.assign(host, { death, isTaken: false, life: undefined });
    host.commands.length = host.reports.length = 0;
    if (hostIn(this.whereabouts) === host.id) this.#lastDeath = death;
    const failures = this.#failures;
    const isLast = this.#last === host.id;
    this.hear({ type: "thread-lost", death });
    if (isLast) strictEqual(this.#failures, failures);
  }

  #open(): Host {
    const id = hostId(this.hosts.length + 1);
    const flags = { death: undefined, isKilled: false, isTaken: false, isLeft: false };
    this.hosts.push({ id, ...flags, life: undefined, commands: [], reports: [] });
    return this.#at(id);
  }
}
