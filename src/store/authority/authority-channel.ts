/** The authority's end of the channel to one replica: answers its requests and sends it updates of what it follows. */

import { encodeError } from "../../errors/error-codec.ts";
import type { CommitOutcome, CommitRecord, CommitRequest } from "../versions/commit.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Audience, Follower, Publisher } from "./publisher.ts";
import type { HistoryRange } from "../versions/history-range.ts";
import { type KeyExtent, metaOf, type Snapshot, type VersionWhen } from "../versions/snapshot.ts";
import { updateOf } from "../replication/snapshot-update.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { AuthorityAnswer, AuthorityMessage, ReplicaMessage, RequestId } from "../replication/store-protocol.ts";

/** The authority's end of the channel to one replica. */
export interface AttachedReplica {
  /** Takes the replica's next message. */
  receive(message: ReplicaMessage): void;
  /** Drops the replica, which is gone: nothing more is sent. Its pending commits still take effect. */
  detach(): void;
}

/** The authority as this channel uses it. */
interface ChannelAuthority {
  commit(request: CommitRequest): MaybePromise<CommitOutcome>;
  committed(key: StateKey, idempotencyKey: string, beside?: readonly StateKey[]): MaybePromise<Snapshot | undefined>;
  at(key: StateKey, when: VersionWhen): MaybePromise<Snapshot | undefined>;
  extent(key: StateKey): MaybePromise<KeyExtent | undefined>;
  size(key: StateKey): MaybePromise<number>;
  records(key: StateKey, range: HistoryRange): MaybePromise<readonly CommitRecord[]>;
  keys(prefix: string): MaybePromise<readonly StateKey[]>;
  settled(): MaybePromise<unknown>;
  /** Gives `begin` the newest version of a key, then tells `follower` of every later one. */
  follow(
    key: StateKey,
    follower: Follower,
    begin: (snapshot: Snapshot | undefined) => void,
    isWanted: () => boolean,
  ): MaybePromise<void>;
}

/** The authority's end of the channel to one replica. Owns the replica's follows; the versions are the authority's. */
export class AuthorityChannel implements AttachedReplica {
  readonly #authority: ChannelAuthority;
  readonly #publisher: Publisher;
  readonly #transmit: (message: AuthorityMessage) => void;
  readonly #onDetach: () => void;
  readonly #follows = new Map<StateKey, Follower>();
  readonly #audience: Audience = (records) => this.#sendNow({ kind: "update", updates: records.map(updateOf) });
  #detached = false;

  constructor(
    authority: ChannelAuthority,
    publisher: Publisher,
    send: (message: AuthorityMessage) => void,
    onDetach: () => void,
  ) {
    this.#authority = authority;
    this.#publisher = publisher;
    this.#transmit = send;
    this.#onDetach = onDetach;
  }

  receive(message: ReplicaMessage): void {
    if (this.#detached) return;
    const authority = this.#authority;
    switch (message.kind) {
      case "commit":
        return this.#answer(message.id, () => authority.commit(message.request), outcomeAnswer);
      case "follow":
        return this.#follow(message.id, message.key);
      case "unfollow":
        return this.#unfollow(message.key);
      case "sync":
        return this.#send({ kind: "synced", id: message.id });
      case "settle":
        return this.#answer(
          message.id,
          () => authority.settled(),
          (id) => ({ kind: "synced", id }),
        );
      case "at":
        return this.#answer(message.id, () => authority.at(message.key, message.when), foundAnswer);
      case "extent":
        return this.#answer(message.id, () => authority.extent(message.key), extentAnswer);
      case "size":
        return this.#answer(
          message.id,
          () => authority.size(message.key),
          (id, bytes) => ({ kind: "size", id, bytes }),
        );
      case "committed":
        return this.#answer(
          message.id,
          () => authority.committed(message.key, message.idempotencyKey, message.beside),
          foundAnswer,
        );
      case "records":
        return this.#answer(message.id, () => authority.records(message.key, message.range), chainAnswer);
      case "keys":
        return this.#answer(
          message.id,
          () => authority.keys(message.prefix),
          (id, keys) => ({ kind: "listed", id, keys }),
        );
    }
  }

  /** The journal is lost: the replica refuses whatever is asked of it. Commits under way are still answered. */
  lose(reason: unknown): void {
    this.#send({ kind: "lost", error: encodeError(reason) });
  }

  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    for (const key of [...this.#follows.keys()]) this.#unfollow(key);
    this.#onDetach();
  }

  #follow(id: RequestId, key: StateKey): void {
    this.#unfollow(key);
    const follower: Follower = { version: 0, audience: this.#audience };
    this.#follows.set(key, follower);
    const fail = (error: unknown): void => {
      if (this.#follows.get(key) === follower) this.#unfollow(key);
      this.#send({ kind: "failed", id, error: encodeError(error) });
    };
    try {
      const following = this.#authority.follow(
        key,
        follower,
        (snapshot) => this.#sendNow({ kind: "followed", id, key, ...(snapshot === undefined ? {} : { snapshot }) }),
        () => this.#follows.get(key) === follower,
      );
      if (following instanceof Promise) following.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  #unfollow(key: StateKey): void {
    const follower = this.#follows.get(key);
    if (follower === undefined) return;
    this.#follows.delete(key);
    this.#publisher.unfollow(key, follower);
  }

  #answer<T>(id: RequestId, ask: () => MaybePromise<T>, tell: (id: RequestId, value: T) => AuthorityAnswer): void {
    const succeed = (value: T): void => this.#send(tell(id, value));
    const fail = (error: unknown): void => this.#send({ kind: "failed", id, error: encodeError(error) });
    try {
      const asked = ask();
      if (asked instanceof Promise) asked.then(succeed, fail);
      else succeed(asked);
    } catch (error) {
      fail(error);
    }
  }

  /** Sends after the updates that are being published: a message must not claim a position whose updates follow it. */
  #send(answer: AuthorityAnswer): void {
    this.#publisher.inOrder(() => this.#sendNow(answer));
  }

  /** Sends at once, for calls that the publisher makes in its order. */
  #sendNow(answer: AuthorityAnswer): void {
    if (!this.#detached) this.#transmit({ ...answer, position: this.#publisher.position });
  }
}

function outcomeAnswer(id: RequestId, outcome: CommitOutcome): AuthorityAnswer {
  if (outcome.kind === "committed") return { kind: "committed", id, metas: outcome.snapshots.map(metaOf) };
  if (outcome.kind === "duplicate") return { kind: "duplicate", id, snapshots: outcome.snapshots };
  if (outcome.kind === "unknown") return { kind: "unknown", id, metas: outcome.metas };
  return { kind: "conflict", id, key: outcome.key };
}

function foundAnswer(id: RequestId, snapshot: CommitRecord["snapshot"] | undefined): AuthorityAnswer {
  return { kind: "found", id, ...(snapshot === undefined ? {} : { snapshot }) };
}

function extentAnswer(id: RequestId, extent: KeyExtent | undefined): AuthorityAnswer {
  return { kind: "extent", id, ...(extent === undefined ? {} : { extent }) };
}

function chainAnswer(id: RequestId, records: readonly CommitRecord[]): AuthorityAnswer {
  const [oldest, ...later] = records;
  return {
    kind: "chain",
    id,
    updates: later.map(updateOf),
    ...(oldest === undefined ? {} : { oldest: oldest.snapshot }),
  };
}
