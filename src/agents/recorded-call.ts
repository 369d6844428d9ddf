/**
 * What is kept of the calls of a run. The output of a finished call is under `call/<run>/<name>`, with the name of the call that was recorded
 * before it; under `call/<run>` is the end of that list. So all calls of a run are found without a search, to be forgotten with it.
 */

import * as v from "valibot";
import type { Payload } from "../contracts/payload-codec.ts";
import { defineFamily } from "../store/versions/define-state.ts";
import { keyOfParts } from "../store/versions/idempotency-key.ts";
import { live } from "../store/versions/tombstone.ts";
import type { MaybePromise } from "../async/maybe-promise.ts";
import type { Snapshot } from "../store/versions/snapshot.ts";
import { stateKey, type StateKey } from "../store/versions/state-key.ts";

/** A call that finished; or the end of the list, with the name of the last. */
export interface RecordedCall {
  /** The agent's name and version; empty for none. */
  readonly agent: string;
  readonly output: Payload;
  /** The call of the run that was recorded before it; empty for the first. */
  readonly before: string;
}

export const recordedCall = defineFamily<RecordedCall>({
  name: "call",
  version: 1,
  schema: v.object({ agent: v.string(), output: v.unknown(), before: v.string() }),
  initial: () => ({ agent: "", output: null, before: "" }),
});

/** The id under which a call of a run is recorded. */
export function callId(run: string, name: string): string {
  return keyOfParts(run, name);
}

/** The id of the end of a run's list. */
export function listId(run: string): string {
  return keyOfParts(run);
}

/** What finds the recorded calls of a run. */
export interface CallsStore {
  head(key: StateKey): MaybePromise<Snapshot | undefined>;
  keys(prefix: string): MaybePromise<readonly StateKey[]>;
}

/**
 * The keys of all that is recorded of a run's calls. Erase them in this order, or all at once: each key is found through the keys after
 * it, so that erasing which broke off can begin anew.
 */
export async function callKeys(store: CallsStore, run: string): Promise<readonly StateKey[]> {
  const list = stateKey(recordedCall, listId(run));
  const end = await store.head(list);
  if (end === undefined) return [];
  const keys = [list];
  for (let name = beforeIn(end); name !== "";) {
    // a call in the list was erased by itself, and the name before it with it: the others are found by a search
    if (name === undefined) return [...(await store.keys(stateKey(recordedCall, callId(run, "")))), list];
    const key = stateKey(recordedCall, callId(run, name));
    const call = await store.head(key);
    if (call === undefined) break; // those before it are forgotten already
    keys.push(key);
    name = beforeIn(call);
  }
  return keys.toReversed();
}

function beforeIn(call: Snapshot): string | undefined {
  return (live(call)?.state as RecordedCall | undefined)?.before;
}
