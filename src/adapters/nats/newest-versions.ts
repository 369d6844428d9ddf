/** The newest version of each key that has commits on their way, against which the next commit is checked. */

import type { CommitRecord } from "../../store/versions/commit.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";

interface Newest {
  version: number;
  /** How many commits of the key are on their way. */
  count: number;
}

export class NewestVersions {
  readonly #peek: (key: StateKey) => Snapshot | undefined;
  readonly #keys = new Map<StateKey, Newest>();

  /** @param peek reads the newest version that is kept. */
  constructor(peek: (key: StateKey) => Snapshot | undefined) {
    this.#peek = peek;
  }

  /** Puts records on their way. @throws Error for one that doesn't follow the newest version of its key: then none is. */
  begin(records: readonly CommitRecord[]): void {
    const made = new Map<StateKey, number>();
    for (const { snapshot } of records) {
      const { key, version, parent, erased } = snapshot;
      const newest = made.get(key) ?? this.#keys.get(key)?.version ?? this.#peek(key)?.version ?? 0;
      if (parent !== newest || version !== newest + 1)
        throw new Error(`Defect: version ${version} of ${key} appended after version ${newest}.`);
      made.set(key, erased?.forgotten === true ? 0 : version);
    }
    for (const [key, version] of made) {
      const before = this.#keys.get(key);
      if (before === undefined) this.#keys.set(key, { version, count: 1 });
      else Object.assign(before, { version, count: before.count + 1 });
    }
  }

  /** The records are kept, and can be read. */
  finish(records: readonly CommitRecord[]): void {
    for (const key of new Set(records.map(({ snapshot }) => snapshot.key))) {
      const newest = this.#keys.get(key);
      if (newest !== undefined && --newest.count === 0) this.#keys.delete(key);
    }
  }
}
