/**
 * The log of a journal that this process owns: appends to it, keeps its lease, and finds out what became of a message without an answer. Each is
 * appended only where the stream is at the sequence that this owner has left it at, so nothing is kept of what an owner of before still sends.
 */

import { deferred } from "../../async/deferred.ts";
import { ownershipLost } from "../../store/journal/ownership.ts";
import { decodeEntry, encodeEntry, type Owner, type Said } from "./entry.ts";
import { type Place, reasonOf } from "./failures.ts";
import { type Cluster, isElsewhere, type Log } from "./jetstream.ts";
import { hasGoneBack, type Mark, markAt } from "./mark.ts";

/**
 * What became of a message: `kept`, `lost` when it certainly isn't kept since the journal is another's, `unknown` when the journal was
 * lost before that was found out.
 */
export type Fate = "kept" | "lost" | "unknown";

/** Where the journal was when this process took it. */
export interface Taken {
  readonly log: Log;
  readonly owner: Owner;
  readonly epoch: number;
  readonly mark: Mark;
  /** The latest time of all its commits. */
  readonly time: number;
  /** By the monotonic clock, from before the message was sent that took it. */
  readonly at: number;
}

/** The part of the lease, from before it was renewed, after which the owner stops. What is left is for its system to stop in. */
const ownUntil = 0.8;
/** The part of the lease that one request may take, and milliseconds: it costs nothing to send a message again. */
const patienceOf = 0.2;
const leastPatience = 250;
const mostPatience = 2_000;
/** The part of the lease after which it is renewed where nothing was written. */
const renewAfter = 0.25;
/** Milliseconds between attempts. */
const firstPause = 20;
const longestPause = 500;

export function patience(lease: number): number {
  return Math.min(mostPatience, Math.max(leastPatience, lease * patienceOf));
}

export class OwnedLog {
  readonly #cluster: Cluster;
  readonly #place: Place;
  readonly #owner: Owner;
  readonly #epoch: number;
  readonly #lost = new AbortController();
  readonly #ended = deferred<"ended">();
  readonly #timer: ReturnType<typeof setInterval>;
  #log: Log;
  #mark: Mark;
  #after: number;
  #time: number;
  #renewedAt: number;
  /** The message that renewed the lease last, where none was written since. */
  #renewal: number | undefined;
  /** Where the stream was when it last said to be before what it had acknowledged. */
  #wentBack: Mark | undefined;
  #failure: unknown;
  #writing = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #isReleased = false;
  #sent = 0;

  constructor(cluster: Cluster, place: Place, { log, owner, epoch, mark, time, at }: Taken) {
    this.#cluster = cluster;
    this.#place = place;
    this.#owner = owner;
    this.#epoch = epoch;
    this.#log = log;
    this.#mark = mark;
    this.#after = mark.sequence;
    this.#time = time;
    this.#renewedAt = at;
    this.#timer = setInterval(() => this.#watch(), owner.lease / 20).unref();
  }

  /** Aborts when another process owns the journal, or may own it soon. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get maxBytes(): number {
    return this.#cluster.maxBytes;
  }

  /** @throws TroupeError `ownership-lost`, also when the lease has run out and no timer could say so. */
  check(): void {
    this.#look();
    this.#lost.signal.throwIfAborted();
  }

  /** Ends the ownership, for a reason of this process' own. */
  lose(how: string, owner?: string): void {
    if (this.#lost.signal.aborted) return;
    clearInterval(this.#timer);
    const details = { journal: this.#place.name, epoch: this.#epoch, ...(owner === undefined ? {} : { owner }) };
    this.#lost.abort(ownershipLost(how, details, this.#failure));
    this.#ended.resolve("ended");
    this.#cluster.cut();
  }

  /**
   * Appends a message. What it has no room for goes ahead in messages of its own, which count for nothing without it.
   *
   * @param position where the journal is with it. @param time the latest time of all its commits then.
   */
  write(said: Said, body: Buffer, position = this.#mark.position, time = this.#time): Promise<Fate> {
    return this.#inTurn(async () => {
      const room = this.maxBytes;
      let at = 0;
      for (; body.length - at > room; at += room) {
        const fate = await this.#one({ kind: "part" }, body.subarray(at, at + room));
        if (fate !== "kept") return "lost";
      }
      return this.#one(said, body.subarray(at), position, time);
    });
  }

  /** Goes on in another stream, whose last message is `last`. */
  move(to: Log, last: number): Promise<Fate> {
    return this.#inTurn(async () => {
      const fate = await this.#one({ kind: "moved", to: to.stream }, Buffer.alloc(0));
      if (fate !== "kept") return fate;
      this.#log = to;
      this.#mark = { sequence: last, position: this.#mark.position };
      this.#after = last;
      this.#renewal = undefined;
      return fate;
    });
  }

  /** The bytes of a message as this owner would say it in another stream. */
  saying(said: Said, body: Uint8Array, after: number): Buffer {
    const id = `${this.#owner.name}#${++this.#sent}`;
    const { position } = this.#mark;
    return encodeEntry(
      { ...said, id, epoch: this.#epoch, owner: this.#owner, after, position, time: this.#time },
      body,
    );
  }

  /** Gives the journal to whichever process waits for it. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#lost.signal.aborted) return;
    this.#isReleased = true;
    await this.#turn;
    try {
      const bytes = this.saying({ kind: "released" }, Buffer.alloc(0), this.#after);
      await this.#log.append(bytes, this.#mark.sequence);
    } catch {
      // the lease runs out by itself
    }
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    this.#writing++;
    const done = this.#turn.then(task);
    const over = (): void => void this.#writing--;
    this.#turn = done.then(over, over);
    return done;
  }

  async #one(said: Said, body: Buffer, position = this.#mark.position, time = this.#time): Promise<Fate> {
    const id = `${this.#owner.name}#${++this.#sent}`;
    const head = { ...said, id, epoch: this.#epoch, owner: this.#owner, after: this.#after, position, time };
    const bytes = encodeEntry(head, body);
    const attempt = { isSent: false };
    const fate = await Promise.race([this.#carryOut(bytes, id, attempt), this.#ended.promise]);
    if (fate === "ended") return attempt.isSent ? "unknown" : "lost";
    if (typeof fate === "string") return fate;
    this.#mark = { sequence: fate.sequence, position };
    this.#time = time;
    this.#renewedAt = fate.began;
    if (said.kind !== "renewed") this.#after = fate.sequence;
    return "kept";
  }

  /** Sends it until it is known what became of it. Sent twice, it is kept once: both expect the same sequence. */
  async #carryOut(
    bytes: Buffer,
    id: string,
    attempt: { isSent: boolean },
  ): Promise<"lost" | "unknown" | { readonly sequence: number; readonly began: number }> {
    const { sequence } = this.#mark;
    for (let ms = firstPause; !this.#lost.signal.aborted; ms = Math.min(longestPause, ms * 2)) {
      const began = performance.now();
      try {
        const wasSent = attempt.isSent;
        attempt.isSent = true;
        try {
          return { sequence: await this.#log.append(bytes, sequence), began };
        } catch (error) {
          this.#failure = error;
          if (!isElsewhere(error)) throw error;
          attempt.isSent = wasSent; // this attempt is certainly not kept
        }
        const found = await this.#found(id, sequence + 1);
        if (found === "ours") return { sequence: sequence + 1, began };
        if (found !== undefined) {
          attempt.isSent = false;
          this.lose(`${found} took it over`, found);
          return "lost";
        }
      } catch (error) {
        this.#failure = error; // there was no answer: it is tried again
      }
      await new Promise((resolve) => void setTimeout(resolve, ms));
    }
    return attempt.isSent ? "unknown" : "lost";
  }

  /** Which owner's message is at a sequence, or that it is ours; `undefined` where that can't be told yet. */
  async #found(id: string, sequence: number): Promise<string | undefined> {
    const message = await this.#log.at(sequence);
    if (message !== undefined) {
      const { entry } = decodeEntry(this.#place, sequence, message.bytes);
      return entry.id === id ? "ours" : entry.owner.name;
    }
    const last = await this.#log.last();
    if (last < sequence - 1) this.#wentBack = await markAt(this.#place, this.#log, last);
    return undefined;
  }

  #watch(): void {
    this.#look();
    const isDue = performance.now() - this.#renewedAt > this.#owner.lease * renewAfter;
    if (isDue && this.#writing === 0 && !this.#isReleased) void this.#renew();
  }

  async #renew(): Promise<void> {
    const log = this.#log;
    const before = await this.#inTurn(async () => {
      const earlier = this.#renewal;
      if ((await this.#one({ kind: "renewed" }, Buffer.alloc(0))) !== "kept") return undefined;
      this.#renewal = this.#mark.sequence;
      return earlier;
    });
    if (before === undefined || log !== this.#log) return;
    try {
      await log.forget(before);
    } catch {
      // it stays in the stream, where nothing depends on it
    }
  }

  #look(): void {
    const { lease } = this.#owner;
    if (this.#isReleased || performance.now() - this.#renewedAt < lease * ownUntil) return;
    const why = this.#failure === undefined ? "" : ` (${reasonOf(this.#failure)})`;
    if (this.#wentBack !== undefined) this.lose(hasGoneBack(this.#wentBack, this.#mark));
    else this.lose(`it could not renew its lease of ${lease} ms in time${why}`);
  }
}
