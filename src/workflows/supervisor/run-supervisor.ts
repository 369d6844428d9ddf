/**
 * The supervisor of runs: judges every proposal by the run's history, records those that it accepts and sends the
 * messages that follow. The truth is in the store: what the supervisor knows of a run is the newest version of the key
 * `run/<id>`.
 *
 * Safety doesn't depend on the coordination, so the coordination can be switched at any moment. Progress does depend on
 * it: in the turn in which a run learns of a switch, its new deciders are told the state of the run.
 */

import { type Evolution, subjectOf } from "../../store/client/change.ts";
import { toTimeOfDay } from "../../async/time-of-day.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { WorkflowDefinition } from "../definition/workflow-definition.ts";
import { type Advance, advance } from "../coordination/advance.ts";
import { Alarms } from "./alarms.ts";
import { Attempts } from "./attempts.ts";
import { type Along, commitRun } from "./commit-run.ts";
import type { Terms } from "../coordination/conclude.ts";
import type { Coordination, Epoch } from "../history/coordination.ts";
import { InForce } from "./in-force.ts";
import type { Grant, Spent } from "../coordination/coordination-protocol.ts";
import type { Parts } from "../definition/parts.ts";
import { dispatchesOf } from "../coordination/dispatch.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Migrations } from "./migrations.ts";
import type { OpenRun } from "./open-run.ts";
import { Losses } from "./losses.ts";
import { OpenRuns, type ParkedRun, type ReadonlyOpenRuns } from "./open-runs.ts";
import type { Claim, Intervention, Proposal, RunEvent } from "../history/run-event.ts";
import { released, type StartOptions, startRun } from "./run-start.ts";
import { Plans } from "./plans.ts";
import { resolveRun } from "./resolve-run.ts";
import { isOpen, type RunState, runState } from "../history/run-state.ts";
import { isToldUnder } from "../history/run-waits.ts";
import type { TellOptions } from "../definition/tell-options.ts";
import { toldTo } from "./told-to.ts";
import { withPlan } from "./with-plan.ts";
import { checkTurn, notAdmissible, overtaken, runExists } from "./supervisor-errors.ts";
import type { SupervisorPorts } from "./supervisor-ports.ts";

/**
 * Supervises runs through its ports; knows no threads.
 *
 * Guarantees: every version of a run follows from the one before by the rules of `run-machine.ts`, so a step finishes
 * once and is undone once, however often that is proposed, and under either coordination (invariant 5); the outcome
 * doesn't depend on the coordination or on switches of it (invariant 10). Everything is synchronous as long as the store is.
 *
 * @example
 * const supervisor = new Supervisor({ commit: (subject, next) => client.evolveNow(subject, next), … });
 * await supervisor.switchCoordination("orchestrator");
 * await supervisor.start("r1", creditDecision, application);
 */
export class RunSupervisor {
  readonly migrations: Migrations;
  readonly #ports: SupervisorPorts;
  readonly #terms: Terms;
  readonly #runs: OpenRuns;
  readonly #attempts: Attempts;
  readonly #dispatcher: Dispatcher;
  readonly #alarms: Alarms;
  readonly #losses: Losses;
  readonly #plans = new Plans();
  readonly #inForce: InForce;

  constructor(ports: SupervisorPorts) {
    this.#ports = ports;
    this.#inForce = new InForce(ports);
    const { codec, clock, random } = ports;
    this.#terms = {
      codec,
      now: () => clock.now(),
      dated: (at) => toTimeOfDay(clock, at),
      random: () => random.next(),
    };
    this.#runs = new OpenRuns({
      clock,
      newest: (subject) => ports.newest(subject),
      losses: () => this.#losses.count,
      woken: (run, parked) => this.#woken(run, parked),
      onFailed: (run, error) => this.#break(run, error),
    });
    const attempts = new Attempts({ ...ports, propose: (run, event) => this.#proposeUnasked(run, event) });
    const dispatcher = new Dispatcher({
      send: (agent, message) => ports.send(agent, message),
      attempts,
      onUndelivered: (run, event) => this.#proposeUnasked(run, event),
    });
    this.#attempts = attempts;
    this.#dispatcher = dispatcher;
    this.#alarms = new Alarms({
      clock,
      terms: this.#terms,
      run: (id) => this.#runs.wake(id),
      record: (run, event) => this.#record(run, event),
      send: (run, dispatch) => dispatcher.send(run, dispatch),
    });
    const record = (run: OpenRun, event: RunEvent): MaybePromise<boolean> => this.#record(run, event);
    this.#losses = new Losses({ attempts, dispatcher, alarms: this.#alarms, record });
    this.migrations = new Migrations({
      ...{ ports, dispatcher, runs: this.#runs, inForce: this.#inForce },
      planOf: (workflow) => this.#plans.of(workflow),
      payOwed: (run) => this.#payOwed(run),
      record: (run, event, along) => this.#record(run, event, undefined, along),
    });
  }

  /** The coordination in force. It applies to every run that isn't pinned to its own. */
  get coordination(): Coordination {
    return this.#inForce.coordination;
  }

  /** How many switches and migrations there were. */
  get epoch(): Epoch {
    return this.#inForce.epoch;
  }

  /** The runs that haven't ended. */
  get openRuns(): ReadonlyOpenRuns {
    return this.#runs;
  }

  /** The tenant of a run in flight. */
  tenantOf(id: string): string | undefined {
    return this.#runs.get(id)?.state.tenant;
  }

  /**
   * Puts a coordination in force, for new runs and for all open runs that aren't pinned. Returns the epoch once every
   * open run is handed over; a run that is parked is handed over when it goes on. Switching to the coordination that is in force
   * changes nothing, but the first call always counts as a switch: a system makes it before its first run.
   *
   * Guarantees: loses and repeats no step, whatever is in flight (invariant 10).
   */
  switchCoordination(coordination: Coordination): MaybePromise<Epoch> {
    if (this.epoch > 0 && coordination === this.coordination) return this.epoch;
    return chain(this.#inForce.switchTo(coordination), (epoch) => {
      const pending = this.#runs.awake
        .map((run) => run.unattended(() => this.#record(run, { type: "coordination-switched", coordination, epoch })))
        .filter((handedOver) => handedOver instanceof Promise);
      return pending.length === 0 ? epoch : Promise.all(pending).then(() => epoch);
    });
  }

  /**
   * Starts a run. Returns when its first version is recorded.
   *
   * @throws TroupeError `contract-violated` for an input that the workflow's schema refuses, `invalid-workflow` for a
   * workflow without steps, `run-exists` for an id that a run has or had; what `options.beside` throws.
   */
  start(id: string, workflow: WorkflowDefinition, input: unknown, options: StartOptions = {}): MaybePromise<void> {
    const plan = this.#plans.of(workflow);
    const { coordination, epoch } = this;
    const started = startRun(plan, input, options, { coordination, epoch }, this.#terms);
    if (this.#runs.has(id)) throw runExists(id);
    const run = this.#runs.open(id, plan);
    const judged = run.turn(() => this.#record(run, started, undefined, { evolution: options.beside }));
    return chain(judged, () => undefined);
  }

  /**
   * Goes on with a run that a process left unfinished, waits for a person or is to be undone: `event` says which. Work that was in
   * flight is begun again under the same idempotency key (invariant 11). If the run is resumed to be cancelled, that
   * work is not begun again, and its effects stay unknown. Returns when that is recorded; of a run that is parked, it is recorded
   * when the run goes on.
   *
   * @throws TroupeError `workflow-changed` when the definition isn't the one that the run was started with;
   * `not-admissible` when the run isn't in a state for it; `past-point-of-no-return`.
   */
  resume(
    snapshot: Snapshot<RunState>,
    id: string,
    workflow: WorkflowDefinition,
    event: Intervention | "recover",
  ): MaybePromise<void> {
    if (event === "recover" && this.resumeParked(snapshot, id, workflow)) return undefined;
    const { state } = snapshot;
    const plan = this.#plans.toResume(state, id, workflow);
    if (this.#runs.has(id)) throw runExists(id);
    const isCancelled = event !== "recover" && event.type === "cancel-requested";
    if (event !== "recover") checkTurn(id, state, event);
    const run = this.#runs.open(id, plan);
    run.state = withPlan(state, plan);
    const { coordination, epoch } = this;
    const recovered = { type: "run-recovered", coordination, epoch } as const;
    const next = event === "recover" || isCancelled ? recovered : event;
    const judged = run.turn(() => this.#record(run, next, undefined, isCancelled ? { events: [event] } : {}));
    return chain(judged, (isAccepted) => {
      if (isAccepted) return;
      this.#close(run);
      throw notAdmissible(id, state, next.type);
    });
  }

  /**
   * Goes on with a run that a process left unfinished, if it is parked; returns whether it is.
   *
   * @throws TroupeError as {@link resume}.
   */
  resumeParked({ state }: Snapshot<RunState>, id: string, workflow: WorkflowDefinition): boolean {
    const plan = this.#plans.toResume(state, id, workflow);
    if (this.#runs.has(id)) throw runExists(id);
    const at = this.#runs.openParked(id, plan, state);
    if (at !== undefined) this.#alarms.set(id, at);
    return at !== undefined;
  }

  /**
   * Ends a run that waits for a person, with that person's note. Returns when that is recorded. Needs no definition,
   * as no step runs any more.
   *
   * @throws TroupeError `not-admissible` when the run doesn't wait for a person.
   */
  resolve(id: string, note: string): MaybePromise<void> {
    const committed = commitRun(this.#ports, subjectOf(runState, id), (newest) => {
      const resolved = this.#runs.has(id) ? undefined : resolveRun(newest, note);
      if (resolved === undefined) throw notAdmissible(id, newest, "run-resolved");
      return resolved;
    });
    return chain(committed, () => undefined);
  }

  /**
   * Judges a participant's claim. Returns the grant, or `false` when the run's history doesn't accept it or the agent's
   * policies don't let it through.
   */
  claim(id: string, event: Claim): MaybePromise<Grant | false> {
    const run = this.#runs.wake(id);
    if (run === undefined) return false;
    return chain(this.#judge(run, event), (isAccepted) =>
      isAccepted ? this.#attempts.goAhead(run, event) : this.#attempts.refused(id, event, run),
    );
  }

  /** Notes that an agent's code begins with an attempt at a step that was let ahead. */
  begun(id: string, step: string, attempt: number): void {
    const run = this.#runs.get(id);
    if (run?.isExecuting({ step, attempt }) === true) run.permitOf(step)?.begin();
  }

  /** Passes on what an attempt emits, if it is in flight by the run's history (invariant 16). Returns whether more is wanted. */
  parts(parts: Parts): boolean {
    return this.#runs.get(parts.run)?.isExecuting(parts) === true && this.#ports.listeners.take(parts);
  }

  /** Some code listens to a run from now on: the attempts in flight are told. */
  listen(id: string): void {
    const run = this.#runs.get(id);
    if (run !== undefined) this.#dispatcher.listen(run);
  }

  /**
   * Judges a participant's proposal. Returns whether the run's history accepted it. Proposals of one run are judged in
   * the order in which they arrive. A proposal that arrives again, or after the run's end, isn't accepted.
   */
  propose(id: string, event: Proposal, spent?: Spent): MaybePromise<boolean> {
    const run = this.#runs.wake(id);
    const judged = run === undefined ? false : this.#judge(run, event, spent);
    return chain(judged, (isAccepted) => isAccepted || this.#attempts.refused(id, event, run));
  }

  /** Has a run that waits in a queue begin, in one commit with what the queue records of it. Returns whether it did; not if it was cancelled meanwhile. */
  release(id: string, beside: Evolution | undefined): MaybePromise<boolean> {
    const run = this.#runs.wake(id);
    return run === undefined
      ? false
      : run.turn(() => this.#record(run, released(run.state, this.#terms), undefined, { evolution: beside }));
  }

  /**
   * Cancels a run: no further step starts, the signal of steps in flight aborts, finished steps are compensated.
   * Returns when the request is recorded. Does nothing to a run that has ended, or failed before.
   *
   * @throws TroupeError `past-point-of-no-return`.
   */
  cancel(id: string, reason?: string): MaybePromise<void> {
    const run = this.#runs.wake(id);
    if (run === undefined) return undefined;
    const event = { type: "cancel-requested", ...(reason === undefined ? {} : { reason }) } as const;
    return chain(this.#judge(run, event), (isAccepted) => {
      if (!isAccepted) checkTurn(id, run.state, event);
    });
  }

  /**
   * Answers a wait of a run, or gives a loop of it a message. Returns whether that counts: the first answer does, a message that a round can
   * read, and what was told before under the same key. Returns when it is recorded.
   *
   * @throws TroupeError `invalid-options` for a wait or a loop that the workflow doesn't have; `contract-violated`, `not-cloneable`,
   * `message-too-large` for what it doesn't take.
   */
  tell(id: string, path: string, given: unknown, options: TellOptions): MaybePromise<boolean> {
    const run = this.#runs.wake(id);
    if (run === undefined) return false;
    const { idempotencyKey: key } = options;
    return chain(
      this.#judge(run, toldTo(run.plan, path, given, options, this.#ports.codec)),
      (isAccepted) => isAccepted || (key !== undefined && isToldUnder(run.state, path, key)),
    );
  }

  /** Lets the runs that are parked rest: their times don't come any more. */
  rest(): void {
    this.#alarms.stop();
  }

  /** Drops all runs: they stay as they are recorded, and their alarms end. */
  close(): void {
    this.#alarms.stop();
    this.#runs.clear();
  }

  /**
   * Takes note that the participant of an agent is gone with all that it knew, as when its thread died. Its steps and
   * compensations in flight have failed; what it had to decide is handed over to its successor.
   *
   * Call it when no message of the old participant can arrive any more, and before anything is sent to its successor.
   */
  participantLost(agent: AgentDefinition, error: unknown): void {
    this.#losses.note(agent, error, this.#runs.awake);
  }

  #judge(run: OpenRun, event: RunEvent, spent?: Spent): MaybePromise<boolean> {
    return run.turn(() => this.#record(run, event, spent));
  }

  #record(run: OpenRun, event: RunEvent, spent?: Spent, along: Along = {}): MaybePromise<boolean> {
    if (run.isClosed) return false; // it ended or broke while this waited
    if (run.owed !== undefined) return chain(this.#payOwed(run), () => this.#record(run, event, spent, along));
    const step = advance(run.plan, run.state, event, this.#terms, along.events);
    if (step === undefined) return false;
    const { length } = run.state;
    const next = (newest: RunState): RunState => {
      if (newest.length === length) return step.next;
      throw length === 0 ? runExists(run.id) : overtaken(run.id, length, newest.length);
    };
    const failed = (error: unknown): never => {
      this.#break(run, error);
      throw error;
    };
    let committed: MaybePromise<Snapshot<RunState>>;
    try {
      committed = commitRun(this.#ports, run.subject, next, along.evolution);
    } catch (error) {
      return failed(error);
    }
    if (!(committed instanceof Promise)) return this.#recorded(run, committed, step, spent);
    return committed.then((snapshot) => this.#recorded(run, snapshot, step, spent), failed);
  }

  /** Records what happened while the run was parked. */
  #payOwed(run: OpenRun): MaybePromise<unknown> {
    const { owed: type } = run;
    const { coordination, epoch } = this;
    run.owed = undefined;
    return type && this.#record(run, { type, coordination, epoch });
  }

  #recorded(run: OpenRun, snapshot: Snapshot<RunState>, { events }: Advance, spent?: Spent): boolean {
    run.landed(snapshot, this.#ports.tracing !== undefined);
    for (const event of events) {
      this.#attempts.settle(run, event, spent);
      run.follow(event);
    }
    if (!isOpen(run.state)) this.#close(run);
    this.#ports.onVersion(run.id, snapshot, events);
    const { id, plan, state } = run;
    for (const dispatch of dispatchesOf({ run: id, plan, state }, events)) this.#dispatcher.dispatch(run, dispatch);
    if (state.status === "compensating") this.#attempts.abandonHeld(run);
    this.#alarms.arm(run);
    return true;
  }

  /** Works out what a run that was parked is to be told of first: what concerns all runs is not recorded in one that is parked. */
  #woken(run: OpenRun, { isLeft, losses }: ParkedRun): void {
    if (isLeft) run.owed = "run-recovered";
    else if (!run.state.pinned && run.state.epoch < this.#inForce.switched) run.owed = "coordination-switched";
    else this.#losses.madeUp(run, losses);
  }

  /** Proposes an event whose acceptance no caller waits for. */
  #proposeUnasked({ id }: OpenRun, event: Proposal): void {
    const run = this.#runs.wake(id); // it may have been parked meanwhile
    void run?.unattended(() => this.#record(run, event));
  }

  #close(run: OpenRun): void {
    this.#runs.close(run);
    this.#alarms.arm(run);
  }

  #break(run: OpenRun, error: unknown): void {
    if (run.isClosed) return;
    this.#close(run);
    if (run.state.length > 0 || run.isAsleep) this.#ports.onBroken(run.id, error); // the starter of a run gets the error from `start`
  }
}
