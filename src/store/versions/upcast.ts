/**
 * Reads states that were written under an older schema: upcasters turn them into each next version's shape, step by
 * step.
 */

import { caught, messageOf } from "../../errors/caught.ts";
import type { DetailsOf } from "../../errors/error-details.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { violationOf } from "./check-state.ts";
import { schemaNewer } from "./schema-newer.ts";
import { seal, UnfitStateError } from "./seal.ts";
import type { Snapshot } from "./snapshot.ts";
import { stateKey } from "./state-key.ts";
import type { StateOptions } from "./state-definition.ts";

/**
 * Returns a function that gives a snapshot in the definition's version of the schema: the snapshot itself when it was
 * written under that version; a tombstone with the initial state, if there is one; otherwise one with the same metadata and the upcast state, sealed. It returns the same
 * object every time, as long as the snapshot is in memory.
 *
 * The function throws TroupeError `schema-newer`; `no-upcaster`; `invalid-state` when an upcaster throws, when it
 * returns a state that can't be kept, or when the final state violates the schema.
 */
export function upcastTo<S>(definition: StateOptions<S>): (snapshot: Snapshot) => Snapshot<S> {
  const upcast = new WeakMap<Snapshot, Snapshot<S>>();
  return (snapshot) => {
    if (snapshot.schema === definition.version && snapshot.erased === undefined) return snapshot as Snapshot<S>;
    const known = upcast.get(snapshot);
    if (known !== undefined) return known;
    const made: Snapshot<S> = Object.freeze({ ...snapshot, state: stateUpTo(definition, snapshot) });
    upcast.set(snapshot, made);
    return made;
  };
}

function stateUpTo<S>(definition: StateOptions<S>, snapshot: Snapshot): S {
  const { name, version, schema } = definition;
  if (snapshot.erased !== undefined) {
    const state = definition.initial?.(snapshot.key.slice(stateKey(definition, "").length));
    seal(state);
    return state as S;
  }
  if (snapshot.schema > version) throw schemaNewer(snapshot, version);
  let { state } = snapshot;
  for (let from = snapshot.schema; from < version; from++) state = step(definition, snapshot, from, state);
  const violation = violationOf(schema, state);
  if (violation === undefined) return state as S;
  const { path, expected, received } = violation;
  throw cannotUpcast(
    snapshot,
    version - 1,
    `${name}@${version} is violated at ${path === "" ? "its root" : path}: expected ${expected}, received ${received}`,
    { details: { definition: name, ...violation } },
  );
}

function step(definition: StateOptions<unknown>, snapshot: Snapshot, from: number, state: unknown): unknown {
  const upcaster = definition.upcasters?.[from];
  if (upcaster === undefined) throw noUpcaster(definition, snapshot, from);
  try {
    const next: unknown = upcaster(state as never);
    seal(next);
    return next;
  } catch (thrown) {
    const cause = caught(thrown);
    if (!(cause instanceof UnfitStateError))
      throw cannotUpcast(snapshot, from, `it threw: ${messageOf(cause)}`, { cause });
    const path = cause.path.join(".");
    const { received } = cause;
    const at = path === "" ? "it" : `${path} of it`;
    throw cannotUpcast(snapshot, from, `${at} is ${received}, not plain data`, { details: { path, received } });
  }
}

function cannotUpcast(
  { key, version, schema }: Snapshot,
  upcaster: number,
  why: string,
  { details = {}, cause }: { readonly details?: DetailsOf<"invalid-state">; readonly cause?: unknown },
): TroupeError {
  return new TroupeError(
    "invalid-state",
    `${key}@${version}, written under version ${schema} of its schema, can't be read: upcaster ${upcaster} was the last that ran, and ${why}. ` +
      "Mend the upcasters; what is kept is as it was.",
    { details: { key, version, schema, upcaster, ...details }, ...(cause === undefined ? {} : { cause }) },
  );
}

function noUpcaster({ name, version }: StateOptions<unknown>, snapshot: Snapshot, from: number): TroupeError {
  return new TroupeError(
    "no-upcaster",
    `${snapshot.key}@${snapshot.version} was written under version ${snapshot.schema} of its schema, and ${name}@${version} has no upcaster ${from}. ` +
      `Give defineState one that makes the state of version ${from + 1} of it.`,
    { details: { key: snapshot.key, version: snapshot.version, schema: snapshot.schema, upcaster: from } },
  );
}
