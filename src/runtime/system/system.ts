/** What a process embeds: the system as its users see it. `actor-system.ts` implements it. */

import type { Metric } from "../../metrics/metric.ts";
import type { Observable } from "rxjs";
import type { SpawnOptions } from "../../actors/actor-context.ts";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { Protocol } from "../../actors/protocol.ts";
import type { ActorRef } from "../../actors/actor-ref.ts";
import type { Address } from "../../actors/address.ts";
import type { AgentProtocol, CallableAgent, Emitting } from "../../actors/callable-agent.ts";
import type { CallStream } from "../../actors/call-stream.ts";
import type { CallOptions } from "../../actors/call-options.ts";
import type { Gone } from "../../actors/gone.ts";
import type { Run } from "../../workflows/run.ts";
import type { RunView } from "../../workflows/history/run-view.ts";
import type { Coordination } from "../../workflows/history/coordination.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { Store } from "../../store/store.ts";
import type { Queues } from "../queues/queues.ts";
import type { Schedules } from "../schedules/schedules.ts";
import type { LeftRuns } from "../workflows/accepted-runs.ts";
import type { TelemetryStats } from "../telemetry/trace-collector.ts";
import type { DeadLetter, DeadLetterReason } from "../transport/envelope.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { StopOptions } from "./stop-options.ts";
import type { ForkOptions } from "../workflows/fork-options.ts";
import type { RunFilter } from "../workflows/list-runs.ts";
import type { MigrateOptions, MigrationReport } from "../workflows/migrate-options.ts";
import type { RunOptions } from "../workflows/run-options.ts";
import type { SupervisorHandle } from "../supervision/supervision.ts";
import type { SupervisionOptions } from "../supervision/supervision-options.ts";
import type { SystemEvent } from "../telemetry/system-events.ts";
import type { SystemRole } from "./system-role.ts";

/**
 * What `system.stats()` reports: how much there is at that moment, and what there was since the start.
 *
 * @since 0.1.0
 */
export interface SystemStats {
  readonly actors: number;
  /** Messages that wait in mailboxes, over all threads. */
  readonly waiting: number;
  /** Versions that the store has written, over all keys. */
  readonly commits: number;
  /** Runs in flight, runs that wait for their turn, and those that are parked: they only wait for an answer, a time, or their place in a queue. */
  readonly runs: { readonly inFlight: number; readonly waiting: number; readonly parked: number };
  readonly threads: readonly {
    readonly thread: number;
    readonly actors: number;
    readonly waiting: number;
    readonly followedKeys: number;
  }[];
  /** How many dead letters there were, by reason. */
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** How many spans were given to the sinks of traces, and how many were dropped for want of room; absent without `telemetry`. */
  readonly telemetry?: TelemetryStats;
}

/**
 * What a process embeds; made by {@link createSystem}.
 *
 * @since 0.1.0
 */
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
    agent: CallableAgent<In, Out>,
    options?: SpawnOptions,
  ): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
  /**
   * Calls an agent, and resolves to its output. The agent is started when it is first called, and serves all callers and all runs of
   * the system. The call goes through its policies: retry, breaker, limits, bulkhead and timeout.
   *
   * @throws AskError (as a rejection) as `ref.ask`.
   * @throws TroupeError (as a rejection) `invalid-options` for what is no agent, or no option; `system-closed`.
   * @example
   * const { score } = await system.call(creditScore, { customer }, { timeout: 2_000 });
   */
  call<In, Out>(agent: CallableAgent<In, Out>, input: NoInfer<In>, options?: CallOptions): Promise<Out>;
  /**
   * Calls an agent as {@link System.call} does, and gives what it emits as well: the loop over what is returned gets the parts, and its
   * `result` resolves to the output. As {@link ActorContext.stream}.
   *
   * @throws TroupeError at once: `invalid-options` for what is no agent, or no option; `system-closed`. The loop and `result` reject as
   * `call` does.
   * @example
   * const stream = system.stream(writer, { name: "Ada" });
   * for await (const item of stream) if (item.kind === "part") process.stdout.write(item.value);
   * const { text } = await stream.result;
   */
  stream<In, Out, Part>(
    agent: CallableAgent<In, Out, Part> & Emitting<Part>,
    input: NoInfer<In>,
    options?: CallOptions,
  ): CallStream<Part, Out>;
  /**
   * Measures the system: its threads, actors, agents, gates, store and runs. Counters count from the start of the system; what a thread had counted
   * since the last time is lost with it when it dies. For Prometheus, {@link metricsHandler} serves it.
   *
   * @throws TroupeError (as a rejection) `invalid-options` for a system without the option `metrics`.
   * @example
   * for (const { name, points } of await system.metrics()) console.log(name, points.length);
   * @experimental
   */
  metrics(): Promise<readonly Metric[]>;
  /**
   * Starts a tree of supervisors and their actors, in order; resolves when all of them have started. The actors are found by
   * their names; they keep their addresses and mailboxes when they are restarted, in place or on another thread.
   *
   * Guarantees: a message that was handled is not handled again, and a message that was not is delivered again. A message with
   * which the actor goes down is begun at most `maxDeliveries` times, and then becomes a dead letter. Every decision is an event
   * on {@link System.events$}. A tree that gives up stops all of its actors.
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
   * Resolves with the reason when an actor is gone for good; at once if it is gone already. A supervised actor that is restarted
   * is not gone. Closing the system stops its actors, and the reason is `stopped`.
   *
   * @throws TroupeError (as a rejection) `foreign-ref` for a ref of another system, and nothing else.
   * @example
   * const { reason } = await system.watch(ref);
   */
  watch(ref: { readonly address: Address }): Promise<Gone>;
  /** A ref on the actor or agent with this name. Rejects with `no-such-actor` when there is none. */
  find<P extends Protocol, E>(definition: ActorDefinition<P, E>, name: string): Promise<ActorRef<P, E>>;
  find<In, Out>(agent: CallableAgent<In, Out>, name: string): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
  /**
   * Stops an actor once the message it handles is done: `discard` (the default) makes dead letters of what waits,
   * `drain` handles it first. Resolves when it has stopped; at once for an actor that is gone. A supervised actor is not started
   * again.
   *
   * @throws TroupeError (as a rejection) `foreign-ref` for a ref of another system; `timed-out` when it has not stopped by the
   * deadline, since a handler goes on after its signal aborted; it handles no other message, and stops when that handler ends.
   */
  stop(ref: { readonly address: Address }, mode?: StopMode, options?: StopOptions): Promise<void>;
  /**
   * Runs a workflow.
   *
   * @throws TroupeError at once: `contract-violated` for an input that doesn't fit, `run-exists` for an id that a run in
   * flight has, `overloaded`, `no-such-queue`, `queue-full`, `system-closed`.
   * @example
   * const run = system.run(creditDecision, application);
   * run.events$.subscribe(console.log);
   * const { decision } = await run.result;
   */
  run<Input, Output, Waits, Steps, Parts>(
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    input: Input,
    options?: RunOptions,
  ): Run<Output, Waits, Steps, Parts>;
  /**
   * Runs a workflow unless there is a run of this id already, in flight or ended: then that is it. For what may be asked for more than once: an
   * order that a queue delivers again, a form that is sent twice, a program that starts anew. Resolves when the run's start is recorded, as
   * durably as the journal makes it. Of several callers at the same time, one starts it. A run that was forgotten starts anew.
   *
   * @throws TroupeError (as a rejection) as {@link System.run}; `run-exists` when the run of this id is one of another workflow or another
   * version of it, or was started with another input; `invalid-options` without an id.
   * @example
   * const run = await system.runOnce(sale, order, { id: `order-${order.id}` });
   * const { receipt } = await run.result;
   */
  runOnce<Input, Output, Waits, Steps, Parts>(
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    input: Input,
    options: RunOptions & { readonly id: string },
  ): Promise<Run<Output, Waits, Steps, Parts>>;
  /**
   * Finds a run by its id, and resolves to a handle on it. The run may be in flight, have ended, or have been found unfinished
   * in the journal. A run that was forgotten is as one that never was: `no-such-run`. Given the workflow, the run's result has the type of the workflow's output.
   *
   * @throws TroupeError (as a rejection) `no-such-run`, also if the run is one of another workflow or of another version; the
   * error names both. `invalid-options` for something that is no workflow.
   * @example
   * const run = await system.findRun(creditDecision, "order-7");
   * const { decision } = await run.result;
   */
  findRun<Input, Output, Waits, Steps, Parts>(
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    id: string,
  ): Promise<Run<Output, Waits, Steps, Parts>>;
  /** Finds a run whose workflow is not at hand: the type of its result is unknown. */
  findRun(id: string): Promise<Run>;
  /**
   * Lists runs as they stand, in the order of their ids: those of a workflow, of a status, or in which a wait is open. Reads one after
   * another from the store, also runs that this system has not taken up. A run that changes meanwhile is listed as it is when its turn comes.
   *
   * @throws TroupeError `invalid-options` for a filter that is none.
   * @example
   * for await (const { run, steps } of system.runs({ workflow: purchase, waitingFor: "approval" })) console.log(run, steps.approval);
   */
  runs(filter?: RunFilter): AsyncIterableIterator<RunView>;
  /**
   * Forgets a run that has ended: the key `run/<id>` and all of its versions are gone, with the inputs and outputs in them. After that
   * there is no such run: `findRun` says so, and a run of the same id starts anew. What its steps committed elsewhere stays; see
   * `store.erase` for that. The option `runs` has old runs forgotten by themselves.
   *
   * @throws TroupeError (as a rejection) `no-such-run`; `not-admissible` for a run that has not ended; `system-closed`.
   * @example
   * await system.forget("order-7");
   * await system.store.compact();
   */
  forget(run: string | { readonly id: string }): Promise<void>;
  /** Starts the agents of a workflow ahead of its first run. Resolves when they are there. Rejects as `spawn` does. */
  deploy(workflow: WorkflowDefinition<never> | WorkflowDefinition): Promise<void>;
  /** Runs that start by themselves. */
  readonly schedules: Schedules;
  /** Where runs wait for a place. */
  readonly queues: Queues;
  /**
   * Starts a run that begins where another one was, or is: to try a failed one again with an output that was mended, or the end of one another way. What had
   * finished there is inherited: it is not done again, and the fork doesn't undo it. Items and rounds that had finished are inherited,
   * too; those that had not are done with the same input. All else is decided by the workflow anew. The run that it is of stays as it is. It has the
   * same input, tenant and session. What was undone there is done again.
   *
   * Resolves, when its start is recorded, to a handle on the fork; `run-started` of its history says of which run and version it is.
   *
   * @throws TroupeError (as a rejection) `no-such-run`, `no-such-version`; `invalid-options` for a step that the run doesn't have, or an output that its
   * step can't have; `workflow-changed`, `definition-not-found`, `run-exists`, `overloaded`, `system-closed`.
   * @example
   * const fork = await system.forkRun("report-7", { before: "write", outputs: { draft: { text: "mended" } } });
   * const { url } = await fork.result;
   */
  forkRun(id: string, options?: ForkOptions): Promise<Run>;
  /**
   * Has runs that have not ended go on with another definition of their workflow, one that `follows` theirs. Whether a run can is decided from its
   * data: what it has begun must be in the definition at the same path, by the same agent, and what is recorded of it must satisfy the new
   * contracts. A finished step that is there no more must have nothing to undo, or its agent be in `retired`. A new step that the run has passed
   * is skipped by its `otherwise`. What has not begun may change in any way. A run that can't is refused: it stays as it is, and the
   * report says why. With `dryRun`, nothing changes.
   *
   * Each run changes in one commit, as the event `definition-changed`, at any moment and under either coordination; its epoch rises. No step is
   * done twice for it, and what was done can be undone. Runs that a process left, and that this system could not go on with, go on
   * then, as far as its `recover` says so.
   *
   * @throws TroupeError (as a rejection) `invalid-options` for a definition that follows none, or a version that it doesn't follow;
   * `no-such-run` for an id in `runs` that there is no run of; `system-closed`.
   * @example
   * const { runs } = await system.migrate(trip2, { from: "1.0.0", dryRun: true });
   * for (const one of runs) if (one.outcome === "refused") console.log(one.run, one.reasons.join("; "));
   */
  migrate(workflow: WorkflowDefinition<never> | WorkflowDefinition, options?: MigrateOptions): Promise<MigrationReport>;
  /** The coordination in force. */
  readonly coordination: Coordination;
  /** Changes how workflows are coordinated; runs in flight are handed over. Resolves when the switch is in force. */
  switchCoordination(coordination: Coordination): Promise<void>;
  /** The versioned state that all actors share. */
  readonly store: Store;
  /**
   * What happens to the system: threads, actors, failures, switches. Hot; but `run-recovered`, `run-refused`
   * and `clock-jumped` wait for the first listener if they come before it.
   */
  readonly events$: Observable<SystemEvent>;
  /**
   * What the system is to its journal: the role now, then each later one. It is `active` first, and `standby` if it was made as one. Completes after `ended`. A process whose system is `lost` can
   * make another one, as a standby, or exit and be started anew.
   *
   * @example
   * system.role$.subscribe((role) => role === "lost" && (process.exitCode = 1));
   */
  readonly role$: Observable<SystemRole>;
  /** Messages that no actor handled, each with its reason. Hot. */
  readonly deadLetters$: Observable<DeadLetter>;
  stats(): Promise<SystemStats>;
  /** Where the system's inspector is; `url` has its token in it. `undefined` without the option `inspector`. */
  readonly inspector: { readonly url: string } | undefined;
  /**
   * Takes no further runs and spawns, waits for the runs in flight, then stops each actor after what waits in its
   * mailbox. By default it waits as long as that takes, for a handler that hangs without end. With a `deadline` it gives up after so many
   * milliseconds, and the error says what it waited for. `close` is still to be called.
   *
   * @throws TroupeError (as a rejection) `timed-out`; `invalid-options` for a deadline below 0; `system-closed`.
   */
  drain(options?: { readonly deadline?: number }): Promise<void>;
  /**
   * Ends in good order: takes nothing new, gives up the runs that wait for their turn, waits for what is in flight as
   * {@link System.drain} does, for `deadline` milliseconds at most, and closes. Resolves to what had not ended. What runs had
   * finished by then is recorded, and no run fails because of the shutdown: with a journal on disk, the next system goes
   * on with them. Default: the option `shutdownDeadline`, 8,000. Later calls return what the first one does.
   *
   * @throws TroupeError (as a rejection) `invalid-options` for a deadline below 0; the error with which the journal failed to close.
   * @example
   * process.once("SIGUSR2", async () => {
   *   const { unfinished } = await system.shutdown({ deadline: 5_000 });
   *   console.log(`${unfinished.length} runs go on next time`);
   * });
   */
  shutdown(options?: { readonly deadline?: number }): Promise<LeftRuns>;
  /**
   * Ends everything now: what waits becomes dead letters, asks and runs in flight end with `system-closed`. Code at work is told by
   * its `context.signal`, and `context.sleep` rejects; threads that don't answer within a second are killed. No handle stays open.
   * Safe to call again.
   */
  close(): Promise<void>;
}
