/** A run that hasn't ended, as the supervisor holds it: its newest state, its attempts in progress, and when to look at it again. */

import { type Subject, subjectOf } from "../../store/client/change.ts";
import { fromTimeOfDay } from "../../async/time-of-day.ts";
import type { Clock } from "../../ports/clock.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { Permit } from "../../agents/policies/permit.ts";
import type { Grant } from "../coordination/coordination-protocol.ts";
import { handsOver } from "../coordination/dispatch.ts";
import { isOpened, type WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { Claim, RunEvent } from "../history/run-event.ts";
import { attemptOf, deadlineInForce, stepOf } from "../history/run-progress.ts";
import { newRun, type RunState, runState } from "../history/run-state.ts";
import { placeOf } from "../steps/run-places.ts";
import { allSteps } from "../steps/run-steps.ts";
import { isInFlight, type StepState } from "../steps/step-state.ts";
import { attemptSpanId, rootSpanId } from "../../traces/trace-ids.ts";
import { traceparentOf } from "../../traces/traceparent.ts";
import type { RunTracing } from "./supervisor-ports.ts";
import { TaskQueue } from "../../async/task-queue.ts";

/** What is due: the run's deadline, its beginning, another attempt at a step or its compensation, or the end of a pause or of a wait without an answer. */
export type DueWork =
  | { readonly kind: "deadline" }
  | { readonly kind: "start" }
  | { readonly kind: "again" | "wait"; readonly step: string };

/** How an attempt began: by which coordination and epoch, and in which version of the run. */
interface Begin extends Pick<Claim, "type" | "by" | "epoch"> {
  readonly version: number;
}

export interface OpenRunPorts {
  readonly clock: Clock;
  /** Nothing happens in the run any more for now. */
  readonly onIdle?: () => void;
  /** Reads the state of a run that was parked. */
  readonly wake?: () => MaybePromise<void>;
}

/**
 * Owns the attempts, due times and task queue of one run. The rules of the run are in `run-machine.ts`; its truth is in
 * the store.
 */
export class OpenRun {
  readonly id: string;
  /** Its key in the store. Kept, since a key string made anew for each commit is slow to look up. */
  readonly subject: Subject<RunState>;
  /** Changes when the run goes on with another definition. */
  plan: WorkflowPlan;
  readonly #sequence: TaskQueue;
  /** Present until the state of a run that was parked is read. */
  #wake: (() => MaybePromise<void>) | undefined;
  state: RunState = newRun;
  /** When it began, and its newest version: kept where traces are recorded, whose ids they are part of. */
  startedAt: number | undefined;
  /** Its trace, `null` for one that is not recorded, `undefined` until it is asked for. */
  #traceId: string | null | undefined;
  #version: number | undefined;
  /** What is to be recorded before anything else, since the run was parked when it happened: of many runs that wait, few go on. */
  owed: "run-recovered" | "coordination-switched" | undefined;
  // the four below are made for the first step that starts: a run that only waits has none of them
  /** The attempts that went ahead and are not over, by step. A compensation has no permit, as no policy holds it back. */
  #attempts: Map<string, Permit | undefined> | undefined;
  /** Ends the wait of attempts that their agent's policies hold back. */
  #waits: Map<string, AbortController> | undefined;
  /**
   * The steps whose newest attempt was claimed by their participant. Such an attempt is lost with the participant, also
   * while it is held back.
   */
  #claimed: Set<string> | undefined;
  /** The steps that have started but may not go ahead yet. */
  #held: Set<string> | undefined;
  /** When steps and compensations are tried again, and waits and pauses end, by step. A step is left out once its participant was told to claim the attempt. */
  #due: Map<string, number> | undefined;
  /** How the newest attempts began, by step; kept of a run that is recorded. */
  #begun: Map<string, Begin> | undefined;
  /** How many refused proposals were noted. */
  refusals = 0;
  readonly #clock: Clock;
  /** Times that the history has, in the clock's milliseconds. Each is converted once, so that it stays when the time of day jumps. */
  #undated: Map<number, number> | undefined;
  #isClosed = false;

  constructor(id: string, plan: WorkflowPlan, { clock, onIdle, wake }: OpenRunPorts) {
    this.id = id;
    this.#clock = clock;
    this.#sequence = new TaskQueue(onIdle);
    this.#wake = wake;
    this.subject = subjectOf(runState, id);
    this.plan = plan;
  }

  /** True once the supervisor has dropped it, since it has ended or can't go on. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True until the state of a run that was parked is read. */
  get isAsleep(): boolean {
    return this.#wake !== undefined;
  }

  /** Runs a task after all earlier ones, once the state is there. Fails if it can't be read. */
  turn<T>(task: () => MaybePromise<T>): MaybePromise<T> {
    return this.#sequence.run((): MaybePromise<T> => {
      const wake = this.#wake;
      if (wake === undefined) return task();
      return chain(wake(), () => {
        this.#wake = undefined;
        return task();
      });
    });
  }

  /**
   * Runs a task that has no caller to report to, in the run's turn. If the task fails, the run breaks, and its listeners
   * are told.
   */
  unattended(task: () => MaybePromise<unknown>): MaybePromise<unknown> {
    try {
      const done = this.turn(task);
      return done instanceof Promise ? done.catch(() => undefined) : undefined;
    } catch {
      return undefined; // the run's listeners are told
    }
  }

  /** True if this attempt is in flight: at the step or at its compensation, as `type` says. Each counts its attempts from 1. */
  isInFlight(claim: Pick<Claim, "type" | "step" | "attempt">): boolean {
    const step = stepOf(this.state, claim.step);
    const status = claim.type === "step-started" ? "started" : "compensating";
    return step?.status === status && attemptOf(step) === attemptOf(claim);
  }

  /** True if this attempt at a step is in flight: at the step itself, and not at its compensation. */
  isExecuting(attempt: { readonly step: string; readonly attempt: number }): boolean {
    return this.isInFlight({ ...attempt, type: "step-started" });
  }

  /** Its next version is committed. */
  landed({ state, version, time }: Snapshot<RunState>, isTraced: boolean): void {
    this.state = state;
    if (!isTraced) return;
    this.#version = version;
    if (version === 1) this.startedAt = time;
  }

  /** Updates the attempts and the due times after an event; `state` is already the one after it. */
  follow(event: RunEvent): void {
    if (event.type === "step-started" || event.type === "compensation-started") this.#noteStart(event);
    if (handsOver(event)) this.forgetTold();
    // when the run turns back, steps that waited for another attempt have failed
    else if (this.state.status !== "running") for (const name of this.#due?.keys() ?? []) this.#noteDue(name);
    if ("step" in event && event.step !== undefined) this.#noteDue(event.step);
  }

  /**
   * Notes who has the attempt that an event starts. Under the relay, the participant that claimed it has it; under the
   * orchestrator, no participant has it before an order is sent.
   */
  #noteStart({ type, step, by, epoch }: Claim): void {
    if (this.#version !== undefined && this.#traceId !== null)
      (this.#begun ??= new Map()).set(step, { type, by, epoch, version: this.#version });
    if (isOpened(this.plan, step)) return; // a sub-workflow, an each or a loop has no attempts
    if (by === "relay") (this.#claimed ??= new Set()).add(step);
    else this.#claimed?.delete(step);
    if (type === "step-started") (this.#held ??= new Set()).add(step);
  }

  /**
   * The place of the newest attempt at a step, or at its compensation, in the run's trace; `false` for a run that is not recorded, and
   * `undefined` if it isn't known.
   */
  traceOf({ type, step }: Pick<Claim, "type" | "step">, { traceOf }: Pick<RunTracing, "traceOf">): Grant["trace"] {
    const traceId = this.#traceIdBy(traceOf);
    if (traceId === null) return false;
    const version = this.#begun?.get(step)?.version;
    if (traceId === undefined || version === undefined) return undefined;
    const spanId = attemptSpanId(traceId, type === "step-started" ? "attempt" : "undo", step, version);
    return traceparentOf(traceId, spanId, true);
  }

  /** The place of the run itself in its trace; `undefined` for one that is not recorded, and if it isn't known. */
  rootOf({ traceOf }: Pick<RunTracing, "traceOf">): string | undefined {
    const traceId = this.#traceIdBy(traceOf);
    return traceId == null ? undefined : traceparentOf(traceId, rootSpanId(traceId), true);
  }

  /** How the newest attempt at a step, or at its compensation, began; `undefined` if it isn't known. */
  beginOf(step: string): Begin | undefined {
    return this.#begun?.get(step);
  }

  #traceIdBy(traceOf: RunTracing["traceOf"]): string | null | undefined {
    if (this.startedAt === undefined) return undefined;
    if (this.#traceId === undefined) this.#traceId = traceOf(this.id, this.startedAt, this.state.caller) ?? null;
    if (this.#traceId === null) this.#begun = undefined;
    return this.#traceId;
  }

  #noteDue(name: string): void {
    const at = this.#dueOf(stepOf(this.state, name));
    if (at === undefined) this.#due?.delete(name);
    else (this.#due ??= new Map()).set(name, at);
  }

  /** When something is due for a step, in the clock's milliseconds. The end of a wait is a time of day, also after that has jumped. */
  #dueOf(step: StepState | undefined): number | undefined {
    if (step?.status === "open") return step.wait?.until && fromTimeOfDay(this.#clock, step.wait.until);
    return step?.retryAt === undefined ? undefined : this.#undatedOf(step.retryAt);
  }

  #undatedOf(time: number): number {
    const known = this.#undated?.get(time);
    if (known !== undefined) return known;
    const at = fromTimeOfDay(this.#clock, time);
    (this.#undated ??= new Map()).set(time, at);
    return at;
  }

  /** The attempts in flight that a participant has: they went ahead, or were claimed. */
  get taken(): ReadonlySet<string> {
    const names = [...(this.#attempts?.keys() ?? []), ...(this.#claimed ?? [])].filter((name) => this.#isTaken(name));
    return new Set(names.map((name) => this.#attemptKey(name)));
  }

  /** True when a participant that is gone had the step's attempt in flight: it was claimed, or is among those `taken`. */
  isLost(name: string, taken: ReadonlySet<string>): boolean {
    return this.#isTaken(name) && (this.#claimed?.has(name) === true || taken.has(this.#attemptKey(name)));
  }

  #isTaken(name: string): boolean {
    const step = stepOf(this.state, name);
    return (
      step !== undefined &&
      isInFlight(step) &&
      (this.#attempts?.has(name) === true || this.#claimed?.has(name) === true)
    );
  }

  #attemptKey(name: string): string {
    const step = stepOf(this.state, name);
    return `${name}/${String(step?.status)}/${attemptOf(step)}`;
  }

  /** Notes that an attempt may have to wait for its turn; returns the signal that ends the wait. */
  hold(name: string): AbortSignal {
    const wait = new AbortController();
    (this.#waits ??= new Map()).set(name, wait);
    return wait.signal;
  }

  begin(name: string, permit: Permit | undefined): void {
    this.#waits?.delete(name);
    this.#held?.delete(name);
    (this.#attempts ??= new Map()).set(name, permit);
  }

  /** The permit of the step's attempt that went ahead. */
  permitOf(name: string): Permit | undefined {
    return this.#attempts?.get(name);
  }

  /** Removes the attempt that an event ended; returns its permit, if it had one. */
  end(event: RunEvent): Permit | undefined {
    if (!("step" in event) || event.step === undefined || isStart(event)) return undefined;
    this.#giveUp(event.step);
    this.#claimed?.delete(event.step);
    this.#held?.delete(event.step);
    const permit = this.#attempts?.get(event.step);
    this.#attempts?.delete(event.step);
    return permit;
  }

  /** Removes and returns the steps that may not go ahead yet. */
  takeHeld(): readonly string[] {
    const held = [...(this.#held ?? [])];
    this.#held?.clear();
    return held;
  }

  /** Forgets which participants were told of due work, since they may be gone, or may no longer decide. */
  forgetTold(): void {
    this.#due?.clear();
    for (const { name } of allSteps(this.state.steps)) this.#noteDue(name);
  }

  /** Notes that the step's participant was told of its next attempt, so that it isn't told twice. */
  tell(name: string): void {
    this.#due?.delete(name);
  }

  /** When the run is cancelled if it hasn't ended, in the clock's milliseconds; absent for never. */
  get deadline(): number | undefined {
    const { deadline } = this.state;
    return deadline === undefined ? undefined : this.#undatedOf(deadline);
  }

  /** Takes over the deadline as it was converted before the run was parked. */
  keepDeadline(at: number | undefined): void {
    const { deadline } = this.state;
    if (deadline !== undefined && at !== undefined) (this.#undated ??= new Map()).set(deadline, at);
  }

  /** When something is due next, in the clock's milliseconds; Infinity for never. */
  get nextDue(): number {
    let next = Math.min(deadlineInForce(this.state, this.deadline), this.#startsAt);
    for (const retryAt of this.#due?.values() ?? []) next = Math.min(next, retryAt);
    return next;
  }

  /** What is due by `now`, in the order in which the steps are declared. */
  due(now: number): readonly DueWork[] {
    const place = (name: string): number => placeOf(this.state.steps, name) ?? 0;
    const names = [...(this.#due ?? [])].filter(([, retryAt]) => retryAt <= now).map(([name]) => name);
    const again = names
      .sort((one, other) => place(one) - place(other))
      .map((step): DueWork => ({ kind: stepOf(this.state, step)?.status === "open" ? "wait" : "again", step }));
    if (deadlineInForce(this.state, this.deadline) <= now) return [{ kind: "deadline" }, ...again];
    return this.#startsAt <= now ? [{ kind: "start" }, ...again] : again;
  }

  /** When it begins with its steps, in the clock's milliseconds; Infinity once it has. It is a time of day, also after that has jumped. */
  get #startsAt(): number {
    const { startsAt } = this.state;
    return startsAt === undefined ? Number.POSITIVE_INFINITY : fromTimeOfDay(this.#clock, startsAt);
  }

  /** Drops everything. */
  close(): void {
    this.#isClosed = true;
    for (const name of this.#waits?.keys() ?? []) this.#giveUp(name);
    for (const permit of this.#attempts?.values() ?? []) permit?.release();
    this.#attempts?.clear();
  }

  #giveUp(name: string): void {
    this.#waits?.get(name)?.abort();
    this.#waits?.delete(name);
  }
}

function isStart({ type }: RunEvent): boolean {
  return type === "step-started" || type === "compensation-started" || type === "run-ended";
}
