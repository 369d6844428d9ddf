/** The store as code outside any actor uses it. */

import type { Observable } from "rxjs";
import type { CommitOptions, PutOptions } from "./client/change.ts";
import type { Recipe } from "./client/recipe.ts";
import type { TransactKey, TransactOptions, TransactRecipe, TransactSnapshots } from "./client/transaction.ts";
import type { Blame } from "./travel/blame.ts";
import type { StateDiff } from "./travel/state-diff.ts";
import type { BisectOptions, RevertOptions } from "./travel/time-travel-client.ts";
import type { Erased, EraseOptions } from "./versions/tombstone.ts";
import type { HistoryOptions } from "./versions/history-range.ts";
import type { Snapshot, VersionAt } from "./versions/snapshot.ts";
import type { StateDefinition } from "./versions/state-definition.ts";
import type { StateKey } from "./versions/state-key.ts";

/**
 * What `store.importHistory` made: which key, with how many versions.
 *
 * @since 0.1.0
 */
export interface Imported {
  readonly key: StateKey;
  /** How many versions it has. */
  readonly versions: number;
}

/**
 * The versioned state as code outside any actor sees it: always the newest.
 *
 * Guarantees: states are deeply frozen; a commit is one version or an error, and never overwrites a version it wasn't computed
 * from (invariant 3); no method but `erase` removes a version or changes one, `revert` and `fork` append. What was written under an older
 * version of its schema is given in the shape of the definition's.
 *
 * Errors of every method: `system-closed`; of those that give states also `schema-newer`, `no-upcaster` and `invalid-state`, for
 * what was written under another version of its schema, and those of the journal.
 *
 * @example
 * await system.store.commit(account, "anna", (draft) => { draft.cents += 500; });
 * const { cents } = await system.store.read(account, "anna");
 * @since 0.1.0
 */
export interface Store {
  /**
   * The newest state known here; `initial(id)` for a key without a version, and for one that was erased.
   *
   * @throws TroupeError `no-such-key` for a key without a version in a family without `initial`.
   */
  read<S>(definition: StateDefinition<S>, id: string): Promise<S>;
  /** The newest version known here; `undefined` for a key without one, and for one that was erased. */
  snapshot<S>(definition: StateDefinition<S>, id: string): Promise<Snapshot<S> | undefined>;
  /**
   * Appends the next version: what `recipe` makes of the newest one, or of `initial(id)`. A recipe that changes nothing
   * commits nothing and gives the version it looked at; but the first commit to a key always makes version 1. Objects
   * that a recipe puts into the draft are frozen.
   *
   * With an idempotency key that was committed under before, the original version is returned, also when the recipe
   * throws or does nothing by now (invariant 5).
   *
   * @throws ConflictError see {@link CommitOptions}.
   * @throws TroupeError `recipe-failed`, `invalid-state` (not plain data, or not what the schema says), `no-such-key`,
   * `idempotency-mismatch`.
   */
  commit<S>(
    definition: StateDefinition<S>,
    id: string,
    recipe: Recipe<S>,
    options?: CommitOptions,
  ): Promise<Snapshot<S>>;
  /**
   * Appends the next versions of several keys at once: what `recipe` makes of the newest ones, or of `initial(id)`. All of
   * them land, at one position of the store's order, or none. Serializable: it lands only if every key listed is still
   * where the recipe saw it, also those that it left as they were; so list all keys that it decides on. Others see all
   * its versions at once, on every thread.
   *
   * Returns the version of each key, in their order, that is the newest right after. A key that the recipe left unchanged
   * keeps its version, but one without a version gets its first, as with a commit. A recipe that changes nothing commits
   * nothing; what it saw was there at one point of the order. Neither it nor its failure is ever based on half of another
   * transaction.
   *
   * With an idempotency key that was committed under before, the original versions are returned (invariant 5).
   *
   * @throws ConflictError as a commit does; it names the key that had moved on.
   * @throws TroupeError `recipe-failed`, `invalid-state`, `no-such-key`, `idempotency-mismatch`, and `invalid-options` for
   * no keys or for a key that is listed twice.
   * @example
   * await store.transact([[account, "anna"], [account, "bob"]], ([anna, bob]) => {
   *   anna.cents -= 500;
   *   bob.cents += 500;
   * });
   */
  transact<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    options?: TransactOptions,
  ): Promise<TransactSnapshots<K>>;
  /**
   * Replaces the whole state, or creates the key. Always appends a version, of which only what differs is stored and
   * sent. `state` is copied.
   *
   * @throws ConflictError when `expectedVersion` isn't the newest; without it, tried until it lands.
   * @throws TroupeError `invalid-state`, `idempotency-mismatch`.
   */
  put<S>(definition: StateDefinition<S>, id: string, state: S, options?: PutOptions): Promise<Snapshot<S>>;
  /**
   * The versions of a key in a range, as the store has them now; none for a key without a version. Versions are chosen by
   * author, run and time without reading the states of the others. The history of a key that was erased begins with its tombstone,
   * of which `erased` says why; its state is the initial one.
   *
   * @throws TroupeError `invalid-options` for a bound that makes no sense; `no-such-version` for one below the oldest
   * version that is kept.
   * @example
   * const page = await store.history(account, "anna", { order: "newest-first", limit: 20 });
   * const next = await store.history(account, "anna", { order: "newest-first", limit: 20, to: page.at(-1).version - 1 });
   */
  history<S>(definition: StateDefinition<S>, id: string, options?: HistoryOptions): Promise<readonly Snapshot<S>[]>;
  /**
   * One version of a key: by its number, or the version that was the newest at a time.
   *
   * @throws TroupeError `no-such-version`, which says what there is; `erased`, which says by whom, when and why, up to the tombstone itself; `invalid-options` for a time that is none.
   */
  at<S>(definition: StateDefinition<S>, id: string, when: VersionAt): Promise<Snapshot<S>>;
  /** The ids of a family that have a version and are not erased, in ascending order. */
  ids(definition: Pick<StateDefinition, "name">): Promise<readonly string[]>;
  /**
   * The newest version, if there is one, then each later one in order, without a gap; a tombstone too, with `erased` and the initial
   * state, when the key is erased meanwhile. Completes when the system closes.
   * Errors when a version can't be read; for a subscriber without `error` it completes then.
   */
  watch<S>(definition: StateDefinition<S>, id: string): Observable<Snapshot<S>>;
  /**
   * What changed from one version of a key to another, whichever is older: as JSON Patch and as text.
   *
   * @throws TroupeError `no-such-version`.
   */
  diff(definition: StateDefinition, id: string, from: number, to: number): Promise<StateDiff>;
  /**
   * The first version for which `predicate` holds, `undefined` when it holds for none. Right when it holds for every later
   * version too. Of n versions at most ⌈log₂(n + 1)⌉ are read and asked about, one after the other.
   *
   * @throws TroupeError `no-such-version` for a bound that there isn't; what `predicate` throws.
   */
  bisect<S>(
    definition: StateDefinition<S>,
    id: string,
    predicate: (state: S, snapshot: Snapshot<S>) => boolean | Promise<boolean>,
    options?: BisectOptions,
  ): Promise<Snapshot<S> | undefined>;
  /**
   * Goes back to an earlier version, by one more version with its state; its cause is `revert <key>@<version>`.
   *
   * @throws ConflictError when `expectedVersion` isn't the newest; without it, tried until it lands.
   * @throws TroupeError `no-such-version`, `erased`; `invalid-state` when the family's schema doesn't accept that state any more.
   */
  revert<S>(definition: StateDefinition<S>, id: string, version: number, options?: RevertOptions): Promise<Snapshot<S>>;
  /**
   * Begins a new key of the family with a version of this one: its version 1 has that state, and the cause
   * `fork <key>@<version>`.
   *
   * @throws TroupeError `no-such-version`, `erased`; `key-exists` when there is a version of `newId`; `invalid-state` when the
   * family's schema doesn't accept that state any more.
   */
  fork<S>(definition: StateDefinition<S>, id: string, version: number, newId: string): Promise<Snapshot<S>>;
  /**
   * Which version last set the value at a path of the newest version, by whom, when and for which run. Values are
   * compared: to set one to what it was already isn't to set it. Elements of an array are known by their index.
   *
   * @param path a JSON pointer (RFC 6901), such as `/tags/2`; the empty text is the whole state.
   * @throws TroupeError `no-such-version` for a key without one, `no-such-path` when there is nothing at the path,
   * `invalid-options` for a path that is no pointer.
   */
  blame(definition: StateDefinition, id: string, path: string): Promise<Blame>;
  /**
   * Erases a key: its states, patches and idempotency keys are gone from the journal, and from the copies on threads, at one position of
   * the store's order. In their place is a tombstone, which is the key's next version and says who erased it, when and why.
   *
   * From then on the key reads as if it had never been written: `read` gives `initial(id)`, `snapshot` gives `undefined`, `ids` doesn't
   * list it. The next commit starts from there, and makes the version after the tombstone. What is committed at the same time is
   * either erased, or comes after it. What was erased can't be read, compared, forked or gone back to: that fails as `erased`. A
   * retry under an idempotency key that was used for the key is another commit.
   *
   * With a journal on disk, the bytes are free to be overwritten at once, and in no file of it after {@link Store.compact}. Erasing what
   * is erased already changes nothing, and gives that tombstone.
   *
   * @throws TroupeError `no-such-key` for a key that never had a version; `invalid-options` without a reason.
   * @example
   * const { remainingForks } = await store.erase(customer, "4711", { reason: "request of 2026-03-02" });
   * await store.compact();
   */
  erase(definition: Pick<StateDefinition, "name">, id: string, options: EraseOptions): Promise<Erased>;
  /** How many bytes a key's versions take where they are kept; 0 for a key without one. */
  size(definition: Pick<StateDefinition, "name">, id: string): Promise<number>;
  /**
   * Drops what retention does not keep, of every key, and gives back the room that dropped versions took. What is kept
   * reads as before.
   */
  compact(): Promise<void>;
  /**
   * A key's whole history as JSON Lines, a header and a line for each version, without line breaks. Lossless: bigints,
   * `undefined` and `-0` as well.
   *
   * @throws TroupeError `no-such-key` for a key without a version; when the first line is asked for.
   * @example
   * for await (const line of store.exportHistory(account, "anna")) file.write(`${line}\n`);
   */
  exportHistory(definition: Pick<StateDefinition, "name">, id: string): AsyncIterable<string>;
  /**
   * Takes over a history that was exported. Versions keep their number, author, cause, time and idempotency key; their
   * positions are assigned anew. States are taken as they are, without any schema.
   * Everything else is checked: versions without a gap, times and positions that don't go back, no time beyond any date
   * or more than a minute in the future, no idempotency key of two commits.
   *
   * @param source what messages call the lines, such as a file's name. Default `"import"`.
   * @throws TroupeError `invalid-input` that begins with source and line, and nothing was imported; `key-exists`.
   * @example
   * await store.importHistory(createInterface({ input: createReadStream(path) }), path);
   */
  importHistory(lines: AsyncIterable<string> | Iterable<string>, source?: string): Promise<Imported>;
}
