/** The one place where the commits of all threads are ordered, kept, and told to their followers. */

import { Observable, type Subscriber } from "rxjs";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { TimeSource } from "../../async/time-of-day.ts";
import { adopt } from "./adopt.ts";
import { type AttachedReplica, AuthorityChannel } from "./authority-channel.ts";
import type { CommitOutcome, CommitRecord, CommitRequest } from "../versions/commit.ts";
import { type CommitMeter, CommitSequencer } from "./commit-sequencer.ts";
import type { HistoryRange } from "../versions/history-range.ts";
import { HistoryReader } from "../history/history-reader.ts";
import { checkSameKeys, CommittedParts, idempotencyMismatch, InFlightKeys, originalDropped } from "./idempotency.ts";
import { Eraser, type EraseRequest } from "./eraser.ts";
import type { Erased } from "../versions/tombstone.ts";
import { ForkOrigins } from "../retention/fork-origins.ts";
import { lastVersion } from "../history/last-version.ts";
import type { Journal } from "../journal/journal.ts";
import { LosableJournal } from "../journal/losable-journal.ts";
import { Underway } from "../../async/underway.ts";
import { all, chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { type Follower, Publisher } from "./publisher.ts";
import { Retainer, type RetentionOptions } from "../retention/retainer.ts";
import type { KeyExtent, Position, Snapshot, SnapshotMeta, VersionWhen } from "../versions/snapshot.ts";
import type { StateKey } from "../versions/state-key.ts";
import type { AuthorityMessage } from "../replication/store-protocol.ts";

export interface StoreAuthorityOptions {
  /** Where versions are kept. The authority is its only writer and closes it. */
  readonly journal: Journal;
  /** The source of commits' times. */
  readonly clock: TimeSource;
  /** Which versions are kept. Default: all. */
  readonly retention?: RetentionOptions;
  /** Hears what becomes of commits. Default: nothing is measured. */
  readonly meter?: CommitMeter | undefined;
  /** Hears which versions were committed in a trace, before anything can read them. */
  readonly onTraced?: ((trace: string, versions: readonly Snapshot[]) => void) | undefined;
}

/**
 * Owns the total order of commits, and the journal. Keeps no versions itself.
 *
 * Guarantees: an acknowledged commit is exactly one version, versions of a key are 1, 2, 3 … and each was computed from
 * the one before (invariant 3). A commit of several keys lands at one position, all of it or nothing, and becomes
 * visible at once. No version is visible before the journal acknowledged it. With a journal that answers synchronously
 * everything here that returns a {@link MaybePromise} answers synchronously too, except for searches by time, author or
 * cause. The journal's errors are passed on as they are. When `commit` fails so, nothing was committed, nor were the
 * commits decided on top of it; but with `outcome-unknown`, that isn't known of any of them.
 *
 * After {@link StoreAuthority.close} every call throws or rejects with `system-closed`; once the journal is lost, with its reason.
 *
 * @example
 * const authority = new StoreAuthority({ journal: memoryJournal(), clock });
 * const client = new StoreClient(new AuthorityAccess(authority), { author: "system" });
 */
export class StoreAuthority {
  readonly #journal: Journal;
  readonly #losable: LosableJournal | undefined; // the same, if it can be lost
  readonly #sequencer: CommitSequencer;
  readonly #publisher: Publisher;
  readonly #history: HistoryReader;
  readonly #forks: ForkOrigins;
  readonly #retainer: Retainer;
  readonly #eraser: Eraser;
  readonly #inFlight = new InFlightKeys();
  readonly #parts: CommittedParts;
  readonly #channels = new Map<number, AuthorityChannel>();
  readonly #watchers = new Set<Subscriber<Snapshot>>();
  /** Commits that are not answered yet, and other calls. */
  readonly #commits = new Underway();
  readonly #others = new Underway();
  #closed: Promise<void> | undefined;

  /** @throws TroupeError `invalid-options` for an invalid rule of retention. */
  constructor({ journal: given, clock, retention = { rules: [] }, onTraced, meter }: StoreAuthorityOptions) {
    const { lost } = given;
    const journal = (this.#journal = lost === undefined ? given : (this.#losable = new LosableJournal(given, lost)));
    lost?.addEventListener("abort", () => this.#lost(lost.reason), { once: true });
    this.#parts = new CommittedParts(journal);
    this.#publisher = new Publisher(journal.position);
    this.#history = new HistoryReader(journal);
    this.#forks = new ForkOrigins(journal);
    this.#retainer = new Retainer(journal, clock, this.#forks, retention);
    this.#sequencer = new CommitSequencer(
      journal,
      clock,
      (records, trace) => {
        if (trace !== undefined) onTraced?.(trace, records.map(snapshotIn));
        this.#publisher.publish(records);
        for (const { snapshot } of records) {
          if (snapshot.erased !== undefined) this.#parts.erased(snapshot);
          this.#forks.appended(snapshot);
          const dropping = this.#retainer.appended(snapshot);
          if (dropping !== undefined) this.#others.add(dropping);
        }
      },
      meter,
    );
    this.#eraser = new Eraser(this.#sequencer, this.#forks);
  }

  /** The position of the newest visible commit. */
  get position(): Position {
    return this.#publisher.position;
  }

  /** The time that a commit gets now: the time of day, or that of the last commit while the clock is behind it. */
  get time(): number {
    return this.#sequencer.time;
  }

  /** The newest version of a key; `undefined` for a key without one. */
  head(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#begin(() => this.#sequencer.withHead(key, same));
  }

  /** The newest version in the journal, without keeping it in memory: for reading many keys. */
  stored(key: StateKey): MaybePromise<Snapshot | undefined> {
    return this.#begin(() => this.#journal.peek(key));
  }

  /** The same of many keys, in one read where the journal is elsewhere. Fails if one of them can't be read. */
  storedOf(keys: readonly StateKey[]): MaybePromise<readonly (Snapshot | undefined)[]> {
    return this.#begin(() => this.#journal.heads(keys));
  }

  /**
   * Appends the next versions if the request was computed from the newest ones of all its keys, also of those it only
   * read.
   *
   * @throws TroupeError `idempotency-mismatch` when the idempotency key belongs to a commit to another key;
   * `invalid-state` for patches that don't fit; `schema-newer` for a version under an older schema than the one before;
   * the journal's errors.
   */
  commit(request: CommitRequest): MaybePromise<CommitOutcome> {
    return this.#begin(() => {
      const { changes, idempotencyKey, known } = request;
      if (idempotencyKey === undefined) return this.#sequencer.commit(request);
      if (known !== undefined) return this.#commitPart(request, idempotencyKey, known);
      const keys = changes.map(({ key }) => key);
      return this.#inFlight.alone(idempotencyKey, () =>
        chain(this.#originals(keys, idempotencyKey), (snapshots) =>
          snapshots === undefined ? this.#sequencer.commit(request) : { kind: "duplicate", snapshots },
        ),
      );
    }, this.#commits);
  }

  /** The position once each commit that has begun has landed or failed. Those that begin meanwhile aren't waited for. */
  settled(): MaybePromise<Position> {
    return this.#begin(() =>
      this.#commits.isEmpty ? this.position : this.#commits.settled().then(() => this.position),
    );
  }

  /**
   * The version that was committed to `key` under an idempotency key, if it exists and is kept; waits for a commit in
   * progress. `beside`: further keys that the same commit may have written.
   *
   * @throws TroupeError `idempotency-mismatch` when it was committed to another key.
   */
  committed(
    key: StateKey,
    idempotencyKey: string,
    beside: readonly StateKey[] = [],
  ): MaybePromise<Snapshot | undefined> {
    return this.#begin(() =>
      this.#inFlight.alone(idempotencyKey, () =>
        chain(this.#journal.committed(idempotencyKey), (originals) => {
          checkSameKeys(originals, [key, ...beside], idempotencyKey);
          return originals.find((original) => original.key === key);
        }),
      ),
    );
  }

  /** One version of a key; `undefined` if it doesn't exist. */
  at(key: StateKey, when: VersionWhen): MaybePromise<Snapshot | undefined> {
    return this.#begin(() => chain(this.#sequencer.withHead(key, same), (head) => this.#history.at(key, when, head)));
  }

  /** The range of a key's versions that are kept; `undefined` for a key without one. */
  extent(key: StateKey): MaybePromise<KeyExtent | undefined> {
    return this.#begin(() => chain(this.#sequencer.withHead(key, same), (head) => this.#history.extent(key, head)));
  }

  /** How many bytes a key's versions take in the journal; 0 for a key without one. */
  size(key: StateKey): MaybePromise<number> {
    return this.#begin(() => this.#journal.size(key));
  }

  /**
   * The versions in a range, always ascending, each with the patches from the one before it in the list.
   *
   * @throws TroupeError `no-such-version` for a bound below the oldest version that is kept.
   */
  records(key: StateKey, range: HistoryRange): MaybePromise<readonly CommitRecord[]> {
    return this.#begin(() =>
      chain(this.#sequencer.withHead(key, same), (head) => this.#history.records(key, range, head)),
    );
  }

  /** The versions in a range, in its order. */
  history(key: StateKey, range: HistoryRange): MaybePromise<readonly Snapshot[]> {
    return chain(this.records(key, range), (records) => {
      const snapshots = records.map(snapshotIn);
      return range.order === "oldest-first" ? snapshots : snapshots.toReversed();
    });
  }

  /** The keys that start with `prefix` and have a version, in ascending order; with `since`, those with one at a later position. */
  keys(prefix: string, since?: Position): MaybePromise<readonly StateKey[]> {
    return this.#begin(() =>
      chain(this.#journal.keys(prefix, since), (keys) => keys.filter((key) => !this.#sequencer.hides(key))),
    );
  }

  /** The newest version, if there is one, then each later one in order, without a gap. Completes on `close`. */
  watch(key: StateKey): Observable<Snapshot> {
    return new Observable((subscriber) => {
      const follower: Follower = {
        version: 0,
        audience: (records) => records.forEach(({ snapshot }) => subscriber.next(snapshot)),
      };
      subscriber.add(() => {
        this.#watchers.delete(subscriber);
        this.#publisher.unfollow(key, follower);
      });
      this.#watchers.add(subscriber);
      const fail = (error: unknown): void => subscriber.error(error);
      try {
        const following = this.follow(
          key,
          follower,
          (head) => {
            if (head !== undefined) subscriber.next(head);
          },
          () => !subscriber.closed,
        );
        if (following instanceof Promise) following.catch(fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  /**
   * Connects a replica: `send` carries messages to it, in order, and must not throw. A replica that was attached under
   * the same id is detached.
   */
  attach(replicaId: number, send: (message: AuthorityMessage) => void): AttachedReplica {
    this.#checkOpen();
    this.#channels.get(replicaId)?.detach();
    const channel = new AuthorityChannel(this, this.#publisher, send, () => this.#channels.delete(replicaId));
    this.#channels.set(replicaId, channel);
    return channel;
  }

  /**
   * Gives `begin` the newest version, then tells `follower` of every later one. Does nothing if the newest version has
   * to be read first and the follower is no longer wanted by then.
   */
  follow(
    key: StateKey,
    follower: Follower,
    begin: (head: Snapshot | undefined) => void,
    wanted: () => boolean,
  ): MaybePromise<void> {
    return this.#begin(() =>
      this.#sequencer.withHead(key, (head) => {
        if (!wanted()) return;
        follower.version = head?.version ?? 0;
        this.#publisher.follow(key, follower);
        this.#publisher.inOrder(() => begin(head));
      }),
    );
  }

  /**
   * Drops the versions that retention does not keep, of every key, and frees their room. Rejects with the journal's
   * errors.
   */
  async compact(): Promise<void> {
    await this.#begin(() => this.#retainer.applyAll().then(() => this.#journal.compact()));
  }

  /**
   * Erases a key: appends a tombstone after whatever is its newest version, and removes all before it from the journal. If the newest
   * is a tombstone already, that one is the answer. `forks`: erases the keys that were forked from it, too, at the same position.
   *
   * @throws TroupeError `no-such-key` for a key without a version; the journal's errors.
   */
  async erase(key: StateKey, request: EraseRequest): Promise<Erased> {
    return this.#begin(() => this.#eraser.erase(key, request));
  }

  /**
   * Forgets keys: erases them, and keeps no tombstone. The next version of such a key is its first. For keys that no replica writes
   * and no token speaks of, such as those of runs. Keys without a version are passed over.
   */
  async forget(keys: readonly StateKey[], request: Omit<EraseRequest, "forks">): Promise<void> {
    await this.#begin(() => this.#eraser.forget(keys, request));
  }

  /**
   * Begins a key with versions that were made elsewhere, in their order, at positions of this store. Fails if another
   * commit to the key comes in between. A version whose idempotency key was used here is kept without it.
   *
   * @throws TroupeError `key-exists` when the key has a version; the journal's errors, after which the versions before
   * may be kept.
   */
  async adopt(key: StateKey, requests: readonly CommitRequest[]): Promise<void> {
    await this.#begin(() => adopt(this.#sequencer, this.#journal, key, requests));
  }

  /** Once the journal is lost: answers the commits to which it has not, whose outcome isn't known then. */
  abandon(): void {
    this.#losable?.abandon();
  }

  /** Refuses further calls, waits for those that have begun, and closes the journal. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // at least once, for the watchers to find it closed; a commit that lands starts a round of dropping versions, which is among the others
    for (const calls of [this.#commits, this.#others])
      do await calls.settled();
      while (!calls.isEmpty);
    for (const channel of [...this.#channels.values()]) channel.detach();
    for (const watcher of [...this.#watchers]) watcher.complete();
    await this.#journal.close();
  }

  #lost(reason: unknown): void {
    for (const channel of [...this.#channels.values()]) channel.lose(reason);
    for (const watcher of [...this.#watchers]) watcher.error(reason);
  }

  #commitPart(request: CommitRequest, idempotencyKey: string, known: number): MaybePromise<CommitOutcome> {
    return this.#inFlight.alone(idempotencyKey, () =>
      chain(this.#parts.of(idempotencyKey), (before) => {
        if (before.length !== known) return { kind: "unknown", metas: [...before] };
        return chain(this.#sequencer.commit(request), (outcome) => {
          if (outcome.kind === "committed") this.#parts.add(idempotencyKey, before, outcome.snapshots);
          return outcome;
        });
      }),
    );
  }

  #begin<T>(work: () => MaybePromise<T>, among = this.#others): MaybePromise<T> {
    this.#checkOpen();
    return among.begin(work);
  }

  /** The versions that the keys had right after the commit under the idempotency key; `undefined` if there was none. */
  #originals(keys: readonly StateKey[], idempotencyKey: string): MaybePromise<readonly Snapshot[] | undefined> {
    return chain(this.#journal.committed(idempotencyKey), (originals) => {
      const [first] = originals;
      if (first === undefined) return undefined;
      checkSameKeys(originals, keys, idempotencyKey);
      const asOf = (key: StateKey): MaybePromise<Snapshot> => this.#asOf(key, first, keys, idempotencyKey);
      return all(keys.map((key) => originals.find((original) => original.key === key) ?? asOf(key)));
    });
  }

  /** The version that a key had at the position of a commit that left it unchanged. */
  #asOf(key: StateKey, original: Snapshot, keys: readonly StateKey[], idempotencyKey: string): MaybePromise<Snapshot> {
    const isUpTo = ({ position }: SnapshotMeta): boolean => position <= original.position;
    return chain(this.#sequencer.withHead(key, same), (head) =>
      chain(lastVersion(this.#journal, key, 1, head?.version ?? 0, isUpTo), (version) => {
        if (version === 0) throw idempotencyMismatch(original, keys, idempotencyKey);
        return chain(this.#journal.at(key, version), (snapshot) => {
          if (snapshot === undefined) throw originalDropped(key, version, original, idempotencyKey);
          return snapshot;
        });
      }),
    );
  }

  #checkOpen(): void {
    this.#losable?.lost.throwIfAborted();
    if (this.#closed !== undefined) {
      throw new TroupeError("system-closed", "The store is closed. Use it before the system closes.");
    }
  }
}

function snapshotIn({ snapshot }: CommitRecord): Snapshot {
  return snapshot;
}

function same<T>(value: T): T {
  return value;
}
