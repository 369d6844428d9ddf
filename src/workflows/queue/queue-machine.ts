/**
 * Which run of a queue is released next: pure bookkeeping, without time or chance of its own. The histories of the runs say who waits and who goes on; this
 * bookkeeping is computed from them, and again by the next process.
 */

import { DueTimes } from "../../async/due-times.ts";
import { defaultWaiting, type QueueOptions, type RunLimits } from "./queue-options.ts";

/** What is known of the runs of one key, or of all. */
class Party {
  /** How many runs wait. */
  waiting = 0;
  /** How many runs are about to wait: their start is on its way to the journal. */
  joining = 0;
  /** How many runs were released and have not ended. */
  released = 0;
  /** When runs were released, oldest first; no more than the rate counts. */
  times: number[] = [];

  /** The earliest time at which another run may be released; Infinity while only the end of one can make room. */
  opensAt({ concurrency = Number.POSITIVE_INFINITY, rate }: RunLimits, now: number): number {
    if (this.released >= concurrency) return Number.POSITIVE_INFINITY;
    if (rate === undefined) return now;
    const first = this.times[this.times.length - rate.runs];
    return first === undefined ? now : Math.max(now, first + rate.period);
  }

  noteRelease({ rate }: RunLimits, at: number): void {
    if (rate === undefined) return;
    this.times.push(at);
    if (this.times.length > rate.runs) this.times.splice(0, this.times.length - rate.runs);
  }

  /** From when on it can be forgotten; `undefined` while runs of it wait or go on. */
  silentAt({ rate }: RunLimits): number | undefined {
    if (this.waiting + this.joining + this.released > 0) return undefined;
    return rate === undefined
      ? Number.NEGATIVE_INFINITY
      : (this.times.at(-1) ?? Number.NEGATIVE_INFINITY) + rate.period;
  }
}

class KeyParty extends Party {
  /** The runs that wait, by rank. */
  readonly line = new DueTimes<string>();
}

/** How the runs of one key, or all of a queue, stand. */
export interface QueueCounts {
  readonly waiting: number;
  readonly released: number;
}

/**
 * Guarantees (invariant 14): {@link next} gives a run only while fewer than the limits say go on, in all and of its key; of those that it may give, the one of the
 * lowest rank. Each takes time in proportion to the logarithm of the number of runs.
 */
export class QueueMachine {
  #options: QueueOptions;
  readonly #all = new Party();
  readonly #parties = new Map<string, KeyParty>();
  /** Of each run that joins, waits or goes on, what it does and its key. */
  readonly #runs = new Map<string, { key: string; is: "joining" | "waiting" | "released" }>();
  /** The keys of which a run may be released, by the rank of their first. */
  readonly #open = new DueTimes<string>();
  /** The keys to be looked at again at a time: of which a run may be released then, or nothing is left to know. */
  readonly #later = new DueTimes<string>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get counts(): QueueCounts {
    return { waiting: this.#all.waiting + this.#all.joining, released: this.#all.released };
  }

  /** The keys with runs that wait or go on. */
  get keys(): readonly (QueueCounts & { readonly key: string })[] {
    return [...this.#parties].flatMap(([key, { waiting, joining, released }]) =>
      waiting + joining + released === 0 ? [] : [{ key, waiting: waiting + joining, released }],
    );
  }

  /** Other limits count from the next release on. */
  setLimits(options: QueueOptions, now: number): void {
    this.#options = options;
    for (const key of this.#parties.keys()) this.#settle(key, now);
  }

  /** How many wait already, if no further run of a key may; `undefined` if one may. */
  fullFor(key: string): number | undefined {
    const {
      all: { waiting: most = defaultWaiting } = {},
      perKey: { waiting: mostOfKey = Number.POSITIVE_INFINITY } = {},
    } = this.#options;
    const { waiting } = this.counts;
    if (waiting >= most) return waiting;
    const party = this.#parties.get(key);
    const ofKey = party === undefined ? 0 : party.waiting + party.joining;
    return ofKey >= mostOfKey ? ofKey : undefined;
  }

  /** A run is about to wait. */
  join(run: string, key: string): void {
    this.#forget(run);
    this.#runs.set(run, { key, is: "joining" });
    this.#all.joining++;
    this.#party(key).joining++;
  }

  /** A run waits, as its history says. */
  wait(run: string, key: string, rank: number, now: number): void {
    this.#forget(run);
    this.#runs.set(run, { key, is: "waiting" });
    this.#all.waiting++;
    const party = this.#party(key);
    party.waiting++;
    party.line.set(run, rank);
    this.#settle(key, now);
  }

  /** A run was released, as its history says, or is about to be. */
  release(run: string, key: string, now: number): void {
    if (this.#runs.get(run)?.is === "released") return;
    this.#forget(run);
    this.#runs.set(run, { key, is: "released" });
    this.#all.released++;
    this.#party(key).released++;
    this.#settle(key, now);
  }

  /** A run has ended, or doesn't join after all. */
  leave(run: string, now: number): void {
    const key = this.#runs.get(run)?.key;
    this.#forget(run);
    if (key !== undefined) this.#settle(key, now);
  }

  /** A run was released at a time, maybe by an earlier process: it counts for the rates. */
  noteRelease(key: string, at: number, now: number): void {
    this.#all.noteRelease(this.#options.all ?? {}, at);
    this.#party(key).noteRelease(this.#options.perKey ?? {}, at);
    this.#settle(key, now);
  }

  /** Returns the run that is to be released now, which goes on from here on; `undefined` for none. */
  next(now: number): string | undefined {
    for (const key of this.#later.take(now)) this.#settle(key, now);
    if (this.#all.opensAt(this.#options.all ?? {}, now) > now) return undefined;
    const key = this.#open.first;
    const run = key === undefined ? undefined : this.#parties.get(key)?.line.first;
    if (key === undefined || run === undefined) return undefined;
    this.noteRelease(key, now, now);
    this.release(run, key, now);
    return run;
  }

  /** When {@link next} may give a run without anything else happening; Infinity for never. */
  nextAt(now: number): number {
    const opensAt = this.#all.opensAt(this.#options.all ?? {}, now);
    if (this.#all.waiting === 0 || opensAt === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return Math.max(opensAt, this.#open.size > 0 ? now : this.#later.next);
  }

  #party(key: string): KeyParty {
    let party = this.#parties.get(key);
    if (party === undefined) this.#parties.set(key, (party = new KeyParty()));
    return party;
  }

  #forget(run: string): void {
    const known = this.#runs.get(run);
    if (known === undefined) return;
    this.#runs.delete(run);
    const party = this.#party(known.key);
    this.#all[known.is]--;
    party[known.is]--;
    party.line.set(run, Number.POSITIVE_INFINITY);
  }

  /** Works out anew whether a run of a key may be released, and when. */
  #settle(key: string, now: number): void {
    const party = this.#party(key);
    const limits = this.#options.perKey ?? {};
    const silentAt = party.silentAt(limits);
    const opensAt = party.waiting === 0 ? Number.POSITIVE_INFINITY : party.opensAt(limits, now);
    this.#open.set(key, opensAt <= now ? party.line.next : Number.POSITIVE_INFINITY);
    this.#later.set(key, silentAt ?? (opensAt > now ? opensAt : Number.POSITIVE_INFINITY));
    if (silentAt === undefined || silentAt > now) return;
    this.#later.set(key, Number.POSITIVE_INFINITY);
    this.#parties.delete(key);
  }
}
