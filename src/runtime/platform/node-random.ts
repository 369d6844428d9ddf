/** The platform's randomness. */

import { randomUUID } from "node:crypto";
import type { Random } from "../../ports/random.ts";

export function nodeRandom(): Random {
  return { next: () => Math.random(), id: () => randomUUID() };
}
