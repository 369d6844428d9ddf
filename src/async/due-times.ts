/** The times at which something is due for each of many items, the earliest first: a binary heap that knows where each item is. */

/**
 * Owns one time for each item. Setting or removing one takes time in proportion to the logarithm of their number; the earliest is
 * known at once. After Williams, "Algorithm 232: Heapsort" (CACM 1964).
 *
 * @example
 * const due = new DueTimes<Run>();
 * due.set(run, run.nextDue);
 * alarm.set(due.next);
 */
export class DueTimes<T> {
  /** The heap, in two arrays: an object for each would take twice the room. */
  readonly #items: T[] = [];
  readonly #times: number[] = [];
  readonly #places = new Map<T, number>();

  /** How many items have a time. */
  get size(): number {
    return this.#items.length;
  }

  /** The earliest time; Infinity without any. */
  get next(): number {
    return this.#at(0);
  }

  /** The item with the earliest time; `undefined` without any. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** Sets an item's only time anew; Infinity takes it away. */
  set(item: T, at: number): void {
    const place = this.#places.get(item);
    if (at === Number.POSITIVE_INFINITY) {
      if (place !== undefined) this.#remove(place);
      return;
    }
    if (place === undefined) {
      this.#items.push(item);
      this.#times.push(at);
      this.#rise(this.#items.length - 1);
      return;
    }
    if (this.#times[place] === at) return;
    this.#times[place] = at;
    this.#sink(this.#rise(place));
  }

  /** Takes out the items whose time has come by `now`, the earliest first. */
  take(now: number): readonly T[] {
    const due: T[] = [];
    while (this.size > 0 && this.next <= now) {
      due.push(this.#items[0] as T);
      this.#remove(0);
    }
    return due;
  }

  #remove(place: number): void {
    this.#places.delete(this.#items[place] as T);
    const item = this.#items.pop() as T;
    const at = this.#times.pop() as number;
    if (place === this.#items.length) return;
    this.#put(place, item, at);
    this.#sink(this.#rise(place));
  }

  /** Moves an item up while it is earlier than its parent. Returns its place. */
  #rise(from: number): number {
    const item = this.#items[from] as T;
    const at = this.#at(from);
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at(parent) <= at) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, item, at);
    return place;
  }

  /** Moves an item down while one of its children is earlier. */
  #sink(from: number): void {
    const item = this.#items[from] as T;
    const at = this.#at(from);
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (at <= this.#at(child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, item, at);
  }

  /** The time at a place; Infinity where there is none. */
  #at(place: number): number {
    return this.#times[place] ?? Number.POSITIVE_INFINITY;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#items[from] as T, this.#times[from] as number);
  }

  #put(place: number, item: T, at: number): void {
    this.#items[place] = item;
    this.#times[place] = at;
    this.#places.set(item, place);
  }
}
