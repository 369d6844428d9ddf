/** The trees of supervisors of one system, on the home host. */

import { type Address, homeHost, type HostId, makeSupervisedAddress } from "../../actors/address.ts";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { GoneReason } from "../../actors/gone.ts";
import { describeFailure, type Failure } from "../../supervision/failure.ts";
import { definitionId } from "../definitions/definition-loader.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import { type ChildReport, nothingSettled, type Settled } from "../transport/supervision-protocol.ts";
import { type ActorHosts, departedLongAgo, SupervisedActor } from "./supervised-actor.ts";
import {
  type ResolvedChild,
  type ResolvedSupervisor,
  resolveSupervision,
  type SupervisionOptions,
} from "./supervision-options.ts";
import { type Child, type Parent, SupervisorNode, type SupervisorStatus } from "./supervisor-node.ts";

/**
 * A handle on a tree of supervisors that runs: how it stands, and how it is stopped.
 *
 * @since 0.1.0
 */
export interface SupervisorHandle {
  readonly name: string;
  /** What the tree looks like now. */
  readonly state: SupervisorStatus;
  /**
   * Ends all actors of the tree, last first, each within its deadline; with `drain`, each after what waits in its mailbox, and
   * without deadlines. Resolves when they are gone; at once for a tree that has ended.
   */
  stop(mode?: StopMode): Promise<void>;
}

export interface SupervisionPorts extends ActorHosts {
  readonly roster: ActorHosts["roster"] & Pick<ThreadRoster, "check">;
  readonly registry: ActorHosts["registry"] & Pick<ActorRegistry, "reserve" | "release">;
  readonly clock: Clock;
  readonly random: Random;
}

interface Supervised {
  readonly actor: SupervisedActor;
  readonly node: SupervisorNode;
}

export class Supervision {
  readonly #ports: SupervisionPorts;
  /** The trees that run, in the order in which they were started. */
  readonly #trees = new Map<string, Tree>();
  readonly #actors = new Map<Address, Supervised>();
  /** The actors that were there when the system closed. */
  #closed: ReadonlyMap<Address, Supervised> = new Map();

  constructor(ports: SupervisionPorts) {
    this.#ports = ports;
  }

  /** Starts a tree. See `System.supervise`. */
  async supervise(
    options: SupervisionOptions,
    remember: (definition: ActorDefinition) => void,
  ): Promise<SupervisorHandle> {
    const resolved = resolveSupervision(options);
    for (const { actor } of actorsOf(resolved)) remember(actor);
    const { name } = options;
    if (this.#trees.has(name)) {
      throw new TroupeError("name-taken", `there is a tree of supervisors named ${name} already; stop it first`, {
        details: { name },
      });
    }
    for (const { placement } of actorsOf(resolved)) this.#ports.roster.check(placement);
    const release = this.#reserve(resolved);
    const tree: Tree = new Tree(
      name,
      (parent) => this.#node(name, resolved, parent),
      () => {
        this.#trees.delete(name);
        release();
      },
    );
    this.#trees.set(name, tree);
    await tree.start();
    return tree;
  }

  /** Takes a host's report of an actor. */
  report(address: Address, report: ChildReport, from: HostId): void {
    this.#actors.get(address)?.actor.report(report, from);
  }

  /** A host says that an actor has stopped. */
  stopped(address: Address, from: HostId): void {
    this.#actors.get(address)?.actor.stopped(from);
  }

  /** A host asks where an actor is. */
  locate(address: Address, peer: HostId): void {
    const supervised = this.#actors.get(address);
    if (supervised === undefined) this.#ports.transmit(peer, departedLongAgo(address));
    else supervised.actor.locate(peer);
  }

  /** True while an actor is there, or is to be started again. */
  isThere(address: Address): boolean {
    return this.#actors.get(address)?.actor.isThere === true;
  }

  /** An actor that another one is linked with went down. */
  linkedDown(address: Address, by: Address, reason: GoneReason): void {
    this.#actors.get(address)?.actor.linkedDown(by, reason);
  }

  /** The actors on a host. */
  on(host: HostId): Address[] {
    return [...this.#actors.values()].filter(({ actor }) => actor.host === host).map(({ actor }) => actor.address);
  }

  threadLost(thread: HostId, error: unknown): void {
    for (const { actor } of [...this.#actors.values()]) actor.threadLost(thread, error);
  }

  /** Ends an actor for good: it is not started again. Resolves when it is gone. */
  async terminate(address: Address, mode: StopMode): Promise<void> {
    const supervised = this.#actors.get(address);
    if (supervised === undefined) return;
    const { actor, node } = supervised;
    const gone = actor.gone;
    node.terminate(actor.name, mode);
    await gone;
  }

  /**
   * Has an actor that runs begin anew once it has handled what it has in hand: with its first state, and the messages that wait. The actors
   * that its supervisor restarts together with it begin anew, too.
   *
   * @throws TroupeError `invalid-options` for one that has no supervisor, does not run, or is temporary.
   */
  restart(address: Address): void {
    const { actor, node } = this.#actors.get(address) ?? {};
    if (actor !== undefined && node?.restart(actor.name) === true) return;
    const why = node === undefined ? "has no supervisor that would start it again" : "does not run, or is temporary";
    throw new TroupeError("invalid-options", `${address} can't begin anew: it ${why}`);
  }

  /** The host that an actor is on; `undefined` while it is on none. */
  hostOf(address: Address): HostId | undefined {
    return this.#actors.get(address)?.actor.host;
  }

  /** How the trees stand, in the order in which they were started. */
  get states(): readonly SupervisorStatus[] {
    return [...this.#trees.values()].map(({ state }) => state);
  }

  /** Ends all trees, the newest first. */
  async stop(mode: StopMode): Promise<void> {
    for (const tree of [...this.#trees.values()].reverse()) await tree.stop(mode);
  }

  /** The system closes, which ends all actors: nothing is started any more. */
  close(): void {
    for (const tree of this.#trees.values()) tree.close();
    this.#trees.clear();
    this.#closed = new Map(this.#actors);
    this.#actors.clear();
  }

  /** Which of the home host's messages to an actor are done with. To be called once all hosts are closed. */
  settledOf(address: Address): Settled {
    return this.#closed.get(address)?.actor.settledOf(homeHost) ?? nothingSettled;
  }

  #node(name: string, options: ResolvedSupervisor, parent: Parent): SupervisorNode {
    const { clock, random, publish } = this.#ports;
    return new SupervisorNode({
      name,
      options,
      parent,
      clock,
      random,
      publish,
      makeChild: (child, node) => this.#child(child, node),
    });
  }

  #child(child: ResolvedChild, node: SupervisorNode): Child {
    if (child.kind === "supervisor") return this.#node(child.name, child.supervisor, node);
    const actor = new SupervisedActor(child, node, this.#ports);
    this.#actors.set(actor.address, { actor, node });
    return actor;
  }

  /**
   * Reserves the names of all actors of a tree. Returns a function that releases them.
   *
   * @throws TroupeError `name-taken`; then no name stays reserved.
   */
  #reserve(options: ResolvedSupervisor): () => void {
    const { registry } = this.#ports;
    const names: string[] = [];
    const release = (): void => {
      for (const name of names) {
        registry.release(name);
        this.#actors.delete(makeSupervisedAddress(name));
      }
    };
    try {
      for (const { name, actor } of actorsOf(options)) {
        registry.reserve(definitionId(actor), name);
        names.push(name);
      }
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }
}

function actorsOf({ children }: ResolvedSupervisor): Extract<ResolvedChild, { kind: "actor" }>[] {
  return children.flatMap((child) => (child.kind === "actor" ? [child] : actorsOf(child.supervisor)));
}

/** The root of a tree, and the parent of its first supervisor: there is no supervisor above it to escalate to. */
class Tree implements Parent, SupervisorHandle {
  readonly name: string;
  readonly path = undefined;
  readonly #node: SupervisorNode;
  readonly #onEnd: () => void;
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  #settle: { resolve(): void; reject(error: unknown): void } | undefined;
  #failure: Failure | undefined;

  constructor(name: string, makeNode: (parent: Parent) => SupervisorNode, onEnd: () => void) {
    this.name = name;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    this.#onEnd = onEnd;
    this.#node = makeNode(this);
  }

  get state(): SupervisorStatus {
    return this.#node.describe();
  }

  /** Resolves when all actors are up. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#node.start();
    });
  }

  async stop(mode: StopMode = "discard"): Promise<void> {
    this.#node.stop(mode);
    await this.#ended;
  }

  close(): void {
    this.#node.close();
    this.#settle?.reject(new TroupeError("system-closed", `the system was closed while ${this.name} was started`));
    this.#end();
  }

  started(): void {
    this.#settle?.resolve();
    this.#settle = undefined;
  }

  suspended(): void {
    // a whole tree is never suspended
  }

  failed(_child: string, failure: Failure): void {
    this.#failure = failure;
    this.#node.stop("discard");
  }

  stopped(): void {
    this.#onEnd();
    this.#settle?.reject(notStarted(this.name, this.#failure));
    this.#settle = undefined;
    this.#end();
  }
}

function notStarted(name: string, failure: Failure | undefined): TroupeError {
  const first = failure?.kind === "escalated" ? failure : undefined;
  const why = first === undefined ? "it was stopped" : `${first.child} failed: ${describeFailure(first.failure)}`;
  let last = first?.failure; // of the actor that a supervisor further down gave up on
  while (last?.kind === "escalated") last = last.failure;
  const cause = last === undefined || !("error" in last) ? {} : { cause: last.error };
  return new TroupeError("supervision-failed", `the supervisor ${name} could not start its children: ${why}`, {
    ...cause,
    details: { supervisor: name, ...(first === undefined ? {} : { child: first.child }) },
  });
}
