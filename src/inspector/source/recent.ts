/** The newest of what has happened to a system, kept for a page that is opened later. */

import type { LostMessage, LiveSystem, Noted } from "./inspected.ts";

/** How many events, and how many dead letters, are kept. */
const most = 1_000;

export interface Numbered<T> {
  /** From 1, in the order in which they came. */
  readonly number: number;
  readonly time: number;
  readonly of: T;
}

/** The newest of a kind. */
class Newest<T> {
  readonly #kept: Numbered<T>[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(time: number, of: T): void {
    this.#kept.push({ number: ++this.#count, time, of });
    if (this.#kept.length >= 2 * most) this.#kept.splice(0, most);
  }

  /** `undefined` for one that is not kept any more, or never was. */
  find(number: number): T | undefined {
    const [first] = this.#kept;
    return first === undefined ? undefined : this.#kept[number - first.number]?.of;
  }

  /** At most `limit` of them before a number, the newest first. */
  list(limit: number, before = Number.POSITIVE_INFINITY): readonly Numbered<T>[] {
    const found: Numbered<T>[] = [];
    const oldest = Math.max(0, this.#kept.length - most);
    for (let i = this.#kept.length - 1; i >= oldest && found.length < limit; i--) {
      const one = this.#kept[i];
      if (one !== undefined && one.number < before) found.push(one);
    }
    return found;
  }
}

/** The dead letters for one actor with one reason. */
export interface LetterGroup {
  readonly reason: string;
  readonly to: string;
  readonly count: number;
  /** When there was the last one. */
  readonly time: number;
}

/** How many groups are kept. The group that got none for the longest time goes first. */
const mostGroups = 200;

class LetterGroups {
  readonly #groups = new Map<string, LetterGroup>();

  add(time: number, { reason, to }: Pick<LostMessage, "reason" | "to">): void {
    const name = `${reason} ${to}`;
    const count = (this.#groups.get(name)?.count ?? 0) + 1;
    this.#groups.delete(name);
    this.#groups.set(name, { reason, to, count, time });
    for (const oldest of this.#groups.keys()) {
      if (this.#groups.size <= mostGroups) return;
      this.#groups.delete(oldest);
    }
  }

  /** The group with the latest letter first. */
  get list(): readonly LetterGroup[] {
    return [...this.#groups.values()].reverse();
  }
}

export class Recent {
  readonly events = new Newest<Noted>();
  readonly deadLetters = new Newest<LostMessage>();
  readonly letterGroups = new LetterGroups();
  /** The dead letters that were sent again. */
  readonly sentAgain = new WeakSet<LostMessage>();

  constructor(live: LiveSystem | undefined, now: () => number) {
    if (live === undefined) return;
    live.hear((event) => this.events.add(event.time, event));
    live.deadLetters$.subscribe((letter) => {
      const time = now();
      this.deadLetters.add(time, letter);
      this.letterGroups.add(time, letter);
    });
  }
}
