/** The parameters of a view, as a URL has them. */

import { TroupeError } from "../../errors/troupe-error.ts";

export class Query {
  readonly #view: string;
  readonly #given: URLSearchParams;
  readonly #read = new Set<string>();

  constructor(view: string, given: URLSearchParams) {
    this.#view = view;
    this.#given = given;
  }

  /** A text; `undefined` for none, and for an empty one. */
  text(name: string): string | undefined {
    this.#read.add(name);
    return this.#given.get(name) || undefined;
  }

  /** @throws TroupeError `invalid-options` where it is missing. */
  required(name: string): string {
    const text = this.text(name);
    if (text === undefined) throw this.#wrong(name, "is missing");
    return text;
  }

  /** One of several words. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = choices.find((one) => one === text);
    if (found === undefined) throw this.#wrong(name, `is one of ${choices.join(", ")}, not ${JSON.stringify(text)}`);
    return found;
  }

  /** A whole number from `least` to `most`; what is above is `most`. */
  whole(name: string, { least = 0, most = Number.MAX_SAFE_INTEGER, otherwise }: Whole): number {
    return this.optionalWhole(name, { least, most }) ?? otherwise;
  }

  optionalWhole(
    name: string,
    { least = 0, most = Number.MAX_SAFE_INTEGER }: Omit<Whole, "otherwise">,
  ): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least) return Math.min(number, most);
    throw this.#wrong(name, `is a whole number from ${least}, not ${JSON.stringify(text)}`);
  }

  /** @throws TroupeError `invalid-options` for a parameter that was given and that the view doesn't know. */
  done(): void {
    const [unknown] = [...this.#given.keys()].filter((name) => !this.#read.has(name));
    if (unknown === undefined) return;
    const known = [...this.#read].join(", ");
    throw this.#wrong(unknown, known === "" ? "is not known; there are none" : `is not known; there are ${known}`);
  }

  #wrong(name: string, problem: string): TroupeError {
    return new TroupeError("invalid-options", `${this.#view}: the parameter ${JSON.stringify(name)} ${problem}`);
  }
}

interface Whole {
  readonly least?: number;
  readonly most?: number;
  readonly otherwise: number;
}
