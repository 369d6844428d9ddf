/** The runs of one system: starts, finds, cancels and recovers them. */

import type { Address } from "../../actors/address.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Run } from "../../workflows/run.ts";
import { RunHandle, type RunHandlePorts } from "../../workflows/run-handle.ts";
import type { Coordination } from "../../workflows/history/coordination.ts";
import type { RunEvent } from "../../workflows/history/run-event.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import type { RunSupervisor } from "../../workflows/supervisor/run-supervisor.ts";
import type { WorkflowDefinition, WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import type { TroupeError } from "../../errors/troupe-error.ts";
import type { Evolution } from "../../store/client/change.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { AcceptedRuns, type LeftRuns } from "./accepted-runs.ts";
import { supervisorTarget } from "../agents/supervisor-target.ts";
import { checkDefinition } from "../definitions/check-definition.ts";
import { findWorkflow } from "../definitions/find-workflow.ts";
import type { HomeHost } from "../host/home-host.ts";
import { QueueKeeper } from "../queues/queue-keeper.ts";
import type { OverloadPolicy, RunQueueOptions } from "../queues/run-queue.ts";
import type { FailedRun } from "../telemetry/log-entry.ts";
import { checkCoordination, type RunOptions } from "./run-options.ts";
import { runOnce } from "./run-once.ts";
import { type RunPlatform, SupervisorActor, type SupervisorActorOptions } from "./supervisor-actor.ts";
import { checkEnded } from "../../workflows/history/forget-run.ts";
import { findRun } from "./find-run.ts";
import { handlePorts } from "./handle-ports.ts";
import type { ForkOptions } from "./fork-options.ts";
import { EndedRuns, type KeepRuns } from "./ended-runs.ts";
import { checkWorkflow, noSuchRun } from "./no-such-run.ts";
import type { MigrateOptions, MigrationReport } from "./migrate-options.ts";
import { Recovery, type RecoveryEvents } from "./recovery.ts";
import { RefusedRuns } from "./refused-runs.ts";
import { migrateRuns } from "./run-migration.ts";
import { RunStarts } from "./run-starts.ts";
import { RunRequests } from "./run-requests.ts";
import { type RunPlaces, runTracing } from "./run-tracing.ts";
import { StoredRuns } from "./stored-runs.ts";
import { TakeUps } from "./take-ups.ts";
import { UnfinishedRuns } from "./unfinished-runs.ts";

export interface RunsEvents extends RecoveryEvents {
  onSwitch(coordination: Coordination, epoch: number): void;
  /** A run has its next version, by these events. */
  onVersion(run: string, snapshot: Snapshot<RunState>, events: readonly RunEvent[]): void;
  /** A run has its last version. */
  onEnded(run: string): void;
  /** A run has ended without a result, or could not be started. */
  onFailed(run: FailedRun): void;
}

/** The system's options that concern runs. */
export interface RunSettings extends RunQueueOptions {
  readonly coordination: Coordination;
  readonly recover: boolean | readonly string[];
  readonly onOverload: OverloadPolicy;
  readonly workflows: readonly WorkflowDefinition[];
  readonly maxMessageBytes: number;
  readonly runs: { readonly keep: "all" | KeepRuns };
}

export interface RunsOptions extends Pick<SupervisorActorOptions, "home" | "platform" | "deploy" | "admit"> {
  readonly options: RunSettings;
  readonly events: RunsEvents;
  /** Which runs are recorded; absent where nothing is. */
  readonly traces?: RunPlaces | undefined;
}

export class Runs {
  /** As the store has them. */
  readonly stored: StoredRuns;
  readonly queues: QueueKeeper;
  readonly #home: HomeHost;
  readonly #platform: RunPlatform;
  readonly #options: RunSettings;
  readonly #events: RunsEvents;
  readonly #actor: SupervisorActor;
  readonly #supervisor: RunSupervisor;
  readonly #accepted: AcceptedRuns;
  readonly #unfinished: UnfinishedRuns;
  readonly #refused: RefusedRuns;
  readonly #recovery: Recovery;
  readonly #ended: EndedRuns;
  readonly #requests: RunRequests;
  readonly #starts: RunStarts;
  readonly #takeUps: TakeUps;
  readonly #handlePorts: RunHandlePorts;
  #isClosed = false;

  constructor({ home, platform, options, deploy, admit, events, traces }: RunsOptions) {
    this.#home = home;
    this.#platform = platform;
    this.#options = options;
    this.#events = events;
    this.#accepted = new AcceptedRuns(
      options,
      ({ id, workflow, failure, isAttended }) => events.onFailed({ id, workflow, error: failure?.error, isAttended }),
      () => this.queues.next(),
    );
    this.#actor = new SupervisorActor({
      home,
      platform,
      maxMessageBytes: options.maxMessageBytes,
      deploy,
      admit,
      listeners: this.#accepted,
      tracing: traces && runTracing(home, traces),
      onVersion: (run, snapshot, of) => {
        // one that was taken up without a handle has an end as others have
        if (!isOpen(snapshot.state) && this.#accepted.handle(run) === undefined)
          this.#accepted.adopt(this.#newHandle(run, snapshot.state.workflow));
        this.#accepted.observe(run, snapshot);
        this.queues.observe(run, snapshot.state);
        events.onVersion(run, snapshot, of);
        if (isOpen(snapshot.state)) return;
        this.#unfinished.ended(run);
        events.onEnded(run);
        this.#ended.ended(run, snapshot);
      },
      onBroken: (run, error) => {
        this.#accepted.break(run, error);
        this.#unfinished.leave(run);
      },
    });
    this.#supervisor = this.#actor.supervisor;
    this.queues = new QueueKeeper({
      clock: platform.clock,
      authority: home.authority,
      store: this.#actor.store,
      release: (run, beside) => this.#supervisor.release(run, beside),
      fill: () => this.#accepted.fill(),
      leave: (run) => this.#accepted.leave(run),
    });
    this.stored = new StoredRuns({ authority: home.authority, store: this.#actor.store, codec: this.#actor.codec });
    this.#takeUps = new TakeUps({
      ...{ supervisor: this.#supervisor, accepted: this.#accepted, stored: this.stored, queues: this.queues },
      isForgetting: (id) => this.#ended.isForgetting(id),
      workflowOf: (id) => this.workflowOf(id),
      newHandle: (id, workflow) => this.#newHandle(id, workflow),
    });
    this.#requests = new RunRequests({
      supervisor: this.#supervisor,
      accepted: this.#accepted,
      newest: (id) => this.stored.newest(id),
      versions: (id) => this.stored.versions(id),
      takeUp: (event, handle) => this.#takeUps.by(handle.id, event, handle),
    });
    this.#handlePorts = handlePorts({
      actor: this.#actor,
      supervisor: this.#supervisor,
      requests: this.#requests,
      newest: (id) => this.stored.newestVersion(id),
      versions: (id) => this.stored.versions(id),
      takeUp: (id, event) => this.#takeUps.by(id, event),
    });
    this.#starts = new RunStarts({
      ...{ home, platform, options, accepted: this.#accepted, supervisor: this.#supervisor },
      ...{ queues: this.queues, stored: this.stored, workflowOf: (id) => this.workflowOf(id) },
      newHandle: (id, workflow) => this.#newHandle(id, workflow),
    });
    const onError = (error: unknown): void => home.host.reportFailure(supervisorTarget.address, "recovery", error);
    this.#unfinished = new UnfinishedRuns({
      authority: home.authority,
      store: this.#actor.store,
      open: this.#supervisor.openRuns,
      onError,
    });
    this.#refused = new RefusedRuns({ store: this.#actor.store, onError });
    this.#recovery = new Recovery({
      unfinished: this.#unfinished,
      refused: this.#refused,
      newest: (id) => this.stored.newestVersion(id),
      newestOf: (ids) => this.stored.newestOf(ids),
      workflowOf: (id) => this.workflowOf(id),
      takeUpParked: (id, found, workflow) => this.#takeUps.parked(id, found, workflow),
      takeUp: (id, found) => this.#takeUps.recover(id, found),
      queues: this.queues,
      events,
    });
    this.#ended = new EndedRuns({
      ...platform,
      authority: home.authority,
      isOpen: (run) => this.#supervisor.openRuns.has(run),
      keep: options.runs.keep,
      author: supervisorTarget.address,
      onError,
    });
  }

  /** Encodes and decodes inputs. */
  get codec(): PayloadCodec {
    return this.#actor.codec;
  }

  get coordination(): Coordination {
    return this.#supervisor.coordination;
  }

  get epoch(): number {
    return this.#supervisor.epoch;
  }

  get counts(): { readonly inFlight: number; readonly waiting: number; readonly parked: number } {
    return this.#accepted.counts;
  }

  /** Puts the first coordination in force: from then on there may be runs. */
  async start(): Promise<void> {
    await this.queues.load();
    await this.#supervisor.switchCoordination(this.#options.coordination);
  }

  /**
   * Goes on with what a process left unfinished, as far as the options say so.
   *
   * @throws TroupeError (as a rejection) `no-such-run` for a run that the options name and the journal doesn't have.
   */
  async recover(): Promise<void> {
    const { recover } = this.#options;
    await this.#recovery.run(recover === false ? [] : recover);
    this.queues.start();
    await this.#ended.start(this.#supervisor.openRuns.size);
  }

  run<Input, Output, Waits, Steps, Parts>(
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    input: Input,
    options: RunOptions,
    beside?: Evolution,
  ): Run<Output, Waits, Steps, Parts> {
    return this.#starts.run(workflow, input, options, beside) as Run<Output, Waits, Steps, Parts>;
  }

  /** As {@link RunStarts.fork}. */
  async fork(run: string, options: ForkOptions): Promise<Run> {
    return this.#starts.fork(run, options);
  }

  /** As {@link runOnce}. */
  async once(
    workflow: WorkflowDefinition,
    input: unknown,
    options: RunOptions & { readonly id: string },
  ): Promise<Run> {
    const start = (): Run => this.run(workflow, input, options);
    return runOnce(workflow, input, options, { start, find: () => this.#find(options.id), codec: this.#actor.codec });
  }

  /**
   * A handle on a run that is or was in flight. With `wanted`, the run has to be one of that workflow.
   *
   * @throws TroupeError `no-such-run`
   */
  async find(id: string, wanted?: WorkflowId): Promise<Run> {
    const handle = await this.#find(id);
    if (wanted !== undefined) checkWorkflow(handle, wanted);
    return handle;
  }

  #find(id: string): Promise<RunHandle> {
    return findRun(id, {
      ...{ accepted: this.#accepted, stored: this.stored, refused: this.#refused, open: this.#supervisor.openRuns },
      newHandle: (run, workflow) => this.#newHandle(run, workflow),
    });
  }

  /**
   * Forgets a run that has ended.
   *
   * @throws TroupeError `no-such-run`; `not-admissible` for a run that has not ended.
   */
  async forget(id: string): Promise<void> {
    const newest = await this.stored.newest(id);
    if (newest !== undefined || this.#accepted.handle(id) !== undefined) checkEnded(id, newest);
    else throw noSuchRun(id);
    this.#refused.forget(id);
    const count = await this.#ended.forget([id], { author: "system", reason: "asked for" });
    if (count === 0) checkEnded(id, await this.stored.newest(id)); // it is being undone meanwhile
  }

  /** As {@link migrateRuns}. */
  async migrate(workflow: WorkflowDefinition, options: MigrateOptions): Promise<MigrationReport> {
    this.#platform.load.remember(workflow);
    return migrateRuns(workflow, options, {
      supervisor: this.#supervisor,
      authority: this.#home.authority,
      newest: (id) => this.stored.newestVersion(id),
      goOn: (ids) => this.#recovery.goOn(ids, this.#options.recover),
    });
  }

  /** Starts the participants of a workflow. */
  async deploy(workflow: WorkflowDefinition): Promise<void> {
    checkDefinition("deploy", ["workflow"], workflow);
    this.#platform.load.remember(workflow);
    await this.#actor.deploy(workflow);
  }

  /** Where the participant of an agent is; see `Participants.locate`. */
  locate(agent: AgentDefinition, gone: Address | undefined): Promise<Address> {
    return this.#actor.locate(agent, gone);
  }

  /** The tenant of a run in flight. */
  readonly tenantOf = (run: string): string | undefined => this.#supervisor.tenantOf(run);

  /** Cancels a run that goes on here. @throws TroupeError `past-point-of-no-return`. */
  async cancel(id: string, reason: string): Promise<void> {
    await this.#supervisor.cancel(id, reason);
  }

  async switchCoordination(coordination: Coordination): Promise<void> {
    checkCoordination(coordination);
    const before = this.#supervisor.epoch;
    const epoch = await this.#supervisor.switchCoordination(coordination);
    if (epoch !== before) this.#events.onSwitch(coordination, epoch);
  }

  /**
   * Resolves when no run is in flight or waiting for its turn. From then on no answer is taken, and no run that only waits for one, or for
   * a time, goes on.
   */
  async rest(): Promise<void> {
    this.queues.rest();
    do await this.#accepted.idle();
    while (this.#accepted.counts.inFlight > 0); // one has gone on meanwhile
    this.#requests.rest();
    this.#supervisor.rest();
  }

  /** A thread died, and the participants on it with it. */
  threadLost(thread: number, error: unknown): void {
    this.#actor.threadLost(thread, error);
  }

  /** An actor stopped; that matters here if it was a participant, while there are runs. */
  participantStopped(actor: Address): void {
    if (!this.#isClosed) this.#actor.participantStopped(actor);
  }

  /** Gives up the runs that wait for their turn. Their callers get an error. */
  turnAway(): void {
    this.#accepted.turnAway();
  }

  /**
   * The system closes. From now on nothing is recorded of any run, whatever its agents do as they are stopped, and each wait for a
   * run ends with an error. Resolves, once the journal has answered, to what is left.
   *
   * @param lost why the system closes, if it has lost its journal
   */
  async close(lost?: TroupeError): Promise<LeftRuns> {
    this.#isClosed = true;
    this.queues.rest();
    this.#requests.close();
    this.#ended.close();
    const noted = lost === undefined ? this.#unfinished.close() : undefined; // its owner writes the notes now
    this.#supervisor.close();
    const left = await this.#accepted.close(lost);
    await noted;
    return left;
  }

  /** The definition that a run follows. @throws TroupeError (as a rejection) `module-failed`, `definition-not-found`. */
  workflowOf(id: WorkflowId): Promise<WorkflowDefinition> {
    return findWorkflow(this.#platform.load, id, this.#options.workflows);
  }

  #newHandle(id: string, workflow: WorkflowId): RunHandle {
    return new RunHandle(id, workflow, this.#handlePorts);
  }
}
