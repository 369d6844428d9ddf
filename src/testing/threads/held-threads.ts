/** Threads whose links with the thread of the system are held: something says of each batch when it goes on. */

import { homeHost, type HostId } from "../../actors/address.ts";
import type { Link } from "../../ports/link.ts";
import type { HostThread, HostThreads } from "../../runtime/threads/host-threads.ts";

/** Says when batches go on. */
export interface Hold {
  /** A batch has come to a link, named as a simulation's trace names it, such as `link 0>1`. `pass` has the oldest batch go on that the link holds. */
  came(link: string, pass: () => void): void;
  /** All that is held goes on, and nothing is held from now on. */
  open(): void;
}

/** Holds only links with the system's thread. Links between two other threads are as they are: each hears of the other's commits through the system's thread. */
export class HeldThreads implements HostThreads {
  readonly place: (among: number) => number;
  readonly #threads: HostThreads;
  readonly #hold: Hold;
  readonly #open = new Map<HostId, HostThread>();

  constructor(threads: HostThreads, hold: Hold, place: (among: number) => number) {
    this.#threads = threads;
    this.#hold = hold;
    this.place = place;
  }

  /** The numbers of the threads that live, in ascending order. */
  get ids(): readonly number[] {
    return [...this.#open.keys()].sort((a, b) => a - b);
  }

  async open(settings: Parameters<HostThreads["open"]>[0]): Promise<HostThread> {
    const { id } = settings;
    const thread = await this.#threads.open(settings);
    this.#open.set(id, thread);
    void thread.exit.then(() => this.#open.delete(id));
    const { control, exit } = thread;
    return { control, exit, link: new HeldLink(thread.link, id, this.#hold), kill: (reason) => thread.kill(reason) };
  }

  /** The threads here are wrapped, but the pool knows each by its control, which is the pool's own. */
  connect(a: HostThread, b: HostThread): Promise<void> {
    return this.#threads.connect(a, b);
  }

  close(): Promise<void> {
    return this.#threads.close();
  }

  /** Ends a thread at once. */
  async kill(thread: number, reason: Error): Promise<void> {
    await this.#open.get(thread as HostId)?.kill(reason);
  }
}

class HeldLink implements Link {
  readonly #link: Link;
  readonly #thread: HostId;
  readonly #hold: Hold;
  readonly #leaving: unknown[] = [];
  readonly #arriving: unknown[] = [];
  #onBatch: ((batch: unknown) => void) | undefined;

  constructor(link: Link, thread: HostId, hold: Hold) {
    this.#link = link;
    this.#thread = thread;
    this.#hold = hold;
  }

  send(batch: unknown): void {
    this.#leaving.push(batch);
    this.#hold.came(`link ${homeHost}>${this.#thread}`, () => this.#leaves());
  }

  receive(onBatch: (batch: unknown) => void): void {
    this.#onBatch = onBatch;
    this.#link.receive((batch) => {
      this.#arriving.push(batch);
      this.#hold.came(`link ${this.#thread}>${homeHost}`, () => this.#arrives());
    });
  }

  drain(): void {
    this.#link.drain();
    while (this.#arriving.length > 0) this.#arrives();
  }

  close(): void {
    while (this.#leaving.length > 0) this.#leaves();
    this.#link.close();
  }

  /** Does nothing for a batch that went when the link was closed. */
  #leaves(): void {
    if (this.#leaving.length > 0) this.#link.send(this.#leaving.shift());
  }

  /** Does nothing for a batch that went when the link was drained. */
  #arrives(): void {
    if (this.#arriving.length > 0) this.#onBatch?.(this.#arriving.shift());
  }
}
