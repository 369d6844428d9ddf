/**
 * The supervisor of runs: judges every proposal by the run's history, records what it accepts and sends what follows. It
 * holds no truth of its own: what it knows of a run is the newest version of the key `run/<id>`.
 *
 * Safety doesn't depend on who decides, so the coordination can be switched at any moment. Going on after a switch does:
 * in the same turn in which a run learns of a switch, whoever decides from now on is told where the run stands.
 */

import { type EncodedError, encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { type Subject, subjectOf } from "../../store/change.ts";
import { chain, type MaybePromise } from "../../store/maybe-promise.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { AgentDefinition } from "../agent-definition.ts";
import { checkContract } from "../contract.ts";
import type { WorkflowDefinition } from "../workflow-definition.ts";
import { agentKey, planWorkflow, type WorkflowPlan } from "../workflow-plan.ts";
import { type Advance, advance } from "./advance.ts";
import { type Coordination, coordinationState, type Epoch, systemCoordination } from "./coordination.ts";
import { type Dispatch, dispatchesOf, undelivered } from "./dispatch.ts";
import { handOver } from "./relay.ts";
import type { Proposal, RunEvent, RunStarted } from "./run-event.ts";
import { isOpen, newRun, type RunState, runState } from "./run-state.ts";
import { Sequence } from "./sequence.ts";
import type { SupervisorPorts } from "./supervisor-ports.ts";

/** How to start a run. */
export interface StartOptions {
  /** A coordination of the run's own. It is pinned: switches of the system's coordination don't touch this run. */
  readonly coordination?: Coordination;
}

/** A run that hasn't ended. */
interface OpenRun {
  readonly id: string;
  /** Its history; kept, since a key that is made anew for each commit is looked up slowly. */
  readonly subject: Subject<RunState>;
  readonly plan: WorkflowPlan;
  readonly sequence: Sequence;
  state: RunState;
}

/**
 * Supervises runs through its ports; knows neither threads nor time.
 *
 * Guarantees: every version of a run follows from the one before by the rules of `run-machine.ts`, so a step starts once,
 * ends once and is undone once, whoever proposes what how often (invariant 5); the outcome doesn't depend on the
 * coordination or on switches of it (invariant 10). Everything is synchronous as long as the store is.
 *
 * @example
 * const supervisor = new Supervisor({ commit: (subject, next) => client.evolveNow(subject, next), … });
 * await supervisor.switchCoordination("orchestrator");
 * await supervisor.start("r1", creditDecision, application);
 */
export class Supervisor {
  readonly #ports: SupervisorPorts;
  readonly #open = new Map<string, OpenRun>();
  readonly #plans = new WeakMap<WorkflowDefinition, WorkflowPlan>();
  #coordination: Coordination = "orchestrator";
  #epoch: Epoch = 0;
  #sent = 0;

  constructor(ports: SupervisorPorts) {
    this.#ports = ports;
  }

  /** The coordination in force: that of every run which isn't pinned to its own. */
  get coordination(): Coordination {
    return this.#coordination;
  }

  /** How many switches there were. */
  get epoch(): Epoch {
    return this.#epoch;
  }

  /** The ids of the runs that haven't ended. */
  get openRuns(): readonly string[] {
    return [...this.#open.keys()];
  }

  /**
   * Puts a coordination in force, for new runs and for all open ones that aren't pinned. Returns the epoch when every open
   * run was handed over. Switching to the coordination that is in force changes nothing, but the first call always counts:
   * a system makes it before its first run.
   *
   * Guarantees: loses and repeats no step, whatever is in flight (invariant 10).
   */
  switchCoordination(coordination: Coordination): MaybePromise<Epoch> {
    if (this.#epoch > 0 && coordination === this.#coordination) return this.#epoch;
    return chain(
      this.#ports.commit(subjectOf(coordinationState, systemCoordination), () => ({ coordination })),
      ({ version: epoch }) => {
        if (epoch > this.#epoch) {
          this.#epoch = epoch;
          this.#coordination = coordination;
        }
        const pending = [...this.#open.values()]
          .map((run) =>
            this.#unattended(run, () => this.#record(run, { type: "coordination-switched", coordination, epoch })),
          )
          .filter((handedOver) => handedOver instanceof Promise);
        return pending.length === 0 ? epoch : Promise.all(pending).then(() => epoch);
      },
    );
  }

  /**
   * Starts a run. Returns when its first version is recorded.
   *
   * @throws TroupeError `contract-violated` for an input that the workflow's schema refuses, `invalid-workflow` for one
   * without steps, `run-exists` for an id that a run has or had.
   */
  start(
    id: string,
    workflow: WorkflowDefinition,
    input: unknown,
    { coordination }: StartOptions = {},
  ): MaybePromise<void> {
    const started = this.#startOf(workflow, input, coordination);
    if (this.#open.has(id)) throw runExists(id);
    const run: OpenRun = {
      id,
      subject: subjectOf(runState, id),
      plan: this.#planOf(workflow),
      sequence: new Sequence(),
      state: newRun,
    };
    this.#open.set(id, run);
    return chain(this.#judge(run, started), () => undefined);
  }

  /**
   * Judges what a participant proposes. Returns whether the run's history accepted it. Proposals of one run are judged in
   * the order in which they arrive; any may arrive any number of times, or for a run that is over: it isn't accepted then.
   */
  propose(id: string, event: Proposal): MaybePromise<boolean> {
    const run = this.#open.get(id);
    return run === undefined ? false : this.#judge(run, event);
  }

  /**
   * Cancels a run: no further step starts, the signal of steps in flight aborts, what has finished is compensated. Returns
   * when that is recorded. Does nothing to a run that has ended, or failed before.
   */
  cancel(id: string, reason?: string): MaybePromise<void> {
    const run = this.#open.get(id);
    if (run === undefined) return undefined;
    return chain(
      this.#judge(run, { type: "cancel-requested", ...(reason === undefined ? {} : { reason }) }),
      () => undefined,
    );
  }

  /**
   * Tells that the participant of an agent is gone with all it knew, such as with its thread. Its steps in flight have
   * failed, its compensations in flight too; what it was to decide is handed over to the one that takes its place.
   *
   * To be called when nothing of the old participant can arrive any more, and before anything is sent to the new one.
   */
  participantLost(agent: AgentDefinition, error: unknown): void {
    const key = agentKey(agent);
    const encoded = encodeError(error);
    for (const run of [...this.#open.values()]) void this.#unattended(run, () => this.#lose(run, key, encoded));
  }

  #lose(run: OpenRun, key: string, error: EncodedError): MaybePromise<unknown> {
    const own = run.plan.steps.filter((step) => step.agentKey === key);
    const lost = own.flatMap(({ name }): Proposal[] => {
      const status = run.state.steps[name]?.status;
      if (status === "started") return [{ type: "step-failed", step: name, error }];
      return status === "compensating" ? [{ type: "compensation-failed", step: name, error }] : [];
    });
    let judged: MaybePromise<unknown> = undefined;
    for (const event of lost) judged = chain(judged, () => this.#record(run, event));
    return chain(judged, () => {
      if (own.length === 0 || run.state.coordination !== "relay") return;
      for (const dispatch of handOver({ run: run.id, plan: run.plan, state: run.state }, key))
        this.#send(run, dispatch);
    });
  }

  #judge(run: OpenRun, event: RunEvent): MaybePromise<boolean> {
    return run.sequence.run(() => this.#record(run, event));
  }

  #record(run: OpenRun, event: RunEvent): MaybePromise<boolean> {
    if (this.#open.get(run.id) !== run) return false; // it ended or broke while this waited
    const step = advance(run.plan, run.state, event, this.#ports.codec);
    if (step === undefined) return false;
    let refusal: TroupeError | undefined;
    const { length } = run.state;
    const next = (newest: RunState): RunState => {
      if (newest.length === length) return step.next;
      throw (refusal = length === 0 ? runExists(run.id) : overtaken(run.id, length, newest.length));
    };
    const failed = (error: unknown): never => {
      this.#break(run, refusal ?? error);
      throw refusal ?? error; // the store says that a recipe failed; why is what matters here
    };
    let committed: MaybePromise<Snapshot<RunState>>;
    try {
      committed = this.#ports.commit(run.subject, next);
    } catch (error) {
      return failed(error);
    }
    if (!(committed instanceof Promise)) return this.#recorded(run, committed, step);
    return committed.catch(failed).then((snapshot) => this.#recorded(run, snapshot, step));
  }

  #recorded(run: OpenRun, snapshot: Snapshot<RunState>, { events }: Advance): boolean {
    run.state = snapshot.state;
    if (!isOpen(run.state)) this.#open.delete(run.id);
    this.#ports.onVersion(run.id, snapshot);
    const { id, plan, state } = run;
    for (const dispatch of dispatchesOf({ run: id, plan, state }, events)) this.#send(run, dispatch);
    return true;
  }

  #send(run: OpenRun, { agent, message }: Dispatch): void {
    const failed = (error: unknown): void => {
      for (const event of undelivered(message, encodeError(error)))
        void this.#unattended(run, () => this.#record(run, event));
    };
    try {
      const sent = this.#ports.send(agent, { number: ++this.#sent, message });
      if (sent instanceof Promise) sent.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** For what nobody waits for. If it fails, the run is broken, which `onBroken` was told. */
  #unattended(run: OpenRun, task: () => MaybePromise<unknown>): MaybePromise<unknown> {
    try {
      const done = run.sequence.run(task);
      return done instanceof Promise ? done.catch(() => undefined) : undefined;
    } catch {
      return undefined; // as above
    }
  }

  #break(run: OpenRun, error: unknown): void {
    if (this.#open.get(run.id) !== run) return;
    this.#open.delete(run.id);
    if (run.state.length > 0) this.#ports.onBroken(run.id, error); // whoever starts a run hears it otherwise
  }

  #startOf(workflow: WorkflowDefinition, input: unknown, coordination: Coordination | undefined): RunStarted {
    const { module, name, version } = workflow;
    if (workflow.steps.length === 0) {
      throw new TroupeError(
        "invalid-workflow",
        `the workflow ${name}@${version} has no steps. Run the definition that .step() returns.`,
      );
    }
    const parsed = checkContract(workflow.input, input, { agent: name, version, direction: "input", side: "sender" });
    return {
      type: "run-started",
      workflow: { module, name, version },
      input: this.#ports.codec.encode(parsed, `the input of a run of ${name}`),
      steps: workflow.steps.map(({ name: step, agent, after }) => ({
        name: step,
        agent: `${agent.name}@${agent.version}`,
        after,
        compensable: agent.compensate !== undefined,
      })),
      coordination: coordination ?? this.#coordination,
      pinned: coordination !== undefined,
      epoch: this.#epoch,
    };
  }

  #planOf(workflow: WorkflowDefinition): WorkflowPlan {
    let plan = this.#plans.get(workflow);
    if (plan === undefined) this.#plans.set(workflow, (plan = planWorkflow(workflow)));
    return plan;
  }
}

function runExists(id: string): TroupeError {
  return new TroupeError(
    "run-exists",
    `there is a run ${id} already. Leave the id out to get a fresh one, or read run/${id} to see what became of it.`,
    {
      details: { run: id },
    },
  );
}

function overtaken(id: string, known: number, found: number): TroupeError {
  return new TroupeError(
    "conflict",
    `run/${id} has ${found} events where the supervisor knew of ${known}: something else wrote it. Only the supervisor may.`,
    {
      details: { run: id, known, found },
    },
  );
}
