/** The part of the tables that one cell has: its keys, and the numbers of its keys. */

import { stateKeyBytes, stateKeyOf } from "../../store/journal/records/entry-key.ts";
import type { StateKey } from "../../store/versions/state-key.ts";

/** The number of the cell that a journal is which is not parted: it has the keys as they are. */
export const whole = 0;
/** How many cells a journal may be parted into. */
export const maxCells = 256;

/** No byte of a key is this one: what begins with it comes after all keys as they are. */
const ofCells = 0xff;
/** How many keys a cell may number; the cell is in what is above. */
const numbers = 2 ** 32;

/** The cell of a key, by its number as the table has it. */
export function cellOf(stored: number): number {
  return Math.floor(stored / numbers);
}

/** The keys of cells 1, 2 … begin with the cell's number, and so do the numbers of these keys. */
export class KeySpace {
  readonly cell: number;
  readonly #prefix: Buffer;

  constructor(cell: number) {
    this.cell = cell;
    this.#prefix = cell === whole ? Buffer.alloc(0) : Buffer.of(ofCells, cell >> 7, cell & 0x7f);
  }

  /** The key as the table has it. */
  bytes(key: StateKey): Buffer {
    const bytes = stateKeyBytes(key);
    return this.cell === whole ? bytes : Buffer.concat([this.#prefix, bytes]);
  }

  /** The counterpart of {@link KeySpace.bytes}. */
  keyOf(bytes: Buffer): StateKey {
    return stateKeyOf(bytes.subarray(this.#prefix.length));
  }

  /** The first key that begins with `prefix`, as the table has it, and what comes after the last one. */
  range(prefix: string): readonly [first: Buffer, end: Buffer] {
    const first = this.bytes(prefix);
    if (first.length === 0) return [first, Buffer.of(ofCells)];
    const end = Buffer.from(first);
    end[end.length - 1] = (end[end.length - 1] as number) + 1; // neither of a key nor of a number is it 255
    return [first, end];
  }

  /** A key's number as the table has it. */
  stored(id: number): number {
    return this.cell * numbers + id;
  }

  /** The counterpart of {@link KeySpace.stored}. */
  idOf(stored: number): number {
    return stored - this.cell * numbers;
  }
}
