/** A thread's copy of the keys that it uses: read from memory, kept up to date by patches, bounded. */

import { Observable } from "rxjs";
import { decodeError } from "../../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import { type CommitOutcome, type CommitRequest, isWrite, type KeyChange } from "../versions/commit.ts";
import { deferred } from "../../async/deferred.ts";
import { type Fetched, type FollowedKey, FollowedKeys } from "./followed-keys.ts";
import type { HistoryRange } from "../versions/history-range.ts";
import { ReentrantQueue } from "../../async/reentrant-queue.ts";
import { all, type MaybePromise } from "../../async/maybe-promise.ts";
import { expectAnswer, PendingRequests } from "./pending-requests.ts";
import { outcomeUnknown } from "../journal/ownership.ts";
import { PositionWatch } from "./position-watch.ts";
import { standing } from "../versions/tombstone.ts";
import { seal } from "../versions/seal.ts";
import {
  type KeyExtent,
  type Position,
  type Snapshot,
  type SnapshotMeta,
  snapshotOf,
  type VersionWhen,
} from "../versions/snapshot.ts";
import { nextOf, patched } from "./snapshot-update.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { StoreAccess } from "../versions/store-access.ts";
import type { AuthorityMessage, ReplicaMessage, RequestId, SnapshotUpdate } from "./store-protocol.ts";

export interface StoreReplicaOptions {
  /** Carries a message to the authority, in order. Must not throw. */
  readonly send: (message: ReplicaMessage) => void;
  /** How many keys are kept in memory. Keys that are being fetched or watched are kept beyond that. Default 10,000. */
  readonly maxFollowed?: number;
  /**
   * Called when an update didn't fit the version before it. The replica fetches the key again, but this is a defect in
   * Troupe.
   */
  readonly onDefect?: (error: Error) => void;
}

const defaultMaxFollowed = 10_000;

/**
 * Access to the store from a thread without the authority. Owns copies of the keys that the thread follows; the
 * authority decides commits.
 *
 * Guarantees: a key that is followed is read from memory, synchronously, when everything up to the causal token has
 * arrived; otherwise the read waits until it has (invariant 4). The first read of a key begins to follow it. Versions
 * of one key share structure, and watchers get them in order without a gap; if updates have a gap, the watch ends with
 * an error. The followed keys that one commit wrote change at once: no synchronous code sees half of the commit.
 *
 * @example
 * const replica = new StoreReplica({ send: (message) => port.postMessage(message) });
 * port.on("message", (message) => replica.receive(message));
 * const client = new StoreClient(replica, { author: "actor-1" });
 */
export class StoreReplica implements StoreAccess {
  readonly #send: (message: ReplicaMessage) => void;
  readonly #onDefect: ((error: Error) => void) | undefined;
  readonly #followed: FollowedKeys;
  readonly #pending = new PendingRequests();
  readonly #order = new ReentrantQueue();
  readonly #watch: PositionWatch;
  #position: Position = 0;
  /** Set once this replica refuses reads and requests. It holds the error, which may be `undefined`. */
  #refusal: { readonly error: unknown } | undefined;
  #isConnected = true;

  /** @throws TroupeError `invalid-options` when `maxFollowed` is no whole number from 1. */
  constructor(options: StoreReplicaOptions) {
    const { send, maxFollowed = defaultMaxFollowed, onDefect } = options;
    if (!Number.isSafeInteger(maxFollowed) || maxFollowed < 1) {
      throw new TroupeError("invalid-options", `maxFollowed is a whole number from 1, not ${String(maxFollowed)}`);
    }
    this.#send = send;
    this.#onDefect = onDefect;
    this.#followed = new FollowedKeys(maxFollowed);
    this.#watch = new PositionWatch(() => this.#sync());
  }

  get position(): Position {
    return this.#position;
  }

  /** How many keys are followed now. */
  get followedKeys(): number {
    return this.#followed.size;
  }

  snapshot(key: StateKey, token: Position): MaybePromise<Snapshot | undefined> {
    const followed = this.#followed.use(key);
    if (followed !== undefined && followed.fetching === undefined && this.#position >= token) return followed.snapshot;
    return this.#read(key, token);
  }

  /** @throws the error given to {@link StoreReplica.disconnect}, if that is called before the outcome arrives: the outcome is unknown then. */
  async submit(request: CommitRequest): Promise<CommitOutcome> {
    const { changes } = request;
    const sent = { ...request, changes: changes.map(withoutState) };
    const message = await this.#ask((id) => ({ kind: "commit", id, request: sent }));
    const answer = expectAnswer(message, "committed", "duplicate", "unknown", "conflict");
    if (answer.kind === "duplicate") return { kind: "duplicate", snapshots: answer.snapshots.map(received) };
    if (answer.kind === "unknown") return { kind: "unknown", metas: answer.metas };
    if (answer.kind === "conflict") {
      const { key, position } = answer;
      return { kind: "conflict", key, head: await this.snapshot(key, position) };
    }
    const states = changes.filter(isWrite).map(({ state }) => state);
    const snapshots = all(answer.metas.map((meta, i) => this.#landed(meta, states[i])));
    return { kind: "committed", snapshots: snapshots instanceof Promise ? await snapshots : snapshots };
  }

  async committed(
    key: StateKey,
    idempotencyKey: string,
    beside: readonly StateKey[] = [],
  ): Promise<Snapshot | undefined> {
    const { snapshot } = expectAnswer(
      await this.#ask((id) => ({ kind: "committed", id, key, idempotencyKey, beside })),
      "found",
    );
    return snapshot && received(snapshot);
  }

  async at(key: StateKey, when: VersionWhen): Promise<Snapshot | undefined> {
    const { snapshot } = expectAnswer(await this.#ask((id) => ({ kind: "at", id, key, when })), "found");
    return snapshot && received(snapshot);
  }

  async extent(key: StateKey): Promise<KeyExtent | undefined> {
    return expectAnswer(await this.#ask((id) => ({ kind: "extent", id, key })), "extent").extent;
  }

  async size(key: StateKey): Promise<number> {
    return expectAnswer(await this.#ask((id) => ({ kind: "size", id, key })), "size").bytes;
  }

  async history(key: StateKey, range: HistoryRange): Promise<readonly Snapshot[]> {
    const { oldest, updates } = expectAnswer(await this.#ask((id) => ({ kind: "records", id, key, range })), "chain");
    if (oldest === undefined) return [];
    let last = received(oldest);
    // in a filtered range, versions need not follow one another
    const snapshots = [last, ...updates.map((update) => (last = patched(last, update)))];
    return range.order === "oldest-first" ? snapshots : snapshots.toReversed();
  }

  async keys(prefix: string): Promise<readonly StateKey[]> {
    return expectAnswer(await this.#ask((id) => ({ kind: "keys", id, prefix })), "listed").keys;
  }

  async settled(): Promise<Position> {
    return expectAnswer(await this.#ask((id) => ({ kind: "settle", id })), "synced").position;
  }

  /** Fails with the error given to {@link StoreReplica.disconnect}, or once the authority has lost the journal. */
  watch(key: StateKey): Observable<Snapshot> {
    return new Observable((subscriber) => {
      if (this.#refusal !== undefined) {
        subscriber.error(this.#refusal.error);
        return;
      }
      const followed = this.#followed.use(key) ?? this.#follow(key);
      followed.watchers.add(subscriber);
      subscriber.add(() => {
        followed.watchers.delete(subscriber);
        this.#evict();
      });
      if (followed.fetching === undefined && followed.snapshot !== undefined) subscriber.next(followed.snapshot);
    });
  }

  /** Takes the authority's next message. */
  receive(message: AuthorityMessage): void {
    this.#order.run(() => {
      if (this.#isConnected) this.#take(message);
    });
  }

  /**
   * Notes that everything the authority had sent up to `position` has arrived. A channel that knows it calls this, and
   * saves the replica a question to the authority.
   */
  reached(position: Position): void {
    this.#order.run(() => this.#advance(position));
  }

  /**
   * The authority, or the channel to it, is gone: all pending and later requests reject with `error`. A pending commit
   * may have landed.
   */
  disconnect(error: unknown): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#refuse(error);
    this.#pending.failAll(error);
  }

  /** From now on nothing is read or asked here. */
  #refuse(error: unknown): void {
    this.#refusal ??= { error };
    this.#watch.failAll(error);
    for (const followed of this.#followed.clear()) failWatchers(followed, error);
  }

  /** The snapshot of a version that this replica committed. */
  #landed(meta: SnapshotMeta, state: unknown): MaybePromise<Snapshot> {
    const { key, version } = meta;
    const followed = this.#followed.peek(key)?.snapshot;
    if (followed?.version === version) return followed;
    if (state !== undefined) return snapshotOf(meta, state);
    const committed = this.at(key, version).then((snapshot) => {
      if (snapshot === undefined) throw new Error(`Defect: version ${version} of ${key} was committed and is gone.`);
      return snapshot;
    });
    // only this read was refused: the error mustn't say that the commit was
    return committed.catch((error: unknown) => {
      throw isTroupeError(error, "ownership-lost") ? outcomeUnknown([meta.position], error) : error;
    });
  }

  #take(message: AuthorityMessage): void {
    const { position } = message;
    if (message.kind === "update") {
      this.#update(message.updates, position);
    } else if (message.kind === "lost") {
      this.#refuse(decodeError(message.error));
    } else if (message.kind === "followed") {
      this.#pending.settle(message.id, message); // advances by itself, between taking the snapshot and telling watchers
    } else {
      this.#advance(position);
      this.#pending.settle(message.id, message);
    }
  }

  #advance(position: Position): void {
    if (position <= this.#position) return;
    this.#position = position;
    this.#watch.advanced(position);
  }

  /** Applies all updates before it tells any watcher. */
  #update(updates: readonly SnapshotUpdate[], position: Position): void {
    const changed: [FollowedKey, Snapshot][] = [];
    const broken: [FollowedKey, Error][] = [];
    for (const update of updates) {
      const followed = this.#followed.peek(update.meta.key);
      // unfollowed meanwhile, or being fetched again: that answer will be at least as new as this
      if (followed === undefined || followed.fetching !== undefined) continue;
      try {
        const next = nextOf(followed.snapshot, update);
        followed.snapshot = standing(next);
        changed.push([followed, next]);
      } catch (error) {
        broken.push([followed, error as Error]);
      }
    }
    this.#advance(position);
    for (const [followed, error] of broken) this.#fetchAnew(followed, error);
    for (const [followed, snapshot] of changed) tellWatchers(followed, snapshot);
  }

  async #read(key: StateKey, token: Position): Promise<Snapshot | undefined> {
    for (;;) {
      const followed = this.#followed.use(key) ?? this.#follow(key);
      if (followed.fetching !== undefined) {
        const fetched = await followed.fetching;
        // the copy may be newer than what was fetched; without one, as the key was evicted, what was fetched is still valid for its position
        const now = this.#followed.peek(key);
        if (now !== undefined && now.fetching === undefined && this.#position >= token) return now.snapshot;
        if (fetched.position >= token) return fetched.snapshot;
      } else if (this.#position >= token) {
        return followed.snapshot;
      }
      if (this.#position < token) await this.#watch.reach(token);
    }
  }

  #follow(key: StateKey): FollowedKey {
    this.#checkOpen();
    const followed = this.#followed.add(key);
    this.#fetch(followed);
    return followed;
  }

  #fetch(followed: FollowedKey): void {
    const { key } = followed;
    const { promise, resolve, reject } = deferred<Fetched>();
    promise.catch(() => undefined); // readers await it, and watchers are told; without a reader, no code would handle the rejection
    followed.fetching = promise;
    const id = this.#pending.add({
      onAnswer: (message) => {
        const { snapshot, position } = expectAnswer(message, "followed");
        followed.snapshot = snapshot && received(snapshot);
        followed.fetching = undefined;
        resolve({ snapshot: followed.snapshot, position });
        this.#advance(position);
        tellWatchers(followed, followed.snapshot);
        this.#evict();
      },
      onFailure: (error) => {
        this.#followed.remove(followed);
        failWatchers(followed, error);
        reject(error);
      },
    });
    this.#send({ kind: "follow", id, key });
  }

  /** Fetches a key again after an update that doesn't fit, as the versions in between are unknown. */
  #fetchAnew(followed: FollowedKey, error: Error): void {
    failWatchers(followed, error);
    this.#fetch(followed);
    this.#onDefect?.(error);
  }

  #evict(): void {
    for (const { key } of this.#followed.evict()) this.#send({ kind: "unfollow", key });
  }

  #sync(): void {
    this.#checkOpen();
    const id = this.#pending.add({
      onAnswer: (message) => this.#watch.answered(message.position),
      onFailure: (error) => this.#watch.failAll(error),
    });
    this.#send({ kind: "sync", id });
  }

  #ask(question: (id: RequestId) => ReplicaMessage): Promise<AuthorityMessage> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      this.#send(question(this.#pending.add({ onAnswer: resolve, onFailure: reject })));
    });
  }

  #checkOpen(): void {
    if (this.#refusal !== undefined) throw this.#refusal.error;
  }
}

/** A change in the form that the channel carries. */
function withoutState(change: KeyChange): KeyChange {
  if (!isWrite(change)) return change;
  const { key, parent, patches, schema } = change;
  return { key, parent, patches, schema };
}

/** A snapshot that arrived over a channel, frozen like those made on this thread. */
function received(snapshot: Snapshot): Snapshot {
  seal(snapshot.state);
  return Object.freeze(snapshot);
}

function tellWatchers({ watchers }: FollowedKey, snapshot: Snapshot | undefined): void {
  if (snapshot === undefined || watchers.size === 0) return;
  for (const watcher of [...watchers]) watcher.next(snapshot);
}

function failWatchers({ watchers }: FollowedKey, error: unknown): void {
  for (const watcher of [...watchers]) watcher.error(error);
}
