/** Ensures that one store of this process uses a journal at a time: two would each count its positions by themselves. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Journal } from "./journal.ts";

const inUse = new WeakSet<Journal>();

/**
 * Takes a journal in use, for the store that writes it.
 *
 * @returns what gives it back.
 * @throws TroupeError `journal-in-use`.
 */
export function takeInUse(journal: Journal): () => void {
  if (inUse.has(journal)) {
    throw new TroupeError(
      "journal-in-use",
      "This journal is in use by another system of this very process. Give each system a journal of its own, or close the other system first.",
      { details: { pid: process.pid } },
    );
  }
  inUse.add(journal);
  return () => void inUse.delete(journal);
}

/** True for a journal that a store of this process writes. */
export function isInUse(journal: Journal): boolean {
  return inUse.has(journal);
}
