/**
 * What is kept of the calls of a run: the outputs of those that finished, under `call/<run>/<name>`, each with the name of the one that
 * was recorded before it. The last one's is under `calls/<run>`. So all of a run are found without a search, to be forgotten with it.
 */

import * as v from "valibot";
import type { Payload } from "../contracts/payload-codec.ts";
import { defineFamily } from "../store/versions/define-state.ts";
import { keyOfParts } from "../store/versions/idempotency-key.ts";
import { live } from "../store/versions/tombstone.ts";
import type { MaybePromise } from "../async/maybe-promise.ts";
import type { Snapshot } from "../store/versions/snapshot.ts";
import { stateKey, type StateKey } from "../store/versions/state-key.ts";

/** A call that finished. */
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

/** The call of a run that was recorded last. */
export const lastCall = defineFamily<string>({
  name: "calls",
  version: 1,
  schema: v.string(),
  initial: () => "",
});

/** The id under which a call of a run is recorded. */
export function callId(run: string, name: string): string {
  return keyOfParts(run, name);
}

/** What finds the recorded calls of a run. */
export interface CallsStore {
  head(key: StateKey): MaybePromise<Snapshot | undefined>;
  keys(prefix: string): MaybePromise<readonly StateKey[]>;
}

/**
 * The keys of all that is recorded of a run's calls. They are to be erased in this order, or all at once: each is found by those after
 * it.
 */
export async function callKeys(store: CallsStore, run: string): Promise<readonly StateKey[]> {
  const last = stateKey(lastCall, run);
  const newest = await store.head(last);
  if (newest === undefined) return [];
  const keys = [last];
  for (let name = live(newest)?.state; name !== "";) {
    if (name === undefined) return [...(await store.keys(stateKey(recordedCall, callId(run, "")))), last]; // one was erased by itself
    const key = stateKey(recordedCall, callId(run, name as string));
    const call = await store.head(key);
    if (call === undefined) break; // those before it are forgotten already
    keys.push(key);
    name = (live(call)?.state as RecordedCall | undefined)?.before;
  }
  return keys.toReversed();
}
