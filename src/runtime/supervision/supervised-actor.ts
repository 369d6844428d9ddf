/** One supervised actor over all of its lives, as the home host sees it: where it is, and how it gets there and away. */

import { type Address, homeHost, type HostId, makeSupervisedAddress } from "../../actors/address.ts";
import type { GoneReason } from "../../actors/gone.ts";
import type { Failure } from "../../supervision/failure.ts";
import type { ChildStatus } from "../../supervision/supervisor-state.ts";
import { decodeError, type EncodedError, encodeError } from "../../errors/error-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import { definitionId } from "../definitions/definition-loader.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { SpawnOrder } from "../host/host-control.ts";
import { Ledger, newLedger } from "../cell/ledger.ts";
import type { ChildCommand, ChildReport, Settled, SupervisionFrame } from "../transport/supervision-protocol.ts";
import type { ResolvedActor } from "./supervision-options.ts";
import type { ActorStatus, Child, Parent } from "./supervisor-node.ts";
import type { Untimed } from "../telemetry/system-events.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";

/** What it takes to start actors and to talk to their hosts. */
export interface ActorHosts {
  readonly roster: ThreadRoster;
  readonly registry: ActorRegistry;
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
  /** Where it is. */
  #host: HostId | undefined;
  /** Where a life of it was left behind: messages for that one may still arrive there. */
  readonly #avoided = new Set<HostId>();
  #incarnation = 0;
  #attempts = 0;
  #isSpawning = false;
  #isStopping = false;
  /** It is to be started as soon as an earlier life, whose end was not awaited, has stopped. */
  #startsAgain = false;
  /** What it was told while it was being spawned. */
  #afterSpawn: (() => void) | undefined;
  /** True when its last host has died: then so have answers that had not left. */
  #isLost = false;
  /** Why that host died. */
  #lastDeath: EncodedError | undefined;
  #isGone = true;
  #isClosed = false;
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
    return !this.#isGone;
  }

  /** An actor that it is linked with went down. */
  linkedDown(by: Address, reason: GoneReason): void {
    this.#failed({ kind: "linked-actor-died", actor: by, reason });
  }

  /** Where it is; `undefined` while it is nowhere. */
  get host(): HostId | undefined {
    return this.#host;
  }

  /** What of a host's messages to it is done with. */
  settledOf(peer: HostId): Settled {
    return this.#ledger.settledOf(peer);
  }

  /** Resolves when it is gone for good, at once if it is. */
  get gone(): Promise<void> {
    return this.#isGone ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  // ---- what its supervisor tells it

  start(): void {
    this.#isGone = false;
    if (this.#isStopping) this.#startsAgain = true;
    else if (this.#isSpawning) this.#afterSpawn = undefined;
    else if (this.#host === undefined) void this.#spawn();
    else this.#command({ type: "restart" });
  }

  resume(): void {
    this.#command({ type: "resume" });
  }

  fell(): void {
    this.#hosts.down(this.address, this.#reason);
  }

  suspend(): void {
    this.fell();
    if (this.#isSpawning) this.#afterSpawn = () => this.suspend();
    else if (this.#host === undefined) this.#parent.suspended(this.name);
    else this.#command({ type: "suspend" });
  }

  stop(mode: StopMode): void {
    if (this.#isSpawning) this.#afterSpawn = () => this.stop(mode);
    else if (this.#host === undefined) this.#parent.stopped(this.name);
    else {
      this.#isStopping = true;
      this.#command({ type: "stop", mode });
    }
  }

  abandon(isFinal: boolean): void {
    const host = this.#host;
    if (isFinal) this.#reason = "left-behind";
    if (host === undefined) return; // it is still being spawned: it stops as soon as it is there
    const { roster, publish, transmit } = this.#hosts;
    if (roster.isAlone(host)) {
      void roster.kill(host);
      return;
    }
    publish({ type: "actor-left-behind", actor: this.address, thread: host });
    transmit(host, { kind: "child-command", actor: this.address, command: { type: "abandon", isFinal } });
    if (isFinal) this.#leave();
  }

  ended(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const { registry, publish, gone } = this.#hosts;
    const reason = this.#reason;
    registry.vacate(this.name);
    this.#toAll((peer) => ({
      kind: "departed",
      actor: this.address,
      ...this.#ledger.settledOf(peer),
      isLost: this.#isLost,
      reason,
    }));
    publish({ type: "actor-stopped", actor: this.address });
    this.#reason = "stopped";
    gone(this.address, reason);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  describe(status: ChildStatus, restarts: number): ActorStatus {
    const { name, restart: kind } = this.#options;
    return { name, kind, status, restarts, address: this.address, thread: this.#host };
  }

  close(): void {
    this.#isClosed = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  // ---- what its hosts tell

  report(report: ChildReport): void {
    switch (report.type) {
      case "started":
        return this.#started();
      case "suspended":
        return this.#parent.suspended(this.name);
      case "abandoned":
        if (this.#host !== undefined) this.#avoided.add(this.#host);
        this.#leave();
        return this.#parent.suspended(this.name);
      case "completed":
        return this.#failed({ kind: "completed" });
      case "start-failed":
      case "behaviour-failed":
        return this.#failed({ kind: report.type, error: decodeError(report.error) });
      case "handler-failed": {
        const { message, deliveries, error } = report;
        return this.#failed({ kind: "handler-failed", message, error: decodeError(error), deliveries });
      }
    }
  }

  /** Its host says that it has stopped. */
  stopped(): void {
    this.#leave();
    this.#parent.stopped(this.name);
    if (!this.#startsAgain) return;
    this.#startsAgain = false;
    void this.#spawn();
  }

  threadLost(thread: HostId, error: unknown): void {
    this.#avoided.delete(thread);
    if (this.#host !== thread) return;
    this.#host = undefined;
    this.#isStopping = false;
    this.#isLost = true;
    this.#lastDeath = encodeError(error);
    this.#failed({ kind: "thread-died", thread, error });
  }

  /** A host asks where it is. While it is nowhere, every host will be told. */
  locate(peer: HostId): void {
    if (this.#isGone) this.#hosts.transmit(peer, departedLongAgo(this.address));
    else if (this.#host !== undefined) this.#hosts.transmit(peer, this.#located(this.#host, peer));
  }

  async #spawn(): Promise<void> {
    const { roster, spawn } = this.#hosts;
    const { actor, name, placement, maxDeliveries } = this.#options;
    this.#isSpawning = true;
    let host: HostId | undefined;
    try {
      host = this.#attempts++ === 0 ? await roster.place(placement) : await roster.placeAgain(placement, this.#avoided);
      if (this.#isClosed) return;
      const incarnation = ++this.#incarnation;
      const lastDeath = this.#lastDeath === undefined ? {} : { lastDeath: this.#lastDeath };
      const supervised = {
        maxDeliveries,
        ledger: this.#buffer,
        identity: this.#identity,
        incarnation,
        ...lastDeath,
      };
      await spawn(host, { definition: definitionId(actor), name, supervised });
    } catch (error) {
      if (host !== undefined) void roster.release(host);
      this.#isSpawning = false;
      this.#afterSpawn = undefined; // it isn't there to be told
      if (host === undefined || !isTroupeError(error, "thread-died")) this.#failed({ kind: "start-failed", error });
      else this.#failed({ kind: "thread-died", thread: host, error });
      return;
    }
    this.#isSpawning = false;
    this.#host = host;
    const at = host;
    if (!this.#isGone) this.#toAll((peer) => this.#located(at, peer));
    this.#isLost = false;
    this.#lastDeath = undefined;
    this.#started();
    const next = this.#isGone ? () => this.stop("discard") : this.#afterSpawn;
    this.#afterSpawn = undefined;
    next?.();
  }

  #started(): void {
    const { registry, publish } = this.#hosts;
    if (this.#isGone || this.#host === undefined) return;
    const isFirst = registry.find(this.name)?.address === undefined;
    registry.place(this.name, this.address);
    this.#reason = "stopped";
    const { address: actor } = this;
    if (isFirst) publish({ type: "actor-spawned", actor, definition: this.#options.actor.name });
    else publish({ type: "actor-restarted", actor, supervisor: this.#parent.path ?? "", thread: this.#host });
    this.#parent.started(this.name);
  }

  #failed(failure: Failure): void {
    this.#reason = reasonOf(failure);
    this.#parent.failed(this.name, failure);
  }

  /** It is no longer where it was. */
  #leave(): void {
    const host = this.#host;
    this.#host = undefined;
    this.#isStopping = false;
    if (host !== undefined) void this.#hosts.roster.release(host);
  }

  #command(command: ChildCommand): void {
    if (this.#host === undefined) return; // its thread died meanwhile, and that is what its supervisor hears next
    this.#hosts.transmit(this.#host, { kind: "child-command", actor: this.address, command });
  }

  #located(host: HostId, peer: HostId): SupervisionFrame {
    return {
      kind: "located",
      actor: this.address,
      host,
      incarnation: this.#incarnation,
      ...this.#ledger.settledOf(peer),
      isLost: this.#isLost,
    };
  }

  #toAll(frame: (peer: HostId) => SupervisionFrame): void {
    const { roster, transmit } = this.#hosts;
    for (const peer of [homeHost, ...roster.ids]) transmit(peer, frame(peer));
  }
}

/** Why it is gone, if its supervisor doesn't start it again. */
function reasonOf({ kind }: Failure): GoneReason {
  if (kind === "completed") return "stopped";
  return kind === "thread-died" || kind === "linked-actor-died" ? kind : "failed";
}

/** What a host is told that asks for an actor which is not there. */
export function departedLongAgo(actor: Address): SupervisionFrame {
  return { kind: "departed", actor, settled: 0, inHand: 0, isLost: true, reason: "no-such-actor" };
}
