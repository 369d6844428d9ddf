/** One supervised actor over all of its lives, as the home host sees it: where it is, and how it gets there and away. */

import { type Address, homeHost, type HostId, makeSupervisedAddress } from "../../actors/address.ts";
import type { GoneReason } from "../../actors/gone.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { Failure } from "../../supervision/failure.ts";
import type { ChildStatus } from "../../supervision/supervisor-state.ts";
import {
  type Death,
  hostIn,
  isGone,
  move,
  notStarted,
  type Whereabouts,
  type WhereaboutsEffect,
  type WhereaboutsEvent,
} from "../../supervision/whereabouts.ts";
import { decodeError, encodeError } from "../../errors/error-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import { definitionId } from "../definitions/definition-loader.ts";
import type { SpawnOrder } from "../host/host-control.ts";
import { Ledger, newLedger } from "../cell/ledger.ts";
import type { ChildReport, Settled, SupervisionFrame } from "../transport/supervision-protocol.ts";
import type { ResolvedActor } from "./supervision-options.ts";
import type { ActorStatus, Child, Parent } from "./supervisor-node.ts";
import type { Untimed } from "../telemetry/system-events.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";

/** What it takes to start actors and to talk to their hosts. */
export interface ActorHosts {
  readonly roster: Pick<ThreadRoster, "ids" | "place" | "placeAgain" | "isAlone" | "kill" | "release">;
  readonly registry: Pick<ActorRegistry, "find" | "place" | "vacate">;
  /** Starts an actor on a host. Rejects with `thread-died` when the host is gone. */
  readonly spawn: (host: HostId, order: SpawnOrder) => Promise<void>;
  readonly transmit: (host: HostId, frame: SupervisionFrame) => void;
  readonly newId: () => string;
  readonly publish: (event: Untimed) => void;
  /** An actor went down, for good or to begin anew. */
  readonly down: (actor: Address, reason: GoneReason) => void;
  readonly gone: (actor: Address, reason: GoneReason) => void;
}

export class SupervisedActor implements Child {
  readonly address: Address;
  readonly name: string;
  readonly stopWithin: number;
  readonly #options: ResolvedActor;
  readonly #parent: Parent;
  readonly #hosts: ActorHosts;
  readonly #buffer = newLedger();
  readonly #ledger = new Ledger(this.#buffer);
  readonly #identity: string;
  #whereabouts: Whereabouts = notStarted;
  /** Where a life of it was left behind: messages for that one may still arrive there. */
  readonly #avoided = new Set<HostId>();
  #incarnation = 0;
  #attempts = 0;
  /** Why it went down last: what others are told when it is down or gone. */
  #reason: GoneReason = "stopped";
  /** The callers that wait for it to be gone. */
  #waiting: (() => void)[] = [];

  constructor(options: ResolvedActor, parent: Parent, hosts: ActorHosts) {
    this.#options = options;
    this.#parent = parent;
    this.#hosts = hosts;
    this.name = options.name;
    this.stopWithin = options.stopWithin;
    this.address = makeSupervisedAddress(options.name);
    this.#identity = hosts.newId();
  }

  /** True until it is gone for good, also while it is nowhere. */
  get isThere(): boolean {
    return !isGone(this.#whereabouts);
  }

  /** An actor that it is linked with went down. */
  linkedDown(by: Address, reason: GoneReason): void {
    this.#fail({ kind: "linked-actor-died", actor: by, reason });
  }

  /** Where it is; `undefined` while it is nowhere. */
  get host(): HostId | undefined {
    return hostIn(this.#whereabouts);
  }

  /** What of a host's messages to it is done with. */
  settledOf(peer: HostId): Settled {
    return this.#ledger.settledOf(peer);
  }

  /** Resolves when it is gone for good, at once if it is. */
  get gone(): Promise<void> {
    return isGone(this.#whereabouts) ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  // ---- what its supervisor tells it

  start(): void {
    this.#hear({ type: "start" });
  }

  resume(): void {
    this.#hear({ type: "resume" });
  }

  fell(): void {
    this.#hosts.down(this.address, this.#reason);
  }

  suspend(): void {
    this.#hear({ type: "suspend" });
  }

  stop(mode: StopMode): void {
    this.#hear({ type: "stop", mode });
  }

  abandon(isFinal: boolean): void {
    const { host } = this;
    if (isFinal) this.#reason = "left-behind";
    this.#hear({ type: "abandon", isFinal, isAlone: host !== undefined && this.#hosts.roster.isAlone(host) });
  }

  ended(): void {
    this.#hear({ type: "ended" });
  }

  describe(status: ChildStatus, restarts: number): ActorStatus {
    const { name, restart: kind } = this.#options;
    return { name, kind, status, restarts, address: this.address, thread: this.host };
  }

  close(): void {
    this.#hear({ type: "close" });
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  // ---- what its hosts tell

  report(report: ChildReport, from: HostId): void {
    switch (report.type) {
      case "started":
      case "suspended":
      case "abandoned":
        return this.#hear({ type: report.type, from });
      default:
        return this.#hear({ type: "failed", from, failure: failureOf(report) });
    }
  }

  /** A host says that it has stopped there. */
  stopped(from: HostId): void {
    this.#hear({ type: "stopped", from });
  }

  threadLost(thread: HostId, error: unknown): void {
    this.#avoided.delete(thread);
    this.#hear({ type: "thread-lost", death: { kind: "thread-died", thread, error } });
  }

  /** A host asks where it is. While it is nowhere, every host will be told. */
  locate(peer: HostId): void {
    const { host } = this;
    if (!this.isThere) this.#hosts.transmit(peer, departedLongAgo(this.address));
    else if (host !== undefined) this.#hosts.transmit(peer, this.#located(host, peer, false));
  }

  // ---- what it does

  #hear(event: WhereaboutsEvent): void {
    const [whereabouts, effects] = move(this.#whereabouts, event);
    this.#whereabouts = whereabouts;
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: WhereaboutsEffect): void {
    const { address: actor } = this;
    const { roster, transmit, publish } = this.#hosts;
    switch (effect.type) {
      case "spawn":
        return void this.#spawn(effect.lastDeath);
      case "command":
        return transmit(effect.host, { kind: "child-command", actor, command: effect.command });
      case "leave-behind": {
        const { host, isFinal } = effect;
        this.#avoided.add(host);
        publish({ type: "actor-left-behind", actor, thread: host });
        return transmit(host, { kind: "child-command", actor, command: { type: "abandon", isFinal } });
      }
      case "kill":
        return void roster.kill(effect.host);
      case "release":
        return void roster.release(effect.host);
      case "locate":
        return this.#toAll((peer) => this.#located(effect.host, peer, effect.isLost));
      case "depart":
        return this.#depart(effect.isLost);
      case "fall":
        return this.fell();
      case "run":
        return this.#run(effect.host);
      case "tell":
        return effect.report === "suspended" ? this.#parent.suspended(this.name) : this.#parent.stopped(this.name);
      case "fail":
        return this.#fail(effect.failure);
    }
  }

  async #spawn(lastDeath: Death | undefined): Promise<void> {
    const { roster, spawn } = this.#hosts;
    const { actor, name, placement, maxDeliveries } = this.#options;
    let host: HostId | undefined;
    try {
      host = this.#attempts++ === 0 ? await roster.place(placement) : await roster.placeAgain(placement, this.#avoided);
      if (this.#whereabouts.at === "closed") return;
      const supervised = {
        maxDeliveries,
        ledger: this.#buffer,
        identity: this.#identity,
        incarnation: ++this.#incarnation,
        ...(lastDeath === undefined ? {} : { lastDeath: encodeError(lastDeath.error) }),
      };
      await spawn(host, { definition: definitionId(actor), name, supervised });
    } catch (error) {
      const failure: Failure =
        host !== undefined && isTroupeError(error, "thread-died")
          ? { kind: "thread-died", thread: host, error }
          : { kind: "start-failed", error };
      return this.#hear({ type: "spawn-failed", host, failure });
    }
    this.#hear({ type: "spawned", host });
  }

  #run(host: HostId): void {
    const { registry, publish } = this.#hosts;
    const { address: actor } = this;
    const isFirst = registry.find(this.name)?.address === undefined;
    registry.place(this.name, actor);
    this.#reason = "stopped";
    if (isFirst) publish({ type: "actor-spawned", actor, definition: this.#options.actor.name });
    else publish({ type: "actor-restarted", actor, supervisor: this.#parent.path ?? "", thread: host });
    this.#parent.started(this.name);
  }

  #fail(failure: Failure): void {
    this.#reason = reasonOf(failure);
    this.#parent.failed(this.name, failure);
  }

  #depart(isLost: boolean): void {
    const { address: actor } = this;
    const { registry, publish, gone } = this.#hosts;
    const reason = this.#reason;
    registry.vacate(this.name);
    this.#toAll((peer) => ({ kind: "departed", actor, ...this.#ledger.settledOf(peer), isLost, reason }));
    publish({ type: "actor-stopped", actor });
    this.#reason = "stopped";
    gone(actor, reason);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #located(host: HostId, peer: HostId, isLost: boolean): SupervisionFrame {
    const { address: actor } = this;
    return {
      kind: "located",
      actor,
      host,
      incarnation: this.#incarnation,
      ...this.#ledger.settledOf(peer),
      isLost,
    };
  }

  #toAll(frame: (peer: HostId) => SupervisionFrame): void {
    const { roster, transmit } = this.#hosts;
    for (const peer of [homeHost, ...roster.ids]) transmit(peer, frame(peer));
  }
}

/** The failure that a report tells of, for its supervisor to judge. */
function failureOf(report: Exclude<ChildReport, { readonly type: "started" | "suspended" | "abandoned" }>): Failure {
  switch (report.type) {
    case "completed":
      return { kind: "completed" };
    case "start-failed":
    case "behaviour-failed":
      return { kind: report.type, error: decodeError(report.error) };
    case "handler-failed": {
      const { message, deliveries, isAsk, error } = report;
      return { kind: "handler-failed", message, error: decodeError(error), deliveries, isAsk };
    }
  }
}

/** Why it is gone, if its supervisor doesn't start it again. */
function reasonOf({ kind }: Failure): GoneReason {
  if (kind === "completed") return "stopped";
  return kind === "thread-died" || kind === "linked-actor-died" ? kind : "failed";
}

/** What a host is told when it asks for an actor that is not there. */
export function departedLongAgo(actor: Address): SupervisionFrame {
  return { kind: "departed", actor, settled: 0, inHand: 0, isLost: true, reason: "no-such-actor" };
}
