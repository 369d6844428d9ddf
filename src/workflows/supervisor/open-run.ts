/** A run that hasn't ended, as the supervisor holds it: its newest state, its attempts in progress, and when to look at it again. */

import { type Subject, subjectOf } from "../../store/client/change.ts";
import type { Alarm } from "../../async/alarm.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Permit } from "../../agents/policies/permit.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { Claim, RunEvent } from "../history/run-event.ts";
import { attemptOf, pivotPassed, stepOf } from "../history/run-progress.ts";
import { newRun, type RunState, runState } from "../history/run-state.ts";
import { allSteps, placeOf, type StepState } from "../history/run-steps.ts";
import { TaskQueue } from "../../async/task-queue.ts";

/** What the time has come for: the run's deadline, or another attempt at a step or its compensation. */
export type DueWork = { readonly kind: "deadline" } | { readonly kind: "again"; readonly step: string };

export class OpenRun {
  readonly id: string;
  /** Its history; kept, since a key that is made anew for each commit is looked up slowly. */
  readonly subject: Subject<RunState>;
  readonly plan: WorkflowPlan;
  readonly sequence = new TaskQueue();
  state: RunState = newRun;
  /** For the earliest time at which something is due; absent until something is. */
  alarm: Alarm | undefined;
  /** The attempts that went ahead and are not over, by step; without a permit for a compensation: undoing is not held up. */
  readonly #attempts = new Map<string, Permit | undefined>();
  /** What ends the wait of attempts that their agent's policies hold up. */
  readonly #waits = new Map<string, AbortController>();
  /** The steps whose newest attempt was claimed by their participant: it is lost with it, also while it is held. */
  readonly #claimed = new Set<string>();
  /** The steps that have started and were not let go ahead yet. */
  readonly #held = new Set<string>();
  /** When steps and compensations are tried again; without those whose participant was told to claim the attempt. */
  readonly #due = new Map<string, number>();
  #isClosed = false;

  constructor(id: string, plan: WorkflowPlan) {
    this.id = id;
    this.subject = subjectOf(runState, id);
    this.plan = plan;
  }

  /** True once its supervisor has let go of it: it has ended, or can't go on. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Does what nobody waits for, in its turn. If that fails, the run is broken, of which those who listen were told. */
  unattended(task: () => MaybePromise<unknown>): MaybePromise<unknown> {
    try {
      const done = this.sequence.run(task);
      return done instanceof Promise ? done.catch(() => undefined) : undefined;
    } catch {
      return undefined; // as above
    }
  }

  /** True when this attempt at a step, or at its compensation, is the one in flight. */
  isInFlight(name: string, attempt: number): boolean {
    const step = stepOf(this.state, name);
    return step !== undefined && isInFlight(step) && attemptOf(step) === attempt;
  }

  /** Takes in an event of the run, whose state is the one after it: who has an attempt in hand, and what is due. */
  follow(event: RunEvent): void {
    if (event.type === "step-started" || event.type === "compensation-started") this.#noteStart(event);
    if (event.type === "run-recovered" || event.type === "coordination-switched") this.forgetTold();
    // where the run turns back, what waited for another attempt has failed
    else if (this.state.status !== "running") for (const name of this.#due.keys()) this.#noteDue(name);
    if ("step" in event && event.step !== undefined) this.#noteDue(event.step);
  }

  /** Who has the attempt that an event starts: the participant that claimed it, or none until it is sent an order. */
  #noteStart({ type, step, by }: Claim): void {
    if (by === "relay") this.#claimed.add(step);
    else this.#claimed.delete(step);
    if (type === "step-started") this.#held.add(step);
  }

  #noteDue(name: string): void {
    const { retryAt } = stepOf(this.state, name) ?? {};
    if (retryAt === undefined) this.#due.delete(name);
    else this.#due.set(name, retryAt);
  }

  /** The attempts in flight that are a participant's: it was let go ahead, or claimed them. */
  get taken(): ReadonlySet<string> {
    const names = [...this.#attempts.keys(), ...this.#claimed].filter((name) => this.#isTaken(name));
    return new Set(names.map((name) => this.#attemptKey(name)));
  }

  /** True when the attempt in flight is one of those `taken`, or was claimed. */
  isLost(name: string, taken: ReadonlySet<string>): boolean {
    return this.#isTaken(name) && (this.#claimed.has(name) || taken.has(this.#attemptKey(name)));
  }

  #isTaken(name: string): boolean {
    const step = stepOf(this.state, name);
    return step !== undefined && isInFlight(step) && (this.#attempts.has(name) || this.#claimed.has(name));
  }

  #attemptKey(name: string): string {
    const step = stepOf(this.state, name);
    return `${name}/${String(step?.status)}/${attemptOf(step)}`;
  }

  /** An attempt may have to wait for its turn: returns the signal that it is given up. */
  hold(name: string): AbortSignal {
    const wait = new AbortController();
    this.#waits.set(name, wait);
    return wait.signal;
  }

  begin(name: string, permit: Permit | undefined): void {
    this.#waits.delete(name);
    this.#held.delete(name);
    this.#attempts.set(name, permit);
  }

  /** The permit of the attempt that an event ended, if it had one: it isn't in progress any more. */
  end(event: RunEvent): Permit | undefined {
    if (!("step" in event) || event.step === undefined || isStart(event)) return undefined;
    this.#giveUp(event.step);
    this.#held.delete(event.step);
    const permit = this.#attempts.get(event.step);
    this.#attempts.delete(event.step);
    return permit;
  }

  /** The steps that were not let go ahead yet, each once. */
  takeHeld(): readonly string[] {
    const held = [...this.#held];
    this.#held.clear();
    return held;
  }

  /** A participant that was told of what is due may be gone, or not decide any more. */
  forgetTold(): void {
    this.#due.clear();
    for (const { name, retryAt } of allSteps(this.state.steps)) if (retryAt !== undefined) this.#due.set(name, retryAt);
  }

  /** The participant of the step is told of its next attempt: it isn't told twice. */
  tell(name: string): void {
    this.#due.delete(name);
  }

  /** When something is due next, in milliseconds since the epoch; Infinity for never. */
  get nextDue(): number {
    let next = this.#deadline;
    for (const retryAt of this.#due.values()) next = Math.min(next, retryAt);
    return next;
  }

  /** What is due by `now`, in the order in which the steps are declared. */
  due(now: number): readonly DueWork[] {
    const place = (name: string): number => placeOf(this.state.steps, name) ?? 0;
    const names = [...this.#due].filter(([, retryAt]) => retryAt <= now).map(([name]) => name);
    const again = names
      .sort((one, other) => place(one) - place(other))
      .map((step): DueWork => ({ kind: "again", step }));
    return this.#deadline <= now ? [{ kind: "deadline" }, ...again] : again;
  }

  /** Lets go of everything: no alarm rings any more. */
  close(): void {
    this.#isClosed = true;
    this.alarm?.set(Number.POSITIVE_INFINITY);
    for (const name of this.#waits.keys()) this.#giveUp(name);
    for (const permit of this.#attempts.values()) permit?.release();
    this.#attempts.clear();
  }

  #giveUp(name: string): void {
    this.#waits.get(name)?.abort();
    this.#waits.delete(name);
  }

  /** Past its point of no return a run goes on however late it is. */
  get #deadline(): number {
    const { status, deadline } = this.state;
    if (deadline === undefined || status !== "running" || pivotPassed(this.state) !== undefined)
      return Number.POSITIVE_INFINITY;
    return deadline;
  }
}

function isInFlight({ status }: StepState): boolean {
  return status === "started" || status === "compensating";
}

function isStart({ type }: RunEvent): boolean {
  return type === "step-started" || type === "compensation-started" || type === "run-ended";
}
