/** The times at which something is due for each of many items, the earliest first: a binary heap that knows where each item is. */

/**
 * Owns one time for each item. To set or to delete one takes time in proportion to the logarithm of their number, and to ask for the
 * earliest takes none. After Williams, "Algorithm 232: Heapsort" (CACM 1964).
 *
 * @example
 * const due = new DueTimes<Run>();
 * due.set(run, run.nextDue);
 * alarm.set(due.next);
 */
export class DueTimes<T> {
  readonly #heap: { readonly item: T; at: number }[] = [];
  readonly #places = new Map<T, number>();

  /** How many items have a time. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest time; Infinity without any. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Sets an item's only time anew; Infinity takes it away. */
  set(item: T, at: number): void {
    const place = this.#places.get(item);
    if (at === Number.POSITIVE_INFINITY) {
      if (place !== undefined) this.#remove(place);
      return;
    }
    if (place === undefined) {
      this.#heap.push({ item, at });
      this.#rise(this.#heap.length - 1);
      return;
    }
    const entry = this.#heap[place] as { at: number };
    if (entry.at === at) return;
    entry.at = at;
    this.#sink(this.#rise(place));
  }

  /** Takes out the items whose time has come by `now`, the earliest first. */
  take(now: number): readonly T[] {
    const due: T[] = [];
    for (let [first] = this.#heap; first !== undefined && first.at <= now; [first] = this.#heap) {
      due.push(first.item);
      this.#remove(0);
    }
    return due;
  }

  #remove(place: number): void {
    this.#swap(place, this.#heap.length - 1);
    const removed = this.#heap.pop();
    if (removed !== undefined) this.#places.delete(removed.item);
    if (place < this.#heap.length) this.#sink(this.#rise(place));
  }

  /** Moves an entry up while it is earlier than its parent. Returns its place. */
  #rise(from: number): number {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#at(parent) <= this.#at(place)) break;
      this.#swap(place, parent);
      place = parent;
    }
    this.#note(place);
    return place;
  }

  #sink(from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(place) <= this.#at(child)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  /** The time at a place; Infinity where there is none. */
  #at(place: number): number {
    return this.#heap[place]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const held = this.#heap[one];
    const exchanged = this.#heap[other];
    if (held === undefined || exchanged === undefined || one === other) return;
    this.#heap[one] = exchanged;
    this.#heap[other] = held;
    this.#note(one);
    this.#note(other);
  }

  #note(place: number): void {
    const entry = this.#heap[place];
    if (entry !== undefined) this.#places.set(entry.item, place);
  }
}
