/** The sender of one handling, for actors that handle several messages at a time: the actor alone doesn't say which of them sends. */

import type { Address } from "../../actors/address.ts";
import type { AskScope } from "../../actors/ask-scope.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import type { Position } from "../../store/versions/snapshot.ts";
import type { Sender } from "./target.ts";

export class ScopedSender implements Sender {
  readonly #actor: Sender;
  readonly #cause: number;
  readonly #trace: TraceContext | undefined;
  #scope: AskScope | undefined;

  constructor(actor: Sender, scope: AskScope, cause: number, trace?: TraceContext) {
    this.#actor = actor;
    this.#scope = scope;
    this.#cause = cause;
    this.#trace = trace;
  }

  get address(): Address | undefined {
    return this.#actor.address;
  }

  get token(): Position {
    return this.#actor.token;
  }

  get cause(): number {
    return this.scope === undefined ? 0 : this.#cause;
  }

  /** Dropped once the handling is over: code may keep a ref, and that must not keep the message that was handled. */
  get scope(): AskScope | undefined {
    if (this.#scope?.isOver === true && this.#scope.isLeftBehind !== true) this.#scope = undefined;
    return this.#scope;
  }

  get trace(): TraceContext | undefined {
    return this.#trace ?? this.scope?.trace;
  }

  get heldOutput(): Sender["heldOutput"] {
    return this.#actor.heldOutput;
  }

  get isFenced(): boolean {
    return this.#actor.isFenced === true || this.#scope?.isLeftBehind === true;
  }

  observe(position: Position): void {
    this.#actor.observe(position);
  }

  end(): void {
    this.#scope = undefined;
  }
}
