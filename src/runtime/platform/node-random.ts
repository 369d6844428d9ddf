/** The platform's randomness. */

import { randomUUID } from "node:crypto";
import type { Random } from "../../ports/random.ts";

export function nodeRandom(): Random {
  return { next: () => Math.random(), id: () => flat(randomUUID()) };
}

/** The same text in one piece: Node puts an id together from fifteen, which take 500 bytes more for as long as the id is kept. */
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
