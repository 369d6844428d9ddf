/** A store client that also compares, searches, forks and reverts versions. */

import * as v from "valibot";
import { type Origin, originCause } from "../versions/cause.ts";
import { isConflictError } from "../versions/conflict-error.ts";
import type { HistoryOptions } from "../versions/history-range.ts";
import { keyExists } from "../versions/key-exists.ts";
import { noSuchVersion } from "../history/no-such-version.ts";
import type { KeyExtent, Snapshot } from "../versions/snapshot.ts";
import type { StateDefinition } from "../versions/state-definition.ts";
import { stateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import { StoreClient, type StoreClientOptions } from "../client/store-client.ts";
import { type Change, changeByState, subjectOf } from "../client/change.ts";
import { bisect } from "./bisect.ts";
import { blame, type Blame } from "./blame.ts";
import { historyPages } from "../history/history-pages.ts";
import { diffOf, type StateDiff } from "./state-diff.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { shown } from "../../values/shown.ts";
import { checkOptions } from "../../contracts/check-options.ts";

/**
 * The range in which {@link TimeTravelClient.bisect} searches.
 *
 * @since 0.1.0
 */
export interface BisectOptions {
  /** The lowest version. Default: the oldest that is kept. */
  readonly from?: number;
  /** The highest version, inclusive. Default: the newest. */
  readonly to?: number;
}

/**
 * Which version has to be the newest for a `store.revert` to land.
 *
 * @since 0.1.0
 */
export interface RevertOptions {
  /** Fail with a ConflictError unless this is the newest version. Default: any version. */
  readonly expectedVersion?: number;
}

const revertOptions = v.strictObject({
  expectedVersion: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
});

/** Which bounds there are is said with `no-such-version`. */
const bisectOptions = v.strictObject({ from: v.optional(v.number()), to: v.optional(v.number()) });

/**
 * The store with its time travel.
 *
 * Guarantees and errors: as {@link StoreClient}; no method changes or removes a version, `revert` and `fork` append.
 *
 * @example
 * const bad = await store.bisect(account, "anna", ({ cents }) => cents < 0);
 * const { text } = await store.diff(account, "anna", bad.version - 1, bad.version);
 * await store.revert(account, "anna", bad.version - 1);
 */
export class TimeTravelClient extends StoreClient {
  readonly #access: StoreAccess;
  readonly #options: StoreClientOptions;

  constructor(access: StoreAccess, options: StoreClientOptions) {
    super(access, options);
    this.#access = access;
    this.#options = options;
  }

  /**
   * The difference from one version of a key to another, which may be older or newer: as JSON Patch and as text.
   *
   * @throws TroupeError `no-such-version`, `erased`.
   */
  async diff(definition: StateDefinition, id: string, from: number, to: number): Promise<StateDiff> {
    const before = await this.at(definition, id, from);
    const after = await this.at(definition, id, to);
    return diffOf(before.state, after.state);
  }

  /**
   * The first version for which `predicate` is true; `undefined` if there is none. The result is right only if
   * `predicate` is true for all later versions too. Of n versions, at most ⌈log₂(n + 1)⌉ are read and tested, one after
   * the other.
   *
   * @throws TroupeError `no-such-version`, `erased` for a bound that doesn't exist; the error that `predicate` throws.
   */
  async bisect<S>(
    definition: StateDefinition<S>,
    id: string,
    predicate: (state: S, snapshot: Snapshot<S>) => boolean | Promise<boolean>,
    options: BisectOptions = {},
  ): Promise<Snapshot<S> | undefined> {
    checkOptions("bisect", bisectOptions, options);
    if (typeof predicate !== "function")
      throw new TroupeError("invalid-options", `bisect: the predicate is a function, not ${shown(predicate)}`);
    const { from, to } = options;
    const key = stateKey(definition, id);
    const extent = await this.#access.extent(key);
    const { oldest, newest, tombstone }: KeyExtent = extent ?? { oldest: 1, newest: 0 };
    for (const bound of [from, to]) {
      if (bound === undefined || (bound >= oldest && bound <= newest && Number.isInteger(bound))) continue;
      throw noSuchVersion(key, bound, extent);
    }
    return bisect(
      from ?? (tombstone === undefined ? oldest : oldest + 1),
      to ?? newest,
      (version) => this.at(definition, id, version),
      (snapshot) => predicate(snapshot.state, snapshot),
    );
  }

  /**
   * Reverts to an earlier version by appending one with its state; the cause is `revert <key>@<version>`.
   *
   * @throws ConflictError when `expectedVersion` isn't the newest; without it, tried until it lands.
   * @throws TroupeError `no-such-version`, `erased`; `invalid-state` when the family's schema doesn't accept that state any more.
   */
  async revert<S>(
    definition: StateDefinition<S>,
    id: string,
    version: number,
    options: RevertOptions = {},
  ): Promise<Snapshot<S>> {
    checkOptions("revert", revertOptions, options);
    const key = stateKey(definition, id);
    for (;;) {
      const newest = (await this.#access.snapshot(key, this.token))?.version ?? 0;
      const { state } = await this.at(definition, id, version);
      // only as long as nothing is committed in between: a version that was erased must not come back
      const { expectedVersion = newest } = options;
      try {
        return await this.#taking("revert", { key, version }, (client) =>
          client.put(definition, id, state, { expectedVersion }),
        );
      } catch (error) {
        if (!isConflictError(error) || options.expectedVersion !== undefined) throw error;
      }
    }
  }

  /**
   * Begins a new key of the family from a version of this one: version 1 of the new key has that state, and the cause
   * `fork <key>@<version>`.
   *
   * @throws TroupeError `no-such-version`, `erased`; `key-exists` when `newId` has a version; `invalid-state` when the family's
   * schema doesn't accept that state any more.
   */
  async fork<S>(definition: StateDefinition<S>, id: string, version: number, newId: string): Promise<Snapshot<S>> {
    const from = subjectOf(definition, id);
    const newKey = stateKey(definition, newId);
    for (;;) {
      const parent = (await this.#access.snapshot(from.key, this.token))?.version ?? 0;
      const { state } = await this.at(definition, id, version);
      const made = changeByState(definition, newId, state, { expectedVersion: 0 }, undefined);
      const change: Change = {
        ...made,
        subjects: [from, ...made.subjects],
        checksReads: true,
        // only as long as nothing is committed in between: of a version that was erased there are no forks any more
        next: ([, taken]) => [{ key: from.key, parent }, ...made.next([taken])],
      };
      try {
        return await this.#taking("fork", { key: from.key, version }, async (client) => {
          const [, forked] = await client.change(change);
          return forked as Snapshot<S>;
        });
      } catch (error) {
        if (!isConflictError(error)) throw error;
        const { key, theirs } = error.details;
        if (key === newKey) throw keyExists(newKey, theirs, "Fork to an id of which there is nothing.");
      }
    }
  }

  /**
   * The version that last set the value at a path of the newest version, with its author, time and run. Values are
   * compared, so setting a value to what it was doesn't count. Elements of an array are identified by their index.
   *
   * @param path a JSON pointer (RFC 6901), such as `/tags/2`; the empty text is the whole state.
   * @throws TroupeError `no-such-version`, `erased` for a key without a version, `no-such-path` when there is nothing at the
   * path, `invalid-options` for a path that isn't a pointer.
   */
  async blame(definition: StateDefinition, id: string, path: string): Promise<Blame> {
    const read = (options: HistoryOptions): Promise<readonly Snapshot[]> => this.history(definition, id, options);
    const [found] = await blame(historyPages(read, { order: "newest-first" }), () => [path]);
    if (found === undefined) throw noSuchVersion(stateKey(definition, id), 1, undefined);
    return found;
  }

  /** How many bytes a key's versions take in the journal; 0 for a key without one. */
  async size(definition: Pick<StateDefinition, "name">, id: string): Promise<number> {
    return this.#access.size(stateKey(definition, id));
  }

  /**
   * Makes a commit whose cause is `origin`, with a client of the same author, and raises this client's causal token to
   * that one's.
   */
  async #taking<S>(
    how: "fork" | "revert",
    origin: Origin,
    write: (client: StoreClient) => Promise<Snapshot<S>>,
  ): Promise<Snapshot<S>> {
    const { scope: _, ...options } = this.#options;
    const client = new StoreClient(this.#access, { ...options, cause: originCause(how, origin), token: this.token });
    const snapshot = await write(client);
    this.observe(snapshot.position);
    return snapshot;
  }
}
