/**
 * Tells which states of runs are equal, by what happened before them, so that a search goes on from each once: partial-order reduction by
 * hashes of what happened before (Musuvathi and Qadeer, MSR-TR-2007-12).
 *
 * Steps on different hosts can be exchanged, as hosts share nothing but what passes over links. So a state is told by what each host has
 * run, in its order, and by what is left to run.
 */

import { createHash } from "node:crypto";

/** A step that hasn't run. */
export interface PendingStep {
  readonly lane: string;
  /** When it may run, in virtual milliseconds. */
  readonly at: number;
}

export class States {
  /** Of each host, a hash of what it has run. */
  readonly #ofHosts = new Map<string, string>();
  readonly #isOrdered: boolean;
  #drawn = 0;

  /** @param isOrdered whether states differ by which step is the ordinary one, too: it decides which ones are switches. */
  constructor({ isOrdered }: { readonly isOrdered: boolean }) {
    this.#isOrdered = isOrdered;
  }

  ran(host: string, lane: string, at: number): void {
    this.#add(host, `${lane} at ${at}`);
  }

  /** Code on a host has drawn by chance: what it gets depends on all that was drawn before, on any host. */
  drew(host: string): void {
    this.#add(host, `draws ${++this.#drawn}`);
  }

  /** The key of the state in which these steps are left, the ordinary one first: equal states have the same. */
  key(pending: readonly PendingStep[]): string {
    const left = pending.map(({ lane, at }) => `${at} ${lane}`);
    if (!this.#isOrdered) left.sort();
    const hosts = [...this.#ofHosts].sort(([one], [other]) => (one < other ? -1 : 1));
    return hashOf(JSON.stringify([hosts, left]));
  }

  #add(host: string, what: string): void {
    const name = isThread(host) ? host : "home";
    this.#ofHosts.set(name, hashOf(`${this.#ofHosts.get(name) ?? ""} ${what}`));
  }
}

/** The scenario and the journal are where the home host is. */
function isThread(host: string): boolean {
  return /^[1-9]/.test(host);
}

function hashOf(text: string): string {
  return createHash("sha1").update(text).digest("base64");
}
