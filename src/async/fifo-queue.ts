const fewest = 16;
/** Written by no queue: the first item makes a ring. */
const none: undefined[] = [];

/** A first-in-first-out queue over a ring: no allocation per item, constant time at both ends, and no ring before the first item. */
export class FifoQueue<T> {
  #items: (T | undefined)[] = none;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The item that {@link FifoQueue.shift} takes next. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.#length; i++) yield this.#items[(this.#head + i) & (this.#items.length - 1)] as T;
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#length--;
    return item;
  }

  /**
   * Removes and returns the first item that matches; the others keep their order. Takes time in proportion to the items
   * before it.
   */
  take(matches: (item: T) => boolean): T | undefined {
    const mask = this.#items.length - 1;
    for (let i = 0; i < this.#length; i++) {
      const item = this.#items[(this.#head + i) & mask] as T;
      if (!matches(item)) continue;
      for (let j = i; j > 0; j--) this.#items[(this.#head + j) & mask] = this.#items[(this.#head + j - 1) & mask] as T;
      this.shift();
      return item;
    }
    return undefined;
  }

  /** Doubles the ring; its size stays a power of two, so that a mask replaces the remainder. */
  #grow(): void {
    const { length } = this.#items;
    const items = new Array<T | undefined>(length === 0 ? fewest : length * 2);
    for (let i = 0; i < length; i++) items[i] = this.#items[(this.#head + i) & (length - 1)];
    this.#items = items;
    this.#head = 0;
  }
}
