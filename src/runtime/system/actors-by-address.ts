/** All actors of a system by their addresses: their supervisor answers for those that have one, the registry for the others. */

import { type Address, homeHost, hostOf, isSupervised, nameOf } from "../../actors/address.ts";
import type { GoneReason } from "../../actors/gone.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { HomeHost } from "../host/home-host.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import type { Supervision } from "../supervision/supervision.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";

export interface ActorsByAddressOptions {
  readonly home: Pick<HomeHost, "stop">;
  readonly roster: Pick<ThreadRoster, "thread">;
  readonly registry: Pick<ActorRegistry, "find">;
  readonly supervision: Pick<Supervision, "isThere" | "terminate" | "linkedDown">;
}

/** It keeps nothing itself. Its functions are fields: the parts of a system take them out of it. */
export class ActorsByAddress {
  readonly #options: ActorsByAddressOptions;

  constructor(options: ActorsByAddressOptions) {
    this.#options = options;
  }

  /** The address of an actor by its name; with a definition, only if the actor has that definition. */
  readonly find = (name: string, definition?: string): Address | undefined => {
    const found = this.#options.registry.find(name);
    return definition === undefined || found?.definition.name === definition ? found?.address : undefined;
  };

  /** True while there is such an actor, or its supervisor starts it again. */
  readonly isThere = (actor: Address): boolean =>
    isSupervised(actor) ? this.#options.supervision.isThere(actor) : this.find(nameOf(actor)) === actor;

  /** Stops an actor; resolves when it has stopped, for good if it has a supervisor. */
  readonly stop = async (actor: Address, mode: StopMode): Promise<void> => {
    const { supervision, roster, home } = this.#options;
    const host = hostOf(actor);
    if (host === undefined) return supervision.terminate(actor, mode);
    // a dead thread's actors have stopped
    if (host === homeHost || roster.thread(host) !== undefined) await home.stop(host, actor, mode);
  };

  /**
   * Takes an actor down, since `by`, which it is linked with, went down. Returns true for an actor without a supervisor, which
   * will be gone for good; a supervisor decides about the others.
   */
  readonly bringDown = (actor: Address, by: Address, reason: GoneReason): boolean => {
    if (isSupervised(actor)) this.#options.supervision.linkedDown(actor, by, reason);
    else void this.stop(actor, "discard");
    return !isSupervised(actor);
  };
}
