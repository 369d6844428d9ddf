/** The threads of one system: opens them, links each with all others, picks one for an actor, and hears of their end. */

import type { HostId } from "../actors/address.ts";
import type { Placement } from "../actors/placement.ts";
import { encodeError } from "../errors/error-codec.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import type { ThreadExit } from "../ports/threads.ts";
import type { HostThread, HostThreads } from "./host-threads.ts";

interface Entry {
  readonly id: HostId;
  readonly thread: HostThread;
  readonly isPooled: boolean;
  /** Actors that were placed here and have not stopped. */
  actors: number;
  /** True once its close was asked for: its end is no death. */
  isClosing: boolean;
  /** Resolves when it is linked with all threads that were there before it: no actor is placed on it earlier. */
  linked: Promise<unknown>;
}

export interface ThreadRosterOptions {
  readonly threads: HostThreads;
  /** How many pooled threads to keep. */
  readonly pooled: number;
  readonly open: (id: HostId) => Promise<HostThread>;
  /** Called before any actor is placed on it. */
  readonly onOpen: (id: HostId, thread: HostThread) => void;
  readonly onExit: (id: HostId, exit: ThreadExit, wasClosing: boolean) => void;
}

export class ThreadRoster {
  readonly #threads: HostThreads;
  readonly #pooled: number;
  readonly #openThread: (id: HostId) => Promise<HostThread>;
  readonly #onOpen: (id: HostId, thread: HostThread) => void;
  readonly #onExit: (id: HostId, exit: ThreadExit, wasClosing: boolean) => void;
  readonly #entries = new Map<HostId, Entry>();
  /** Pooled threads that are being opened. */
  readonly #openings = new Set<Promise<Entry>>();
  #isClosing = false;
  #lastId = 0;

  constructor({ threads, pooled, open, onOpen, onExit }: ThreadRosterOptions) {
    this.#threads = threads;
    this.#pooled = pooled;
    this.#openThread = open;
    this.#onOpen = onOpen;
    this.#onExit = onExit;
  }

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#pooled }, () => this.#openPooled()));
  }

  get ids(): HostId[] {
    return [...this.#entries.keys()].sort((a, b) => a - b);
  }

  thread(id: HostId): HostThread | undefined {
    return this.#entries.get(id)?.thread;
  }

  /**
   * The thread for a new actor, which counts as placed there from now on. 0 is the thread that made the system.
   *
   * @throws TroupeError `no-such-thread`, `invalid-options` for a placement that is none.
   */
  async place(placement: Placement): Promise<HostId> {
    const chosen = this.#choose(placement);
    if (chosen === undefined) return 0;
    // counted before anything is awaited, so that actors which are placed at the same time spread
    if (!(chosen instanceof Promise)) chosen.actors++;
    const entry = await chosen;
    if (chosen instanceof Promise) entry.actors++;
    await entry.linked;
    return entry.id;
  }

  /** An actor is gone; a dedicated thread goes with its actor. */
  async release(id: HostId): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.actors--;
    if (!entry.isPooled && entry.actors === 0) await this.#close(entry);
  }

  /** Closes all threads; one that doesn't answer within `grace` milliseconds is killed. */
  async close(grace: number, after: (ms: number) => Promise<void>): Promise<void> {
    this.#isClosing = true;
    await Promise.all(
      [...this.#entries.values()].map(async (entry) => {
        await Promise.race([this.#close(entry), after(grace)]);
        if (this.#entries.has(entry.id)) await entry.thread.kill();
      }),
    );
    await this.#threads.close();
  }

  #choose(placement: Placement): Entry | Promise<Entry> | undefined {
    if (placement === "dedicated") return this.#open(false);
    if (placement === "pooled") return this.#leastLoaded();
    if (typeof placement !== "object") throw noSuchPlacement(placement);
    if (placement.thread === 0) return undefined;
    const entry = this.#entries.get(placement.thread);
    if (entry === undefined || entry.isClosing) {
      throw new TroupeError(
        "no-such-thread",
        `there is no thread ${placement.thread}; there are ${[0, ...this.ids].join(", ")}`,
        {
          details: { thread: placement.thread, threads: this.ids },
        },
      );
    }
    return entry;
  }

  #leastLoaded(): Entry | Promise<Entry> {
    const pooled = [...this.#entries.values()].filter(({ isPooled }) => isPooled);
    if (pooled.length + this.#openings.size < this.#pooled) return this.#openPooled(); // one died
    const [first, ...rest] = pooled;
    if (first === undefined) return Promise.any(this.#openings).then(() => this.#leastLoaded()); // all of them died
    return rest.reduce((least, entry) => (entry.actors < least.actors ? entry : least), first);
  }

  #openPooled(): Promise<Entry> {
    const opening = this.#open(true).finally(() => this.#openings.delete(opening));
    this.#openings.add(opening);
    return opening;
  }

  async #open(isPooled: boolean): Promise<Entry> {
    const id = ++this.#lastId;
    const thread = await this.#openThread(id);
    if (this.#isClosing) {
      await thread.kill();
      throw new TroupeError("system-closed", `the system was closed while thread ${id} was opened`);
    }
    const peers = [...this.#entries.values()];
    const entry: Entry = { id, thread, isPooled, actors: 0, isClosing: false, linked: Promise.resolve() };
    this.#entries.set(id, entry);
    this.#onOpen(id, thread);
    void thread.exit.then((exit) => this.#exited(entry, exit));
    entry.linked = Promise.all(peers.map((peer) => this.#connect(peer, entry)));
    await entry.linked;
    return entry;
  }

  async #connect(a: Entry, b: Entry): Promise<void> {
    try {
      await this.#threads.connect(a.thread, b.thread);
    } catch (error) {
      if (this.#entries.has(a.id) && this.#entries.has(b.id)) throw error;
      // one of them died meanwhile: its exit is what everybody hears of
    }
  }

  async #close(entry: Entry): Promise<void> {
    entry.isClosing = true;
    try {
      await entry.thread.control.close();
    } catch (error) {
      if (this.#entries.has(entry.id)) throw error;
      // it was gone before it could answer, which is what was asked for
    }
    await entry.thread.exit;
  }

  #exited(entry: Entry, exit: ThreadExit): void {
    this.#entries.delete(entry.id);
    const reason = exit.kind === "died" ? exit.error : threadClosed(entry.id);
    for (const { thread, id } of this.#entries.values()) {
      thread.control.disconnect(entry.id, encodeError(reason)).catch((error: unknown) => {
        if (this.#entries.has(id)) throw error; // a living host must be able to forget a dead one
      });
    }
    this.#onExit(entry.id, exit, entry.isClosing);
  }
}

function noSuchPlacement(placement: never): TroupeError {
  const given = JSON.stringify(placement);
  return new TroupeError("invalid-options", `a placement is "pooled", "dedicated" or { thread: number }, not ${given}`);
}

/** What whoever still waits for a thread is told when the thread was closed with all its actors stopped. */
export function threadClosed(thread: HostId): TroupeError {
  return new TroupeError("actor-stopped", `thread ${thread} was closed, and its actors have stopped`);
}
