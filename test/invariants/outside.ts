/**
 * The world outside of all processes, as agents have effects on it: a service that knows each effect by its idempotency key, as
 * payment providers do. It outlives crashes. In the simulator all threads share it.
 */

interface Effect {
  /** How often it was asked for, and how often to be undone. */
  done: number;
  undone: number;
  isInForce: boolean;
}

class Outside {
  readonly #effects = new Map<string, Effect>();
  readonly #refusals = new Map<string, number>();
  /** What came into force (`+key`) and went out of it (`-key`), in order. */
  readonly log: string[] = [];

  reset(): void {
    this.#effects.clear();
    this.#refusals.clear();
    this.log.length = 0;
  }

  effect(key: string): Readonly<Effect> {
    return this.#at(key);
  }

  get inForce(): readonly string[] {
    return [...this.#effects].flatMap(([key, { isInForce }]) => (isInForce ? [key] : [])).toSorted();
  }

  /** Refuses the first `times` calls under a key. */
  refuse(key: string, times: number): void {
    const refusals = this.#refusals.get(key) ?? 0;
    if (refusals >= times) return;
    this.#refusals.set(key, refusals + 1);
    throw new Error(`${key} is refused`);
  }

  /** Refuses nothing under a key any more. */
  relent(key: string): void {
    this.#refusals.set(key, Number.POSITIVE_INFINITY);
  }

  do(key: string): void {
    const effect = this.#at(key);
    effect.done++;
    if (effect.isInForce) return;
    effect.isInForce = true;
    this.log.push(`+${key}`);
  }

  undo(key: string): void {
    const effect = this.#at(key);
    effect.undone++;
    if (!effect.isInForce) return;
    effect.isInForce = false;
    this.log.push(`-${key}`);
  }

  #at(key: string): Effect {
    const known = this.#effects.get(key);
    if (known !== undefined) return known;
    const effect = { done: 0, undone: 0, isInForce: false };
    this.#effects.set(key, effect);
    return effect;
  }
}

export const outside = new Outside();
