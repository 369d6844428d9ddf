/** What an actor's handlers get as their context, on whichever thread it runs. */

import type { Draft } from "immer";
import type * as v from "valibot";
import type { ActorContext, SpawnOptions } from "../actors/actor-context.ts";
import { type ActorDefinition, checkActorName, type Protocol } from "../actors/actor-definition.ts";
import type { ActorRef } from "../actors/actor-ref.ts";
import { type Address, makeAddress } from "../actors/address.ts";
import { checkContract } from "../actors/contract.ts";
import type { Placement } from "../actors/placement.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { AskError } from "../errors/ask-error.ts";
import { decodeError, type EncodedError } from "../errors/error-codec.ts";
import type { HistoryOptions } from "../store/history-range.ts";
import type { Snapshot, VersionAt } from "../store/snapshot.ts";
import type { StateDefinition } from "../store/state-definition.ts";
import { type CommitOptions, type PutOptions, StoreClient } from "../store/store-client.ts";
import type { TransactKey, TransactOptions, TransactRecipe, TransactSnapshots } from "../store/transaction.ts";
import type { ActorCell } from "./actor-cell.ts";
import { BoundRef, targetOf, type Target } from "./bound-ref.ts";
import { type DefinitionId, definitionId } from "./definition-loader.ts";
import type { HostServices } from "./spawn-cell.ts";

/** The actor through which any actor asks the system to spawn and find others. */
export const systemTarget: Target = {
  address: makeAddress(0, "system"),
  capacity: 1024,
  overflow: "backpressure",
  check: undefined,
};

/** What an actor asks the system to spawn. */
export interface SpawnRequest {
  readonly definition: DefinitionId<"actor">;
  readonly placement: Placement;
  readonly name: string | undefined;
}

/** Where it was spawned, or what it failed with. */
export type SpawnOutcome =
  | { readonly address: Address; readonly error?: undefined }
  | { readonly address?: undefined; readonly error: EncodedError };

export interface CellContextOptions {
  readonly services: HostServices;
  readonly cell: ActorCell;
  /** The definition's name and version, for contract errors of events. */
  readonly name: string;
  readonly events: v.GenericSchema | undefined;
  /** The messages that the actor itself has. */
  readonly protocol?: Protocol;
  /** Has the signal that handlers see: the cell unless they work for a run. */
  readonly cancellation: { readonly signal: AbortSignal };
  /** How commits are marked. */
  readonly commits?: CommitTerms;
}

/** What a commit is for, and what keeps it from being applied twice. */
export interface CommitTerms {
  readonly cause?: string;
  readonly idempotencyPrefix?: string;
}

export class CellContext implements ActorContext<unknown> {
  readonly #cancellation: { readonly signal: AbortSignal };
  readonly #services: HostServices;
  readonly #cell: ActorCell;
  #commits: CommitTerms | undefined;
  readonly #name: string;
  readonly #events: v.GenericSchema | undefined;
  readonly #protocol: Protocol;
  #client: StoreClient | undefined;

  constructor({ services, cell, name, events, protocol, cancellation, commits }: CellContextOptions) {
    this.#cancellation = cancellation;
    this.#services = services;
    this.#cell = cell;
    this.#commits = commits;
    this.#name = name;
    this.#events = events;
    this.#protocol = protocol ?? {};
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  get self(): Address {
    return this.#cell.address;
  }

  get thread(): number {
    return this.#services.host.id;
  }

  now(): number {
    return this.#services.host.clock.now();
  }

  random(): number {
    return this.#services.host.random.next();
  }

  sleep(ms: number): Promise<void> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        timer.cancel();
        reject(signal.reason as Error);
      };
      const timer = this.#services.host.clock.setTimer(ms, () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  emit(event: unknown): void {
    const site = { agent: this.#name, version: "protocol", direction: "event", side: "sender" } as const;
    const checked = this.#events === undefined ? event : checkContract(this.#events, event, site);
    (this.#cell.outgoing ?? this.#cell.subscribers).emit(checked);
  }

  async spawn<P extends Protocol, E>(
    definition: ActorDefinition<P, E>,
    options: SpawnOptions = {},
  ): Promise<ActorRef<P, E>> {
    checkActorName(definition, options.name);
    this.#services.load.remember(definition);
    const order: SpawnRequest = {
      definition: definitionId(definition),
      placement: options.placement ?? definition.placement,
      name: options.name,
    };
    const outcome = await this.#services.host.ask(this.#cell, systemTarget, "spawn", order, {
      timeout: Number.POSITIVE_INFINITY,
    });
    const { address, error } = outcome as SpawnOutcome;
    if (error !== undefined) throw decodeError(error);
    return this.#ref(definition, address);
  }

  async find<P extends Protocol, E>(definition: ActorDefinition<P, E>, name: string): Promise<ActorRef<P, E>> {
    const found = await this.#services.host.ask(this.#cell, systemTarget, "find", {
      name,
      definition: definition.name,
    });
    if (found !== undefined) return this.#ref(definition, found as Address);
    // a durable actor is there also while it doesn't run: what another one sends it waits in the outbox
    if (definition.body.kind === "durable") return this.#ref(definition, makeAddress(0, name));
    throw new AskError("rejected", "no-such-actor", `there is no ${definition.name} named ${name}`, {
      details: { name },
    });
  }

  async watch({ address: actor }: { readonly address: Address }, message: string): Promise<void> {
    if (!Object.hasOwn(this.#protocol, message)) {
      throw new TroupeError(
        "no-such-message",
        `watch ${actor}: ${this.self} has no message ${JSON.stringify(message)} to be told by. Give its protocol one, with the input goneMessage.`,
        { details: { actor, message } },
      );
    }
    await this.#askSystem("watch", { actor, message });
  }

  async unwatch({ address: actor }: { readonly address: Address }): Promise<void> {
    await this.#askSystem("unwatch", { actor });
  }

  async link({ address: actor }: { readonly address: Address }): Promise<void> {
    await this.#askSystem("link", { actor });
  }

  async unlink({ address: actor }: { readonly address: Address }): Promise<void> {
    await this.#askSystem("unlink", { actor });
  }

  #askSystem(type: string, payload: object): Promise<unknown> {
    return this.#services.host.ask(this.#cell, systemTarget, type, payload, { timeout: Number.POSITIVE_INFINITY });
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
    return this.#versions().commit(definition, id, recipe, options);
  }

  transact<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    options?: TransactOptions,
  ): Promise<TransactSnapshots<K>> {
    return this.#versions().transact(keys, recipe, options);
  }

  put<S>(definition: StateDefinition<S>, id: string, state: S, options?: PutOptions): Promise<Snapshot<S>> {
    return this.#versions().put(definition, id, state, options);
  }

  /** Forgets what was read while an earlier message was handled: a commit is judged by what its own handler read. */
  begin(commits = this.#commits): void {
    this.#client = undefined;
    this.#commits = commits;
  }

  #versions(): StoreClient {
    this.#client ??= new StoreClient(this.#services.store, {
      author: this.#cell.author,
      ...this.#commits,
      onSeen: ({ position }) => this.#cell.observe(position),
    });
    this.#client.observe(this.#cell.token);
    return this.#client;
  }

  #ref<P extends Protocol, E>(definition: ActorDefinition<P, E>, address: Address): ActorRef<P, E> {
    const target = targetOf(definition, address);
    return new BoundRef({ host: this.#services.host, sender: this.#cell, target }) as unknown as ActorRef<P, E>;
  }
}
