/** The runs of one system: the supervisor as an actor of the main host, the handles on its runs, and what it finds unfinished. */

import type { Address } from "../actors/address.ts";
import type { AgentDefinition } from "../actors/agent-definition.ts";
import { checkContract } from "../actors/contract.ts";
import { PayloadCodec } from "../actors/payload-codec.ts";
import type { Run } from "../actors/run.ts";
import { RunHandle } from "../actors/run-handle.ts";
import type { Coordination } from "../actors/supervisor/coordination.ts";
import type { ToSupervisor } from "../actors/supervisor/coordination-protocol.ts";
import type { CancelRequested, CompensationRetried } from "../actors/supervisor/run-event.ts";
import { isOpen, type RunState, runState } from "../actors/supervisor/run-state.ts";
import { Supervisor } from "../actors/supervisor/supervisor.ts";
import type { SupervisorPorts } from "../actors/supervisor/supervisor-ports.ts";
import type { WorkflowDefinition } from "../actors/workflow-definition.ts";
import { decodeError, type EncodedError, encodeError } from "../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import type { MaybePromise } from "../store/maybe-promise.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { stateKey } from "../store/state-definition.ts";
import { StoreClient } from "../store/store-client.ts";
import { nameOf } from "./actor-registry.ts";
import { agentMailbox, coordinate, supervisorTarget } from "./agent-body.ts";
import { findWorkflow } from "./find-workflow.ts";
import type { MainHost } from "./main-host.ts";
import { nativeBody } from "./native-body.ts";
import { Participants } from "./participants.ts";
import type { Platform } from "./platform.ts";
import { checkRunOptions, type RunOptions } from "./run-options.ts";
import { RunQueue } from "./run-queue.ts";
import type { ResolvedOptions } from "./system-options.ts";
import { buried } from "./unhandled.ts";

export interface RunsEvents {
  onSwitch(coordination: Coordination, epoch: number): void;
  /** A run that a process left unfinished goes on. */
  onRecovered(run: string): void;
  /** A run that a process left unfinished can't go on here. */
  onRefused(run: string, error: unknown): void;
}

export interface RunsOptions {
  readonly main: MainHost;
  readonly platform: Platform;
  readonly options: ResolvedOptions;
  /** Starts an agent's participant and returns where it is. */
  readonly deploy: (agent: AgentDefinition) => Promise<Address>;
  readonly admit: SupervisorPorts["admit"];
  readonly events: RunsEvents;
}

/** What became of the runs that had not ended when a system was closed. */
export interface LeftRuns {
  /** The ids of runs that are recorded. With a journal on disk, the next system goes on with them. */
  readonly unfinished: readonly string[];
  /** The ids of runs that waited for their turn. Nothing of them is recorded. */
  readonly notStarted: readonly string[];
}

/** What the supervisor's mailbox takes. */
type SupervisorMessage =
  | ToSupervisor
  /** A thread or a participant is gone. */
  | { readonly type: "lost"; readonly thread?: number; readonly actor?: Address; readonly error: EncodedError };

export class Runs {
  readonly #main: MainHost;
  readonly #platform: Platform;
  readonly #options: ResolvedOptions;
  readonly #events: RunsEvents;
  readonly #codec: PayloadCodec;
  readonly #client: StoreClient;
  readonly #supervisor: Supervisor;
  readonly #participants: Participants;
  readonly #queue: RunQueue;
  readonly #handles = new Map<string, RunHandle>();
  /** The runs whose start is on its way to the journal; each promise resolves when it is known whether it got there. */
  readonly #starting = new Map<string, Promise<void>>();
  readonly #notStarted: string[] = [];
  /** Why runs that were found unfinished don't go on. */
  readonly #refused = new Map<string, unknown>();
  #isClosed = false;

  constructor({ main, platform, options, deploy, admit, events }: RunsOptions) {
    this.#main = main;
    this.#platform = platform;
    this.#options = options;
    this.#events = events;
    this.#queue = new RunQueue(options);
    const cell = main.host.spawn({
      name: nameOf(supervisorTarget.address),
      ...agentMailbox,
      concurrency: Number.POSITIVE_INFINITY,
      body: () => nativeBody((type, payload) => this.#handle({ type, ...(payload as object) } as SupervisorMessage)),
    });
    const revive = (value: unknown): unknown => main.host.revive(value, cell);
    this.#codec = new PayloadCodec({ maxBytes: options.maxMessageBytes, revive });
    this.#client = new StoreClient(main.services.store, { author: cell.address, remembersReads: false });
    this.#participants = new Participants({
      host: main.host,
      sender: main.sender(cell.address),
      start: async (agent) => {
        platform.load.remember(agent);
        return deploy(agent);
      },
    });
    this.#supervisor = new Supervisor({
      commit: (subject, next) => this.#client.evolveNow(subject, next),
      send: (agent, message) => this.#participants.send(agent, message),
      admit,
      onVersion: (run, snapshot) => {
        this.#handles.get(run)?.observe(snapshot);
        if (!isOpen(snapshot.state)) this.#over(run);
      },
      onBroken: (run, error) => {
        this.#handles.get(run)?.break(error);
        this.#over(run);
      },
      codec: this.#codec,
      clock: platform.clock,
      random: platform.random,
    });
  }

  get coordination(): Coordination {
    return this.#supervisor.coordination;
  }

  get counts(): { readonly inFlight: number; readonly waiting: number } {
    return this.#queue.counts;
  }

  /** Puts the first coordination in force, and goes on with what a process left unfinished. */
  async start(): Promise<void> {
    await this.#supervisor.switchCoordination(this.#options.coordination);
    const { recover } = this.#options;
    if (recover !== false) await this.#recover(recover);
  }

  run<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input, options: RunOptions): Run<Output> {
    checkRunOptions(options);
    const { id = this.#platform.random.id(), coordination, timeout, onOverload = this.#options.onOverload } = options;
    if (this.#handles.has(id)) throw inFlight(id);
    const { hasRoom } = this.#queue;
    if (!hasRoom) this.#queue.checkMayWait(id, onOverload);
    const definition = workflow as WorkflowDefinition;
    this.#platform.load.remember(definition);
    const handle = this.#newHandle(id);
    const terms = {
      ...(coordination === undefined ? {} : { coordination }),
      ...(timeout === undefined ? {} : { timeout }),
    };
    const start = (given: unknown): MaybePromise<void> => this.#supervisor.start(id, definition, given, terms);
    if (hasRoom) {
      this.#queue.enter(id);
      this.#begin(handle, () => start(input), true);
    } else {
      const copy = this.#copyOf(definition, input);
      this.#queue.wait(id, () => this.#begin(handle, () => start(copy), false));
      this.#handles.set(id, handle);
    }
    return handle as Run<Output>;
  }

  /**
   * A handle on a run that is in flight, or was.
   *
   * @throws TroupeError `no-such-run`
   */
  async find(id: string): Promise<Run> {
    const known = this.#handles.get(id);
    if (known !== undefined) return known;
    const versions = await this.#versions(id);
    const again = this.#handles.get(id); // it may have been taken up meanwhile
    if (again !== undefined) return again;
    if (versions.length === 0) throw noSuchRun(id);
    const handle = this.#newHandle(id);
    for (const version of versions) handle.observe(version, version !== versions.at(-1));
    if (this.#refused.has(id)) handle.break(this.#refused.get(id));
    return handle;
  }

  /** Starts the participants of a workflow. */
  async deploy(workflow: WorkflowDefinition): Promise<void> {
    this.#platform.load.remember(workflow);
    await this.#participants.deploy(workflow);
  }

  async switchCoordination(coordination: Coordination): Promise<void> {
    const before = this.#supervisor.epoch;
    const epoch = await this.#supervisor.switchCoordination(coordination);
    if (epoch !== before) this.#events.onSwitch(coordination, epoch);
  }

  /** Resolves when no run is in flight or waiting. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** A thread died. The supervisor hears of it after what the thread's participants had proposed, and judges that first. */
  threadLost(thread: number, error: unknown): void {
    this.#tell({ type: "lost", thread, error: encodeError(error) });
  }

  /** An actor stopped; that matters here if it was a participant. */
  participantStopped(actor: Address): void {
    if (!this.#participants.isParticipant(actor)) return;
    this.#tell({ type: "lost", actor, error: encodeError(buried({ to: actor, type: coordinate }, "actor-stopped")) });
  }

  /** Gives up the runs that wait for their turn. Whoever started them is told. */
  turnAway(): void {
    for (const id of this.#queue.withdrawAll()) {
      const handle = this.#handles.get(id);
      this.#handles.delete(id);
      this.#notStarted.push(id);
      handle?.break(closedBefore(id, false));
    }
  }

  /**
   * The system closes: from now on nothing is recorded of any run, whatever its agents do as they are stopped, and whoever
   * waits for a run is told. Resolves, once the journal has answered, to what is left.
   */
  async close(): Promise<LeftRuns> {
    this.#isClosed = true;
    this.#supervisor.close();
    this.turnAway();
    this.#queue.close(new TroupeError("system-closed", "the system was closed before its runs had ended"));
    const unfinished: string[] = [];
    const leave = (id: string, handle: RunHandle): void => {
      this.#handles.delete(id);
      unfinished.push(id);
      handle.break(closedBefore(id, true));
    };
    for (const [id, handle] of [...this.#handles]) if (!this.#starting.has(id)) leave(id, handle);
    await Promise.all(this.#starting.values());
    for (const [id, handle] of [...this.#handles]) leave(id, handle); // those whose start is recorded after all
    return { unfinished, notStarted: this.#notStarted };
  }

  /**
   * Goes on with all runs that have not ended, or with those that are named. Resolves when each is taken up or refused.
   *
   * @throws TroupeError (as a rejection) `no-such-run` for a name that no run has.
   */
  async #recover(which: true | readonly string[]): Promise<void> {
    for (const id of which === true ? await this.#client.ids(runState) : new Set(which)) {
      const newest = await this.#newest(id);
      if (newest === undefined && which !== true) throw noSuchRun(id);
      if (newest === undefined || !isOpen(newest)) continue;
      try {
        await this.#takeUp(id, "recover");
        this.#events.onRecovered(id);
      } catch (error) {
        if (isTroupeError(error, "system-closed")) throw error;
        this.#refused.set(id, error);
        this.#events.onRefused(id, error);
      }
    }
  }

  /** Goes on with a run that is in the store, as `event` says. Returns a handle on it, the one given if any, when that is recorded. */
  async #takeUp(
    id: string,
    event: CompensationRetried | CancelRequested | "recover",
    given?: RunHandle,
  ): Promise<RunHandle> {
    const versions = await this.#versions(id);
    const snapshot = versions.at(-1);
    if (snapshot === undefined) throw noSuchRun(id);
    const workflow = await findWorkflow(this.#platform.load, snapshot.state.workflow, this.#options.workflows);
    if (this.#handles.has(id)) throw inFlight(id);
    const handle = given ?? this.#newHandle(id);
    if (given === undefined) for (const version of versions) handle.observe(version, true);
    this.#handles.set(id, handle);
    this.#queue.enter(id);
    try {
      await this.#supervisor.resume(snapshot, id, workflow, event);
    } catch (error) {
      this.#over(id);
      throw error;
    }
    return handle;
  }

  async #newest(id: string): Promise<RunState | undefined> {
    return ((await this.#main.authority.stored(stateKey(runState, id))) as Snapshot<RunState> | undefined)?.state;
  }

  #versions(id: string): Promise<readonly Snapshot<RunState>[]> {
    return this.#client.history(runState, id, { order: "oldest-first" });
  }

  #newHandle(id: string): RunHandle {
    const handle: RunHandle = new RunHandle(id, {
      codec: this.#codec,
      cancel: (_run, reason) => this.#cancel(handle, reason),
      versions: () => this.#versions(id),
      retryCompensation: () => this.#takeUp(id, { type: "compensation-retried" }),
      resolve: async (_run, note) => this.#supervisor.resolve(id, note),
    });
    return handle;
  }

  /** A run that waits keeps a copy of its input: its caller may change the original meanwhile. */
  #copyOf({ name: agent, version, input: schema }: WorkflowDefinition, input: unknown): unknown {
    checkContract(schema, input, { agent, version, direction: "input", side: "sender" });
    const { host, outside } = this.#main;
    const plain = host.copier.copy(input, `the input of a run of ${agent}`);
    return host.copier.hasTransferred ? host.revive(plain, outside) : plain;
  }

  /** Starts a run. What a start throws goes to the caller of `run` where it still is there, otherwise to the handle. */
  #begin(handle: RunHandle, start: () => MaybePromise<void>, isCallerThere: boolean): void {
    const { id } = handle;
    this.#handles.set(id, handle);
    const failed = (error: unknown): void => {
      handle.break(error);
      this.#over(id);
    };
    try {
      const started = start();
      if (!(started instanceof Promise)) return;
      const settled = started.catch(failed).then(() => void this.#starting.delete(id));
      this.#starting.set(id, settled);
    } catch (error) {
      failed(error);
      if (isCallerThere) throw error;
    }
  }

  /** A run has ended: the next that waits may start. */
  #over(run: string): void {
    if (this.#handles.delete(run)) this.#queue.leave(run);
  }

  async #cancel(handle: RunHandle, reason: string | undefined): Promise<void> {
    const { id } = handle;
    if (this.#handles.get(id) !== handle) return this.#cancelLeft(handle, reason);
    if (!this.#queue.withdraw(id)) return this.#supervisor.cancel(id, reason);
    this.#handles.delete(id);
    const said = reason === undefined ? "" : `: ${reason}`;
    handle.break(
      new TroupeError("run-cancelled", `the run ${id} was cancelled before it started${said}`, {
        details: { run: id },
      }),
    );
  }

  /** A run that a process left unfinished and that nobody here has taken up is, to be undone. */
  async #cancelLeft(handle: RunHandle, reason: string | undefined): Promise<void> {
    const { id } = handle;
    if (this.#isClosed) return;
    const newest = await this.#newest(id);
    if (newest === undefined || !isOpen(newest)) return; // it has ended
    if (this.#handles.has(id)) return this.#supervisor.cancel(id, reason);
    await this.#takeUp(id, { type: "cancel-requested", ...(reason === undefined ? {} : { reason }) }, handle);
  }

  #tell({ type, ...message }: SupervisorMessage): void {
    this.#main.host.sending.tell(this.#main.outside, supervisorTarget, type, message, true).catch((error: unknown) => {
      if (!isTroupeError(error, "system-closed")) throw error; // with the system closed, no run is left to hear of it
    });
  }

  #handle(message: SupervisorMessage): unknown {
    switch (message.type) {
      case "claim":
        return this.#supervisor.claim(message.run, message.event);
      case "outcome":
        return this.#supervisor.propose(message.run, message.event, message.spent);
      case "lost": {
        const error = decodeError(message.error);
        for (const agent of this.#participants.lost(message)) this.#supervisor.participantLost(agent, error);
        return undefined;
      }
    }
  }
}

function closedBefore(run: string, isRecorded: boolean): TroupeError {
  const message = isRecorded
    ? `the system was closed before the run ${run} ended. With a journal on disk, the next system goes on with it.`
    : `the system was closed before it was the turn of the run ${run}: it was not started. Start it again.`;
  return new TroupeError("system-closed", message, { details: { run, isRecorded } });
}

function inFlight(id: string): TroupeError {
  return new TroupeError("run-exists", `there is a run ${id} in flight. Leave the id out to get a fresh one.`, {
    details: { run: id },
  });
}

function noSuchRun(id: string): TroupeError {
  return new TroupeError("no-such-run", `there is no run ${id} in the store`, { details: { run: id } });
}
