/** The system: what a process embeds. Spawns actors, runs workflows, owns the store, and ends it all. */

import { type Observable, Subject } from "rxjs";
import type * as v from "valibot";
import type { SpawnOptions } from "../actors/actor-context.ts";
import { type ActorDefinition, checkActorName, type MessageSpec, type Protocol } from "../actors/actor-definition.ts";
import type { ActorRef } from "../actors/actor-ref.ts";
import { type Address, type HostId, hostOf, isSupervised, makeAddress } from "../actors/address.ts";
import type { AgentDefinition } from "../actors/agent-definition.ts";
import type { Gone, GoneReason } from "../actors/gone.ts";
import type { BreakerState } from "../actors/policies/breaker.ts";
import { whyText } from "../actors/policies/gate-errors.ts";
import { defaultMailbox } from "../actors/mailbox-options.ts";
import type { Placement } from "../actors/placement.ts";
import type { Run } from "../actors/run.ts";
import type { Coordination } from "../actors/supervisor/coordination.ts";
import type { WorkflowDefinition } from "../actors/workflow-definition.ts";
import { AskError } from "../errors/ask-error.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import { OwnedStore } from "../store/owned-store.ts";
import type { LeftRuns } from "./accepted-runs.ts";
import { ActorRegistry, nameOf } from "./actor-registry.ts";
import { agentTarget } from "./agent-body.ts";
import { Bonds } from "./bonds.ts";
import { BoundRef, type Target, targetOf } from "./bound-ref.ts";
import { type DefinitionId, definitionId } from "./definition-loader.ts";
import type { DeadLetter, DeadLetterReason, StopMode } from "./envelope.ts";
import { gatesTarget } from "./gate-protocol.ts";
import { Gates } from "./gates.ts";
import { GatesBody } from "./gates-body.ts";
import type { SpawnOrder } from "./host-control.ts";
import { settingsOf } from "./host-settings.ts";
import { MainHost } from "./main-host.ts";
import type { Platform } from "./platform.ts";
import type { RunOptions } from "./run-options.ts";
import { Runs } from "./runs.ts";
import { spawnCell } from "./spawn-cell.ts";
import { systemBody } from "./system-body.ts";
import { Supervision, type SupervisorHandle } from "./supervision.ts";
import type { SupervisionOptions } from "./supervision-options.ts";
import type { SystemEvent, Untimed } from "./system-events.ts";
import type { ResolvedOptions } from "./system-options.ts";
import { threadClosed, ThreadRoster } from "./thread-roster.ts";
import { buried } from "./unhandled.ts";

/** The protocol of an agent that is asked directly, outside of any workflow. No interface: that would take any message. */
export type AgentProtocol<In, Out> = {
  readonly execute: MessageSpec & {
    readonly input: v.GenericSchema<In, In>;
    readonly reply: v.GenericSchema<Out, Out>;
  };
};

/** What `system.stats()` reports. */
export interface SystemStats {
  readonly actors: number;
  /** Messages that wait in mailboxes, over all threads. */
  readonly waiting: number;
  /** Versions that the store has written, over all keys. */
  readonly commits: number;
  /** Runs in flight, and runs that wait for their turn. */
  readonly runs: { readonly inFlight: number; readonly waiting: number };
  readonly threads: readonly {
    readonly thread: number;
    readonly actors: number;
    readonly waiting: number;
    readonly followedKeys: number;
  }[];
  /** How many dead letters there were, by reason. */
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
}

/** The versioned state as code outside any actor sees it: always the newest. */
export type Store = Pick<
  OwnedStore,
  | "read"
  | "snapshot"
  | "commit"
  | "transact"
  | "put"
  | "history"
  | "at"
  | "ids"
  | "watch"
  | "diff"
  | "bisect"
  | "blame"
  | "revert"
  | "fork"
  | "size"
  | "compact"
  | "exportHistory"
  | "importHistory"
>;

/** What a process embeds; made by {@link createSystem}. */
export interface System extends AsyncDisposable {
  /**
   * Starts an actor, or an agent to be asked directly by its message `execute`.
   *
   * @throws TroupeError (as a rejection) `name-taken`, `no-such-thread`, `module-failed`, `definition-not-found`,
   * `invalid-options`, `system-closed`.
   * @example
   * const ref = await system.spawn(counter, { name: "visits", placement: "dedicated" });
   */
  spawn<P extends Protocol, E>(definition: ActorDefinition<P, E>, options?: SpawnOptions): Promise<ActorRef<P, E>>;
  spawn<In, Out>(
    definition: AgentDefinition<In, Out>,
    options?: SpawnOptions,
  ): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
  /**
   * Starts a tree of supervisors and their actors, in order; resolves when all of them have started. The actors are found by
   * their names; they keep their addresses and mailboxes when they are restarted, in place or on another thread.
   *
   * Guarantees: a message that was handled is not handled again, one that was not is; one that takes the actor down is begun at
   * most `maxDeliveries` times, then is a dead letter. Every decision is an event on {@link System.events$}. A tree that gives up
   * stops all of its actors.
   *
   * @throws TroupeError (as a rejection) `invalid-options`, `name-taken`, `system-closed`; `supervision-failed` when the tree gave
   * up before all had started, with the last failure as its cause.
   * @example
   * const shop = await system.supervise({
   *   name: "shop",
   *   strategy: "rest-for-one",
   *   children: [{ name: "stock", actor: stock }, { name: "checkout", actor: checkout, placement: "dedicated" }],
   * });
   * const ref = await system.find(checkout, "checkout");
   * await shop.stop();
   */
  supervise(options: SupervisionOptions): Promise<SupervisorHandle>;
  /**
   * Resolves when an actor is gone for good, with the reason; at once if it is. A supervised actor that is restarted is not gone. Never
   * rejects: when the system closes, its actors have stopped.
   *
   * @example
   * const { reason } = await system.watch(ref);
   */
  watch(ref: { readonly address: Address }): Promise<Gone>;
  /** A ref on the actor with this name. Rejects with `no-such-actor` when there is none. */
  find<P extends Protocol, E>(definition: ActorDefinition<P, E>, name: string): Promise<ActorRef<P, E>>;
  /**
   * Stops an actor once the message it handles is done: `discard` (the default) makes dead letters of what waits,
   * `drain` handles it first. Resolves when it has stopped; at once for an actor that is gone. A supervised actor is not started
   * again.
   */
  stop(ref: { readonly address: Address }, mode?: StopMode): Promise<void>;
  /**
   * Runs a workflow.
   *
   * @throws TroupeError at once: `contract-violated` for an input that doesn't fit, `run-exists` for an id that a run in
   * flight has, `overloaded`, `system-closed`.
   * @example
   * const run = system.run(creditDecision, application);
   * run.events$.subscribe(console.log);
   * const { decision } = await run.result;
   */
  run<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input, options?: RunOptions): Run<Output>;
  /**
   * A handle on a run by its id: one in flight, one that has ended, or one that was found unfinished in the journal.
   *
   * @throws TroupeError (as a rejection) `no-such-run`.
   * @example
   * const { decision } = (await (await system.findRun("order-7")).result) as Decision;
   */
  findRun(id: string): Promise<Run>;
  /** Starts the agents of a workflow ahead of its first run. Resolves when they are there. Errors as `spawn`. */
  deploy(workflow: WorkflowDefinition<never> | WorkflowDefinition): Promise<void>;
  /** The coordination in force. */
  readonly coordination: Coordination;
  /** Changes how workflows are coordinated; runs in flight are handed over. Resolves when the switch is in force. */
  switchCoordination(coordination: Coordination): Promise<void>;
  /** The versioned state that all actors share. */
  readonly store: Store;
  /** What happens to the system: threads, actors, failures, switches. Hot. */
  readonly events$: Observable<SystemEvent>;
  /** Messages that nobody processed, each with its reason. Hot. */
  readonly deadLetters$: Observable<DeadLetter>;
  stats(): Promise<SystemStats>;
  /**
   * Takes no further runs and spawns, waits for the runs in flight, then stops each actor after what waits in its
   * mailbox. Gives up after `deadline` milliseconds with `timed-out`; default no deadline. `close` is still to be called.
   */
  drain(options?: { readonly deadline?: number }): Promise<void>;
  /**
   * Ends in good order: takes nothing new, gives up the runs that wait for their turn, waits for what is in flight as
   * {@link System.drain} does, for `deadline` milliseconds at most, and closes. Resolves to what had not ended. What runs had
   * finished by then is recorded, and no run fails because of the shutdown: with a journal on disk, the next system goes
   * on with them. Default: the option `shutdownDeadline`, 8,000. Later calls return what the first one does.
   *
   * @throws TroupeError (as a rejection) `invalid-options` for a deadline below 0; what closing the journal fails with.
   * @example
   * process.once("SIGUSR2", async () => {
   *   const { unfinished } = await system.shutdown({ deadline: 5_000 });
   *   console.log(`${unfinished.length} runs go on next time`);
   * });
   */
  shutdown(options?: { readonly deadline?: number }): Promise<LeftRuns>;
  /**
   * Ends everything now: what waits becomes dead letters, asks and runs in flight end with `system-closed`, threads that
   * don't answer within a second are killed. No handle stays open. Safe to call again.
   */
  close(): Promise<void>;
}

const systemActor = makeAddress(0, "system");

/** Milliseconds that a thread gets to close by itself. */
const closeGrace = 1000;

export class ActorSystem implements System {
  readonly store: OwnedStore;
  readonly events$: Observable<SystemEvent>;
  readonly deadLetters$: Observable<DeadLetter>;
  readonly #platform: Platform;
  readonly #main: MainHost;
  readonly #roster: ThreadRoster;
  readonly #registry = new ActorRegistry();
  readonly #gates: Gates;
  readonly #runs: Runs;
  readonly #supervision: Supervision;
  readonly #bonds: Bonds;
  readonly #events$ = new Subject<SystemEvent>();
  readonly #shutdownDeadline: number;
  #isDraining = false;
  /** True when the runs have ended and actors are being stopped; until then, they may start others. */
  #isStopping = false;
  #shutdown: Promise<LeftRuns> | undefined;
  #closing: Promise<void> | undefined;
  #left: LeftRuns = { unfinished: [], notStarted: [] };

  private constructor(platform: Platform, options: ResolvedOptions) {
    this.#platform = platform;
    this.#shutdownDeadline = options.shutdownDeadline;
    this.#main = new MainHost(platform, options, {
      onFailure: (actor, message, error) => this.#tell({ type: "actor-failed", actor, message, error }),
      onStopped: (actor, hasFailed) => this.#stopped(actor, hasFailed),
      onChild: (actor, report) => this.#supervision.report(actor, report),
      onLocate: (actor, peer) => this.#supervision.locate(actor, peer),
      onRetentionFailure: (key, error) => this.#tell({ type: "retention-failed", key, error }),
    });
    this.events$ = this.#events$.asObservable();
    this.deadLetters$ = this.#main.deadLetters$.asObservable();
    this.store = new OwnedStore(this.#main.authority, { author: "system", remembersReads: false });
    this.#roster = new ThreadRoster({
      threads: platform.threads,
      clock: platform.clock,
      pooled: options.threads,
      open: (id) => platform.threads.open(settingsOf(id, platform, options)),
      onOpen: (id, thread) => {
        this.#main.attach(id, thread.link);
        this.#tell({ type: "thread-opened", thread: id });
      },
      onExit: (id, exit, wasClosing) => this.#threadGone(id, exit.kind === "died" ? exit.error : undefined, wasClosing),
      onFailure: (error, retryAfter) => this.#tell({ type: "thread-not-opened", error, retryAfter }),
    });
    this.#gates = new Gates({
      store: this.#main.services.store,
      clock: platform.clock,
      random: platform.random,
      onChange: (agent, breaker) => this.#tell(breakerEvent(agent, breaker)),
      onError: (error) => this.#main.host.reportFailure(gatesTarget.address, "breaker", error),
    });
    const { address: gates, capacity, overflow } = gatesTarget;
    this.#main.host.spawn({
      name: nameOf(gates),
      capacity,
      overflow,
      concurrency: Number.POSITIVE_INFINITY,
      body: () => new GatesBody(this.#gates),
    });
    this.#supervision = new Supervision({
      clock: platform.clock,
      random: platform.random,
      roster: this.#roster,
      registry: this.#registry,
      spawn: async (host, order) => this.#spawnOn(host, order),
      transmit: (host, frame) => this.#main.host.transmit(host, frame),
      newId: () => platform.random.id(),
      tell: (event) => this.#tell(event),
      down: (actor, why) => this.#bonds.down(actor, why),
      gone: (actor, why) => this.#bonds.gone(actor, why),
    });
    this.#bonds = new Bonds({
      isThere: (actor) =>
        isSupervised(actor) ? this.#supervision.isThere(actor) : this.#find(nameOf(actor)) === actor,
      tell: (watcher, type, gone) => this.#main.notify(watcher, type, gone),
      bringDown: (actor, by, reason) => this.#bringDown(actor, by, reason),
    });
    this.#runs = new Runs({
      main: this.#main,
      platform,
      options,
      deploy: async (agent) => this.#spawn(agent, undefined, agent.placement),
      admit: (agent, caller, input, signal) =>
        this.#gates.admit(agent, caller, signal === undefined ? { input } : { input, signal }),
      events: {
        onSwitch: (coordination, epoch) => this.#tell({ type: "coordination-switched", coordination, epoch }),
        onRecovered: (run) => this.#tell({ type: "run-recovered", run }),
        onRefused: (run, error) => this.#tell({ type: "run-refused", run, error }),
      },
    });
    this.#main.host.spawn({
      name: nameOf(systemActor),
      ...defaultMailbox,
      concurrency: Number.POSITIVE_INFINITY,
      body: () =>
        systemBody({
          spawn: async ({ definition, name, placement }) => {
            if (this.#isStopping || this.#closing !== undefined) this.#assertOpen();
            return this.#spawn(definition, name, placement);
          },
          find: (name, definition) => this.#find(name, definition),
          bonds: this.#bonds,
        }),
    });
  }

  /** Starts a system on a platform's ports. */
  static async start(platform: Platform, options: ResolvedOptions): Promise<ActorSystem> {
    const system = new ActorSystem(platform, options);
    try {
      await system.#roster.start();
      await system.#runs.start();
      return system;
    } catch (error) {
      await system.close();
      throw error;
    }
  }

  get coordination(): Coordination {
    return this.#runs.coordination;
  }

  async spawn(definition: ActorDefinition | AgentDefinition, options: SpawnOptions = {}): Promise<never> {
    this.#assertOpen();
    if (definition.kind === "actor") checkActorName(definition, options.name);
    this.#platform.load.remember(definition);
    const address = await this.#spawn(definition, options.name, options.placement ?? definition.placement);
    return this.#ref(
      definition.kind === "actor" ? targetOf(definition, address) : agentTarget(definition, address),
    ) as never;
  }

  watch({ address }: { readonly address: Address }): Promise<Gone> {
    return this.#bonds.whenGone(address);
  }

  async supervise(options: SupervisionOptions): Promise<SupervisorHandle> {
    this.#assertOpen();
    return this.#supervision.supervise(options, (definition) => this.#platform.load.remember(definition));
  }

  async find<P extends Protocol, E>(definition: ActorDefinition<P, E>, name: string): Promise<ActorRef<P, E>> {
    const address = this.#find(name, definition.name);
    if (address === undefined) {
      throw new AskError("rejected", "no-such-actor", `there is no ${definition.name} named ${name}`, {
        details: { name },
      });
    }
    return this.#ref(targetOf(definition, address)) as unknown as ActorRef<P, E>;
  }

  async stop({ address }: { readonly address: Address }, mode: StopMode = "discard"): Promise<void> {
    if (isSupervised(address)) return this.#supervision.terminate(address, mode);
    const host = hostOf(address);
    // a dead thread's actors have stopped
    if (host === 0 || this.#roster.thread(host) !== undefined) await this.#main.stop(address, mode);
  }

  run<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input, options: RunOptions = {}): Run<Output> {
    this.#assertOpen();
    return this.#runs.run(workflow, input, options);
  }

  async findRun(id: string): Promise<Run> {
    return this.#runs.find(id);
  }

  async deploy(workflow: WorkflowDefinition<never> | WorkflowDefinition): Promise<void> {
    this.#assertOpen();
    await this.#runs.deploy(workflow);
  }

  async switchCoordination(coordination: Coordination): Promise<void> {
    this.#assertOpen();
    await this.#runs.switchCoordination(coordination);
  }

  async stats(): Promise<SystemStats> {
    const threads = await Promise.all(this.#roster.ids.map((thread) => this.#threadStats(thread)));
    const known = threads.filter((one) => one !== undefined);
    const own = [...this.#main.host.cells.values()].reduce((sum, cell) => sum + cell.waiting, 0);
    return {
      actors: this.#registry.size,
      waiting: known.reduce((sum, { waiting }) => sum + waiting, own),
      commits: this.#main.authority.position,
      runs: this.#runs.counts,
      threads: known,
      deadLetters: Object.fromEntries(this.#main.deadLetterCounts),
    };
  }

  async drain({ deadline = Number.POSITIVE_INFINITY }: { readonly deadline?: number } = {}): Promise<void> {
    checkDeadline("drain", deadline);
    this.#isDraining = true;
    const drained = this.#drain();
    if (deadline === Number.POSITIVE_INFINITY) return drained;
    let timer: { cancel(): void } | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new TroupeError(
        "timed-out",
        `the system was not drained within ${deadline} ms; close() ends what is left`,
      );
      timer = this.#platform.clock.setTimer(deadline, () => reject(error));
    });
    try {
      await Promise.race([drained, late]);
    } finally {
      timer?.cancel();
    }
  }

  /** `undefined` for a thread that dies meanwhile. */
  async #threadStats(thread: HostId): Promise<SystemStats["threads"][number] | undefined> {
    try {
      const stats = await this.#roster.thread(thread)?.control.stats();
      return stats === undefined ? undefined : { thread, ...stats };
    } catch (error) {
      if (isTroupeError(error, "thread-died")) return undefined;
      throw error;
    }
  }

  async shutdown({ deadline = this.#shutdownDeadline }: { readonly deadline?: number } = {}): Promise<LeftRuns> {
    checkDeadline("shutdown", deadline);
    this.#shutdown ??= this.#shutDown(deadline);
    return this.#shutdown;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(): Promise<void> {
    await this.#runs.idle();
    this.#isStopping = true;
    await this.#supervision.stop("drain");
    for (const address of this.#registry.addresses()) await this.stop({ address }, "drain");
    if (this.#closing !== undefined) throw systemClosed();
  }

  async #shutDown(deadline: number): Promise<LeftRuns> {
    this.#tell({ type: "shutdown-began", deadline });
    this.#runs.turnAway();
    try {
      await this.drain({ deadline });
    } catch (error) {
      if (!isTroupeError(error, "timed-out") && !isTroupeError(error, "system-closed")) throw error;
    } finally {
      await this.close();
    }
    return this.#left;
  }

  async #close(): Promise<void> {
    const left = this.#runs.close();
    this.#supervision.close();
    this.#bonds.close();
    const after = (ms: number): Promise<void> => new Promise((resolve) => this.#platform.clock.setTimer(ms, resolve));
    await this.#main.host.stopActors(after(closeGrace)); // while the threads keep the process alive: timers don't
    await this.#roster.close(closeGrace, after);
    await this.#gates.close();
    await this.#main.close((actor) => this.#supervision.settledOf(actor));
    this.#left = await left;
    if (this.#shutdown !== undefined) this.#tell({ type: "shutdown-ended", ...this.#left });
    this.#events$.complete();
  }

  async #spawn(
    definition: DefinitionId<"actor" | "agent"> | ActorDefinition | AgentDefinition,
    wanted: string | undefined,
    placement: Placement,
  ): Promise<Address> {
    if (definition.kind === "agent" && "policies" in definition) this.#gates.know(definition);
    const name = this.#registry.reserve(definition.name, wanted);
    try {
      const thread = await this.#roster.place(placement);
      const address = makeAddress(thread, name);
      this.#registry.expect(name, address);
      try {
        const id = definitionId(definition);
        await this.#spawnOn(thread, { definition: id, name });
        if (this.#closing !== undefined) throw systemClosed();
      } catch (error) {
        await this.#roster.release(thread);
        throw error;
      }
      const isThere = this.#registry.place(name, address);
      this.#tell({ type: "actor-spawned", actor: address, definition: definition.name });
      if (!isThere) this.#stopped(address, false);
      return address;
    } catch (error) {
      this.#registry.release(name);
      throw this.#closing === undefined || isTroupeError(error, "system-closed") ? error : systemClosed(error);
    }
  }

  /** @throws AskError `thread-died`. */
  async #spawnOn(thread: HostId, order: SpawnOrder): Promise<void> {
    if (thread === 0) {
      spawnCell(this.#main.services, await this.#platform.load.load(order.definition), order.name, order.supervised);
      return;
    }
    await this.#roster.thread(thread)?.control.spawn(order);
    if (this.#roster.thread(thread) === undefined)
      throw buried({ to: makeAddress(thread, order.name), type: "spawn" }, "thread-died");
  }

  /** Where an actor is, of that definition if one is given. */
  #find(name: string, definition?: string): Address | undefined {
    const found = this.#registry.find(name);
    return definition === undefined || found?.definition === definition ? found?.address : undefined;
  }

  /** Returns true for an actor that will be gone; a supervisor may decide otherwise. */
  #bringDown(actor: Address, by: Address, reason: GoneReason): boolean {
    if (isSupervised(actor)) this.#supervision.linkedDown(actor, by, reason);
    else void this.stop({ address: actor });
    return !isSupervised(actor);
  }

  #ref(target: Target): BoundRef {
    return new BoundRef({ host: this.#main.host, sender: this.#main.outside, target });
  }

  #stopped(actor: Address, hasFailed: boolean): void {
    if (isSupervised(actor)) {
      this.#supervision.stopped(actor);
      return;
    }
    if (!this.#registry.stopped(actor)) return;
    this.#tell({ type: "actor-stopped", actor });
    this.#runs.participantStopped(actor);
    this.#bonds.gone(actor, hasFailed ? "failed" : "stopped");
    if (this.#closing === undefined) void this.#roster.release(hostOf(actor));
  }

  #threadGone(thread: number, error: unknown, wasClosing: boolean): void {
    const reason = error ?? threadClosed(thread);
    this.#main.detach(thread, reason);
    const lost = this.#registry.releaseHost(thread);
    const actors = [...lost, ...this.#supervision.on(thread)];
    if (wasClosing) {
      this.#tell({ type: "thread-closed", thread });
      return;
    }
    this.#tell({ type: "thread-died", thread, error: reason, actors });
    this.#main.services.gates.threadLost(this.#main.outside, thread);
    this.#supervision.threadLost(thread, reason);
    for (const actor of lost) this.#bonds.gone(actor, "thread-died");
    this.#runs.threadLost(thread, reason);
  }

  #tell(event: Untimed): void {
    this.#events$.next({ ...event, time: this.#platform.clock.now() });
  }

  #assertOpen(): void {
    if (this.#isDraining || this.#closing !== undefined) {
      throw this.#closing === undefined
        ? new TroupeError("system-closed", "the system is being drained")
        : systemClosed();
    }
  }
}

function checkDeadline(method: string, deadline: number): void {
  if (deadline >= 0) return;
  throw new TroupeError("invalid-options", `${method}: deadline is a number of milliseconds from 0, not ${deadline}`);
}

function systemClosed(cause?: unknown): TroupeError {
  return new TroupeError("system-closed", "the system is closed", cause === undefined ? {} : { cause });
}

function breakerEvent(agent: string, breaker: BreakerState): Untimed {
  switch (breaker.status) {
    case "open":
      return { type: "breaker-opened", agent, why: whyText(breaker.why), retryAt: breaker.retryAt };
    case "half-open":
      return { type: "breaker-half-opened", agent, why: whyText(breaker.why) };
    case "closed":
      return { type: "breaker-closed", agent };
  }
}
