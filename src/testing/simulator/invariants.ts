/** What has to hold during a run, and what has to be met in one run of many. */

import { messageOf } from "../../errors/caught.ts";

/**
 * States what has to hold. Each statement has a name, in words, which a failure says.
 *
 * @since 0.1.0
 */
export interface Invariants {
  /**
   * Holds after every step, from now on. `holds` is called often and mustn't change or await anything. The run fails where it returns `false` or throws.
   *
   * @example
   * always("at most one is inside", () => inside <= 1);
   */
  always(what: string, holds: () => boolean | void): void;
  /**
   * Holds once all is done: after the scenario has ended and nothing is left to run, or where something always is, after a minute of
   * virtual time. The run fails where it returns or resolves to `false`, throws or rejects.
   *
   * @example
   * eventually("all are told", async () => (await board.ask("count")) === 3);
   */
  eventually(what: string, holds: () => boolean | void | PromiseLike<boolean | void>): void;
  /**
   * Is met after at least one step of at least one run: else the report names it, since the runs didn't come to what they were to test.
   *
   * @example
   * sometimes("both wait", () => waiting === 2);
   */
  sometimes(what: string, isMet: () => boolean): void;
}

interface Stated<Check> {
  readonly what: string;
  readonly check: Check;
}

export class InvariantsOfRun implements Invariants {
  readonly #always: Stated<() => boolean | void>[] = [];
  readonly #eventually: Stated<() => boolean | void | PromiseLike<boolean | void>>[] = [];
  readonly #sometimes = new Map<string, { readonly isMet: () => boolean; met: boolean }>();
  #broken: Error | undefined;

  readonly always = (what: string, holds: () => boolean | void): void => void this.#always.push({ what, check: holds });

  readonly eventually = (what: string, holds: () => boolean | void | PromiseLike<boolean | void>): void =>
    void this.#eventually.push({ what, check: holds });

  readonly sometimes = (what: string, isMet: () => boolean): void => {
    const { met = false } = this.#sometimes.get(what) ?? {};
    this.#sometimes.set(what, { isMet, met });
  };

  /** What was stated by `sometimes`, and whether it was met. */
  get met(): ReadonlyMap<string, boolean> {
    return new Map([...this.#sometimes].map(([what, { met }]) => [what, met]));
  }

  /** Whether something is to hold once all is done. */
  get hasEventually(): boolean {
    return this.#eventually.length > 0;
  }

  /** The error of the first that didn't hold. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** Looks, after a step. */
  look(step: number): void {
    if (this.#broken !== undefined) return;
    for (const stated of this.#sometimes.values()) if (!stated.met && stated.isMet()) stated.met = true;
    for (const { what, check } of this.#always) {
      const broken = brokenBy(check);
      if (broken === undefined) continue;
      this.#broken = new Error(`always "${what}": not so after step ${step}${broken.why}`, broken.options);
      return;
    }
  }

  /** @throws Error (as a rejection) for the first that doesn't hold once all is done. */
  async atRest(): Promise<void> {
    for (const { what, check } of this.#eventually) {
      const broken = await brokenAtLast(check);
      if (broken !== undefined)
        throw new Error(`eventually "${what}": not so once all was done${broken.why}`, broken.options);
    }
  }
}

interface Broken {
  readonly why: string;
  readonly options: ErrorOptions;
}

const isFalse: Broken = { why: "", options: {} };

function brokenBy(check: () => boolean | void): Broken | undefined {
  try {
    return check() === false ? isFalse : undefined;
  } catch (cause) {
    return { why: `: ${messageOf(cause)}`, options: { cause } };
  }
}

async function brokenAtLast(check: () => boolean | void | PromiseLike<boolean | void>): Promise<Broken | undefined> {
  try {
    return (await check()) === false ? isFalse : undefined;
  } catch (cause) {
    return { why: `: ${messageOf(cause)}`, options: { cause } };
  }
}
