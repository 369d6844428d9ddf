/** Time and chance of JavaScript itself, as code of a simulation gets them: from virtual time and the seed. */

import type { SeededRandom } from "../schedules/seeded-random.ts";

/** What a run gets from them. */
export interface SourcesOfRun {
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds since the run began. */
  readonly elapsed: () => number;
  readonly random: SeededRandom;
}

/** Where a source is found. */
interface Place {
  readonly holder: object;
  readonly key: string;
}

/**
 * Stands in for `Date`, `performance.now`, `Math.random`, `crypto.randomUUID` and `crypto.getRandomValues` while a run goes on, but not while the
 * event loop has its turn: what comes from there is not the simulation's. Installed for many runs, as that takes as long as a third of a small one.
 */
export class VirtualSources {
  readonly #installed: (Place & { readonly before: PropertyDescriptor | undefined; readonly value: unknown })[] = [];
  /** Those of the run that goes on, while no other code runs. */
  #run: SourcesOfRun | undefined;

  install(): void {
    const { crypto } = globalThis;
    const real = { now: performance.now, random: Math.random, uuid: crypto.randomUUID, fill: crypto.getRandomValues };
    this.#put({ holder: globalThis, key: "Date" }, this.#virtualDate(Date));
    this.#put({ holder: performance, key: "now" }, () => this.#run?.elapsed() ?? real.now.call(performance));
    this.#put({ holder: Math, key: "random" }, () => this.#run?.random.next() ?? real.random());
    this.#put({ holder: crypto, key: "randomUUID" }, () =>
      this.#run === undefined ? real.uuid.call(crypto) : uuidOf(this.#run.random),
    );
    this.#put({ holder: crypto, key: "getRandomValues" }, <T extends ArrayBufferView>(array: T): T => {
      if (this.#run === undefined) return real.fill.call(crypto, array as never) as never;
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      for (let at = 0; at < bytes.length; at++) bytes[at] = this.#run.random.below(256);
      return array;
    });
  }

  /** Has a run use them; after it, none does. */
  async during<T>(run: SourcesOfRun, play: () => Promise<T>): Promise<T> {
    this.#run = run;
    try {
      return await play();
    } finally {
      this.#run = undefined;
    }
  }

  /** What has been put in the place of a source by others meanwhile stays. */
  remove(): void {
    for (const { holder, key, before, value } of this.#installed.splice(0)) {
      if (Reflect.get(holder, key) !== value) continue;
      if (before === undefined) Reflect.deleteProperty(holder, key);
      else Object.defineProperty(holder, key, before);
    }
  }

  /** Lets the event loop have its turn. */
  readonly outside = async (turn: () => Promise<void>): Promise<void> => {
    const run = this.#run;
    this.#run = undefined;
    await turn();
    this.#run = run;
  };

  #put(place: Place, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(place.holder, place.key);
    this.#installed.push({ ...place, before, value });
    Object.defineProperty(place.holder, place.key, { configurable: true, writable: true, enumerable: false, value });
  }

  /** Its instances are those of the real one: only where the time is asked for, another one is told. */
  #virtualDate(real: DateConstructor): DateConstructor {
    const now = (): number => this.#run?.now() ?? real.now();
    const virtual: DateConstructor = new Proxy(real, {
      get: (target, key) => (key === "now" ? now : (Reflect.get(target, key) as unknown)),
      construct: (target, given: unknown[], by) =>
        Reflect.construct(target, given.length === 0 ? [now()] : given, by === virtual ? target : by) as object,
      apply: (target) => new target(now()).toString(),
    });
    return virtual;
  }
}

/** A UUID of version 4. */
function uuidOf(random: SeededRandom): string {
  const bytes = Array.from({ length: 16 }, () => random.below(256));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.map((one) => one.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
