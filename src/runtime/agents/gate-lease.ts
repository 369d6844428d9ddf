/**
 * What the actors of an agent have at hand of its gate, where that has a breaker and no other policy: memory that they share with the
 * gates on the home host. The gates say there whether the breaker is closed, and the actors how many calls went ahead, and how many
 * failed. So a call need not ask while all goes well; and as before, a failure counts before its caller hears of it, and so does what a
 * thread took along that died.
 */

/** The words of an agent: the generation of its closed breaker, from 1, or 0; the failures of calls by leases, and those that were counted. */
const lent = 0;
const failed = 1;
const counted = 2;

/** The words of an actor: the calls that went ahead by its lease, and its failures. */
const ahead = 0;
const failedHere = 1;

/** Shared by all actors of an agent, and by one of them with the gates. */
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
}

/** The leases on one agent's gate: the end of the gates. */
export class Lessor {
  readonly #agent = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  readonly #words = new Int32Array(this.#agent);
  readonly #actors = new Map<string, Leased>();

  get actors(): readonly string[] {
    return [...this.#actors.keys()];
  }

  lease(actor: string): GateLease {
    const memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    this.#actors.set(actor, { words: new Int32Array(memory), over: 0, failures: 0 });
    return { agent: this.#agent, actor: memory };
  }

  /** Lets calls go ahead from now on, or not. @param generation of the closed breaker; `undefined` for one that isn't. */
  lend(generation: number | undefined): void {
    Atomics.store(this.#words, lent, generation === undefined ? 0 : generation + 1);
  }

  /** A call that went ahead by an actor's lease is over. */
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

  /** An actor is gone. Returns how many calls went ahead by its lease of whose end the gates have not heard. */
  end(actor: string): number {
    const leased = this.#actors.get(actor);
    if (leased === undefined) return 0;
    this.#actors.delete(actor);
    const { words, over, failures } = leased;
    Atomics.add(this.#words, counted, Atomics.load(words, failedHere) - failures); // those that it did not get to tell
    return Atomics.load(words, ahead) - over;
  }
}

/** One lease: the end of its actor. */
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

  /** A call has failed. To be said before the gates and the caller are told. */
  failed(): void {
    Atomics.add(this.#agent, failed, 1);
    Atomics.add(this.#actor, failedHere, 1);
  }
}
