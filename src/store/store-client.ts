/** Typed reads and commits, on behalf of one author and no older than what it has seen. */

import { tap, type Observable } from "rxjs";
import { TroupeError } from "../errors/troupe-error.ts";
import {
  changeByFunction,
  changeByRecipe,
  changeByState,
  type Change,
  type CommitOptions,
  type PutOptions,
} from "./change.ts";
import type { CommitOutcome, CommitRequest } from "./commit.ts";
import { ConflictError } from "./conflict-error.ts";
import { resolveHistoryRange, type HistoryOptions } from "./history-range.ts";
import { initialState } from "./initial-state.ts";
import { LastRead } from "./last-read.ts";
import { chain, type MaybePromise } from "./maybe-promise.ts";
import type { Recipe } from "./recipe.ts";
import type { Position, Snapshot } from "./snapshot.ts";
import { stateKey, type StateDefinition, type StateKey } from "./state-definition.ts";
import type { StoreAccess } from "./store-access.ts";

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
  /** With it, the n-th `commit` or `put` has the idempotency key `<prefix>/<n>`, from 1, unless given one. */
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
 *
 * Errors of every method: `system-closed`, and what the replica was disconnected with.
 *
 * @example
 * const client = new StoreClient(access, { author: "teller" });
 * await client.commit(account, "anna", (draft) => { draft.cents += 500; });
 * const { cents } = await client.read(account, "anna");
 */
export class StoreClient {
  readonly #access: StoreAccess;
  readonly #options: StoreClientOptions;
  readonly #lastRead = new LastRead();
  #token: Position;
  #commits = 0;

  constructor(access: StoreAccess, options: StoreClientOptions) {
    this.#access = access;
    this.#options = options;
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

  /**
   * The newest state known here; `initial(id)` for a key without a version.
   *
   * @throws TroupeError `no-such-key` for a key without a version in a family without `initial`.
   */
  async read<S>(definition: StateDefinition<S>, id: string): Promise<S> {
    return this.readNow(definition, id);
  }

  readNow<S>(definition: StateDefinition<S>, id: string): MaybePromise<S> {
    return chain(this.snapshotNow(definition, id), (snapshot) =>
      snapshot === undefined ? initialState(definition, id) : snapshot.state,
    );
  }

  /** The newest version known here; `undefined` for a key without one. */
  async snapshot<S>(definition: StateDefinition<S>, id: string): Promise<Snapshot<S> | undefined> {
    return this.snapshotNow(definition, id);
  }

  snapshotNow<S>(definition: StateDefinition<S>, id: string): MaybePromise<Snapshot<S> | undefined> {
    const key = stateKey(definition, id);
    return chain(this.#access.snapshot(key, this.#token), (snapshot) => {
      this.#remember(key, snapshot);
      if (snapshot !== undefined) this.#saw(snapshot, "read");
      return snapshot as Snapshot<S> | undefined;
    });
  }

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
    const base =
      options.onConflict === "reject" && options.expectedVersion === undefined && this.#lastRead.has(change.key)
        ? this.#lastRead.get(change.key)
        : this.#access.snapshot(change.key, this.#token);
    return chain(base, (snapshot) => this.#land(change, snapshot, 1)) as MaybePromise<Snapshot<S>>;
  }

  /**
   * Like {@link StoreClient.commitNow}, for states that are made without a draft: `next` gets the newest state, sealed, or
   * the initial one, and returns the next. What `next` throws comes out as it is.
   */
  evolveNow<S>(definition: StateDefinition<S>, id: string, next: (newest: S) => S): MaybePromise<Snapshot<S>> {
    const change = changeByFunction(definition, id, next, this.#idempotencyKey({}));
    const base = this.#access.snapshot(change.key, this.#token);
    return chain(base, (snapshot) => this.#land(change, snapshot, 1)) as MaybePromise<Snapshot<S>>;
  }

  /**
   * Replaces the whole state, or creates the key. Always appends a version, of which only what differs is stored and
   * sent. `state` is copied.
   *
   * @throws ConflictError when `expectedVersion` isn't the newest; without it, tried until it lands.
   * @throws TroupeError `invalid-state`, `idempotency-mismatch`.
   */
  async put<S>(definition: StateDefinition<S>, id: string, state: S, options?: PutOptions): Promise<Snapshot<S>> {
    return this.putNow(definition, id, state, options);
  }

  putNow<S>(definition: StateDefinition<S>, id: string, state: S, options: PutOptions = {}): MaybePromise<Snapshot<S>> {
    const change = changeByState(definition, id, state, options, this.#idempotencyKey(options));
    const base = this.#access.snapshot(change.key, this.#token);
    return chain(base, (snapshot) => this.#land(change, snapshot, 1)) as MaybePromise<Snapshot<S>>;
  }

  /**
   * The versions of a key in a range, as the store has them now; none for a key without a version.
   *
   * @throws TroupeError `invalid-options` for a bound that is no whole number from 1.
   */
  async history<S>(
    definition: StateDefinition<S>,
    id: string,
    options?: HistoryOptions,
  ): Promise<readonly Snapshot<S>[]> {
    const snapshots = await this.#access.history(stateKey(definition, id), resolveHistoryRange(options));
    for (const snapshot of snapshots) this.#saw(snapshot, "read");
    return snapshots as readonly Snapshot<S>[];
  }

  /** One version of a key. @throws TroupeError `no-such-version`. */
  async at<S>(definition: StateDefinition<S>, id: string, version: number): Promise<Snapshot<S>> {
    const key = stateKey(definition, id);
    const snapshot = await this.#access.at(key, version);
    if (snapshot === undefined) throw noSuchVersion(key, version, await this.#access.snapshot(key, this.#token));
    this.#saw(snapshot, "read");
    return snapshot as Snapshot<S>;
  }

  /** The ids of a family that have a version, in ascending order. */
  async ids(definition: Pick<StateDefinition, "name">): Promise<readonly string[]> {
    const prefix = stateKey(definition, "");
    return (await this.#access.keys(prefix)).map((key) => key.slice(prefix.length));
  }

  /** The newest version, if there is one, then each later one in order, without a gap. */
  watch<S>(definition: StateDefinition<S>, id: string): Observable<Snapshot<S>> {
    const snapshots = this.#access.watch(stateKey(definition, id)) as Observable<Snapshot<S>>;
    return snapshots.pipe(tap((snapshot) => this.#saw(snapshot, "read")));
  }

  #land(change: Change, base: Snapshot | undefined, attempt: number): MaybePromise<Snapshot> {
    let next: ReturnType<Change["next"]>;
    try {
      next = change.next(base);
    } catch (failure) {
      return this.#originalOr(change, () => {
        throw failure;
      });
    }
    if (next === "unchanged") return this.#originalOr(change, () => this.#done(base as Snapshot, "read"));
    const { parent, patches, state } = next;
    const { author, cause } = this.#options;
    const { key, idempotencyKey } = change;
    const request: CommitRequest = {
      key,
      parent,
      patches,
      state,
      author,
      ...(cause === undefined ? {} : { cause }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
    const settle = (outcome: CommitOutcome): MaybePromise<Snapshot> => {
      if (outcome.kind !== "conflict") return this.#done(outcome.snapshot, "written");
      const { head } = outcome;
      if (head !== undefined) this.observe(head.position);
      if (attempt <= change.retries) return this.#land(change, head, attempt + 1);
      const theirs = head === undefined ? {} : { theirs: head };
      throw new ConflictError({ key, base: parent, mine: state, ...theirs, attempts: attempt });
    };
    return chain(this.#access.submit(request), settle);
  }

  /** What the change's idempotency key was committed under before: a retry may find that there is nothing left to do. */
  #originalOr({ key, idempotencyKey }: Change, otherwise: () => Snapshot): MaybePromise<Snapshot> {
    if (idempotencyKey === undefined) return otherwise();
    return chain(this.#access.committed(key, idempotencyKey), (original) =>
      original === undefined ? otherwise() : this.#done(original, "written"),
    );
  }

  #done(snapshot: Snapshot, how: "read" | "written"): Snapshot {
    this.#remember(snapshot.key, snapshot);
    this.#saw(snapshot, how);
    return snapshot;
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

function noSuchVersion(key: StateKey, version: number, head: Snapshot | undefined): TroupeError {
  const versions = head === undefined ? "no version" : `versions 1 to ${head.version}`;
  return new TroupeError("no-such-version", `${key} has ${versions}, and none ${version}. Ask for one of those.`, {
    details: { key, version, newest: head?.version ?? 0 },
  });
}
