/**
 * `expect` for what is checked in the loops of a property. Vitest's counts each of its calls and puts proxies around it, which
 * takes 10 µs: more than most of what is checked. This one compares first, and leaves what differs to vitest's, which says how.
 */

import { isDeepStrictEqual } from "node:util";
import { type Assertion, expect } from "vitest";

/** Like `expect`, with those of its matchers that loops need. */
export function quickExpect(actual: unknown, message?: string): Expectation {
  return new Expectation(actual, message);
}

/** Its matchers hold where vitest's do, and throw what those throw. */
class Expectation {
  readonly #actual: unknown;
  readonly #message: string | undefined;

  constructor(actual: unknown, message: string | undefined) {
    this.#actual = actual;
    this.#message = message;
  }

  toBe(expected: unknown): void {
    if (!Object.is(this.#actual, expected)) fully(this.#actual, this.#message).toBe(expected);
  }

  /** What is strictly equal is equal; of the rest, vitest's decides. */
  toEqual(expected: unknown): void {
    if (!isDeepStrictEqual(this.#actual, expected)) fully(this.#actual, this.#message).toEqual(expected);
  }

  toBeUndefined(): void {
    if (this.#actual !== undefined) fully(this.#actual, this.#message).toBeUndefined();
  }

  toHaveLength(expected: number): void {
    const actual = this.#actual;
    if (!Array.isArray(actual) || actual.length !== expected) fully(actual, this.#message).toHaveLength(expected);
  }

  toContain(expected: unknown): void {
    const actual = this.#actual;
    if (!Array.isArray(actual) || actual.indexOf(expected) < 0) fully(actual, this.#message).toContain(expected);
  }

  toBeLessThanOrEqual(expected: number): void {
    const actual = this.#actual;
    if (typeof actual !== "number" || !(actual <= expected)) fully(actual, this.#message).toBeLessThanOrEqual(expected);
  }

  toBeGreaterThanOrEqual(expected: number): void {
    const actual = this.#actual;
    if (typeof actual !== "number" || !(actual >= expected))
      fully(actual, this.#message).toBeGreaterThanOrEqual(expected);
  }
}

function fully(...given: Parameters<typeof expect>): Assertion {
  return (expect as (...all: typeof given) => Assertion)(...given);
}
