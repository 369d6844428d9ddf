/** A commit of another author that changes nothing but the version: what is committed over the one before meets a conflict. */

import * as v from "valibot";
import { chain } from "../../../async/maybe-promise.ts";
import type { OwnedStore } from "../../../store/owned-store.ts";
import type { Snapshot } from "../../../store/versions/snapshot.ts";
import type { StateDefinition } from "../../../store/versions/state-definition.ts";
import type { StateKey } from "../../../store/versions/state-key.ts";

/** Writes the newest state of a key again, at once if the store answers at once. A key without a state stays so. */
export function writeAgain(store: Pick<OwnedStore, "snapshotNow" | "putNow">, key: StateKey): void {
  const slash = key.indexOf("/");
  const id = key.slice(slash + 1);
  const family = asItIs(key.slice(0, slash));
  const write = async (): Promise<unknown> =>
    chain(
      store.snapshotNow(family, id),
      (newest) =>
        newest &&
        store.putNow({ ...family, version: newest.schema }, id, newest.state, { expectedVersion: newest.version }),
    );
  write().catch(() => undefined); // it came too late, or the store has ended: then it has done nothing
}

/** States are read and written as they are, whatever their schema. */
function asItIs(name: string): StateDefinition {
  return { kind: "state", name, version: 1, schema: v.unknown(), upcast: (snapshot: Snapshot) => snapshot };
}
