/** The body of an actor made of handlers: runs each over a draft, and keeps the state that comes of it. */

import { isDraftable } from "immer";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { kindOf } from "../../values/value-copier.ts";
import type { ActorBody } from "../cell/actor-cell.ts";
import { CellContext, type CellSite } from "../cell/cell-context.ts";
import type { Delivery } from "../cell/delivery.ts";
import { ActorState } from "./actor-state.ts";
import { checkReply, openMessage, replyChecked } from "../cell/open-message.ts";
import type { CellHost } from "../cell/cell-host.ts";

type Handle = (draft: unknown, payload: unknown, context: unknown) => unknown;

const stateless = Object.freeze({});

export class HandlersBody implements ActorBody {
  readonly #host: CellHost;
  readonly #definition: ActorDefinition;
  readonly #on: Readonly<Record<string, Handle>>;
  readonly #site: CellSite;
  /** Absent for an actor without state. */
  #state: ActorState | undefined;

  constructor(host: CellHost, definition: ActorDefinition, site: CellSite) {
    if (definition.body.kind !== "handlers")
      throw new TroupeError("invalid-options", `${definition.name} has no handlers`);
    this.#host = host;
    this.#definition = definition;
    this.#site = site;
    this.#on = definition.body.on as unknown as Readonly<Record<string, Handle>>;
    const { state } = definition.body;
    if (state === undefined) return;
    const initial = state();
    if (!isDraftable(initial)) {
      throw new TroupeError(
        "invalid-options",
        `the state of ${definition.name} has to be a plain object, an array, a Map or a Set, not ${kindOf(initial)}`,
      );
    }
    this.#state = new ActorState(definition.name, initial as object);
  }

  get kept(): ActorBody["kept"] {
    return this.#state && { state: this.#state.current };
  }

  handle(delivery: Delivery): void | Promise<void> {
    const payload = openMessage(this.#host, delivery.sender, this.#definition, delivery.envelope);
    const { type } = delivery.envelope;
    const context = new CellContext(this.#site, delivery);
    const handler = this.#on[type] as Handle;
    // a draft costs about as much as everything else about a small message, so an actor without state gets none
    const draft = this.#state?.draft() ?? stateless;
    const result = handler(draft, payload, context);
    if (result instanceof Promise) return result.then((value: unknown) => this.#finish(delivery, draft, value));
    this.#finish(delivery, draft, result);
  }

  stop(): void {
    this.#state = undefined;
  }

  /** The reply is copied before the draft is finished, since it may hold parts of the draft, and given when that has become the state. */
  #finish(delivery: Delivery, draft: object, result: unknown): void {
    if (this.#state === undefined) return replyChecked(this.#definition, delivery, result);
    const reply = delivery.prepare(
      delivery.isAnswered ? undefined : checkReply(this.#definition, delivery.envelope.type, result),
    );
    this.#state.finish(draft);
    reply();
  }
}
