/** Actor refs: a target, bound to its sender. */

import type { Observable } from "rxjs";
import type { ActorRef, AskOptions } from "../../actors/actor-ref.ts";
import type { Address } from "../../actors/address.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { transfer, type Transferable, type Transferred } from "../../values/cloneable.ts";
import type { EventStreams } from "./event-streams.ts";
import type { Messenger } from "./messenger.ts";
import type { Sender, Target } from "./target.ts";
import { refTag, tagField } from "../../values/tag.ts";
import { nameOf } from "../../actors/address.ts";
import { shown } from "../../values/shown.ts";
import { readGiven } from "../../contracts/read-given.ts";

/** The host of a ref's sender. */
export interface RefHost {
  /** Stands for the system that the ref is of. */
  readonly system: object;
  readonly messenger: Messenger;
  readonly streams: EventStreams;
}

interface Binding {
  readonly host: RefHost;
  readonly sender: Sender;
  readonly target: Target;
}

export class BoundRef implements ActorRef {
  readonly #host: RefHost;
  readonly #sender: Sender;
  readonly #target: Target;

  constructor({ host, sender, target }: Binding) {
    this.#host = host;
    this.#sender = sender;
    this.#target = target;
  }

  get address(): Address {
    return this.#target.address;
  }

  get name(): string {
    return nameOf(this.#target.address);
  }

  get events$(): Observable<unknown> {
    return this.#host.streams.of(this.#target.address, this.#sender);
  }

  tell(type: string, input?: unknown): Promise<void> {
    return this.#host.messenger.tell(this.#sender, this.#target, type, input);
  }

  ask(type: string, input?: unknown, options?: AskOptions): Promise<never> {
    return this.#host.messenger.ask(this.#sender, this.#target, type, input, options) as Promise<never>;
  }

  [transfer](within = this.#host.system): Transferred | undefined {
    if (within !== this.#host.system) return undefined;
    const { address, capacity, overflow } = this.#target;
    return { [tagField]: refTag, address, capacity, overflow };
  }

  toString(): string {
    return `ActorRef(${this.address})`;
  }
}

/**
 * The address of a ref that is given to a method of a system. An address that comes without a ref is taken for one of that system.
 *
 * @throws TroupeError `foreign-ref` for a ref on an actor of another system, which may have an actor of its own there;
 * `invalid-options` for what is no ref.
 */
export function addressIn(system: object, method: string, ref: { readonly address: Address }): Address {
  const { address, isForeign } = readGiven(method, () => ({
    address: ref.address,
    isForeign: transfer in ref && (ref as Transferable)[transfer](system) === undefined,
  }));
  if (typeof address !== "string")
    throw new TroupeError("invalid-options", `${method}: expected a ref on an actor, not ${shown(ref)}`);
  if (isForeign) {
    throw new TroupeError(
      "foreign-ref",
      `${method} ${address}: the ref is on an actor of another system. Give it to that system.`,
      { details: { actor: address } },
    );
  }
  return address;
}

/** Replaces the plain forms of refs in a value that this host owns. */
export function reviveRefs(value: unknown, bind: (target: Target) => Binding): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = reviveRefs(value[i], bind);
    return value;
  }
  if (ArrayBuffer.isView(value)) return value;
  if (value instanceof Map) {
    const entries = [...value];
    value.clear();
    for (const [key, entry] of entries) value.set(reviveRefs(key, bind), reviveRefs(entry, bind));
    return value;
  }
  if (value instanceof Set) {
    const members = [...value];
    value.clear();
    for (const member of members) value.add(reviveRefs(member, bind));
    return value;
  }
  const fields = value as Record<string, unknown>;
  if (fields[tagField] === refTag) {
    const { address, capacity, overflow } = fields as unknown as Omit<Target, "check">;
    return new BoundRef(bind({ address, capacity, overflow, check: undefined }));
  }
  for (const key of Object.keys(fields)) fields[key] = reviveRefs(fields[key], bind);
  return fields;
}
