/**
 * States that the runtime's own code makes, such as those of runs: plain data by construction, of which a version shares with the
 * one before it all that it doesn't change. They need no check, and are frozen only where they are new; what changed is found when
 * some code asks for it, which a journal in memory never does (`bench/credit.ts`).
 */

import type { CommitRecord, KeyWrite } from "./commit.ts";
import { diffStates } from "./diff-states.ts";
import type { Patch } from "./patch.ts";
import type { Snapshot } from "./snapshot.ts";
import type { StateKey } from "./state-key.ts";

/**
 * Freezes a made state, apart from what it shares with `base`, the one before it.
 *
 * @param next its parts that are frozen already must be so deeply: it holds copies of users' values, not the values themselves.
 */
export function sealMade(next: unknown, base?: unknown): void {
  if (typeof next !== "object" || next === null || Object.isFrozen(next)) return;
  const before = (base ?? nothing) as Readonly<Record<string, unknown>> & readonly unknown[];
  if (Array.isArray(next)) for (let i = 0; i < next.length; i++) sealPart(next[i], before[i]);
  else for (const key of Object.keys(next)) sealPart((next as Readonly<Record<string, unknown>>)[key], before[key]);
  Object.freeze(next);
}

const nothing = Object.freeze({});

function sealPart(part: unknown, before: unknown): void {
  if (typeof part === "object" && part !== null && part !== before) sealMade(part, before);
}

/** The write of a made state, whose patches are computed when they are first asked for. */
export class MadeWrite implements KeyWrite {
  readonly key: StateKey;
  readonly parent: number;
  readonly schema: number;
  readonly state: unknown;
  readonly #before: unknown;
  #patches: readonly Patch[] | undefined;

  /** @param before the state of the parent, in the shape that the schema of `parent` gave it. */
  constructor(key: StateKey, parent: number, schema: number, before: unknown, state: unknown) {
    this.key = key;
    this.parent = parent;
    this.schema = schema;
    this.state = state;
    this.#before = before;
  }

  get patches(): readonly Patch[] {
    this.#patches ??= diffStates(this.#before, this.state);
    return this.#patches;
  }
}

/** The record of a write. */
export function recordOfWrite(snapshot: Snapshot, write: KeyWrite): CommitRecord {
  return write instanceof MadeWrite ? new MadeRecord(snapshot, write) : { snapshot, patches: write.patches };
}

class MadeRecord implements CommitRecord {
  readonly snapshot: Snapshot;
  readonly #write: MadeWrite;

  constructor(snapshot: Snapshot, write: MadeWrite) {
    this.snapshot = snapshot;
    this.#write = write;
  }

  get patches(): readonly Patch[] {
    return this.#write.patches;
  }
}
