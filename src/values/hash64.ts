/** A hash of 64 bits, for what has to be told apart and not to be kept from anyone: an eighth of the time of SHA-256 for a short text. */

/** 16 hexadecimal digits. */
export function hash64(text: string): string {
  return new Hash64().add(text).digits;
}

/**
 * The hash of a text that comes in pieces: it is that of the whole text, which is never put together. Two lanes of 32 bits, each mixed with the
 * other at the end by the finaliser of MurmurHash3.
 */
export class Hash64 {
  #left = 0x9e37_79b9;
  #right = 0x7f4a_7c15;
  #length = 0;

  add(text: string): this {
    const { length } = text;
    let left = this.#left;
    let right = this.#right;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      left = Math.imul(left ^ unit, 0x85eb_ca6b);
      left = (left << 13) | (left >>> 19);
      right = Math.imul(right ^ unit, 0xc2b2_ae35);
      right = (right << 17) | (right >>> 15);
    }
    this.#left = left;
    this.#right = right;
    this.#length += length;
    return this;
  }

  /** 16 hexadecimal digits. */
  get digits(): string {
    const left = finished(this.#left ^ this.#length);
    const right = finished(this.#right ^ left);
    return digitsOf(finished(left ^ right)) + digitsOf(right);
  }
}

function finished(lane: number): number {
  let bits = lane;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}

function digitsOf(lane: number): string {
  return (
    twoDigits(lane >>> 24) + twoDigits((lane >>> 16) & 255) + twoDigits((lane >>> 8) & 255) + twoDigits(lane & 255)
  );
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function twoDigits(byte: number): string {
  return digits[byte] as string;
}
