/** What a run does to its actors and its state, whatever the order of steps that don't meet. */

import type { ActorEvent } from "../../../ports/actor-observer.ts";
import { sha256 } from "../../../values/sha256.ts";

/**
 * What each actor was sent, read, wrote and asked, one after another. Versions say who read what from whom, so runs with the same effects
 * differ at most in the order of steps that don't depend on each other (their traces are equal after Mazurkiewicz).
 */
export class Effects {
  readonly #ofActors = new Map<string, string>();
  /** By host and number: who asked, and what. */
  readonly #asks = new Map<string, { readonly from: string | undefined; readonly what: string }>();

  readonly see = (event: ActorEvent): void => {
    switch (event.type) {
      case "begins":
        return this.#add(event.actor, `begins ${event.message} of ${nameOf(event.from)}`);
      case "ends":
        return this.#add(event.actor, `ends ${event.message}${"thrown" in event ? ", thrown" : ""}`);
      case "reads":
        return this.#add(event.actor, `reads ${event.key} ${event.version}`);
      case "commits":
        return this.#add(event.actor, `commits ${event.key} ${event.version} after ${event.parent}`);
      case "conflicts":
        return this.#add(event.actor, `loses ${event.key} to ${event.version}`);
      case "asks": {
        const { from, to, message } = event;
        const what = `${nameOf(to)} ${message}`;
        this.#asks.set(`${event.host} ${event.id}`, { from, what });
        return this.#add(from, `asks ${what}`);
      }
      case "asked": {
        const asked = this.#asks.get(`${event.host} ${event.id}`);
        if (asked !== undefined) this.#add(asked.from, `hears of ${asked.what}`);
      }
    }
  };

  /** Equal for equal effects. */
  hash(): string {
    const all = [...this.#ofActors].sort(([one], [other]) => (one < other ? -1 : 1));
    return sha256(all.map(([name, what]) => `${name}\n${what}`).join("\n"), "hex", 40);
  }

  #add(actor: string | undefined, what: string): void {
    const name = nameOf(actor);
    this.#ofActors.set(name, `${this.#ofActors.get(name) ?? ""}${what}\n`);
  }
}

/** Without its thread: where an actor is placed is no effect. */
function nameOf(address: string | undefined): string {
  return address === undefined ? "code outside" : address.slice(address.indexOf("/") + 1);
}
