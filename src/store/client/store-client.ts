/** Typed reads and commits of one author, which never reads a version older than it has seen. */

import { filter, map, type Observable } from "rxjs";
import {
  type Change,
  changeByRecipe,
  changeByState,
  changeOfMade,
  type CommitOptions,
  commitOptions,
  type Evolution,
  type PutOptions,
  putOptions,
  type Subject,
} from "./change.ts";
import { Committer, type Landed } from "./committer.ts";
import { live } from "../versions/tombstone.ts";
import { type HistoryOptions, resolveHistoryRange } from "../versions/history-range.ts";
import { initialState } from "../versions/initial-state.ts";
import { LastRead } from "./last-read.ts";
import { all, chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { quietStream } from "../../async/quiet-stream.ts";
import { readVersion } from "../history/read-version.ts";
import type { Recipe } from "./recipe.ts";
import type { Position, Snapshot, VersionAt } from "../versions/snapshot.ts";
import type { StateDefinition } from "../versions/state-definition.ts";
import { ownKey, scopeKey } from "../versions/idempotency-key.ts";
import { ScopedCommits } from "./scoped-commits.ts";
import { definedKey, stateKey, type StateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import {
  changeByTransaction,
  type TransactKey,
  type TransactOptions,
  transactOptions,
  type TransactRecipe,
  type TransactSnapshots,
} from "./transaction.ts";
import { checkOptions } from "../../contracts/check-options.ts";

export type { CommitOptions, PutOptions } from "./change.ts";

export interface StoreClientOptions {
  /** Who commits: an actor's address, or `system`. */
  readonly author: string;
  /** What the commits are for, such as a run's step. */
  readonly cause?: string;
  /** The position up to which the author has seen commits. Default 0: none. */
  readonly token?: Position;
  /**
   * False for a client that several flows share, such as `system.store`. One flow's reads say nothing about another's
   * commits, so `onConflict: "reject"` is based on the newest version there; use `expectedVersion` to name another.
   * Default true.
   */
  readonly remembersReads?: boolean;
  /**
   * What the client's commits are part of, made by `keyOfParts`: however often that is attempted, with a client for each
   * attempt, each commit without an idempotency key is applied once. See {@link ScopedCommits}. Default: each is another one.
   */
  readonly scope?: string;
  /** Called with every version that was read or written, before the caller gets it. */
  readonly onSeen?: (snapshot: Snapshot, how: "read" | "written") => void;
}

/**
 * The store as an actor uses it. Owns the causal token of its author; the versions are its `StoreAccess`'s.
 *
 * Guarantees: states are deeply frozen; no read is older than the token (invariant 4), which every read and write
 * advances; a commit is one version or an error, and never overwrites a version that it wasn't computed from (invariant
 * 3). Methods whose names end in `Now` return and throw without a promise where the store can. A state that was written
 * under an older schema is returned in the shape of the definition's.
 *
 * Every method can fail with `system-closed`, or the error with which the replica was disconnected. Methods that return
 * states can also fail with `schema-newer`, `no-upcaster` and `invalid-state`, for a state written under another
 * version of its schema.
 *
 * @example
 * const client = new StoreClient(access, { author: "teller" });
 * await client.commit(account, "anna", (draft) => { draft.cents += 500; });
 * const { cents } = await client.read(account, "anna");
 */
export class StoreClient {
  readonly #access: StoreAccess;
  readonly #options: StoreClientOptions;
  readonly #committer: Committer;
  readonly #lastRead = new LastRead();
  readonly #scoped: ScopedCommits | undefined;
  #token: Position;

  constructor(access: StoreAccess, options: StoreClientOptions) {
    this.#access = access;
    this.#options = options;
    this.#committer = new Committer(access, this, options);
    const { scope } = options;
    this.#scoped = scope === undefined ? undefined : new ScopedCommits(scopeKey(scope), this.#committer, access);
    this.#token = options.token ?? 0;
  }

  /** The causal token: the position up to which this client has read and written. Send it along with a message. */
  get token(): Position {
    return this.#token;
  }

  /** Raises the causal token to another client's, such as the token that came with a message. Never lowers it. */
  observe(token: Position): void {
    if (token > this.#token) this.#token = token;
  }

  /** See `Store.read`. */
  async read<S>(definition: StateDefinition<S>, id: string): Promise<S> {
    return this.readNow(definition, id);
  }

  readNow<S>(definition: StateDefinition<S>, id: string): MaybePromise<S> {
    return chain(this.snapshotNow(definition, id), (snapshot) =>
      snapshot === undefined ? initialState(definition, id) : snapshot.state,
    );
  }

  /** See `Store.snapshot`. */
  async snapshot<S>(definition: StateDefinition<S>, id: string): Promise<Snapshot<S> | undefined> {
    return this.snapshotNow(definition, id);
  }

  snapshotNow<S>(definition: StateDefinition<S>, id: string): MaybePromise<Snapshot<S> | undefined> {
    const key = definedKey(definition, id);
    return chain(this.#access.snapshot(key, this.#token), (snapshot) => {
      this.#remember(key, snapshot);
      if (snapshot === undefined) return undefined;
      if (live(snapshot) !== undefined) return this.#read(definition, snapshot);
      this.#saw(snapshot, "read");
      return undefined;
    });
  }

  /**
   * Appends the next version: the result of `recipe` over the newest one, or over `initial(id)`. A recipe that changes
   * nothing commits nothing and returns the version that it read; but the first commit to a key always makes version 1.
   * Objects that a recipe puts into the draft are frozen.
   *
   * With an idempotency key that was used before, returns the original version, even if the recipe would now throw or
   * change nothing (invariant 5); then it is compared with the original first, which runs the recipe over the version before
   * that.
   *
   * @throws ConflictError see {@link CommitOptions}.
   * @throws TroupeError `recipe-failed`, `invalid-state` (not plain data, or not what the schema says), `no-such-key`,
   * `idempotency-mismatch`.
   */
  async commit<S>(
    definition: StateDefinition<S>,
    id: string,
    recipe: Recipe<S>,
    options?: CommitOptions,
    trace?: string,
  ): Promise<Snapshot<S>> {
    return this.commitNow(definition, id, recipe, options, trace);
  }

  commitNow<S>(
    definition: StateDefinition<S>,
    id: string,
    recipe: Recipe<S>,
    options: CommitOptions = noOptions,
    trace?: string,
  ): MaybePromise<Snapshot<S>> {
    if (options !== noOptions) checkOptions("commit", commitOptions, options);
    const change = changeByRecipe(definition, id, recipe, options, ownKeyOf(options, "commit"));
    const fromRead = options.onConflict === "reject" && options.expectedVersion === undefined;
    return chain(this.#change(within(change, trace), fromRead), only<S>);
  }

  /**
   * Appends the next versions of several keys at once: the results of `recipe` over the newest ones, or over
   * `initial(id)`. All of them land at one position of the store's order, or none does. Serializable: it lands only if
   * every listed key still has the version that the recipe saw, also the keys that it didn't change; so list all keys
   * that it bases decisions on. Its versions become visible together on every thread.
   *
   * Returns, in the order of the keys, the version that each has right after it. A key that the recipe didn't change
   * keeps its version, but a key without a version gets its first, as with a commit. A recipe that changes nothing
   * commits nothing, and the versions that it saw were the newest at one point of the order. A recipe's result, or its
   * failure, is never based on half of another transaction.
   *
   * With an idempotency key that was used before, returns the original versions (invariant 5).
   *
   * @throws ConflictError as a commit does; it names the key that had changed.
   * @throws TroupeError `recipe-failed`, `invalid-state`, `no-such-key`, `idempotency-mismatch`, and `invalid-options`
   * for no keys or for a key that is listed twice.
   * @example
   * await client.transact([[account, "anna"], [account, "bob"]], ([anna, bob]) => {
   *   anna.cents -= 500;
   *   bob.cents += 500;
   * });
   */
  async transact<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    options?: TransactOptions,
    trace?: string,
  ): Promise<TransactSnapshots<K>> {
    return this.transactNow(keys, recipe, options, trace);
  }

  transactNow<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    options: TransactOptions = noOptions,
    trace?: string,
  ): MaybePromise<TransactSnapshots<K>> {
    if (options !== noOptions) checkOptions("transact", transactOptions, options);
    const change = changeByTransaction(keys, recipe, options, ownKeyOf(options, "transact"));
    return this.#change(within(change, trace), options.onConflict === "reject") as MaybePromise<TransactSnapshots<K>>;
  }

  /**
   * Like {@link StoreClient.transact}, under a key of Troupe's own that says all about what is done: a repeat is answered as the
   * original was, whatever its recipe would come to now. Rejects with a ConflictError when another commit came first.
   */
  async transactOnce<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    key: string,
  ): Promise<TransactSnapshots<K>> {
    const change: Change = { ...changeByTransaction(keys, recipe, { onConflict: "reject" }, key), repeats: "answered" };
    return this.#change(change, true) as MaybePromise<TransactSnapshots<K>>;
  }

  /**
   * Appends the next version of a state that the runtime's own code makes: `next` gets the newest state, sealed, or the initial one, and
   * returns the next, which is plain data and satisfies the schema, or the same. Errors that `next` throws are passed on. `beside`, another
   * key, changes at the same position, or neither does. Only where the store itself is.
   */
  evolveNow<S>(subject: Subject<S>, next: (newest: S) => S, beside?: Evolution): MaybePromise<Snapshot<S>> {
    const evolution: Evolution<S> = { subject, next };
    return chain(this.#change(changeOfMade(beside === undefined ? [evolution] : [evolution, beside])), only<S>);
  }

  /** Makes a change of several keys, and gives the newest version of each. @throws ConflictError as the change says. */
  async change(change: Change): Promise<readonly Snapshot[]> {
    return this.#change(change);
  }

  /**
   * Replaces the whole state, or creates the key. Always appends a version; only the difference is stored and sent.
   * `state` is copied.
   *
   * @throws ConflictError when `expectedVersion` isn't the newest; without it, tried until it lands.
   * @throws TroupeError `invalid-state`, `idempotency-mismatch`.
   */
  async put<S>(
    definition: StateDefinition<S>,
    id: string,
    state: S,
    options?: PutOptions,
    trace?: string,
  ): Promise<Snapshot<S>> {
    return this.putNow(definition, id, state, options, trace);
  }

  putNow<S>(
    definition: StateDefinition<S>,
    id: string,
    state: S,
    options: PutOptions = noOptions,
    trace?: string,
  ): MaybePromise<Snapshot<S>> {
    if (options !== noOptions) checkOptions("put", putOptions, options);
    const change = changeByState(definition, id, state, options, ownKeyOf(options, "put"));
    return chain(this.#change(within(change, trace)), only<S>);
  }

  /**
   * The versions of a key in a range, as the store has them now; none for a key without a version. Versions are chosen
   * by author, run and time without reading the states of the others.
   *
   * @throws TroupeError `invalid-options` for an invalid bound; `no-such-version` for one below the oldest version that
   * is kept.
   * @example
   * const page = await store.history(account, "anna", { order: "newest-first", limit: 20 });
   * const next = await store.history(account, "anna", { order: "newest-first", limit: 20, to: page.at(-1).version - 1 });
   */
  async history<S>(
    definition: StateDefinition<S>,
    id: string,
    options?: HistoryOptions,
  ): Promise<readonly Snapshot<S>[]> {
    const snapshots = await this.#access.history(definedKey(definition, id), resolveHistoryRange(options));
    return snapshots.map((snapshot) => this.#read(definition, snapshot));
  }

  /**
   * One version of a key: by its number, or the version that was the newest at a time.
   *
   * @throws TroupeError `no-such-version`, which says which versions exist; `invalid-options` for an invalid time.
   */
  async at<S>(definition: StateDefinition<S>, id: string, when: VersionAt): Promise<Snapshot<S>> {
    const key = definedKey(definition, id);
    return this.#read(definition, await readVersion(this.#access, key, when));
  }

  /** The ids of the family's keys that have a version, in ascending order. */
  async ids(definition: Pick<StateDefinition, "name">): Promise<readonly string[]> {
    const prefix = stateKey(definition, "");
    return (await this.#access.keys(prefix)).map((key) => key.slice(prefix.length));
  }

  /** See `Store.watch`. */
  watch<S>(definition: StateDefinition<S>, id: string): Observable<Snapshot<S>> {
    const snapshots = this.#access.watch(definedKey(definition, id));
    return quietStream(
      snapshots.pipe(
        filter((snapshot, i) => i > 0 || live(snapshot) !== undefined), // it has nothing that would be gone now
        map((snapshot) => this.#read(definition, snapshot)),
      ),
    );
  }

  /**
   * @param fromRead true to start from the versions that this client last read or wrote, if it remembers them, and not
   * from the newest.
   */
  #change(change: Change, fromRead = false): MaybePromise<readonly Snapshot[]> {
    const { subjects, expected = 0 } = change;
    const bases = subjects.map(({ key }) => {
      const known = fromRead ? this.#lastRead.get(key) : undefined;
      return known === undefined ? this.#newest(key, expected) : this.#lastReadOf(key, known);
    });
    return chain(all(bases), (snapshots) =>
      chain(this.#land(change, snapshots), (landed) =>
        landed.map(({ snapshot, how }, i) => {
          this.#remember(snapshot.key, snapshot);
          this.#saw(snapshot, how);
          return (subjects[i] as Subject).definition.upcast(snapshot);
        }),
      ),
    );
  }

  #land(change: Change, bases: readonly (Snapshot | undefined)[]): MaybePromise<readonly Landed[]> {
    const commits = change.idempotencyKey === undefined ? (this.#scoped ?? this.#committer) : this.#committer;
    return commits.land(change, bases);
  }

  /** The newest version known here, or the expected one if that is newer. */
  #newest(key: StateKey, expected: number): MaybePromise<Snapshot | undefined> {
    const known = this.#access.snapshot(key, this.#token);
    if (expected === 0) return known;
    return chain(known, (snapshot) =>
      (snapshot?.version ?? 0) >= expected
        ? snapshot
        : this.#access.at(key, expected).then((later) => later ?? snapshot),
    );
  }

  /** The version that was last read: the newest, or one that isn't any more, over which a commit is refused with both sides. */
  #lastReadOf(key: StateKey, version: number): MaybePromise<Snapshot | undefined> {
    return chain(this.#access.snapshot(key, this.#token), (newest) => {
      if ((newest?.version ?? 0) === version) return newest;
      return version === 0 ? undefined : this.#access.at(key, version);
    });
  }

  #read<S>(definition: StateDefinition<S>, snapshot: Snapshot): Snapshot<S> {
    this.#saw(snapshot, "read");
    return definition.upcast(snapshot);
  }

  #remember(key: StateKey, snapshot: Snapshot | undefined): void {
    if (this.#options.remembersReads !== false) this.#lastRead.set(key, snapshot?.version ?? 0);
  }

  #saw(snapshot: Snapshot, how: "read" | "written"): void {
    this.observe(snapshot.position);
    this.#options.onSeen?.(snapshot, how);
  }
}

/** Those of most commits, which need no check. */
const noOptions = Object.freeze({});

function ownKeyOf({ idempotencyKey }: { readonly idempotencyKey?: string }, where: string): string | undefined {
  return idempotencyKey === undefined ? undefined : ownKey(idempotencyKey, where);
}

/** The change as part of a trace, if there is one. */
function within(change: Change, trace: string | undefined): Change {
  return trace === undefined ? change : { ...change, trace };
}

function only<S>(snapshots: readonly Snapshot[]): Snapshot<S> {
  return snapshots[0] as Snapshot<S>;
}
