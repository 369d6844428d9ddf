/**
 * Leases let the actors of an agent make calls without asking its gate, where the gate has a breaker and no other policy. A lease is
 * memory that an actor shares with the gates on the home host. The gates write whether the breaker is closed. The actor writes how
 * many calls went ahead, succeeded and failed. While all goes well, a call neither asks nor tells that it succeeded: the gates look
 * into the memory when a call fails. A failure counts before its caller hears of it, also if the actor's thread dies then.
 */

import type { Successes } from "../../agents/policies/breaker.ts";

/** The words of an agent: the generation of its closed breaker, from 1, or 0; how many calls by leases failed; how many failures were counted. */
const lent = 0;
const failed = 1;
const counted = 2;

/** The words of an actor: the calls that went ahead by its lease, its failures, and the calls that succeeded: all, and by slices. */
const ahead = 0;
const failedHere = 1;
const succeeded = 2;
const ring = 3;

/** How many slices of the breaker's window the ring has: more than the window, so that what is overwritten is of no use. */
const slots = 16;

/** Slices are kept modulo this. */
const sliceMask = 2 ** 30 - 1;

/** The gates share `agent` with all actors of the agent, and `actor` with one of them. */
export interface GateLease {
  readonly agent: SharedArrayBuffer;
  readonly actor: SharedArrayBuffer;
}

/** What the gates know of one actor's lease. */
interface Leased {
  readonly words: Int32Array;
  /** The calls that went ahead and are over, and the failures, as far as the gates have heard. */
  over: number;
  failures: number;
  /** What the breaker has counted of each slot. */
  readonly seen: { slice: number; calls: number }[];
}

/** The leases on one agent's gate, as the gates see them. */
export class Lessor {
  readonly #agent = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  readonly #words = new Int32Array(this.#agent);
  readonly #actors = new Map<string, Leased>();

  get actors(): readonly string[] {
    return [...this.#actors.keys()];
  }

  lease(actor: string): GateLease {
    const memory = new SharedArrayBuffer((ring + 2 * slots) * Int32Array.BYTES_PER_ELEMENT);
    const seen = Array.from({ length: slots }, () => ({ slice: 0, calls: 0 }));
    this.#actors.set(actor, { words: new Int32Array(memory), over: 0, failures: 0, seen });
    return { agent: this.#agent, actor: memory };
  }

  /** Lets calls go ahead from now on, or not. @param generation of the closed breaker; `undefined` for one that isn't. */
  lend(generation: number | undefined): void {
    Atomics.store(this.#words, lent, generation === undefined ? 0 : generation + 1);
  }

  /** The calls that have succeeded since this was asked last. @param now the slice of the window that it is now. */
  successes(now: number): readonly Successes[] {
    const found: Successes[] = [];
    for (const { words, seen } of this.#actors.values()) {
      for (const [slot, before] of seen.entries()) {
        const slice = Atomics.load(words, ring + 2 * slot);
        const calls = Atomics.load(words, ring + 2 * slot + 1);
        const more = slice === before.slice ? calls - before.calls : calls;
        before.slice = slice;
        before.calls = calls;
        if (more > 0) found.push({ slice: now - ago(now, slice), calls: more });
      }
    }
    return found;
  }

  /** A call that went ahead by an actor's lease is over, and the gates were told. */
  ended(actor: string): void {
    const leased = this.#actors.get(actor);
    if (leased !== undefined) leased.over++;
  }

  /** The breaker has counted a failure of an actor. */
  counted(actor: string): void {
    const leased = this.#actors.get(actor);
    if (leased === undefined) return;
    leased.failures++;
    Atomics.add(this.#words, counted, 1);
  }

  /** An actor is gone. Returns how many of its calls by the lease have ended, or never will, without the gates having heard of it. */
  end(actor: string): number {
    const leased = this.#actors.get(actor);
    if (leased === undefined) return 0;
    this.#actors.delete(actor);
    const { words, over, failures } = leased;
    Atomics.add(this.#words, counted, Atomics.load(words, failedHere) - failures); // the failures that it had no time to tell
    return Atomics.load(words, ahead) - Atomics.load(words, succeeded) - over;
  }
}

/** How many slices ago one was that is kept modulo {@link sliceMask} + 1; below 0 where the actor's clock is ahead. */
function ago(now: number, slice: number): number {
  const diff = ((now % (sliceMask + 1)) - slice) & sliceMask;
  return diff > sliceMask / 2 ? diff - sliceMask - 1 : diff;
}

/** One lease, as its actor sees it. */
export class Lessee {
  readonly #agent: Int32Array;
  readonly #actor: Int32Array;

  constructor({ agent, actor }: GateLease) {
    this.#agent = new Int32Array(agent);
    this.#actor = new Int32Array(actor);
  }

  /**
   * Has a call go ahead. Returns the breaker's generation; `undefined` if the gates have to be asked: the breaker isn't closed, or it
   * may open by a failure that it has yet to count.
   */
  goAhead(): number | undefined {
    const words = this.#agent;
    const generation = Atomics.load(words, lent) - 1;
    if (generation < 0 || Atomics.load(words, failed) !== Atomics.load(words, counted)) return undefined;
    Atomics.add(this.#actor, ahead, 1);
    return generation;
  }

  /** A call that went ahead by the lease has succeeded, in this slice of the window. */
  succeeded(slice: number): void {
    const words = this.#actor;
    const kept = slice % (sliceMask + 1);
    const at = ring + 2 * (kept % slots);
    if (Atomics.load(words, at) !== kept) {
      Atomics.store(words, at + 1, 0);
      Atomics.store(words, at, kept);
    }
    Atomics.add(words, at + 1, 1);
    Atomics.add(words, succeeded, 1);
  }

  /** A call has failed. Call this before the gates and the caller are told. */
  failed(): void {
    Atomics.add(this.#agent, failed, 1);
    Atomics.add(this.#actor, failedHere, 1);
  }
}
