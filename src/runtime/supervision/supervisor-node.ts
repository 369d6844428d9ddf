/** One supervisor of a running tree: hears what becomes of its children, and carries out the machine's effects. */

import { caught } from "../../errors/caught.ts";
import type { Address } from "../../actors/address.ts";
import { ReentrantQueue } from "../../async/reentrant-queue.ts";
import type { ChildKind, Decision } from "../../supervision/decision.ts";
import type { Failure } from "../../supervision/failure.ts";
import { isRestartable, supervise } from "../../supervision/supervisor-machine.ts";
import {
  type ChildStatus,
  newSupervisor,
  type SupervisionPlan,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorPhase,
  type SupervisorState,
} from "../../supervision/supervisor-state.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { ResolvedChild, ResolvedSupervisor } from "./supervision-options.ts";
import type { Untimed } from "../telemetry/system-events.ts";

/**
 * An actor of a tree, as `SupervisorHandle.state` shows it.
 *
 * @since 0.1.0
 */
export interface ActorStatus {
  readonly name: string;
  readonly kind: ChildKind;
  readonly status: ChildStatus;
  readonly restarts: number;
  readonly address: Address;
  /** The thread that it is on; `undefined` while it is on none. */
  readonly thread: number | undefined;
}

/**
 * A supervisor of a tree, as `SupervisorHandle.state` shows it.
 *
 * @since 0.1.0
 */
export interface SupervisorStatus {
  readonly name: string;
  readonly phase: SupervisorPhase;
  /** How often this supervisor was restarted. */
  readonly restarts: number;
  readonly children: readonly (ActorStatus | SupervisorStatus)[];
}

/** A child as its supervisor sees it. It answers what it is told through its {@link Parent}. */
export interface Child {
  /** Milliseconds that it has to stop, or to suspend, before it is abandoned. */
  readonly stopWithin: number;
  start(): void;
  resume(): void;
  suspend(): void;
  stop(mode: StopMode): void;
  /** It didn't go down in time. `isFinal` if it was to stop: it counts as gone. Otherwise it still answers, suspended or failed. */
  abandon(isFinal: boolean): void;
  /** Its supervisor has decided not to resume it: it counts as down, whatever it still does. */
  fell(): void;
  /** Its supervisor counts it as gone for good. */
  ended(): void;
  describe(status: ChildStatus, restarts: number): ActorStatus | SupervisorStatus;
  /** The system closes: nothing is done any more. */
  close(): void;
}

/** Hears what became of a child: its supervisor, or the tree. */
export interface Parent {
  readonly path: string | undefined;
  started(child: string): void;
  suspended(child: string): void;
  stopped(child: string): void;
  failed(child: string, failure: Failure): void;
}

export interface SupervisorNodeOptions {
  readonly name: string;
  readonly options: ResolvedSupervisor;
  readonly parent: Parent;
  readonly clock: Clock;
  readonly random: Random;
  readonly publish: (event: Untimed) => void;
  readonly makeChild: (child: ResolvedChild, parent: SupervisorNode) => Child;
}

export class SupervisorNode implements Child, Parent {
  readonly stopWithin = Number.POSITIVE_INFINITY; // its children have their own deadlines
  readonly path: string;
  readonly #options: SupervisorNodeOptions;
  readonly #plan: SupervisionPlan;
  readonly #children: ReadonlyMap<string, Child>;
  readonly #deadlines = new Map<string, Timer>();
  readonly #pauses = new Map<number, Timer>();
  /** Handles events one after another: a child may answer an effect at once, while the event before is being handled. */
  readonly #order = new ReentrantQueue();
  #state: SupervisorState;
  /** The stop mode requested for each child that is being terminated. */
  readonly #modes = new Map<string, StopMode>();
  #isClosed = false;

  constructor(nodeOptions: SupervisorNodeOptions) {
    const { name, options, parent, makeChild } = nodeOptions;
    const { strategy, intensity, backoff, children } = options;
    this.#options = nodeOptions;
    this.path = parent.path === undefined ? name : `${parent.path}/${name}`;
    const kinds = children.map((child) => ({ name: child.name, kind: child.restart }));
    this.#plan = { strategy, intensity, backoff, children: kinds };
    this.#children = new Map(children.map((child) => [child.name, makeChild(child, this)]));
    this.#state = newSupervisor(this.#plan);
  }

  // ---- as a child

  start(): void {
    this.#hear({ type: "start" });
  }

  /** A supervisor takes its children down before it escalates, so all that it can do is to begin anew. */
  resume(): void {
    this.start();
  }

  suspend(): void {
    this.#hear({ type: "suspend" });
  }

  stop(mode: StopMode): void {
    for (const child of this.#children.keys()) this.#modes.set(child, mode);
    this.#hear({ type: "stop" });
  }

  abandon(): void {
    throw new Error(`${this.path} has no deadline of its own`);
  }

  fell(): void {
    // each of its children does this for itself
  }

  ended(): void {
    // each of its children does this for itself
  }

  describe(): SupervisorStatus;
  describe(status: ChildStatus, restarts: number): SupervisorStatus;
  describe(_status?: ChildStatus, restarts = 0): SupervisorStatus {
    const { phase, children } = this.#state;
    return {
      name: this.#options.name,
      phase,
      restarts,
      children: children.map((child) => this.#child(child.name).describe(child.status, child.restarts)),
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of [...this.#deadlines.values(), ...this.#pauses.values()]) timer.cancel();
    for (const child of this.#children.values()) child.close();
  }

  // ---- as a parent

  started(child: string): void {
    this.#hear({ type: "started", child, now: this.#options.clock.now() });
  }

  suspended(child: string): void {
    this.#hear({ type: "suspended", child });
  }

  stopped(child: string): void {
    this.#hear({ type: "stopped", child });
  }

  failed(child: string, failure: Failure): void {
    const { clock, random } = this.#options;
    const decision = this.#decide(child, failure);
    this.#hear({ type: "failed", child, failure, decision, now: clock.now(), chance: random.next() });
  }

  /** Ends one child for good. */
  terminate(child: string, mode: StopMode): void {
    this.#modes.set(child, mode);
    this.#hear({ type: "terminate", child });
  }

  /** Has one child begin anew. Returns false for one that does not run, or is never started again. */
  restart(name: string): boolean {
    const child = this.#state.children.find((one) => one.name === name);
    if (child === undefined || !isRestartable(child)) return false;
    this.#hear({ type: "restart", child: name });
    return true;
  }

  #decide(name: string, failure: Failure): Decision {
    const child = this.#state.children.find((one) => one.name === name);
    if (child === undefined || failure.kind === "completed") return "restart"; // the machine goes by the child's kind
    const { kind, restarts } = child;
    try {
      return this.#options.options.decide({ name, kind, restarts }, failure);
    } catch (error) {
      this.#options.publish({ type: "decider-failed", supervisor: this.path, error: caught(error) });
      return "escalate";
    }
  }

  #hear(event: SupervisorEvent): void {
    this.#order.run(() => this.#handle(event));
  }

  #handle(event: SupervisorEvent): void {
    if (this.#isClosed) return;
    const before = this.#state;
    const [after, effects] = supervise(this.#plan, before, event);
    this.#state = after;
    for (const { name, status } of after.children) {
      if (status !== "suspending" && status !== "stopping") this.#cancelDeadline(name);
    }
    for (const effect of effects) this.#do(effect);
    for (const [i, { name, status }] of after.children.entries()) {
      if (status !== "gone" || before.children[i]?.status === "gone") continue;
      this.#modes.delete(name);
      this.#child(name).ended();
    }
  }

  #do(effect: SupervisorEffect): void {
    const { publish, parent, name } = this.#options;
    const supervisor = this.path;
    switch (effect.type) {
      case "start":
        return this.#child(effect.child).start();
      case "resume":
        return this.#child(effect.child).resume();
      case "suspend":
        this.#setDeadline(effect.child);
        return this.#child(effect.child).suspend();
      case "stop": {
        const mode = this.#modes.get(effect.child) ?? "discard";
        if (mode === "discard") this.#setDeadline(effect.child); // a drain takes the time that it takes
        return this.#child(effect.child).stop(mode);
      }
      case "abandon":
        return this.#child(effect.child).abandon(effect.isFinal);
      case "rest":
        return this.#rest(effect.wave, effect.pause);
      case "decided": {
        const { child, failure, decision, restarts, pause } = effect;
        publish({ type: "supervisor-decided", supervisor, child, failure, decision, restarts, pause });
        if (decision !== "resume") this.#child(child).fell();
        return;
      }
      case "all-started":
        publish({ type: "supervisor-started", supervisor });
        return parent.started(name);
      case "all-suspended":
        return parent.suspended(name);
      case "all-stopped":
        publish({ type: "supervisor-stopped", supervisor });
        return parent.stopped(name);
      case "escalate": {
        const { child, failure } = effect;
        publish({ type: "supervisor-escalated", supervisor, child, failure, parent: parent.path });
        return parent.failed(name, { kind: "escalated", child, failure });
      }
    }
  }

  #rest(wave: number, pause: number): void {
    const timer = this.#options.clock.setTimer(pause, () => {
      this.#pauses.delete(wave);
      this.#hear({ type: "rested", wave });
    });
    this.#pauses.set(wave, timer);
  }

  #setDeadline(child: string): void {
    const { stopWithin } = this.#child(child);
    this.#cancelDeadline(child);
    if (stopWithin === Number.POSITIVE_INFINITY) return;
    const timer = this.#options.clock.setTimer(stopWithin, () => this.#hear({ type: "late", child }));
    this.#deadlines.set(child, timer);
  }

  #cancelDeadline(child: string): void {
    this.#deadlines.get(child)?.cancel();
    this.#deadlines.delete(child);
  }

  #child(name: string): Child {
    const child = this.#children.get(name);
    if (child === undefined) throw new Error(`${this.path} has no child ${name}`);
    return child;
  }
}
