/** A run that hasn't ended, as the supervisor holds it: its newest state, its attempts in progress, and when to look at it again. */

import type { Timer } from "../../ports/clock.ts";
import { type Subject, subjectOf } from "../../store/client/change.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Permit } from "../../agents/policies/permit.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { RunEvent } from "../history/run-event.ts";
import { attemptOf, pivotPassed } from "../history/run-progress.ts";
import { newRun, type RunState, runState, type StepState } from "../history/run-state.ts";
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
  /** The alarm for the earliest time at which something is due. */
  timer: Timer | undefined;
  /** The attempts that went ahead and are not over, by step; without a permit for a compensation: undoing is not held up. */
  readonly #attempts = new Map<string, Permit | undefined>();
  /** What ends the wait of attempts that their agent's policies hold up. */
  readonly #waits = new Map<string, AbortController>();
  /** The steps whose newest attempt was claimed by their participant: it is lost with it, also while it is held. */
  readonly #claimed = new Set<string>();
  /** Attempts that participants were told to claim: they aren't told twice, as step and number. */
  readonly #told = new Set<string>();
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
    const step = this.state.steps[name];
    return step !== undefined && isInFlight(step) && attemptOf(step) === attempt;
  }

  /** Notes who has the attempt that an event starts: the participant that claimed it, or nobody until it is sent an order. */
  noteStart(event: RunEvent): void {
    if (event.type !== "step-started" && event.type !== "compensation-started") return;
    if (event.by === "relay") this.#claimed.add(event.step);
    else this.#claimed.delete(event.step);
  }

  /** The attempts in flight that are a participant's: it was let go ahead, or claimed them. */
  get taken(): ReadonlySet<string> {
    const names = Object.keys(this.state.steps).filter((name) => this.#isTaken(name));
    return new Set(names.map((name) => this.#attemptKey(name)));
  }

  /** True when the attempt in flight is one of those `taken`, or was claimed. */
  isLost(name: string, taken: ReadonlySet<string>): boolean {
    return this.#isTaken(name) && (this.#claimed.has(name) || taken.has(this.#attemptKey(name)));
  }

  #isTaken(name: string): boolean {
    const step = this.state.steps[name];
    return step !== undefined && isInFlight(step) && (this.#attempts.has(name) || this.#claimed.has(name));
  }

  #attemptKey(name: string): string {
    const step = this.state.steps[name];
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
    this.#attempts.set(name, permit);
  }

  /** The permit of the attempt that an event ended, if it had one: it isn't in progress any more. */
  end(event: RunEvent): Permit | undefined {
    if (!("step" in event) || event.step === undefined || isStart(event)) return undefined;
    this.#giveUp(event.step);
    const permit = this.#attempts.get(event.step);
    this.#attempts.delete(event.step);
    return permit;
  }

  /** The steps in flight that were not let go ahead yet. */
  get held(): readonly string[] {
    return Object.entries(this.state.steps).flatMap(([name, step]) =>
      step.status === "started" && !this.#attempts.has(name) ? [name] : [],
    );
  }

  /** Whoever was told of what is due may be gone, or not decide any more. */
  forgetTold(): void {
    this.#told.clear();
  }

  /** Returns false when the participant of the step was told of its next attempt already. */
  tell(name: string): boolean {
    const key = toldKey(name, this.state.steps[name]);
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }

  /** When something is due next, in milliseconds since the epoch; Infinity for never. */
  get nextDue(): number {
    let next = this.#deadline;
    const { steps } = this.state;
    for (const name in steps) {
      const { retryAt } = steps[name] as StepState;
      if (retryAt !== undefined && !this.#told.has(toldKey(name, steps[name]))) next = Math.min(next, retryAt);
    }
    return next;
  }

  /** What is due by `now`. */
  due(now: number): readonly DueWork[] {
    const due: DueWork[] = this.#deadline <= now ? [{ kind: "deadline" }] : [];
    for (const [step, { retryAt = Number.POSITIVE_INFINITY }] of Object.entries(this.state.steps))
      if (retryAt <= now) due.push({ kind: "again", step });
    return due;
  }

  /** Lets go of everything: no alarm rings any more. */
  close(): void {
    this.#isClosed = true;
    this.timer?.cancel();
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

function toldKey(name: string, step: StepState | undefined): string {
  return `${name}/${String(step?.status)}/${attemptOf(step)}/${String(step?.failures)}`;
}
