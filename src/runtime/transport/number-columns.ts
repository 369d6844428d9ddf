/**
 * Columns of numbers, and of arrays of numbers, of all long runs of a batch in one typed array: written and read in a small
 * part of the time that their digits take (`bench/messages.ts`).
 */

/** A column as it travels: its values, or that they are among the batch's numbers. */
export type WireColumn = readonly unknown[] | typeof inNumbers | typeof arraysInNumbers;

/** The column's numbers, one after another. */
const inNumbers = 0;
/** For each value how many numbers it has, then these. */
const arraysInNumbers = 1;

/** Grown to what was needed, and used again: nothing runs between writing a batch and taking its copy. */
let scratch = new Float64Array(4096);

export class NumberWriter {
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Takes a column's numbers, if it is made of them alone; what is to travel in its place. */
  write(column: readonly unknown[]): WireColumn {
    const start = this.#length;
    const kind = typeof column[0] === "number" ? inNumbers : arraysInNumbers;
    if (kind === inNumbers ? this.#all(column) : this.#arrays(column)) return kind;
    this.#length = start;
    return column;
  }

  /** The numbers that were written, in an array of their own. */
  take(): Float64Array {
    return scratch.slice(0, this.#length);
  }

  #arrays(column: readonly unknown[]): boolean {
    for (let i = 0; i < column.length; i++) {
      const value = column[i];
      if (!Array.isArray(value)) return false;
      this.#reserve(1);
      scratch[this.#length++] = value.length;
      if (!this.#all(value)) return false;
    }
    return true;
  }

  #all(values: readonly unknown[]): boolean {
    this.#reserve(values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== "number") return false;
      scratch[this.#length + i] = value;
    }
    this.#length += values.length;
    return true;
  }

  #reserve(count: number): void {
    if (this.#length + count <= scratch.length) return;
    const grown = new Float64Array(2 * (this.#length + count));
    grown.set(scratch);
    scratch = grown;
  }
}

/** Reads the columns of a batch in the order in which they were written. */
export class NumberReader {
  readonly #numbers: Float64Array;
  #at = 0;

  constructor(numbers: Float64Array) {
    this.#numbers = numbers;
  }

  /** The `count` values of a column. */
  read(column: WireColumn, count: number): readonly unknown[] {
    if (typeof column !== "number") return column;
    if (column === inNumbers) return this.#next(count);
    const values: number[][] = [];
    for (let i = 0; i < count; i++) values.push(this.#next(this.#numbers[this.#at++] as number));
    return values;
  }

  #next(count: number): number[] {
    const values: number[] = [];
    const numbers = this.#numbers;
    for (const end = this.#at + count; this.#at < end; this.#at++) values.push(numbers[this.#at] as number);
    return values;
  }
}
