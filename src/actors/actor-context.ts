/** What an actor can do while it handles a message. */

import type { Draft } from "immer";
import type { HistoryOptions } from "../store/versions/history-range.ts";
import type { CommitOptions, PutOptions } from "../store/client/store-client.ts";
import type { Snapshot, VersionAt } from "../store/versions/snapshot.ts";
import type { StateDefinition } from "../store/versions/state-definition.ts";
import type { TransactKey, TransactOptions, TransactRecipe, TransactSnapshots } from "../store/client/transaction.ts";
import type { ActorDefinition } from "./actor-definition.ts";
import type { Protocol } from "./protocol.ts";
import type { StopMode } from "./stop-mode.ts";
import type { ActorRef } from "./actor-ref.ts";
import type { Address } from "./address.ts";
import type { AgentProtocol, CallableAgent, Emitting } from "./callable-agent.ts";
import type { CallOptions } from "./call-options.ts";
import type { CallStream } from "./call-stream.ts";
import type { Placement } from "./placement.ts";
import type { ActiveSpan } from "../traces/active-span.ts";

/**
 * Versioned state as an actor sees it: never older than what the message's sender had seen (invariant 4).
 *
 * @since 0.1.0
 */
export interface StateAccess {
  /**
   * The newest state known here; the definition's `initial` for a key without a commit. Throws `no-such-key` if the
   * definition has none.
   */
  read<S>(definition: StateDefinition<S>, id: string): Promise<S>;
  /** The newest snapshot known here, or `undefined` for a key without a commit. */
  snapshot<S>(definition: StateDefinition<S>, id: string): Promise<Snapshot<S> | undefined>;
  /** The versions of a key in a range, as the store has them now; as `system.store.history`. */
  history<S>(definition: StateDefinition<S>, id: string, options?: HistoryOptions): Promise<readonly Snapshot<S>[]>;
  /** One version of a key, by its number or by time. Throws `no-such-version`. */
  at<S>(definition: StateDefinition<S>, id: string, when: VersionAt): Promise<Snapshot<S>>;
  /** Appends the next version; see {@link CommitOptions} for conflicts. */
  commit<S>(
    definition: StateDefinition<S>,
    id: string,
    recipe: (draft: Draft<S>) => void | S,
    options?: CommitOptions,
  ): Promise<Snapshot<S>>;
  /**
   * Appends the next versions of several keys at once, all or none, if all of them still have the versions that the
   * recipe saw; returns the newest version of each.
   *
   * @example
   * await context.transact([[account, "anna"], [account, "bob"]], ([anna, bob]) => {
   *   anna.cents -= 500;
   *   bob.cents += 500;
   * });
   */
  transact<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    options?: TransactOptions,
  ): Promise<TransactSnapshots<K>>;
  /** Replaces or creates the whole state of a key. */
  put<S>(definition: StateDefinition<S>, id: string, state: S, options?: PutOptions): Promise<Snapshot<S>>;
}

/**
 * What an actor can do while it handles a message: see the time, send, spawn, watch, and use the store as {@link StateAccess}
 * says. It belongs to the message at hand: don't use it after the handler has ended.
 *
 * @since 0.1.0
 */
export interface ActorContext<E = never> extends StateAccess {
  /** This actor's address. */
  readonly self: Address;
  /** The number of the thread that the actor runs on; 0 is the thread that made the system. */
  readonly thread: number;
  /**
   * Aborts when the asker stops waiting, when the run is cancelled, or when the actor is being stopped. The signal of
   * an ask no longer aborts once the ask is answered.
   */
  readonly signal: AbortSignal;
  /**
   * When the asker stops waiting for an answer: milliseconds since the epoch, as {@link ActorContext.now} counts them at
   * present. When the machine's clock is set, both move. Infinity for a tell and for an ask without a timeout.
   */
  readonly deadline: number;
  /** Milliseconds until {@link ActorContext.deadline}; 0 when it has passed. */
  timeLeft(): number;
  /** Milliseconds since the epoch by the machine's clock, which may be set; the simulator's time in the simulator. */
  now(): number;
  /** A number in [0, 1), from the seed in the simulator. */
  random(): number;
  /**
   * Where this is in its trace, in W3C's form `traceparent`: pass it on with requests to other services, so that their spans are in the
   * same trace. `undefined` in a system without `telemetry`.
   */
  readonly traceparent: string | undefined;
  /**
   * Runs `work` within a span of that name, in the span of the message or of the agent's code. It ends as `work` does, failed if that
   * throws. Without `telemetry`, it only runs `work`.
   *
   * @throws TroupeError (as a rejection) `invalid-options` for a name that is no text; whatever `work` throws.
   * @example
   * const rows = await context.span("parse", async (span) => {
   *   span.set("shop.rows", lines.length);
   *   return parse(lines);
   * });
   */
  span<T>(name: string, work: (span: ActiveSpan) => T | Promise<T>): Promise<T>;
  /** Resolves after `ms` milliseconds, however many; rejects when {@link ActorContext.signal} aborts. */
  sleep(ms: number): Promise<void>;
  /** Emits an event to the subscribers of this actor's `events$`. */
  emit(event: E): void;
  /**
   * Calls an agent, and resolves to its output. The agent is started when it is first called, and serves all callers and all runs of
   * the system. The call goes through its policies: retry, breaker, limits, bulkhead and timeout.
   *
   * Guarantees: the call ends with the message or the step that it is made in. It has an idempotency key of its own, the same for
   * every attempt at that step, so what the agent commits is applied once (invariant 5). In a step of a run, its output is recorded,
   * and what a later attempt gets; it is forgotten with the run.
   *
   * @throws AskError (as a rejection) as `ref.ask`; and `circular-call` where the agent waits for this call already, so that the call
   * could never begin.
   * @throws TroupeError (as a rejection) `invalid-options` for what is no agent, or no option.
   * @example
   * const { score } = await context.call(creditScore, { customer }, { timeout: 2_000 });
   */
  call<In, Out>(agent: CallableAgent<In, Out>, input: NoInfer<In>, options?: CallOptions): Promise<Out>;
  /**
   * Calls an agent as {@link ActorContext.call} does, and gives what it emits as well: the loop over what is returned gets the parts, and its
   * `result` resolves to the output. The call begins at once.
   *
   * Guarantees: the parts of an attempt come in order, and where some are missing, a `gap` says how many (invariant 16). The agent is no
   * faster than the loop: 1,024 parts may be on their way. Leaving the loop early cancels the call. A call of which the output is recorded
   * already has no attempts and no parts.
   *
   * @throws TroupeError at once: `invalid-options` for what is no agent, or no option. The loop and `result` reject as `call` does.
   * @example
   * const stream = context.stream(writer, { name: "Ada" });
   * for await (const item of stream) if (item.kind === "part") await context.emit(item.value);
   * const { text } = await stream.result;
   */
  stream<In, Out, Part>(
    agent: CallableAgent<In, Out, Part> & Emitting<Part>,
    input: NoInfer<In>,
    options?: CallOptions,
  ): CallStream<Part, Out>;
  /** Spawns an actor, or an agent to be asked directly; like `system.spawn`. */
  spawn<P extends Protocol, F>(definition: ActorDefinition<P, F>, options?: SpawnOptions): Promise<ActorRef<P, F>>;
  spawn<In, Out>(
    agent: CallableAgent<In, Out>,
    options?: SpawnOptions,
  ): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
  /** A ref on the actor or agent with this name. Rejects with `no-such-actor` when there is none. */
  find<P extends Protocol, F>(definition: ActorDefinition<P, F>, name: string): Promise<ActorRef<P, F>>;
  find<In, Out>(agent: CallableAgent<In, Out>, name: string): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
  /**
   * Stops an actor as `system.stop` does, for good also if it has a supervisor. Without a ref, it stops this actor itself.
   *
   * Guarantees: when the promise of another actor's stop resolves, that actor has stopped. That of its own resolves at once, and the
   * message in hand is the last one that is handled; its handler ends by itself, and its {@link ActorContext.signal} aborts, so call
   * it last. `"discard"`, the default, makes dead letters of what waits; `"drain"` handles that first. One that has stopped already is
   * no error.
   *
   * @throws TroupeError (as a rejection) `foreign-ref` for a ref of another system, `invalid-options` for another mode.
   * @throws AskError (as a rejection) `cancelled` when {@link ActorContext.signal} aborts first; the other actor stops all the same.
   * @example
   * on: {
   *   async done(_draft, worker, context) { await context.stop(worker); },
   *   async retire(_draft, _input, context) { await context.stop(); },
   * },
   */
  stop(ref?: { readonly address: Address }, mode?: StopMode): Promise<void>;
  /**
   * Watches another actor: when it is gone for good, this actor gets one message of the given type, from its own
   * protocol, whose input is {@link goneMessage}. An actor that is gone already is reported at once. A supervised actor
   * that is restarted is not gone. Resolves when the watch is in place. Watching the same actor again replaces the
   * message type.
   *
   * @throws TroupeError (as a rejection) `no-such-message` when this actor's protocol has no such type; `foreign-ref`, as the
   * three methods below, for a ref of another system.
   * @example
   * protocol: { hire: { input: actorRef(worker) }, lost: { input: goneMessage } },
   * on: {
   *   async hire(draft, ref, context) { await context.watch(ref, "lost"); },
   *   lost(draft, { actor, reason }) { draft.lost.push(`${actor}: ${reason}`); },
   * },
   */
  watch(ref: { readonly address: Address }, message: string): Promise<void>;
  /** Ends a watch. A message that is on its way still arrives. */
  unwatch(ref: { readonly address: Address }): Promise<void>;
  /**
   * Links this actor with another one: when one goes down, so does the other, unless its supervisor decides otherwise
   * (the failure `linked-actor-died`). An actor goes down when it is stopped, fails for good, loses its thread, or is
   * restarted. That ends the link; a restarted actor has to link again. Linking with an actor that is gone takes this
   * one down at once. Resolves when they are linked.
   */
  link(ref: { readonly address: Address }): Promise<void>;
  unlink(ref: { readonly address: Address }): Promise<void>;
}

/**
 * What `spawn` may be told besides the definition.
 *
 * @since 0.1.0
 */
export interface SpawnOptions {
  /** The actor's name, unique in its system. Default: the definition's name and a number. */
  readonly name?: string;
  /** Where it runs. Default: what the definition says. */
  readonly placement?: Placement;
}
