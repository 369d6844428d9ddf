/** Defines actors: a protocol of messages with handlers over an immer draft, or a behaviour written as a stream. */

import type { Draft } from "immer";
import type { Observable } from "rxjs";
import type * as v from "valibot";
import { schemaProblem } from "../contracts/check-schema.ts";
import { unknownOption } from "../contracts/unknown-option.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import type { StateDefinition } from "../store/versions/state-definition.ts";
import type { ActorContext } from "./actor-context.ts";
import { type ActorBody, type ActorDefinition, checkDefinition } from "./actor-definition.ts";
import type { InboxMessage } from "./inbox-message.ts";
import { type MailboxOptions, mailboxProblem } from "./mailbox-options.ts";
import { type Placement, placementProblem } from "./placement.ts";
import type { CloneableProtocol, HandlerResult, MessagePayload, MessageSpec, Protocol } from "./protocol.ts";
import { readGiven } from "../contracts/read-given.ts";

/**
 * Handles one message over a draft of the actor's state. Its changes become the state when it returns or its promise
 * resolves; when it throws, nothing changes. The actor handles no other message meanwhile (invariant 2).
 *
 * @since 0.1.0
 */
export type Handler<S, M extends MessageSpec, E> = (
  draft: Draft<S>,
  payload: MessagePayload<M>,
  context: ActorContext<E>,
) => HandlerResult<M> | Promise<HandlerResult<M>>;

/**
 * What both kinds of actors are defined with, those with handlers and those with a behaviour.
 *
 * @since 0.1.0
 */
export interface ActorOptions<P extends Protocol, E> {
  /** The definition's name: with the module's URL, how another thread finds it. */
  readonly name: string;
  readonly protocol: P & CloneableProtocol<P>;
  /** The schema of what the actor emits on its event stream. */
  readonly events?: v.GenericSchema<unknown, E>;
  readonly mailbox?: MailboxOptions;
  /** Where it runs unless `spawn` says otherwise. Default `"pooled"`. */
  readonly placement?: Placement;
}

/**
 * What an actor with a handler for each message is defined with.
 *
 * @since 0.1.0
 */
export interface HandlerOptions<P extends Protocol, S, E> extends ActorOptions<P, E> {
  /**
   * A function that makes the state of a new actor; that state ends with the actor, and holds plain data, maps, sets, dates,
   * bytes, refs, functions and frozen objects. Or a family of the store, which
   * makes the actor *durable*: the actor named `anna` keeps its state at `<family>/anna`; the changes of a handler, the
   * messages that it sent and the fact that its message was handled are one commit; and nothing leaves the actor before
   * that commit is as durable as the journal makes it. Default: an empty object.
   */
  readonly state?: (() => S) | StateDefinition<S>;
  readonly on: { readonly [K in keyof P]: Handler<S, P[K], E> };
}

/**
 * What an actor with a behaviour, a stream, is defined with.
 *
 * @since 0.1.0
 */
export interface BehaviourOptions<P extends Protocol, E> extends ActorOptions<P, E> {
  /** The actor as a stream from its inbox to its events. */
  readonly behaviour: (inbox$: Observable<InboxMessage<P>>, context: ActorContext<E>) => Observable<E>;
}

/**
 * Defines an actor by a protocol and either handlers over an immer draft of its state, or a behaviour.
 *
 * The module that calls this is what worker threads load, so pass `import.meta.url` and export the definition.
 *
 * Guarantees: one message at a time across `await`s, first in first out per sender (invariant 2); a handler that throws
 * changes nothing; every message that arrives is a copy (invariant 1) and satisfies its schema.
 *
 * @throws TroupeError `invalid-options` for a name, protocol or body that can't be used.
 * @example
 * export const counter = defineActor(import.meta.url, {
 *   name: "counter",
 *   protocol: { add: { input: v.object({ by: v.number() }) }, get: { reply: v.number() } },
 *   state: () => ({ count: 0 }),
 *   on: {
 *     add(draft, { by }) { draft.count += by; },
 *     get: (draft) => draft.count,
 *   },
 * });
 * @since 0.1.0
 */
export function defineActor<const P extends Protocol, S extends object = Record<string, never>, E = never>(
  module: string,
  options: HandlerOptions<P, S, E>,
): ActorDefinition<P, E>;
export function defineActor<const P extends Protocol, E = never>(
  module: string,
  options: BehaviourOptions<P, E>,
): ActorDefinition<P, E>;
export function defineActor(
  module: string,
  options: HandlerOptions<Protocol, object, unknown> | BehaviourOptions<Protocol, unknown>,
): ActorDefinition {
  return readGiven("defineActor", () => actorOf(module, options));
}

function actorOf(
  module: string,
  options: HandlerOptions<Protocol, object, unknown> | BehaviourOptions<Protocol, unknown>,
): ActorDefinition {
  checkDefinition("defineActor", module, options.name);
  const problem = problemOf(options);
  if (problem !== undefined) throw new TroupeError("invalid-options", `defineActor ${options.name}: ${problem}`);
  return {
    kind: "actor",
    module,
    name: options.name,
    protocol: options.protocol,
    events: options.events,
    mailbox: options.mailbox ?? {},
    placement: options.placement ?? "pooled",
    concurrency: 1,
    body: bodyOf(options),
  };
}

function bodyOf(options: HandlerOptions<Protocol, object, unknown> | BehaviourOptions<Protocol, unknown>): ActorBody {
  if ("behaviour" in options) return { kind: "behaviour", behaviour: options.behaviour };
  const { state, on } = options;
  return typeof state === "object" ? { kind: "durable", state, on } : { kind: "handlers", state, on };
}

const commonOptions = ["name", "protocol", "events", "mailbox", "placement"];
const handlerOptions = [...commonOptions, "state", "on"];
const behaviourOptions = [...commonOptions, "behaviour"];

/** Checks what the types don't: callers in plain JavaScript, and rules that types can't express. */
function problemOf(
  options: HandlerOptions<Protocol, object, unknown> | BehaviourOptions<Protocol, unknown>,
): string | undefined {
  const { protocol, mailbox = {}, placement = "pooled" } = options;
  const unknown = unknownOption(options, "behaviour" in options ? behaviourOptions : handlerOptions);
  if (unknown !== undefined) return unknown;
  if (!isObject(protocol)) return "protocol is an object of messages, each { input, reply }";
  for (const [type, spec] of Object.entries(protocol)) {
    const odd = unknownOption(spec, ["input", "reply"]);
    if (odd !== undefined) return `the message ${type}: ${odd}`;
    const wrong =
      schemaProblemOf(`the input of the message ${type}`, spec.input) ??
      schemaProblemOf(`the reply to ${type}`, spec.reply);
    if (wrong !== undefined) return wrong;
  }
  const wrongEvents = schemaProblemOf("events", options.events);
  if (wrongEvents !== undefined) return wrongEvents;
  const problem = mailboxProblem(mailbox) ?? placementProblem(placement);
  if (problem !== undefined) return problem;
  if ("behaviour" in options) {
    return typeof options.behaviour === "function" ? undefined : "behaviour is a function of the inbox and the context";
  }
  const { on, state } = options;
  if (state !== undefined && typeof state !== "function" && state?.kind !== "state")
    return "state is a function that makes it, or what defineState returned";
  if (typeof state === "object" && state.initial === undefined)
    return `the family ${state.name} has no initial state: an actor has to begin with something`;
  if (!isObject(on)) return "it has neither handlers under on nor a behaviour";
  // own properties only: every object inherits a toString
  const missing = Object.keys(protocol).filter((type) => !Object.hasOwn(on, type) || typeof on[type] !== "function");
  return missing.length === 0 ? undefined : `no handler for ${missing.join(", ")}. Add it under "on".`;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function schemaProblemOf(what: string, schema: v.GenericSchema | undefined): string | undefined {
  const problem = schema === undefined ? undefined : schemaProblem(schema);
  return problem && `${what} ${problem}`;
}
