/** Typed reads and commits, on behalf of one author and no older than what it has seen. */

import { map, type Observable } from "rxjs";
import {
  type Change,
  changeByFunction,
  changeByRecipe,
  changeByState,
  type CommitOptions,
  type PutOptions,
  type Subject,
} from "./change.ts";
import { Committer } from "./committer.ts";
import { type HistoryOptions, resolveHistoryRange } from "../versions/history-range.ts";
import { initialState } from "../versions/initial-state.ts";
import { LastRead } from "./last-read.ts";
import { all, chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { readVersion } from "../history/read-version.ts";
import type { Recipe } from "./recipe.ts";
import type { Position, Snapshot, VersionAt } from "../versions/snapshot.ts";
import type { StateDefinition } from "../versions/state-definition.ts";
import { stateKey, type StateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import {
  changeByTransaction,
  type TransactKey,
  type TransactOptions,
  type TransactRecipe,
  type TransactSnapshots,
} from "./transaction.ts";

export type { CommitOptions, PutOptions } from "./change.ts";

export interface StoreClientOptions {
  /** Who commits: an actor's address, or `system`. */
  readonly author: string;
  /** What for, such as a run's step. */
  readonly cause?: string;
  /** What the author has seen already. Default 0: nothing. */
  readonly token?: Position;
  /**
   * False for a client that several flows share, such as `system.store`: what one of them read says nothing about the
   * others, so `onConflict: "reject"` is based on the newest version there; `expectedVersion` says which was meant. Default true.
   */
  readonly remembersReads?: boolean;
  /** With it, the n-th `commit`, `put` or `transact` has the idempotency key `<prefix>/<n>`, from 1, unless given one. */
  readonly idempotencyPrefix?: string;
  /** Called with every version that was read or written, before the caller gets it. */
  readonly onSeen?: (snapshot: Snapshot, how: "read" | "written") => void;
}

/**
 * The store as an actor uses it.
 *
 * Guarantees: states are deeply frozen; nothing read is older than the token (invariant 4), which grows by what is read
 * and written; a commit is one version or an error, and never overwrites a version it wasn't computed from (invariant 3).
 * The methods that end in `Now` are the same without the promise, where the store can do without: they then throw.
 * What was written under an older version of its schema is given in the shape of the definition's.
 *
 * Errors of every method: `system-closed`, and what the replica was disconnected with; of those that give states also
 * `schema-newer`, `no-upcaster` and `invalid-state`, for what was written under another version of its schema.
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
  #token: Position;
  #commits = 0;

  constructor(access: StoreAccess, options: StoreClientOptions) {
    this.#access = access;
    this.#options = options;
    this.#committer = new Committer(access, this, options);
    this.#token = options.token ?? 0;
  }

  /** The causal token: what this client has seen and written. Send it along with a message. */
  get token(): Position {
    return this.#token;
  }

  /** Takes over what someone else has seen, such as the token that came with a message. Never goes back. */
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
    const key = stateKey(definition, id);
    return chain(this.#access.snapshot(key, this.#token), (snapshot) => {
      this.#remember(key, snapshot);
      return snapshot && this.#read(definition, snapshot);
    });
  }

  /** See `Store.commit`. */
  async commit<S>(
    definition: StateDefinition<S>,
    id: string,
    recipe: Recipe<S>,
    options?: CommitOptions,
  ): Promise<Snapshot<S>> {
    return this.commitNow(definition, id, recipe, options);
  }

  commitNow<S>(
    definition: StateDefinition<S>,
    id: string,
    recipe: Recipe<S>,
    options: CommitOptions = {},
  ): MaybePromise<Snapshot<S>> {
    const change = changeByRecipe(definition, id, recipe, options, this.#idempotencyKey(options));
    const fromRead = options.onConflict === "reject" && options.expectedVersion === undefined;
    return chain(this.#change(change, fromRead), only<S>);
  }

  /** See `Store.transact`. */
  async transact<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    options?: TransactOptions,
  ): Promise<TransactSnapshots<K>> {
    return this.transactNow(keys, recipe, options);
  }

  transactNow<const K extends readonly TransactKey[]>(
    keys: K,
    recipe: TransactRecipe<K>,
    options: TransactOptions = {},
  ): MaybePromise<TransactSnapshots<K>> {
    const change = changeByTransaction(keys, recipe, options, this.#idempotencyKey(options));
    return this.#change(change, options.onConflict === "reject") as MaybePromise<TransactSnapshots<K>>;
  }

  /**
   * Like {@link StoreClient.commitNow}, for states that are made without a draft: `next` gets the newest state, sealed, or
   * the initial one, and returns the next. What `next` throws comes out as it is.
   */
  evolveNow<S>(subject: Subject<S>, next: (newest: S) => S): MaybePromise<Snapshot<S>> {
    return chain(this.#change(changeByFunction(subject, next, this.#idempotencyKey({}))), only<S>);
  }

  /** See `Store.put`. */
  async put<S>(definition: StateDefinition<S>, id: string, state: S, options?: PutOptions): Promise<Snapshot<S>> {
    return this.putNow(definition, id, state, options);
  }

  putNow<S>(definition: StateDefinition<S>, id: string, state: S, options: PutOptions = {}): MaybePromise<Snapshot<S>> {
    return chain(this.#change(changeByState(definition, id, state, options, this.#idempotencyKey(options))), only<S>);
  }

  /** See `Store.history`. */
  async history<S>(
    definition: StateDefinition<S>,
    id: string,
    options?: HistoryOptions,
  ): Promise<readonly Snapshot<S>[]> {
    const snapshots = await this.#access.history(stateKey(definition, id), resolveHistoryRange(options));
    return snapshots.map((snapshot) => this.#read(definition, snapshot));
  }

  /** See `Store.at`. */
  async at<S>(definition: StateDefinition<S>, id: string, when: VersionAt): Promise<Snapshot<S>> {
    const key = stateKey(definition, id);
    return this.#read(definition, await readVersion(this.#access, key, when));
  }

  /** See `Store.ids`. */
  async ids(definition: Pick<StateDefinition, "name">): Promise<readonly string[]> {
    const prefix = stateKey(definition, "");
    return (await this.#access.keys(prefix)).map((key) => key.slice(prefix.length));
  }

  /** See `Store.watch`. */
  watch<S>(definition: StateDefinition<S>, id: string): Observable<Snapshot<S>> {
    const snapshots = this.#access.watch(stateKey(definition, id));
    return snapshots.pipe(map((snapshot) => this.#read(definition, snapshot)));
  }

  /** @param fromRead from the versions that this client last read or wrote, where it did, and not from the newest. */
  #change(change: Change, fromRead = false): MaybePromise<readonly Snapshot[]> {
    const { subjects, expected = 0 } = change;
    const bases = subjects.map(({ key }) =>
      fromRead && this.#lastRead.has(key) ? this.#lastRead.get(key) : this.#newest(key, expected),
    );
    return chain(all(bases), (snapshots) =>
      chain(this.#committer.land(change, snapshots), (landed) =>
        landed.map(({ snapshot, how }, i) => {
          this.#remember(snapshot.key, snapshot);
          this.#saw(snapshot, how);
          return (subjects[i] as Subject).definition.upcast(snapshot);
        }),
      ),
    );
  }

  /** The newest version known here; but the one that is expected, where that is newer still. */
  #newest(key: StateKey, expected: number): MaybePromise<Snapshot | undefined> {
    const known = this.#access.snapshot(key, this.#token);
    if (expected === 0) return known;
    return chain(known, (snapshot) =>
      (snapshot?.version ?? 0) >= expected
        ? snapshot
        : this.#access.at(key, expected).then((later) => later ?? snapshot),
    );
  }

  #read<S>(definition: StateDefinition<S>, snapshot: Snapshot): Snapshot<S> {
    this.#saw(snapshot, "read");
    return definition.upcast(snapshot);
  }

  #remember(key: StateKey, snapshot: Snapshot | undefined): void {
    if (this.#options.remembersReads !== false) this.#lastRead.set(key, snapshot);
  }

  #saw(snapshot: Snapshot, how: "read" | "written"): void {
    this.observe(snapshot.position);
    this.#options.onSeen?.(snapshot, how);
  }

  #idempotencyKey({ idempotencyKey }: { readonly idempotencyKey?: string }): string | undefined {
    this.#commits++;
    const { idempotencyPrefix } = this.#options;
    return idempotencyKey ?? (idempotencyPrefix === undefined ? undefined : `${idempotencyPrefix}/${this.#commits}`);
  }
}

function only<S>(snapshots: readonly Snapshot[]): Snapshot<S> {
  return snapshots[0] as Snapshot<S>;
}
