/** How a process becomes the owner of a journal: it follows the stream, and takes it where no owner is heard of for as long as its lease is. */

import { hostname } from "node:os";
import { TroupeError } from "../../errors/troupe-error.ts";
import { encodeEntry, type Entry, type Owner } from "./entry.ts";
import { notOpenable, type Place, reasonOf } from "./failures.ts";
import type { Follower } from "./follower.ts";
import type { Generations } from "./generations.ts";
import { isElsewhere } from "./jetstream.ts";
import type { LocalCopy } from "./local-copy.ts";
import { hasGoneBack, markAt } from "./mark.ts";
import type { Taken } from "./owned-log.ts";

export interface TakeOptions {
  readonly lease: number;
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
}

interface Parts {
  readonly place: Place;
  readonly copy: LocalCopy;
  readonly follower: Follower;
  readonly generations: Generations;
}

/** Milliseconds between two looks of a process that waits. */
const lookEvery = 100;

/** Resolves when this process owns the journal, and its copy has all of it. @throws TroupeError `journal-in-use`, unless it waits. */
export async function takeOver(parts: Parts, options: TakeOptions): Promise<Taken> {
  const { place, follower, generations } = parts;
  const { wait, signal, lease } = options;
  const taking = new Taking(parts, lease);
  for (;;) {
    signal?.throwIfAborted();
    try {
      while ((await follower.read()) > 0) signal?.throwIfAborted();
      const taken = await taking.look(wait);
      if (taken !== undefined) return taken;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TroupeError) throw error;
      if (!wait) throw notOpenable(place, reasonOf(error), error);
      await reroute(follower, generations);
    }
    await pause(signal);
  }
}

class Taking {
  readonly #parts: Parts;
  readonly #owner: Owner;
  /** The last sequence of the stream, and when it was first seen to be that. */
  #seen = { stream: "", last: 0, at: 0 };
  /** Since when the stream ends before what was read of it. */
  #backSince: number | undefined;
  #began = 0;

  constructor(parts: Parts, lease: number) {
    this.#parts = parts;
    const name = `${hostname()}:${process.pid}:${crypto.randomUUID().slice(0, 8)}`;
    this.#owner = { name, pid: process.pid, lease };
  }

  /** Takes the journal where it is free, and everything in it has been read. */
  async look(wait: boolean): Promise<Taken | undefined> {
    const { follower, place } = this.#parts;
    const { log, mark, last: entry } = follower;
    const last = await log.last();
    const now = performance.now();
    const isFirst = this.#seen.stream !== log.stream;
    const isNew = isFirst || last > this.#seen.last;
    if (isNew) this.#seen = { stream: log.stream, last, at: now };
    await this.#checkBack(last, now);
    if (last !== mark.sequence) return undefined;
    const holder = entry === undefined || entry.kind === "released" ? undefined : entry.owner;
    if (holder?.name === this.#owner.name) return this.#taken(mark.sequence, entry?.epoch ?? 0);
    if (holder === undefined || now - this.#seen.at >= holder.lease) return this.#take(entry);
    if (!wait && isNew && !isFirst) throw inUse(holder, place);
    return undefined;
  }

  async #take(before: Entry | undefined): Promise<Taken | undefined> {
    const { follower, copy } = this.#parts;
    const { mark, after, log } = follower;
    const epoch = (before?.epoch ?? 0) + 1;
    const id = `${this.#owner.name}#taken${mark.sequence}`;
    const entry = { kind: "taken", id, epoch, owner: this.#owner, after } as const;
    const { position, time } = copy.journal;
    this.#began = performance.now();
    try {
      const bytes = encodeEntry({ ...entry, position, time }, Buffer.alloc(0));
      return this.#taken(await log.append(bytes, mark.sequence), epoch);
    } catch (error) {
      if (isElsewhere(error)) return undefined; // the next look shows whose it is
      throw error;
    }
  }

  #taken(sequence: number, epoch: number): Taken {
    const { follower, copy } = this.#parts;
    const { position, time } = copy.journal;
    return { log: follower.log, owner: this.#owner, epoch, mark: { sequence, position }, time, at: this.#began };
  }

  /** A leader that is new may not have all yet. One that still doesn't after a lease never will. */
  async #checkBack(last: number, now: number): Promise<void> {
    const { place, follower } = this.#parts;
    const { log, mark } = follower;
    if (last >= mark.sequence) this.#backSince = undefined;
    else if (now - (this.#backSince ??= now) > this.#owner.lease)
      throw notOpenable(place, hasGoneBack(await markAt(place, log, last), mark));
  }
}

/** Goes where the journal is now, if its stream was removed since it had moved. */
async function reroute(follower: Follower, generations: Generations): Promise<void> {
  try {
    if (!(await follower.isGone())) return;
    const current = await generations.current();
    if (current !== follower.log.stream) follower.goTo(current);
  } catch {
    // the servers can't be reached: it is looked again
  }
}

function inUse({ name: owner, pid, lease }: Owner, { name }: Place): TroupeError {
  const until = Date.now() + lease;
  return new TroupeError(
    "journal-in-use",
    `The journal ${name} is owned by ${owner}, which renewed its lease of ${lease} ms just now. Close the system there, or wait for the journal with wait: true.`,
    { details: { directory: name, pid, owner, until } },
  );
}

/** @throws the signal's reason (as a rejection). */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, lookEvery);
    signal?.addEventListener("abort", over);
  });
  signal?.throwIfAborted();
}
