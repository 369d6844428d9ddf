/** The runs of one system: the supervisor as an actor of the main host, and the participants it deploys. */

import { type Address, hostOf } from "../actors/address.ts";
import type { AgentDefinition } from "../actors/agent-definition.ts";
import { checkContract } from "../actors/contract.ts";
import { PayloadCodec } from "../actors/payload-codec.ts";
import type { Run } from "../actors/run.ts";
import { RunHandle } from "../actors/run-handle.ts";
import type { Coordination } from "../actors/supervisor/coordination.ts";
import type { NumberedMessage } from "../actors/supervisor/coordination-protocol.ts";
import type { Proposal } from "../actors/supervisor/run-event.ts";
import { isOpen, runState } from "../actors/supervisor/run-state.ts";
import { Supervisor } from "../actors/supervisor/supervisor.ts";
import { agentKey } from "../actors/workflow-plan.ts";
import type { WorkflowDefinition } from "../actors/workflow-definition.ts";
import { decodeError, type EncodedError, encodeError } from "../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import type { MaybePromise } from "../store/maybe-promise.ts";
import { StoreClient } from "../store/store-client.ts";
import { buried } from "./actor-cell.ts";
import { agentMailbox, coordinate, supervisorTarget } from "./agent-body.ts";
import { nameOf } from "./actor-registry.ts";
import type { Sender, Target } from "./bound-ref.ts";
import type { MainHost } from "./main-host.ts";
import { nativeBody } from "./native-body.ts";
import type { Platform } from "./platform.ts";
import { RingQueue } from "./ring-queue.ts";
import type { ResolvedOptions } from "./system-options.ts";

export interface RunOptions {
  /** The run's id; its history is the key `run/<id>`. Default: a new one. */
  readonly id?: string;
  /** A coordination for this run alone, whatever the system's is or becomes. */
  readonly coordination?: Coordination;
}

export interface RunsOptions {
  readonly main: MainHost;
  readonly platform: Platform;
  readonly options: ResolvedOptions;
  /** Starts an agent's participant and returns where it is. */
  readonly deploy: (agent: AgentDefinition) => Promise<Address>;
  readonly onSwitch: (coordination: Coordination, epoch: number) => void;
}

/** What the supervisor's mailbox takes. */
type SupervisorMessage =
  | { readonly type: "claim" | "outcome"; readonly run: string; readonly event: Proposal }
  /** A thread or a participant is gone. */
  | { readonly type: "lost"; readonly thread?: number; readonly actor?: Address; readonly error: EncodedError };

/** An agent's participant: how to reach it, or a promise of that while it is started. */
interface Deployment {
  readonly agent: AgentDefinition;
  target: MaybePromise<Target>;
}

export class Runs {
  readonly #main: MainHost;
  readonly #platform: Platform;
  readonly #maxRuns: number;
  readonly #deploy: (agent: AgentDefinition) => Promise<Address>;
  readonly #onSwitch: (coordination: Coordination, epoch: number) => void;
  readonly #initial: Coordination;
  readonly #codec: PayloadCodec;
  readonly #client: StoreClient;
  readonly #supervisor: Supervisor;
  readonly #sender: Sender;
  readonly #deployments = new Map<string, Deployment>();
  readonly #handles = new Map<string, RunHandle>();
  /** Runs that wait until fewer are in flight. */
  readonly #waiting = new RingQueue<{ readonly handle: RunHandle; readonly start: () => void }>();
  readonly #queued = new Set<RunHandle>();
  #inFlight = 0;
  #idle: { resolve(): void; reject(error: unknown): void }[] = [];

  constructor({ main, platform, options, deploy, onSwitch }: RunsOptions) {
    this.#main = main;
    this.#platform = platform;
    this.#maxRuns = options.maxRuns;
    this.#deploy = deploy;
    this.#onSwitch = onSwitch;
    this.#initial = options.coordination;
    const cell = main.host.spawn({
      name: nameOf(supervisorTarget.address),
      ...agentMailbox,
      concurrency: Number.POSITIVE_INFINITY,
      body: () => nativeBody((type, payload) => this.#handle({ type, ...(payload as object) } as SupervisorMessage)),
    });
    this.#sender = main.sender(cell.address);
    const revive = (value: unknown): unknown => main.host.revive(value, cell);
    this.#codec = new PayloadCodec({ maxBytes: options.maxMessageBytes, revive });
    this.#client = new StoreClient(main.services.store, { author: cell.address, remembersReads: false });
    this.#supervisor = new Supervisor({
      commit: (subject, next) => this.#client.evolveNow(subject, next),
      send: (agent, message) => this.#send(agent, message),
      onVersion: (run, snapshot) => {
        this.#handles.get(run)?.observe(snapshot);
        if (!isOpen(snapshot.state)) this.#over(run);
      },
      onBroken: (run, error) => {
        this.#handles.get(run)?.break(error);
        this.#over(run);
      },
      codec: this.#codec,
    });
  }

  get coordination(): Coordination {
    return this.#supervisor.coordination;
  }

  get counts(): { readonly inFlight: number; readonly waiting: number } {
    return { inFlight: this.#inFlight, waiting: this.#queued.size };
  }

  /** Puts the first coordination in force. */
  async start(): Promise<void> {
    await this.#supervisor.switchCoordination(this.#initial);
  }

  run<Input, Output>(
    workflow: WorkflowDefinition<Input, Output>,
    input: Input,
    { id = this.#platform.random.id(), coordination }: RunOptions,
  ): Run<Output> {
    if (this.#handles.has(id)) {
      throw new TroupeError("run-exists", `there is a run ${id} in flight. Leave the id out to get a fresh one.`, {
        details: { run: id },
      });
    }
    const definition = workflow as WorkflowDefinition;
    this.#platform.load.remember(definition);
    const handle: RunHandle = new RunHandle(id, {
      codec: this.#codec,
      cancel: (_run, reason) => this.#cancel(handle, reason),
      versions: () => this.#client.history(runState, id, { order: "oldest-first" }),
    });
    const start = (given: unknown): MaybePromise<void> =>
      this.#supervisor.start(id, definition, given, coordination === undefined ? {} : { coordination });
    if (this.#inFlight < this.#maxRuns) this.#begin(handle, () => start(input), true);
    else {
      const { name: agent, version } = workflow;
      checkContract(definition.input, input, { agent, version, direction: "input", side: "sender" });
      const { host, outside } = this.#main;
      const plain = host.copier.copy(input, `the input of a run of ${agent}`);
      const copy = host.copier.hasTransferred ? host.revive(plain, outside) : plain;
      this.#handles.set(id, handle);
      this.#queued.add(handle);
      this.#waiting.push({ handle, start: () => this.#begin(handle, () => start(copy), false) });
    }
    return handle as Run<Output>;
  }

  /** Starts the participants of a workflow. */
  async deploy(workflow: WorkflowDefinition): Promise<void> {
    this.#platform.load.remember(workflow);
    await Promise.all(workflow.steps.map(async ({ agent }) => this.#deployment(agent).target));
  }

  async switchCoordination(coordination: Coordination): Promise<void> {
    const before = this.#supervisor.epoch;
    const epoch = await this.#supervisor.switchCoordination(coordination);
    if (epoch !== before) this.#onSwitch(coordination, epoch);
  }

  /** Resolves when no run is in flight or waiting. */
  idle(): Promise<void> {
    if (this.#inFlight === 0 && this.#queued.size === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#idle.push({ resolve, reject }));
  }

  /** A thread died. The supervisor hears of it after what the thread's participants had proposed, and judges that first. */
  threadLost(thread: number, error: unknown): void {
    this.#tell({ type: "lost", thread, error: encodeError(error) });
  }

  /** An actor stopped; that matters here if it was a participant. */
  participantStopped(actor: Address): void {
    if (![...this.#deployments.values()].some(({ target }) => !(target instanceof Promise) && target.address === actor))
      return;
    this.#tell({ type: "lost", actor, error: encodeError(buried({ to: actor, type: coordinate }, "actor-stopped")) });
  }

  /** The system closes: whoever waits for a run is told. */
  close(): void {
    const error = new TroupeError("system-closed", "the system was closed before the run ended");
    for (const handle of [...this.#handles.values()]) handle.break(error);
    this.#handles.clear();
    for (const { reject } of this.#idle.splice(0)) reject(error);
  }

  /** Starts a run. What a start throws goes to the caller of `run` where it still is there, otherwise to the handle. */
  #begin(handle: RunHandle, start: () => MaybePromise<void>, isCallerThere: boolean): void {
    const { id } = handle;
    this.#handles.set(id, handle);
    this.#inFlight++;
    const failed = (error: unknown): void => {
      handle.break(error);
      this.#over(id);
    };
    try {
      const started = start();
      if (started instanceof Promise) started.catch(failed);
    } catch (error) {
      failed(error);
      if (isCallerThere) throw error;
    }
  }

  /** A run has ended: the next that waits may start. */
  #over(run: string): void {
    if (!this.#handles.delete(run)) return;
    this.#inFlight--;
    this.#startNext();
    if (this.#inFlight === 0) for (const { resolve } of this.#idle.splice(0)) resolve();
  }

  #startNext(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!this.#queued.delete(next.handle)) continue; // cancelled while it waited
      next.start();
      return;
    }
  }

  async #cancel(handle: RunHandle, reason: string | undefined): Promise<void> {
    const { id } = handle;
    if (this.#handles.get(id) !== handle) return; // it has ended, or the system has
    if (!this.#queued.delete(handle)) return this.#supervisor.cancel(id, reason);
    this.#handles.delete(id);
    const said = reason === undefined ? "" : `: ${reason}`;
    handle.break(
      new TroupeError("run-cancelled", `the run ${id} was cancelled before it started${said}`, {
        details: { run: id },
      }),
    );
  }

  #tell({ type, ...message }: SupervisorMessage): void {
    this.#main.host.tell(this.#main.outside, supervisorTarget, type, message, true).catch((error: unknown) => {
      if (!isTroupeError(error, "system-closed")) throw error; // with the system closed, no run is left to hear of it
    });
  }

  #handle(message: SupervisorMessage): MaybePromise<boolean | void> {
    if (message.type !== "lost") return this.#supervisor.propose(message.run, message.event);
    const { thread, actor, error } = message;
    this.#lost(decodeError(error), (address) => address === actor || hostOf(address) === thread);
  }

  #send(agent: AgentDefinition, message: NumberedMessage): MaybePromise<void> {
    const { target } = this.#deployment(agent);
    return target instanceof Promise ? target.then((known) => this.#post(known, message)) : this.#post(target, message);
  }

  #post(target: Target, message: NumberedMessage): Promise<void> {
    return this.#main.host.tell(this.#sender, target, coordinate, message, true);
  }

  #deployment(agent: AgentDefinition): Deployment {
    const key = agentKey(agent);
    const known = this.#deployments.get(key);
    if (known !== undefined) return known;
    this.#platform.load.remember(agent);
    const starting = this.#deploy(agent).then((address): Target => ({ address, ...agentMailbox, check: undefined }));
    const deployment: Deployment = { agent, target: starting };
    this.#deployments.set(key, deployment);
    starting.then(
      (target) => (deployment.target = target),
      () => this.#deployments.delete(key), // each message that waited is told; the next one tries again
    );
    return deployment;
  }

  #lost(error: unknown, isLost: (address: Address) => boolean): void {
    for (const [key, { agent, target }] of this.#deployments) {
      if (target instanceof Promise || !isLost(target.address)) continue;
      this.#deployments.delete(key);
      this.#supervisor.participantLost(agent, error);
    }
  }
}
