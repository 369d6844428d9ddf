/** The simulator's randomness: a small generator with a seed, and ids that count. */

import type { Random } from "../../../ports/random.ts";

export interface SeededRandom extends Random {
  /** A whole number in [0, below). */
  below(below: number): number;
  /** True with probability `p`. */
  chance(p: number): boolean;
}

/** The randomness of one part of a run: what another part draws doesn't move it. */
export function randomOf(seed: number, part: string): SeededRandom {
  let hash = seed | 0;
  for (let at = 0; at < part.length; at++) hash = Math.imul(hash ^ part.charCodeAt(at), 0x01000193);
  return seededRandom(hash);
}

/** The same, which tells of each number that is drawn. */
export function watched(random: SeededRandom, onDraw: () => void): SeededRandom {
  const next = (): number => {
    onDraw();
    return random.next();
  };
  return { id: () => random.id(), next, ...drawing(next) };
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32. The same seed gives the same sequence anywhere. */
export function seededRandom(seed: number): SeededRandom {
  let mix = seed | 0;
  const word = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix ^ (mix >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let a = word();
  let b = word();
  let c = word();
  let counter = 1;
  let lastId = 0;

  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };

  return {
    next,
    id: () => `id-${++lastId}`,
    ...drawing(next),
  };
}

function drawing(next: () => number): Pick<SeededRandom, "below" | "chance"> {
  return { below: (below) => Math.floor(next() * below), chance: (p) => p > 0 && next() < p };
}
