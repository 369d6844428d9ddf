/**
 * When one supervisor starts, suspends, restarts and stops each of its children. Pure; `runtime/supervision` carries
 * out its effects. Follows the supervisors of Erlang/OTP (Armstrong 2003), but a child's mailbox outlives a restart.
 *
 * Whatever concerns several children is a wave: the children go down one at a time, the last started first; the wave
 * pauses; then they come up one at a time in the order of the plan. Two waves that share a child become one.
 */

import type { Mutable } from "../values/mutable.ts";
import { pauseOf } from "../actors/backoff.ts";
import type { Decision } from "./decision.ts";
import { type Failure, isLoss, isUnloadable } from "./failure.ts";
import { recentRestarts } from "./restart-intensity.ts";
import type {
  ChildState,
  SupervisionPlan,
  SupervisorEffect,
  SupervisorEvent,
  SupervisorPhase,
  SupervisorState,
  Wave,
} from "./supervisor-state.ts";

type Failed = Extract<SupervisorEvent, { type: "failed" }>;

/** The state after `event`, and what is to be done. */
export function supervise(
  plan: SupervisionPlan,
  state: SupervisorState,
  event: SupervisorEvent,
): readonly [SupervisorState, readonly SupervisorEffect[]] {
  const transition = new Transition(plan, state);
  transition.apply(event);
  return [transition.after, transition.effects];
}

class Transition {
  readonly effects: SupervisorEffect[] = [];
  readonly #plan: SupervisionPlan;
  readonly #state: Mutable<SupervisorState>;
  readonly #children: readonly Mutable<ChildState>[];
  #waves: Mutable<Wave>[];

  constructor(plan: SupervisionPlan, state: SupervisorState) {
    this.#plan = plan;
    this.#state = { ...state };
    this.#children = state.children.map((child) => ({ ...child }));
    this.#waves = state.waves.map((wave) => ({ ...wave }));
  }

  get after(): SupervisorState {
    return { ...this.#state, children: this.#children, waves: this.#waves };
  }

  apply(event: SupervisorEvent): void {
    switch (event.type) {
      case "start":
        this.#start();
        break;
      case "suspend":
        this.#suspend();
        break;
      case "stop":
        if (this.#state.phase !== "stopping" && this.#state.phase !== "stopped") this.#fell("stopping", "gone");
        break;
      case "rested":
        for (const wave of this.#waves) if (wave.id === event.wave && wave.phase === "pausing") wave.phase = "rising";
        break;
      default: {
        const child = this.#children.find(({ name }) => name === event.child);
        if (child !== undefined) this.#hear(child, event);
      }
    }
    for (const wave of [...this.#waves]) this.#advance(wave);
    if (this.#state.phase === "starting" && this.#waves.length === 0) {
      this.#state.phase = "running";
      this.effects.push({ type: "all-started" });
    }
  }

  #hear(child: Mutable<ChildState>, event: Extract<SupervisorEvent, { readonly child: string }>): void {
    switch (event.type) {
      case "started":
        if (child.status !== "starting") return;
        child.status = "up";
        child.upSince = event.now;
        return;
      case "suspended":
        if (child.status === "suspending") child.status = "down";
        return;
      case "stopped":
        if (child.status === "stopping") child.status = "gone";
        return;
      case "late":
        this.#late(child);
        return;
      case "terminate":
        this.#terminate(child);
        return;
      case "restart":
        if (isRestartable(child)) this.#restart(child, 0);
        return;
      case "failed":
        this.#failed(child, event);
    }
  }

  #start(): void {
    if (this.#state.phase !== "idle" && this.#state.phase !== "suspended") return;
    this.#state.phase = "starting";
    this.#state.escalation = undefined;
    const wave = this.#wave(0, "rising");
    for (const child of this.#children) {
      if (child.status === "stopping") continue;
      if (child.status === "gone") child.status = "idle"; // all as it was at first
      child.goal = "up";
      child.wave = wave.id;
    }
  }

  #suspend(): void {
    const { phase } = this.#state;
    if (phase === "suspended" || phase === "idle") this.effects.push({ type: "all-suspended" });
    else if (phase === "starting" || phase === "running") this.#fell("suspending", "down");
    else if (phase === "suspending") this.#state.escalation = undefined; // already going down: no need to escalate any more
  }

  /** Sets every child's goal: `down` to be restarted later, `gone` for good. */
  #fell(phase: SupervisorPhase, goal: "down" | "gone"): void {
    this.#state.phase = phase;
    this.#state.escalation = undefined;
    this.#waves = [];
    const wave = this.#wave(0);
    for (const child of this.#children) {
      child.goal = goal === "gone" || child.goal === "gone" || child.kind === "temporary" ? "gone" : "down";
      child.wave = wave.id;
    }
  }

  #terminate(child: Mutable<ChildState>): void {
    if (child.goal === "gone") return;
    child.goal = "gone";
    if (this.#state.phase !== "suspending") child.wave = this.#wave(0).id; // while suspending, one wave already has all children
  }

  #late(child: Mutable<ChildState>): void {
    const isFinal = child.status === "stopping";
    if (!isFinal && child.status !== "suspending") return;
    this.effects.push({ type: "abandon", child: child.name, isFinal });
    if (isFinal) child.status = "gone";
  }

  #failed(child: Mutable<ChildState>, event: Failed): void {
    const { failure } = event;
    const isLost = isLoss(failure);
    switch (child.status) {
      case "idle":
      case "down":
      case "gone":
        return;
      case "suspending":
        if (isLost) child.status = "down";
        return; // otherwise it still answers `suspended`
      case "stopping":
        if (isLost) child.status = "gone";
        return;
      case "starting":
      case "up": {
        const isStillThere = failure.kind === "linked-actor-died";
        if (child.goal === "up") this.#decide(child, event, isStillThere);
        else if (!isStillThere) child.status = "down";
      }
    }
  }

  #decide(child: Mutable<ChildState>, event: Failed, isStillThere: boolean): void {
    const { failure, now, chance } = event;
    const decision = this.#effective(child, event);
    const { restarts } = child;
    if (now - child.upSince >= this.#plan.intensity.within && child.status === "up") child.streak = 0;
    const pause = decision === "restart" ? pauseOf(this.#plan.backoff, child.streak + 1, chance) : 0;
    this.effects.push({ type: "decided", child: child.name, failure, decision, restarts, pause });
    if (!isStillThere) child.status = "down";
    switch (decision) {
      case "resume":
        if (isStillThere) return;
        child.status = "up";
        this.effects.push({ type: "resume", child: child.name });
        return;
      case "restart":
        child.streak++;
        this.#state.restarts = [...recentRestarts(this.#plan.intensity, this.#state.restarts, now), now];
        this.#restart(child, pause);
        return;
      case "stop":
        this.#terminate(child);
        return;
      case "escalate":
        this.#fell("suspending", "down");
        this.#state.escalation = { child: child.name, failure };
    }
  }

  /**
   * The decision that takes effect. The child's kind and the restart intensity overrule the decider, and only a child
   * that still runs can resume.
   */
  #effective({ kind }: ChildState, { failure, decision, now }: Failed): Decision {
    if (failure.kind === "completed") {
      if (kind !== "permanent") return "stop";
    } else if (decision === "stop" || decision === "escalate" || (decision === "resume" && canResume(failure)))
      return decision;
    if (kind === "temporary") return "stop";
    // later on, a restart may find what its module waits for; here a caller waits
    if (this.#state.phase === "starting" && isUnloadable(failure)) return "escalate";
    const { intensity } = this.#plan;
    return recentRestarts(intensity, this.#state.restarts, now).length < intensity.restarts ? "restart" : "escalate";
  }

  #restart(failed: Mutable<ChildState>, pause: number): void {
    failed.restarts++;
    const group = this.#groupOf(failed);
    const met = new Set(group.map(({ wave }) => wave).filter((id) => id !== 0));
    const pauses = this.#waves.filter(({ id, phase }) => met.has(id) && phase !== "rising").map((wave) => wave.pause);
    const wave = this.#wave(Math.max(pause, ...pauses));
    for (const child of this.#children) if (met.has(child.wave)) child.wave = wave.id;
    this.#waves = this.#waves.filter(({ id }) => !met.has(id));
    for (const child of group) {
      child.wave = wave.id;
      child.goal = child.kind === "temporary" && child.status !== "idle" ? "gone" : "down";
    }
  }

  /** The children that the strategy restarts together with `failed`, without those that are stopping or gone. */
  #groupOf(failed: ChildState): Mutable<ChildState>[] {
    const at = this.#children.findIndex(({ name }) => name === failed.name);
    return this.#children.filter(({ goal }, i) => {
      if (i === at) return true;
      if (goal === "gone") return false;
      return this.#plan.strategy === "one-for-all" || (this.#plan.strategy === "rest-for-one" && i > at);
    });
  }

  #wave(pause: number, phase: Wave["phase"] = "falling"): Wave {
    const wave = { id: ++this.#state.lastWave, phase, pause };
    this.#waves.push(wave);
    return wave;
  }

  #advance(wave: Mutable<Wave>): void {
    const members = this.#children.filter((child) => child.wave === wave.id);
    if (wave.phase === "falling") {
      if (!this.#lower(members)) return;
      if (this.#state.phase === "suspending" || this.#state.phase === "stopping") {
        this.#end(wave, members);
        this.#allFell();
        return;
      }
      for (const child of members) if (child.goal === "down") child.goal = "up";
      wave.phase = wave.pause > 0 ? "pausing" : "rising";
      if (wave.pause > 0) this.effects.push({ type: "rest", wave: wave.id, pause: wave.pause });
    }
    if (wave.phase === "rising" && this.#raise(members)) this.#end(wave, members);
  }

  /** Takes the next child down, the last started first. Returns true when all have reached their goals. */
  #lower(members: readonly Mutable<ChildState>[]): boolean {
    for (const child of members.toReversed()) {
      const { name, status, goal } = child;
      if (goal === "up" || status === "gone" || (goal === "down" && (status === "down" || status === "idle"))) continue;
      if (status === "idle") {
        child.status = "gone";
        continue;
      }
      if (goal === "gone" && status !== "stopping" && status !== "suspending") {
        child.status = "stopping";
        this.effects.push({ type: "stop", child: name });
      } else if (goal === "down" && (status === "up" || status === "starting")) {
        child.status = "suspending";
        this.effects.push({ type: "suspend", child: name });
      }
      return false;
    }
    return true;
  }

  /** Starts the next child in the order of the plan. Returns true when all are up. */
  #raise(members: readonly Mutable<ChildState>[]): boolean {
    const next = members.find(({ goal, status }) => goal === "up" && status !== "up");
    if (next === undefined) return true;
    if (next.status === "idle" || next.status === "down") {
      next.status = "starting";
      this.effects.push({ type: "start", child: next.name });
    }
    return false;
  }

  #end(wave: Wave, members: readonly Mutable<ChildState>[]): void {
    this.#waves = this.#waves.filter(({ id }) => id !== wave.id);
    for (const child of members) child.wave = 0;
  }

  #allFell(): void {
    const { phase, escalation } = this.#state;
    this.#state.phase = phase === "stopping" ? "stopped" : "suspended";
    if (phase === "stopping") this.effects.push({ type: "all-stopped" });
    else if (escalation === undefined) this.effects.push({ type: "all-suspended" });
    else this.effects.push({ type: "escalate", ...escalation });
  }
}

/** True for a child that a person may have begin anew. A temporary one is never started again. */
export function isRestartable({ kind, status, goal }: Pick<ChildState, "kind" | "status" | "goal">): boolean {
  return kind !== "temporary" && status === "up" && goal === "up";
}

function canResume({ kind }: Failure): boolean {
  return kind === "handler-failed" || kind === "linked-actor-died";
}
