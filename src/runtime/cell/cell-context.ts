/** What an actor's handlers get as their context, on whichever thread it runs. */

import type { Draft } from "immer";
import type * as v from "valibot";
import type { ActorContext, SpawnOptions } from "../../actors/actor-context.ts";
import type { AskOptions } from "../../actors/actor-ref.ts";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { CallableAgent } from "../../actors/callable-agent.ts";
import type { CallOptions } from "../../actors/call-options.ts";
import type { CallStream } from "../../actors/call-stream.ts";
import type { Protocol } from "../../actors/protocol.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { CallNames } from "../../agents/call-names.ts";
import { type Address, homeHost, makeAddress } from "../../actors/address.ts";
import { timeOfDay, toTimeOfDay } from "../../async/time-of-day.ts";
import { checkContract } from "../../contracts/contract.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { decodeError } from "../../errors/error-codec.ts";
import type { HistoryOptions } from "../../store/versions/history-range.ts";
import type { Snapshot, VersionAt } from "../../store/versions/snapshot.ts";
import type { StateDefinition } from "../../store/versions/state-definition.ts";
import { type CommitOptions, type PutOptions, StoreClient } from "../../store/client/store-client.ts";
import type {
  TransactKey,
  TransactOptions,
  TransactRecipe,
  TransactSnapshots,
} from "../../store/client/transaction.ts";
import type { ActorCell } from "./actor-cell.ts";
import { addressIn, BoundRef } from "../messaging/actor-ref.ts";
import { targetOf } from "../messaging/definition-target.ts";
import { checkCall, checkSought, checkSpawn, noOptions } from "../definitions/check-definition.ts";
import { definitionId } from "../definitions/definition-loader.ts";
import { noSuchActor } from "../messaging/ask-errors.ts";
import type { ActorServices } from "./actor-services.ts";
import type { CallTerms } from "./call-port.ts";
import { type SpawnOutcome, type SpawnRequest, systemTarget } from "../messaging/system-protocol.ts";
import { spared } from "../messaging/unawaited.ts";
import { checkStopMode, type StopMode } from "../../actors/stop-mode.ts";
import { FencedStore } from "./fenced-store.ts";
import type { Handling } from "./handling.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import type { ActiveSpan } from "../../traces/active-span.ts";
import { shown } from "../../values/shown.ts";
import { ownSpan, recordCommit, type RecordedSite, recordRead, recordWaits, withSpan } from "./recorded-work.ts";

/** What all contexts of one actor have in common. */
export interface CellSite {
  readonly services: ActorServices;
  readonly cell: ActorCell;
  /** The definition's name and version, for contract errors of events. */
  readonly name: string;
  readonly events: v.GenericSchema | undefined;
  /** The messages that the actor itself has. */
  readonly protocol?: Protocol;
}

/** What commits and calls are for, and what keeps them from being made twice. */
export interface WorkTerms {
  readonly cause?: string;
  /** The work that they are part of, the same for all attempts at it. */
  readonly scope?: string;
  /** The run that it is done for. */
  readonly run?: string | undefined;
  /** The tenant that was named for it. */
  readonly tenant?: string | undefined;
}

export class CellContext implements ActorContext<unknown> {
  readonly #site: CellSite;
  readonly #handling: Handling;
  readonly #work: WorkTerms | undefined;
  #calls: CallNames | undefined;
  #client: StoreClient | undefined;

  constructor(site: CellSite, handling: Handling, work?: WorkTerms) {
    this.#site = site;
    this.#handling = handling;
    this.#work = work;
  }

  get signal(): AbortSignal {
    return this.#handling.signal;
  }

  get deadline(): number {
    return toTimeOfDay(this.#site.services.host.clock, this.#handling.deadline);
  }

  timeLeft(): number {
    return Math.max(0, this.#handling.deadline - this.#site.services.host.clock.now());
  }

  get self(): Address {
    return this.#site.cell.address;
  }

  get traceparent(): string | undefined {
    return this.#handling.sender.trace?.traceparent;
  }

  get thread(): number {
    return this.#site.services.host.id;
  }

  now(): number {
    return timeOfDay(this.#site.services.host.clock);
  }

  random(): number {
    return this.#site.services.host.random.next();
  }

  async span<T>(name: string, work: (span: ActiveSpan) => T | Promise<T>): Promise<T> {
    return withSpan(this.recorded, ownSpan(name), work, (span) => span);
  }

  /** Where what it does is recorded. */
  protected get recorded(): RecordedSite {
    return {
      recorder: this.#site.services.host.recorder,
      trace: () => this.#handling.trace,
    };
  }

  async sleep(ms: number): Promise<void> {
    if (typeof ms !== "number" || Number.isNaN(ms))
      throw new TroupeError("invalid-options", `sleep: ms is a number of milliseconds, not ${shown(ms)}`);
    const handling = this.#handling;
    return new Promise((resolve, reject) => {
      const sleeper = {
        abort: (error: unknown): void => {
          timer.cancel();
          handling.remove(sleeper);
          reject(error);
        },
      };
      const timer = this.#site.services.host.clock.setTimer(ms, () => {
        handling.remove(sleeper);
        resolve();
      });
      handling.add(sleeper); // rejects at once if the signal has aborted
    });
  }

  emit(event: unknown): void {
    const { name, events } = this.#site;
    const site = { agent: name, version: "protocol", direction: "event", side: "sender" } as const;
    const checked = events === undefined ? event : checkContract(events, event, site);
    (this.#site.cell.heldOutput ?? this.#site.cell.subscribers).emit(checked);
  }

  call<In, Out>(agent: CallableAgent<In, Out>, input: NoInfer<In>, options: CallOptions = noOptions): Promise<Out> {
    return spared(() => {
      checkCall("call", agent, options);
      return this.#site.services.calls.call(this.#handling.sender, agent, input, this.#terms(options)) as Promise<Out>;
    });
  }

  stream<In, Out, Part>(
    agent: CallableAgent<In, Out, Part>,
    input: NoInfer<In>,
    options: CallOptions = noOptions,
  ): CallStream<Part, Out> {
    checkCall("stream", agent, options);
    const { sender } = this.#handling;
    return this.#site.services.calls.stream(sender, agent, input, this.#terms(options)) as CallStream<Part, Out>;
  }

  #terms(options: CallOptions): CallTerms {
    const { scope, run, tenant } = this.#work ?? {};
    if (scope !== undefined) this.#calls ??= new CallNames(scope, { run, tenant });
    return { ...options, names: this.#calls };
  }

  async spawn(definition: ActorDefinition | CallableAgent, options: SpawnOptions = {}): Promise<never> {
    checkSpawn(["actor", "agent"], definition, options);
    this.#site.services.load.remember(definition as ActorDefinition | AgentDefinition);
    const order: SpawnRequest = {
      definition: definitionId(definition),
      placement: options.placement ?? definition.placement,
      name: options.name,
    };
    const outcome = await this.#site.services.host.messenger.ask(this.#handling.sender, systemTarget, "spawn", order, {
      timeout: Number.POSITIVE_INFINITY,
      detached: true, // called off in the middle, it would leave an actor without a ref
    });
    const { address, error } = outcome as SpawnOutcome;
    if (error !== undefined) throw decodeError(error);
    return this.#ref(definition, address) as never;
  }

  async find(definition: ActorDefinition | CallableAgent, name: string): Promise<never> {
    checkSought("find", ["actor", "agent"], definition, name);
    const found = await this.#site.services.host.messenger.ask(this.#handling.sender, systemTarget, "find", {
      name,
      definition: definition.name,
    });
    if (found !== undefined) return this.#ref(definition, found as Address) as never;
    // a durable actor can be sent to while it doesn't run: what another durable actor sends it waits in that one's outbox
    if (definition.kind === "actor" && definition.body.kind === "durable")
      return this.#ref(definition, makeAddress(homeHost, name)) as never;
    throw noSuchActor(definition.name, name);
  }

  async stop(ref: { readonly address: Address } = { address: this.self }, mode: StopMode = "discard"): Promise<void> {
    checkStopMode(mode);
    const actor = this.#addressIn("stop", ref);
    const isOwn = actor === this.self;
    // an actor's own stop aborts its signal before the answer is there; two that stop each other must not wait for each other
    await this.#askSystem("stop", { actor, mode }, isOwn ? { detached: true } : { signal: this.signal });
  }

  async watch(ref: { readonly address: Address }, message: string): Promise<void> {
    const actor = this.#addressIn("watch", ref);
    if (!Object.hasOwn(this.#site.protocol ?? {}, message)) {
      throw new TroupeError(
        "no-such-message",
        `watch ${actor}: ${this.self} has no message ${shown(message)} to be told by. Give its protocol one, with the input goneMessage.`,
        { details: { actor, message } },
      );
    }
    await this.#askSystem("watch", { actor, message });
  }

  async unwatch(ref: { readonly address: Address }): Promise<void> {
    await this.#askSystem("unwatch", { actor: this.#addressIn("unwatch", ref) });
  }

  async link(ref: { readonly address: Address }): Promise<void> {
    await this.#askSystem("link", { actor: this.#addressIn("link", ref) });
  }

  async unlink(ref: { readonly address: Address }): Promise<void> {
    await this.#askSystem("unlink", { actor: this.#addressIn("unlink", ref) });
  }

  #addressIn(method: string, ref: { readonly address: Address }): Address {
    return addressIn(this.#site.services.host.system, method, ref);
  }

  #askSystem(type: string, payload: object, options?: AskOptions): Promise<unknown> {
    const { host } = this.#site.services;
    return host.messenger.ask(this.#handling.sender, systemTarget, type, payload, {
      timeout: Number.POSITIVE_INFINITY,
      ...options,
    });
  }

  read<S>(definition: StateDefinition<S>, id: string): Promise<S> {
    return this.#versions().read(definition, id);
  }

  snapshot<S>(definition: StateDefinition<S>, id: string): Promise<Snapshot<S> | undefined> {
    return this.#versions().snapshot(definition, id);
  }

  history<S>(definition: StateDefinition<S>, id: string, options?: HistoryOptions): Promise<readonly Snapshot<S>[]> {
    return this.#versions().history(definition, id, options);
  }

  at<S>(definition: StateDefinition<S>, id: string, when: VersionAt): Promise<Snapshot<S>> {
    return this.#versions().at(definition, id, when);
  }

  commit<S>(
    definition: StateDefinition<S>,
    id: string,
    recipe: (draft: Draft<S>) => void | S,
    options?: CommitOptions,
  ): Promise<Snapshot<S>> {
    const client = this.#versions();
    if (this.#handling.trace === undefined) return client.commit(definition, id, recipe, options);
    return recordCommit(
      this.recorded,
      { name: definition.name, key: stateKey(definition, id) },
      recipe,
      (counted, trace) => client.commit(definition, id, counted, options, trace),
      (snapshot) => [snapshot],
    );
  }

  transact<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    options?: TransactOptions,
  ): Promise<TransactSnapshots<K>> {
    const client = this.#versions();
    if (this.#handling.trace === undefined) return client.transact(keys, recipe, options);
    const families = [...new Set(keys.map(([definition]) => definition.name))];
    return recordCommit(
      this.recorded,
      {
        name: `transaction ${families.join(", ")}`,
        key: keys.map(([definition, id]) => stateKey(definition, id)).join(" "),
      },
      recipe,
      (counted, trace) => client.transact(keys, counted, options, trace),
      () => [],
    );
  }

  put<S>(definition: StateDefinition<S>, id: string, state: S, options?: PutOptions): Promise<Snapshot<S>> {
    const client = this.#versions();
    if (this.#handling.trace === undefined) return client.put(definition, id, state, options);
    return recordCommit(
      this.recorded,
      { name: definition.name, key: stateKey(definition, id) },
      () => state,
      (_, trace) => client.put(definition, id, state, options, trace),
      (snapshot) => [snapshot],
    );
  }

  #versions(): StoreClient {
    this.#client ??= this.#makeClient();
    this.#client.observe(this.#site.cell.token);
    return this.#client;
  }

  #makeClient(): StoreClient {
    const { fence } = this.#handling;
    const { store } = this.#site.services;
    const own = fence === undefined ? store : new FencedStore(store, fence);
    return new StoreClient(recordWaits(own, this.recorded), {
      author: this.#site.cell.author,
      ...this.#work,
      onSeen: (snapshot, how) => {
        this.#site.cell.observe(snapshot.position);
        if (how === "read") recordRead(this.#handling.trace, snapshot);
      },
    });
  }

  #ref(definition: ActorDefinition | CallableAgent, address: Address): BoundRef {
    const target = targetOf(definition, address);
    return new BoundRef({ host: this.#site.services.host, sender: this.#handling.sender, target });
  }
}
