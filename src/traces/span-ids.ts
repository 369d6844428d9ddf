/** Ids for the spans that one host records while they go on. They are counted and not drawn: tracing leaves chance as it is. */

import { createHash } from "node:crypto";

export class SpanIds {
  readonly #ofTraces: string;
  readonly #ofSpans: string;
  #count = 0;

  /** @param seed another one for each host of each process; ids of two hosts are different then, all but certainly. */
  constructor(seed: string) {
    const digest = createHash("sha256").update(seed).digest("hex");
    this.#ofTraces = digest.slice(0, 16);
    this.#ofSpans = digest.slice(16, 24);
  }

  /** The id of a new span: 16 hexadecimal digits. */
  span(): string {
    return this.#ofSpans + hexOf(++this.#count);
  }

  /** True if the next trace is among the given share of all; passes over it if it isn't. */
  nextIsIn(share: number): boolean {
    if (share >= 1 || spread(this.#count + 1) < share * 0x1_0000_0000) return true;
    this.#count++;
    return false;
  }

  /** The id of a new trace: 32 hexadecimal digits, of which the first are spread evenly, for what takes a share of all traces. */
  trace(): string {
    const count = ++this.#count;
    return hexOf(spread(count)) + this.#ofTraces + hexOf(count);
  }
}

function hexOf(count: number): string {
  return (count >>> 0).toString(16).padStart(8, "0");
}

/** Maps whole numbers of 32 bits to each other so that neighbours lie far apart: the finaliser of MurmurHash3. */
function spread(count: number): number {
  let bits = count;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
