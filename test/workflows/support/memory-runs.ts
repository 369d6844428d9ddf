/** The smallest store that will do: versions in memory, committed at once or when the test says so. */

import type { MaybePromise } from "../../../src/async/maybe-promise.ts";
import { sealMade } from "../../../src/store/versions/made-state.ts";
import { seal } from "../../../src/store/versions/seal.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import type { Subject } from "../../../src/store/client/change.ts";
import type { RunState } from "../../../src/workflows/history/run-state.ts";
import { isDeeplyFrozen } from "../../store/support/deeply.ts";

export class MemoryRuns {
  readonly #keys = new Map<string, Snapshot[]>();
  #position = 0;
  /** Where commits wait when the store is asynchronous. */
  readonly #defer: ((commit: () => void) => void) | undefined;
  /** Makes the next commits throw. */
  failure: Error | undefined;

  constructor(defer?: (commit: () => void) => void) {
    this.#defer = defer;
  }

  commit<S>(subject: Subject<S>, next: (newest: S) => S): MaybePromise<Snapshot<S>> {
    const defer = this.#defer;
    if (defer === undefined) return this.#commit(subject, next);
    return new Promise((resolve, reject) => {
      defer(() => {
        try {
          resolve(this.#commit(subject, next));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  newest<S>({ key }: Subject<S>): Snapshot<S> | undefined {
    return this.#keys.get(key)?.at(-1) as Snapshot<S> | undefined;
  }

  /** The ids of the runs that have a version. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()].flatMap((key) => (key.startsWith("run/") ? [key.slice("run/".length)] : []));
  }

  versions(run: string): Snapshot<RunState>[] {
    return (this.#keys.get(`run/${run}`) ?? []) as Snapshot<RunState>[];
  }

  state(run: string): RunState {
    const newest = this.versions(run).at(-1);
    if (newest === undefined) throw new Error(`there is no run ${run}`);
    return newest.state;
  }

  #commit<S>({ definition, id, key }: Subject<S>, next: (newest: S) => S): Snapshot<S> {
    if (this.failure !== undefined) throw this.failure;
    const versions = this.#keys.get(key) ?? [];
    this.#keys.set(key, versions);
    const newest = versions.at(-1);
    const before = newest === undefined ? (definition.initial?.(id) as S) : (newest.state as S);
    const state = next(before);
    sealMade(state, before);
    if (!isDeeplyFrozen(state)) throw new Error(`a state of ${key} holds something frozen that isn't deeply so`);
    seal(state); // the store doesn't check that such a state is plain data, so this does
    const version = versions.length + 1;
    const snapshot: Snapshot<S> = {
      key,
      version,
      parent: version - 1,
      state,
      author: "system",
      time: version,
      position: ++this.#position,
      schema: definition.version,
    };
    versions.push(snapshot);
    return snapshot;
  }
}
