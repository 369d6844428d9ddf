/**
 * The threads of one system: opens them, links each with all others, picks one for an actor, hears of their end, and replaces
 * pooled threads that died.
 */

import { homeHost, type HostId, hostId } from "../../actors/address.ts";
import { pauseOf } from "../../actors/backoff.ts";
import { type Placement, placementRule } from "../../actors/placement.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { ThreadExit } from "../../ports/threads.ts";
import type { HostThread, HostThreads } from "./host-threads.ts";
import { shown } from "../../values/shown.ts";
import { readGiven } from "../../contracts/read-given.ts";

/** A place for actors: an open thread, or a thread that is being opened. */
class Slot {
  readonly isPooled: boolean;
  /** How many actors were placed here and have not stopped. They count also while they wait for the thread. */
  actors = 0;
  /** True while the opening of its thread is put off, since earlier ones failed. */
  isPausing = false;
  /** True once an actor was placed here. */
  hasHosted = false;
  /** Resolves when the thread is linked with all earlier threads: until then no actor is placed on it. */
  readonly ready: Promise<Entry>;

  constructor(isPooled: boolean, open: (slot: Slot) => Promise<Entry>) {
    this.isPooled = isPooled;
    this.ready = open(this);
  }
}

interface Entry {
  readonly id: HostId;
  readonly thread: HostThread;
  readonly slot: Slot;
  /** True once the thread was told to close: then its end is not a death. */
  isClosing: boolean;
}

/** The pauses before a pooled thread is opened again, from the first failure on. */
const backoff = { first: 100, factor: 2, max: 5_000, jitter: 0 } as const;

export interface ThreadRosterOptions {
  readonly threads: HostThreads;
  readonly clock: Clock;
  /** How many pooled threads to keep. */
  readonly pooled: number;
  readonly open: (id: HostId) => Promise<HostThread>;
  /** Called before any actor is placed on it. */
  readonly onOpen: (id: HostId, thread: HostThread) => void;
  readonly onExit: (id: HostId, exit: ThreadExit, wasClosing: boolean) => void;
  /** Called when a dead thread's replacement could not be opened. The next attempt follows after `retryAfter` milliseconds. */
  readonly onFailure: (error: unknown, retryAfter: number) => void;
}

export class ThreadRoster {
  readonly #threads: HostThreads;
  readonly #clock: Clock;
  readonly #pooled: number;
  readonly #openThread: (id: HostId) => Promise<HostThread>;
  readonly #onOpen: (id: HostId, thread: HostThread) => void;
  readonly #onExit: (id: HostId, exit: ThreadExit, wasClosing: boolean) => void;
  readonly #onFailure: (error: unknown, retryAfter: number) => void;
  readonly #entries = new Map<HostId, Entry>();
  /** The places of pooled threads. */
  readonly #slots = new Set<Slot>();
  readonly #pauses = new Map<Timer, (error: unknown) => void>();
  /** How many threads in a row could not start, or died before an actor was placed on them. */
  #failures = 0;
  #isClosing = false;
  #lastThread = 0;

  constructor({ threads, clock, pooled, open, onOpen, onExit, onFailure }: ThreadRosterOptions) {
    this.#threads = threads;
    this.#clock = clock;
    this.#pooled = pooled;
    this.#openThread = open;
    this.#onOpen = onOpen;
    this.#onExit = onExit;
    this.#onFailure = onFailure;
  }

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#pooled }, () => this.#addPooled().ready));
  }

  get ids(): HostId[] {
    return [...this.#entries.keys()].sort((a, b) => a - b);
  }

  thread(id: HostId): HostThread | undefined {
    return this.#entries.get(id)?.thread;
  }

  /**
   * Picks the thread for a new actor; from then on the actor counts as placed there. Returns the home host for the thread that
   * made the system. While no pooled thread is up, waits for the next one.
   *
   * @throws TroupeError `no-such-thread`, `invalid-options` for something that is no placement; the error with which the thread
   * could not be opened.
   */
  async place(placement: Placement): Promise<HostId> {
    const slot = this.#choose(placement);
    if (slot === undefined) return homeHost;
    try {
      return await this.#take(slot);
    } catch (error) {
      const isAnotherUp = [...this.#slots].some((one) => !one.isPausing);
      if (placement !== "pooled" || this.#isClosing || !isAnotherUp) throw error;
      return this.place(placement);
    }
  }

  async #take(slot: Slot): Promise<HostId> {
    slot.actors++; // before anything is awaited, so that actors which are placed at the same time spread
    try {
      const { id } = await slot.ready;
      slot.hasHosted = true;
      return id;
    } catch (error) {
      slot.actors--;
      throw error;
    }
  }

  /** @throws TroupeError `no-such-thread`, `invalid-options`: what {@link ThreadRoster.place} would. */
  check(placement: Placement): void {
    if (placement !== "pooled" && placement !== "dedicated") this.#named(placement);
  }

  /**
   * Picks the thread for an actor that was on another one before: by its placement if possible, otherwise a pooled thread,
   * otherwise a dedicated one; never one of those `avoided`.
   *
   * @throws TroupeError `invalid-options`.
   */
  async placeAgain(placement: Placement, avoided: ReadonlySet<HostId>): Promise<HostId> {
    if (typeof placement === "object") {
      const host = hostId(placement.thread);
      const isThere = host === homeHost || this.#entries.get(host)?.isClosing === false;
      return isThere && !avoided.has(host) ? this.place(placement) : this.placeAgain("pooled", avoided);
    }
    const isAvoided = (slot: Slot): boolean => [...avoided].some((id) => this.#entries.get(id)?.slot === slot);
    const candidates = [...this.#slots].filter((slot) => !isAvoided(slot));
    if (placement === "dedicated" || candidates.length === this.#slots.size) return this.place(placement);
    return candidates.length === 0 ? this.place("dedicated") : this.#take(this.#leastLoaded(candidates));
  }

  /** True when killing the thread would take down one actor only. False for the thread that made the system. */
  isAlone(id: HostId): boolean {
    return this.#entries.get(id)?.slot.actors === 1;
  }

  /** Ends a thread at once, whatever it is doing. That is a death. */
  async kill(id: HostId, reason?: Error): Promise<void> {
    await this.#entries.get(id)?.thread.kill(reason);
  }

  /** Notes that an actor is gone from a thread. A dedicated thread closes with its actor. */
  async release(id: HostId): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { slot } = entry;
    slot.actors--;
    if (slot.isPooled || slot.actors > 0 || this.#isClosing) return;
    await this.#stopActors(entry);
    await this.#close(entry);
  }

  /**
   * Closes all threads in two steps, so that what one had sent to another has arrived before that closes: first the actors of all are
   * stopped, then the threads close. Kills each that doesn't answer within `grace` milliseconds, in either step. `beforeClosing` is called
   * between the two, for what this thread sends to the others.
   */
  async close(grace: number, after: (ms: number) => Promise<void>, beforeClosing: () => void): Promise<void> {
    this.#isClosing = true;
    for (const [timer, end] of this.#pauses) {
      timer.cancel();
      end(closedMeanwhile());
    }
    const inTime = async (end: (entry: Entry) => Promise<void>): Promise<void> => {
      const late = after(grace).then(() => true);
      const all = [...this.#entries.values()].map(async (entry) => {
        const isLate = await Promise.race([end(entry).then(() => false), late]);
        if (isLate && this.#entries.has(entry.id)) await entry.thread.kill();
      });
      await Promise.all(all);
    };
    // one that is closing already is gone for the others before they close: then they know what didn't arrive there
    await inTime((entry) => (entry.isClosing ? this.#exitOf(entry) : this.#stopActors(entry)));
    beforeClosing();
    await inTime((entry) => this.#close(entry));
    await this.#threads.close();
  }

  #choose(placement: Placement): Slot | undefined {
    if (this.#isClosing) throw closedMeanwhile();
    if (placement === "dedicated") return new Slot(false, (slot) => this.#open(slot, 0));
    if (placement === "pooled") return this.#leastLoaded();
    return this.#named(placement);
  }

  /** The place on the thread of that number; `undefined` for the thread that made the system. */
  #named(placement: Exclude<Placement, string>): Slot | undefined {
    const thread: unknown = readGiven("placement", () => (Object(placement) as { thread?: unknown }).thread);
    if (typeof thread !== "number") throw noSuchPlacement(placement);
    const host = hostId(thread);
    if (host === homeHost) return undefined;
    const entry = this.#entries.get(host);
    if (entry === undefined || entry.isClosing) {
      throw new TroupeError(
        "no-such-thread",
        `there is no thread ${thread}; there are ${[homeHost, ...this.ids].join(", ")}`,
        {
          details: { thread, threads: this.ids },
        },
      );
    }
    return entry.slot;
  }

  /** A thread that is being opened will be up soon, so it can be picked too. If its opening is put off, only as a last resort. */
  #leastLoaded(slots = [...this.#slots]): Slot {
    const up = slots.filter(({ isPausing }) => !isPausing);
    const free = (up.length > 0 ? up : slots).sort((one, other) => one.actors - other.actors);
    return free[this.#threads.place?.(free.length) ?? 0] as Slot;
  }

  #addPooled(): Slot {
    const slot = new Slot(true, (own) => this.#open(own, pauseAfter(this.#failures)));
    this.#slots.add(slot);
    slot.ready.catch(() => this.#slots.delete(slot)); // before any caller that waits for the thread hears of it
    return slot;
  }

  /** Replaces a dead thread; tries again until that succeeds. */
  #replace(): void {
    if (this.#isClosing) return;
    this.#addPooled().ready.catch((error: unknown) => {
      if (this.#isClosing) return;
      this.#onFailure(error, pauseAfter(++this.#failures));
      this.#replace();
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(ms, () => {
        this.#pauses.delete(timer);
        resolve();
      });
      this.#pauses.set(timer, reject);
    });
  }

  async #open(slot: Slot, pause: number): Promise<Entry> {
    if (pause > 0) {
      slot.isPausing = true;
      await this.#pause(pause);
      slot.isPausing = false;
    }
    const id = hostId(++this.#lastThread);
    const thread = await this.#openThread(id);
    if (this.#isClosing) {
      await thread.kill();
      throw closedMeanwhile();
    }
    const peers = [...this.#entries.values()];
    const entry: Entry = { id, thread, slot, isClosing: false };
    this.#entries.set(id, entry);
    void thread.exit.then((exit) => this.#exited(entry, exit)); // first: opening may fail, as where the journal is lost
    try {
      this.#onOpen(id, thread);
      await Promise.all(peers.map((peer) => this.#connect(peer, entry)));
    } catch (error) {
      entry.isClosing = true; // a thread that can't be reached by all others is of no use
      await thread.kill();
      throw error;
    }
    return entry;
  }

  async #connect(a: Entry, b: Entry): Promise<void> {
    try {
      await this.#threads.connect(a.thread, b.thread);
    } catch (error) {
      if (this.#entries.has(a.id) && this.#entries.has(b.id)) throw error;
      // one of the two died meanwhile, and its exit is reported
    }
  }

  async #stopActors(entry: Entry): Promise<void> {
    entry.isClosing = true;
    await this.#unlessEnded(entry, () => entry.thread.control.stopActors());
  }

  async #close(entry: Entry): Promise<void> {
    await this.#unlessEnded(entry, () => entry.thread.control.close());
    await this.#exitOf(entry);
  }

  async #exitOf({ thread }: Entry): Promise<void> {
    await thread.exit;
  }

  /** A thread that is to end may end before it can answer. */
  async #unlessEnded({ id }: Entry, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (this.#entries.has(id)) throw error;
    }
  }

  #exited(entry: Entry, exit: ThreadExit): void {
    this.#entries.delete(entry.id);
    const reason = exit.kind === "died" ? exit.error : threadClosed(entry.id);
    for (const { thread, id } of this.#entries.values()) {
      thread.control.disconnect(entry.id, encodeError(reason)).catch((error: unknown) => {
        if (this.#entries.has(id)) throw error; // a living host must be able to forget a dead one
      });
    }
    if (entry.slot.isPooled && !entry.isClosing) {
      this.#slots.delete(entry.slot); // first: a listener may place an actor at once
      this.#failures = entry.slot.hasHosted ? 0 : this.#failures + 1;
      this.#replace();
    }
    this.#onExit(entry.id, exit, entry.isClosing);
  }
}

function pauseAfter(failures: number): number {
  return failures === 0 ? 0 : pauseOf(backoff, failures, 0);
}

function closedMeanwhile(): TroupeError {
  return new TroupeError("system-closed", "the system was closed while a thread was opened");
}

function noSuchPlacement(placement: unknown): TroupeError {
  return new TroupeError("invalid-options", `a placement is ${placementRule}, not ${shown(placement)}`);
}

/** The error for callers that still wait for an answer of a thread which was closed after its actors had stopped. */
export function threadClosed(thread: HostId): TroupeError {
  return new TroupeError("actor-stopped", `thread ${thread} was closed, and its actors have stopped`);
}
