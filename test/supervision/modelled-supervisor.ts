/** A supervisor's machine in the hands of a shell that checks each of its transitions and effects against the model. */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Decision } from "../../src/supervision/decision.ts";
import { supervise } from "../../src/supervision/supervisor-machine.ts";
import {
  type ChildState,
  type ChildStatus,
  newSupervisor,
  type SupervisionPlan,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorState,
} from "../../src/supervision/supervisor-state.ts";

/** What a child may become within one event. Nothing else is a transition. */
const table: Readonly<Record<ChildStatus, readonly ChildStatus[]>> = {
  idle: ["starting", "gone"],
  starting: ["up", "down", "suspending", "stopping", "gone"],
  up: ["suspending", "down", "stopping", "starting", "gone"],
  suspending: ["down", "starting", "stopping", "gone"],
  down: ["starting", "stopping"],
  stopping: ["gone"],
  gone: ["idle", "starting"], // only when the supervisor itself is started again
};

/** What the world around the machine owes it or may do to it. */
export class ModelledSupervisor {
  state: SupervisorState;
  now = 1_000_000;
  /** Requests that are not answered yet, by child. */
  readonly asked = new Map<string, "start" | "suspend" | "stop">();
  readonly resting = new Set<number>();
  readonly restarts: number[] = [];
  /** Why the machine gave up or ended, as it said so. */
  readonly said: string[] = [];

  readonly plan: SupervisionPlan;

  constructor(plan: SupervisionPlan) {
    this.plan = plan;
    this.state = newSupervisor(plan);
  }

  child(name: string): ChildState {
    return this.state.children.find((child) => child.name === name)!;
  }

  hear(event: SupervisorEvent): readonly SupervisorEffect[] {
    const before = this.state;
    const frozen = JSON.stringify(before);
    const [after, effects] = supervise(this.plan, before, event);
    strictEqual(JSON.stringify(before), frozen); // pure
    this.state = after;
    this.#checkTransitions(before, event);
    if (event.type === "restart") this.#checkRestart(event.child, before);
    for (const effect of effects) this.#take(effect, before, event);
    return effects;
  }

  #checkTransitions(before: SupervisorState, event: SupervisorEvent): void {
    for (const [i, { name, status }] of before.children.entries()) {
      const next = this.state.children[i]!.status;
      if (next === status) continue;
      ok(table[status].includes(next), `${name}: ${status} > ${next} by ${event.type}`);
      if (status === "gone") strictEqual(event.type, "start");
    }
    if (before.phase === "stopped") deepStrictEqual(this.state, before);
  }

  #take(effect: SupervisorEffect, before: SupervisorState, event: SupervisorEvent): void {
    switch (effect.type) {
      case "start":
      case "suspend":
      case "stop": {
        const pending = this.asked.get(effect.child);
        // only a child that is still starting may be told to go down before it has answered
        ok(
          pending === undefined || (pending === "start" && effect.type !== "start"),
          `${effect.type} while asked to ${pending}`,
        );
        this.asked.set(effect.child, effect.type);
        if (effect.type === "start") this.#checkRise(effect.child);
        else this.#checkFall(effect.child);
        break;
      }
      case "abandon":
        strictEqual(this.asked.get(effect.child), effect.isFinal ? "stop" : "suspend");
        if (effect.isFinal) this.asked.delete(effect.child);
        break;
      case "rest":
        ok(effect.pause > 0);
        this.resting.add(effect.wave);
        break;
      case "resume":
        strictEqual(this.child(effect.child).status, "up");
        break;
      case "decided":
        this.#checkDecision(effect, before, event);
        break;
      default:
        this.said.push(effect.type);
    }
  }

  /** The rules again, in other words. */
  #checkDecision(
    { child: name, decision, restarts, pause }: Extract<SupervisorEffect, { type: "decided" }>,
    before: SupervisorState,
    event: SupervisorEvent,
  ): void {
    if (event.type !== "failed") throw new Error("a decision without a failure");
    const { kind, restarts: known } = before.children.find((child) => child.name === name)!;
    const { restarts: most, within } = this.plan.intensity;
    const recent = this.restarts.filter((time) => event.now - time < within).length;
    const isCompleted = event.failure.kind === "completed";
    const runs = event.failure.kind === "handler-failed" || event.failure.kind === "linked-actor-died";
    const wanted: Decision = isCompleted ? (kind === "permanent" ? "restart" : "stop") : event.decision;
    const again: Decision = kind === "temporary" ? "stop" : recent < most ? "restart" : "escalate";
    const expected = wanted === "restart" || (wanted === "resume" && !runs) ? again : wanted;
    strictEqual(decision, expected);
    strictEqual(restarts, known);
    if (decision !== "restart") return;
    this.restarts.push(event.now);
    const { max, jitter } = this.plan.backoff;
    ok(pause <= max);
    ok(pause >= Math.min(max, this.plan.backoff.first) * (1 - jitter));
    this.#checkGroup(name, before);
  }

  /** What a person has begin anew counts as no failure. One that does not run, or is temporary, is left as it is. */
  #checkRestart(name: string, before: SupervisorState): void {
    const was = before.children.find((child) => child.name === name);
    if (was === undefined) return deepStrictEqual(this.state, before);
    const { kind, status, goal, restarts } = was;
    const isDone = kind !== "temporary" && status === "up" && goal === "up";
    if (!isDone) return deepStrictEqual(this.state, before);
    strictEqual(this.child(name).restarts, restarts + 1);
    deepStrictEqual(this.state.restarts, before.restarts);
    this.#checkGroup(name, before);
  }

  /** Who runs and is not of the group is left alone. */
  #checkGroup(name: string, before: SupervisorState): void {
    const at = before.children.findIndex((child) => child.name === name);
    for (const [i, was] of before.children.entries()) {
      const isOf = { "one-for-one": i === at, "one-for-all": true, "rest-for-one": i >= at }[this.plan.strategy];
      const is = this.state.children[i]!;
      if (isOf && was.goal !== "gone" && was.status === "up") ok(is.status !== "up" || is.wave !== 0);
      if (!isOf) deepStrictEqual([is.status, is.goal], [was.status, was.goal]);
    }
  }

  /** Last goes first: a child that goes down in the same wave and was started later is down already. */
  #checkFall(name: string): void {
    const { wave } = this.child(name);
    const at = this.state.children.findIndex((child) => child.name === name);
    for (const later of this.state.children.slice(at + 1)) {
      if (later.wave !== wave || later.goal === "up") continue;
      ok((later.goal === "gone" ? ["gone"] : ["down", "idle", "gone"]).includes(later.status));
    }
  }

  /** First comes first, and no child before all of the wave have fallen. */
  #checkRise(name: string): void {
    const { wave } = this.child(name);
    const at = this.state.children.findIndex((child) => child.name === name);
    for (const [i, other] of this.state.children.entries()) {
      if (other.wave !== wave || i === at) continue;
      ok((i < at ? ["up", "gone"] : ["up", "gone", "down", "idle", "starting"]).includes(other.status));
    }
  }
}
