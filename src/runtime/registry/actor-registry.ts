/** The actors of one system by name. */

import { type Address, type HostId, hostOf, nameOf } from "../../actors/address.ts";
import { isSystemActor } from "../../actors/system-actors.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { isName, nameRule } from "../../values/name.ts";
import { shown } from "../../values/shown.ts";

/** The part of an actor's definition by which any thread finds it. */
interface Definition {
  readonly kind: "actor" | "agent";
  readonly module: string;
  readonly name: string;
}

interface Registered {
  readonly definition: Definition;
  /** Absent while it is being spawned. */
  address: Address | undefined;
  /** The address at which it is being spawned, once that is known. */
  starting: Address | undefined;
  /** True when it stopped before it was {@link ActorRegistry.place | placed}. */
  hasStopped: boolean;
}

/** Owns the names of a system's actors: one actor for each, until it has stopped for good. */
export class ActorRegistry {
  readonly #actors = new Map<string, Registered>();
  #lastNumber = 0;

  /**
   * Takes a name for a new actor.
   *
   * @throws TroupeError `name-taken`, or `invalid-options` for a name with other characters than letters, digits, `-`, `_`, `.`.
   */
  reserve(definition: Definition, wanted: string | undefined): string {
    const name = wanted ?? `${definition.name}-${++this.#lastNumber}`;
    if (!isName(name)) {
      throw new TroupeError(
        "invalid-options",
        `spawn ${definition.name}: the name ${shown(name)} may have ${nameRule}`,
      );
    }
    if (isSystemActor(name)) {
      throw new TroupeError(
        "name-taken",
        `spawn ${definition.name}: the actor named ${name} is Troupe's own; take another name`,
        { details: { name } },
      );
    }
    if (this.#actors.has(name)) {
      if (wanted === undefined) return this.reserve(definition, undefined);
      throw new TroupeError(
        "name-taken",
        `there is an actor named ${name} already; stop it first, or take another name`,
        { details: { name } },
      );
    }
    this.#actors.set(name, { definition, address: undefined, starting: undefined, hasStopped: false });
    return name;
  }

  /** An actor is about to be spawned at an address. */
  expect(name: string, address: Address): void {
    const actor = this.#actors.get(name);
    if (actor !== undefined) actor.starting = address;
  }

  /** An actor has been spawned. Returns false when it has stopped since. */
  place(name: string, address: Address): boolean {
    const actor = this.#actors.get(name);
    if (actor === undefined) return false;
    actor.address = address;
    return !actor.hasStopped;
  }

  /** Forgets an actor that has stopped. Returns false if another actor has the name by now, or the actor isn't placed yet. */
  stopped(address: Address): boolean {
    const actor = this.#actors.get(nameOf(address));
    if (actor?.address === address) return this.#actors.delete(nameOf(address));
    if (actor !== undefined && actor.address === undefined && actor.starting === address) actor.hasStopped = true;
    return false;
  }

  /** Notes that an actor is gone for now. Its name stays taken, since the actor may be started again. */
  vacate(name: string): void {
    const actor = this.#actors.get(name);
    if (actor !== undefined) actor.address = undefined;
  }

  release(name: string): void {
    this.#actors.delete(name);
  }

  find(name: string): Registered | undefined {
    return this.#actors.get(name);
  }

  /** Forgets the actors of a host and returns where they were. */
  releaseHost(host: HostId): Address[] {
    const gone: Address[] = [];
    for (const [name, { address }] of this.#actors) {
      if (address === undefined || hostOf(address) !== host) continue;
      gone.push(address);
      this.#actors.delete(name);
    }
    return gone;
  }

  /** Where the actors are, in the order spawned. */
  addresses(): Address[] {
    return [...this.#actors.values()].flatMap(({ address }) => (address === undefined ? [] : [address]));
  }

  /** All of them, in the order spawned. */
  all(): { readonly name: string; readonly definition: string; readonly address: Address | undefined }[] {
    return [...this.#actors].map(([name, { definition, address }]) => ({ name, definition: definition.name, address }));
  }

  get size(): number {
    return this.#actors.size;
  }
}
