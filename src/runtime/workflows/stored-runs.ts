/** The runs of one system as its store has them. */

import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { StoreAuthority } from "../../store/authority/store-authority.ts";
import type { StoreClient } from "../../store/client/store-client.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { type RunRecord, recordsOf } from "../../workflows/history/run-history.ts";
import { runOf, type RunState, runState } from "../../workflows/history/run-state.ts";
import type { RunView } from "../../workflows/history/run-view.ts";
import { checkRunFilter, listRuns, type RunFilter } from "./list-runs.ts";

export interface StoredRunsOptions {
  readonly authority: Pick<StoreAuthority, "keys" | "stored" | "storedOf">;
  readonly store: Pick<StoreClient, "history" | "at">;
  readonly codec: PayloadCodec;
}

export class StoredRuns {
  readonly #options: StoredRunsOptions;

  constructor(options: StoredRunsOptions) {
    this.#options = options;
  }

  /** The newest version of a run; `undefined` for none. */
  newestVersion(id: string): MaybePromise<Snapshot<RunState> | undefined> {
    return chain(this.#options.authority.stored(stateKey(runState, id)), (newest) => newest && runOf(newest));
  }

  /** The newest versions of many runs, read together. Fails if one of them can't be read. */
  newestOf(ids: readonly string[]): MaybePromise<readonly (Snapshot<RunState> | undefined)[]> {
    const keys = ids.map((id) => stateKey(runState, id));
    return chain(this.#options.authority.storedOf(keys), (all) => all.map((newest) => newest && runOf(newest)));
  }

  async newest(id: string): Promise<RunState | undefined> {
    return (await this.newestVersion(id))?.state;
  }

  /** All versions of a run, oldest first. */
  async versions(id: string): Promise<readonly Snapshot<RunState>[]> {
    const versions = await this.#options.store.history(runState, id, { order: "oldest-first" });
    return versions.map(runOf);
  }

  /** One version of a run. @throws TroupeError (as a rejection) `no-such-version`, `erased`. */
  async at(id: string, version: number): Promise<Snapshot<RunState>> {
    return runOf(await this.#options.store.at(runState, id, version));
  }

  /** All that is recorded of a run. */
  async records(id: string): Promise<readonly RunRecord[]> {
    return recordsOf(id, await this.versions(id), this.#options.codec);
  }

  /**
   * The runs that the store has, as they stand, in the order of their ids.
   *
   * @throws TroupeError `invalid-options`
   */
  list(filter: RunFilter): AsyncIterableIterator<RunView> {
    checkRunFilter(filter);
    return listRuns(this.#options.authority, filter, this.#options.codec);
  }
}
