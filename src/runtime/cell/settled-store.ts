/** The store as a later life of an actor reaches it: it reads what the lives before had on the way to the journal. */

import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { HistoryRange } from "../../store/versions/history-range.ts";
import type { KeyExtent, Position, Snapshot, VersionWhen } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import { ThroughStore } from "../../store/versions/through-store.ts";

/**
 * Access whose reads come behind whatever was submitted before the first of them. It waits for that with this first one, so that a life
 * that reads nothing doesn't depend on the journal. A commit needs no such care: it lands on the newest version or not at all.
 */
export class SettledStore extends ThroughStore {
  #settled: MaybePromise<Position> | undefined;

  override snapshot(key: StateKey, token: Position): MaybePromise<Snapshot | undefined> {
    return chain(this.#wait(), (position) => super.snapshot(key, Math.max(token, position)));
  }

  override async history(key: StateKey, range: HistoryRange): Promise<readonly Snapshot[]> {
    await this.#wait();
    return super.history(key, range);
  }

  override async at(key: StateKey, when: VersionWhen): Promise<Snapshot | undefined> {
    await this.#wait();
    return super.at(key, when);
  }

  override async extent(key: StateKey): Promise<KeyExtent | undefined> {
    await this.#wait();
    return super.extent(key);
  }

  override async keys(prefix: string): Promise<readonly StateKey[]> {
    await this.#wait();
    return super.keys(prefix);
  }

  override async size(key: StateKey): Promise<number> {
    await this.#wait();
    return super.size(key);
  }

  #wait(): MaybePromise<Position> {
    this.#settled ??= this.settled().then((position) => (this.#settled = position));
    return this.#settled;
  }
}
