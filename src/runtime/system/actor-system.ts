/** The system behind its interface: makes the parts, and passes to each what it has to hear of the others. */

import { spared } from "../messaging/unawaited.ts";
import { clockBehind } from "./clock-behind.ts";
import type { Observable } from "rxjs";
import type { SpawnOptions } from "../../actors/actor-context.ts";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { CallableAgent } from "../../actors/callable-agent.ts";
import type { CallStream } from "../../actors/call-stream.ts";
import type { CallOptions } from "../../actors/call-options.ts";
import type { Metric } from "../../metrics/metric.ts";
import { type Address, homeHost } from "../../actors/address.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { Gone } from "../../actors/gone.ts";
import type { Run } from "../../workflows/run.ts";
import type { RunView } from "../../workflows/history/run-view.ts";
import type { Coordination } from "../../workflows/history/coordination.ts";
import type { WorkflowDefinition, WorkflowId } from "../../workflows/definition/workflow-definition.ts";
import { within } from "../../async/within.ts";
import type { Inspected } from "../../inspector/source/inspected.ts";
import { OwnedStore } from "../../store/owned-store.ts";
import type { LeftRuns } from "../workflows/accepted-runs.ts";
import { ActorRegistry } from "../registry/actor-registry.ts";
import { checkCall, checkDefinition, checkSought, checkSpawn } from "../definitions/check-definition.ts";
import { DeathWatch } from "../registry/death-watch.ts";
import { addressIn, BoundRef } from "../messaging/actor-ref.ts";
import type { DeadLetter } from "../transport/envelope.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import { targetOf } from "../messaging/definition-target.ts";
import { gatesTarget } from "../agents/gate-protocol.ts";
import { Gates } from "../agents/gates.ts";
import { gatesCell } from "../agents/gates-body.ts";
import { HomeHost } from "../host/home-host.ts";
import { type Platform, settingsOf } from "./platform.ts";
import type { RunOptions } from "../workflows/run-options.ts";
import type { ForkOptions } from "../workflows/fork-options.ts";
import type { RunFilter } from "../workflows/list-runs.ts";
import type { MigrateOptions, MigrationReport } from "../workflows/migrate-options.ts";
import { Runs } from "../workflows/runs.ts";
import { ActorsByAddress } from "./actors-by-address.ts";
import type { Queues } from "../queues/queues.ts";
import { ScheduleKeeper } from "../schedules/schedule-keeper.ts";
import { Spawner } from "./spawner.ts";
import { systemCell } from "./system-body.ts";
import { Supervision, type SupervisorHandle } from "../supervision/supervision.ts";
import type { SupervisionOptions } from "../supervision/supervision-options.ts";
import { inspectedSystem } from "./inspected-system.ts";
import type { System, SystemStats } from "./system.ts";
import { metricsOf, SystemMeasures } from "./system-measures.ts";
import { systemStats } from "./system-stats.ts";
import { breakerEvent } from "../telemetry/breaker-event.ts";
import { collectTraces, type TraceCollector } from "../telemetry/trace-collector.ts";
import { EventFeed } from "../telemetry/event-feed.ts";
import { SystemMeter } from "../telemetry/system-meter.ts";
import { SystemLog } from "../telemetry/system-log.ts";
import { notStopped, stopDeadline, type StopOptions } from "./stop-options.ts";
import { SystemEnd } from "./system-end.ts";
import type { SystemRole } from "./system-role.ts";
import { HostReports } from "./host-reports.ts";
import { runsEvents } from "./runs-events.ts";
import type { SystemEvent } from "../telemetry/system-events.ts";
import type { ResolvedOptions } from "./system-options.ts";
import { noSuchActor } from "../messaging/ask-errors.ts";
import { ThreadRoster } from "../threads/thread-roster.ts";

export class ActorSystem implements System {
  readonly store: OwnedStore;
  readonly queues: Queues;
  readonly schedules: ScheduleKeeper;
  readonly events$: Observable<SystemEvent>;
  readonly role$: Observable<SystemRole>;
  readonly deadLetters$: Observable<DeadLetter>;
  inspector: { readonly url: string } | undefined;
  readonly #platform: Platform;
  readonly #home: HomeHost;
  readonly #roster: ThreadRoster;
  readonly #registry = new ActorRegistry();
  readonly #gates: Gates;
  readonly #spawner: Spawner;
  readonly #runs: Runs;
  readonly #supervision: Supervision;
  readonly #actors: ActorsByAddress;
  readonly #deathWatch: DeathWatch;
  readonly #events: EventFeed;
  readonly #log: SystemLog;
  readonly #end: SystemEnd;
  readonly #reports: HostReports;
  readonly #traces: TraceCollector | undefined;
  readonly #measures: SystemMeasures | undefined;

  private constructor(platform: Platform, options: ResolvedOptions) {
    this.#platform = platform;
    this.#log = new SystemLog(platform.clock, options.logger);
    this.#events = new EventFeed(platform.clock, this.#log);
    if (platform.witness !== undefined) this.#events.hearFirst(platform.witness);
    this.#traces = collectTraces(options.telemetry, this.#events, {
      clock: platform.clock,
      recorder: () => this.#home.host.recorder,
      records: (run) => this.#runs.stored.records(run),
      codec: () => this.#runs.codec,
    });
    const meter = options.metrics ? new SystemMeter() : undefined;
    if (meter !== undefined) this.#events.hearFirst((event) => meter.event(event));
    this.#home = new HomeHost({
      settings: settingsOf(homeHost, platform, options),
      ports: platform,
      journal: options.journal,
      retention: options.retention,
      traces: this.#traces,
      meter,
      onReport: (report, from) => this.#reports.hear(report, from),
      onLost: (error) => this.#end.lose(error),
      onRetentionFailure: (key, error) => this.#events.publish({ type: "retention-failed", key, error }),
    });
    this.events$ = this.#events.events$;
    this.#events.onEnd(platform.clock.watch((by) => this.#events.publish({ type: "clock-jumped", by })));
    this.deadLetters$ = this.#home.deadLetters$.asObservable();
    this.store = new OwnedStore(this.#home.authority, { author: "system", remembersReads: false });
    this.#roster = new ThreadRoster({
      threads: platform.threads,
      clock: platform.clock,
      pooled: options.threads,
      open: (id) => platform.threads.open(settingsOf(id, platform, options)),
      onOpen: (id, thread) => {
        this.#home.attach(id, thread.link);
        this.#events.publish({ type: "thread-opened", thread: id });
      },
      onExit: (id, exit, wasClosing) =>
        this.#reports.threadGone(id, exit.kind === "died" ? exit.error : undefined, wasClosing),
      onFailure: (error, retryAfter) => this.#events.publish({ type: "thread-not-opened", error, retryAfter }),
    });
    this.#gates = new Gates({
      store: this.#home.services.store,
      clock: platform.clock,
      random: platform.random,
      onChange: (agent, breaker) => this.#events.publish(breakerEvent(agent, breaker)),
      tenantOf: (run) => this.#runs.tenantOf(run),
      onError: (error) => this.#home.host.reportFailure(gatesTarget.address, "breaker", error),
    });
    this.#home.host.spawn(gatesCell(this.#gates));
    this.#spawner = new Spawner({
      registry: this.#registry,
      roster: this.#roster,
      gates: this.#gates,
      services: this.#home.services,
      isClosing: () => this.#end.isClosing,
      publish: this.#events.publish,
      stopped: (actor) => this.#reports.stopped(actor, false),
    });
    this.#supervision = new Supervision({
      clock: platform.clock,
      random: platform.random,
      roster: this.#roster,
      registry: this.#registry,
      spawn: (host, order) => this.#spawner.spawnOn(host, order),
      transmit: (host, frame) => this.#home.host.transmit(host, frame),
      newId: () => platform.random.id(),
      publish: this.#events.publish,
      down: (actor, why) => this.#deathWatch.down(actor, why),
      gone: (actor, why) => this.#deathWatch.gone(actor, why),
    });
    this.#actors = new ActorsByAddress({
      home: this.#home,
      roster: this.#roster,
      registry: this.#registry,
      supervision: this.#supervision,
    });
    const { isThere, stop, bringDown } = this.#actors;
    this.#deathWatch = new DeathWatch({
      isThere,
      bringDown,
      notify: (watcher, type, gone) => this.#home.notify(watcher, type, gone),
    });
    this.#runs = new Runs({
      home: this.#home,
      platform,
      options,
      deploy: (agent) => this.#spawner.spawn(agent, undefined, agent.placement),
      admit: (agent, caller, call) => this.#gates.admit(agent, caller, call),
      traces: this.#traces?.runs,
      events: runsEvents(this.#events, this.#log, {
        onVersion: (run, snapshot, of) => {
          meter?.run(run, snapshot);
          this.#traces?.runs.version(run, snapshot, of);
        },
        onEnded: (run) => this.schedules.ended(run),
      }),
    });
    this.queues = this.#runs.queues;
    this.schedules = new ScheduleKeeper({
      ...platform,
      store: this.store,
      runs: this.#runs,
      checkOpen: () => this.#end.checkOpen(),
      publish: this.#events.publish,
    });
    this.#home.host.spawn(
      systemCell({
        spawn: async ({ definition, name, placement }) => {
          this.#end.checkMayStart();
          // with the whole definition, an agent's gate is known before its first call
          const given = definition.kind === "agent" ? await platform.load.load(definition) : definition;
          return this.#spawner.spawn(given, name, placement);
        },
        deploy: async ({ definition, gone }) => this.#runs.locate(await platform.load.load(definition), gone),
        actors: this.#actors,
        deathWatch: this.#deathWatch,
      }),
    );
    const parts = {
      ...{ home: this.#home, roster: this.#roster, registry: this.#registry, gates: this.#gates },
      ...{ supervision: this.#supervision, deathWatch: this.#deathWatch, runs: this.#runs },
      ...{ traces: this.#traces, events: this.#events, log: this.#log },
    };
    this.#end = new SystemEnd({
      ...parts,
      clock: platform.clock,
      shutdownDeadline: options.shutdownDeadline,
      isFollowed: options.standby,
      schedules: this.schedules,
      stop: (address) => stop(address, "drain"),
      publish: this.#events.publish,
    });
    this.role$ = this.#end.role$;
    this.#reports = new HostReports({ ...parts, isClosing: () => this.#end.isClosing });
    this.#measures = meter && new SystemMeasures(meter, parts, platform);
  }

  /** Starts a system on a platform's ports. */
  static async start(platform: Platform, options: ResolvedOptions): Promise<ActorSystem> {
    const system = new ActorSystem(platform, options);
    try {
      await system.#roster.start();
      clockBehind(system.#home.authority.time, platform.clock).forEach((event) => system.#events.publish(event));
      await system.#runs.start();
      await options.setup(system);
      await system.#runs.recover();
      await system.schedules.start(options.recover === true);
      return system;
    } catch (error) {
      await system.close();
      throw error;
    }
  }

  get coordination(): Coordination {
    return this.#runs.coordination;
  }

  async spawn(definition: ActorDefinition | CallableAgent, options: SpawnOptions = {}): Promise<never> {
    this.#end.checkOpen();
    checkSpawn(["actor", "agent"], definition, options);
    this.#platform.load.remember(definition as ActorDefinition | AgentDefinition);
    const address = await this.#spawner.spawn(definition, options.name, options.placement ?? definition.placement);
    return this.#refOn(definition, address) as never;
  }

  async watch(ref: { readonly address: Address }): Promise<Gone> {
    return this.#deathWatch.whenGone(addressIn(this.#platform.system, "watch", ref));
  }

  async supervise(options: SupervisionOptions): Promise<SupervisorHandle> {
    this.#end.checkOpen();
    return this.#supervision.supervise(options, (definition) => this.#platform.load.remember(definition));
  }

  call<In, Out>(agent: CallableAgent<In, Out>, input: NoInfer<In>, options: CallOptions = {}): Promise<Out> {
    return spared(() => {
      this.#end.checkOpen();
      checkCall("call", agent, options);
      return this.#home.services.calls.call(this.#home.outside, agent, input, options) as Promise<Out>;
    });
  }

  stream(agent: CallableAgent, input: unknown, options: CallOptions = {}): CallStream<never, never> {
    this.#end.checkOpen();
    checkCall("stream", agent, options);
    return this.#home.services.calls.stream(this.#home.outside, agent, input, options) as CallStream<never, never>;
  }

  async find(definition: ActorDefinition | CallableAgent, name: string): Promise<never> {
    checkSought("find", ["actor", "agent"], definition, name);
    const address = this.#actors.find(name, definition.name);
    if (address === undefined) throw noSuchActor(definition.name, name);
    return this.#refOn(definition, address) as never;
  }

  async stop(ref: { readonly address: Address }, mode: StopMode = "discard", options: StopOptions = {}): Promise<void> {
    const deadline = stopDeadline(mode, options);
    const address = addressIn(this.#platform.system, "stop", ref);
    await within(this.#platform.clock, deadline, this.#actors.stop(address, mode), () => notStopped(address, deadline));
  }

  run<Input, Output, Waits, Steps, Parts>(
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    input: Input,
    options: RunOptions = {},
  ): Run<Output, Waits, Steps, Parts> {
    this.#end.checkOpen();
    checkDefinition("run", ["workflow"], workflow);
    return this.#runs.run(workflow, input, options);
  }

  async runOnce(workflow: WorkflowDefinition, input: unknown, options: RunOptions & { id: string }): Promise<never> {
    this.#end.checkOpen();
    return (await this.#runs.once(workflow, input, options)) as never;
  }

  findRun(id: string): Promise<Run>;
  findRun<Input, Output, Waits, Steps, Parts>(
    workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>,
    id: string,
  ): Promise<Run<Output, Waits, Steps, Parts>>;
  async findRun(...given: [id: string] | [workflow: WorkflowId, id: string]): Promise<Run> {
    if (given.length === 1) return this.#runs.find(given[0]);
    const [workflow, id] = given;
    checkSought("findRun", ["workflow"], workflow, id);
    return this.#runs.find(id, workflow);
  }

  runs(filter: RunFilter = {}): AsyncIterableIterator<RunView> {
    return this.#runs.stored.list(filter);
  }

  async forget(run: string | { readonly id: string }): Promise<void> {
    this.#end.checkOpen();
    await this.#runs.forget(typeof run === "string" ? run : run.id);
  }

  async forkRun(id: string, options: ForkOptions = {}): Promise<Run> {
    return (this.#end.checkOpen(), this.#runs.fork(id, options));
  }

  async migrate(workflow: WorkflowDefinition<never>, options: MigrateOptions = {}): Promise<MigrationReport> {
    this.#end.checkOpen();
    checkDefinition("migrate", ["workflow"], workflow);
    return this.#runs.migrate(workflow, options);
  }

  async deploy(workflow: WorkflowDefinition<never> | WorkflowDefinition): Promise<void> {
    this.#end.checkOpen();
    await this.#runs.deploy(workflow);
  }

  async switchCoordination(coordination: Coordination): Promise<void> {
    this.#end.checkOpen();
    await this.#runs.switchCoordination(coordination);
  }

  /** Opens an inspector on it, which closes with it. */
  async inspect(open: (inspected: Omit<Inspected, "workflows">) => Promise<{ readonly url: string }>): Promise<void> {
    const looked = {
      home: this.#home,
      roster: this.#roster,
      registry: this.#registry,
      supervision: this.#supervision,
      runs: this.#runs,
      events: this.#events,
      load: this.#platform.load,
      gates: this.#gates,
      watch: this.#platform.vitals,
    };
    this.inspector = await open(inspectedSystem({ system: this, ...looked }));
  }

  async stats(): Promise<SystemStats> {
    return systemStats(this.#roster, this.#registry, this.#home, this.#runs, this.#traces);
  }

  metrics(): Promise<readonly Metric[]> {
    return metricsOf(this.#measures);
  }

  drain(options?: { readonly deadline?: number }): Promise<void> {
    return this.#end.drain(options);
  }

  shutdown(options?: { readonly deadline?: number }): Promise<LeftRuns> {
    return this.#end.shutdown(options);
  }

  close(): Promise<void> {
    return this.#end.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refOn(definition: ActorDefinition | CallableAgent, address: Address): BoundRef {
    const { host, outside: sender } = this.#home;
    return new BoundRef({ host, sender, target: targetOf(definition, address) });
  }
}
