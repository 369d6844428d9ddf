/**
 * The head of a journal that this process owns: moves it, keeps its lease, and finds out what became of a statement whose
 * connection broke. Each statement holds only while the epoch, the session and the position are this owner's, so whatever an
 * owner of before still sends keeps nothing.
 */

import { ownershipLost } from "../../store/journal/ownership.ts";
import { deferred } from "../../async/deferred.ts";
import type { Access, Connection, Statement } from "./database.ts";
import { failedHow, type Place } from "./failures.ts";
import type { LeaseOptions, Taken } from "./lease.ts";
import { moving } from "./moved.ts";

/** A statement that moves the head, and what is written with it. */
export interface Move {
  /** The statement, of which the first eight parameters are those of {@link moving}. */
  readonly text: string;
  /** The values of its parameters, from `$9` on. */
  readonly values: readonly unknown[];
  readonly position: number;
  readonly time: number;
  readonly nextId: number;
}

/**
 * What became of a move: `kept`, `lost` when it certainly isn't kept since the journal is another's, `unknown` when the journal was
 * lost before that was found out.
 */
export type Fate = "kept" | "lost" | "unknown";

/** The part of the lease, from before it was renewed, after which the owner stops. What is left is for its system to stop in. */
const ownUntil = 0.8;
/** The part of the lease that one attempt may take. */
const patienceOf = 0.25;
/** The part of the lease after which it is renewed where nothing was written. */
const renewAfter = 0.25;
/** Milliseconds between attempts to connect: at first, and at most. */
const firstPause = 20;
const longestPause = 500;

export function patience(lease: number): number {
  return Math.max(500, lease * patienceOf);
}

interface Underway {
  readonly position: number;
  /** True while the statement may have been carried out. */
  isSent: boolean;
}

export class OwnedHead {
  readonly #database: Access;
  readonly #schema: string;
  readonly #place: Place;
  readonly #lease: number;
  readonly #owner: Taken;
  readonly #lost = new AbortController();
  readonly #ended = deferred<"ended">();
  readonly #onRenewalDue: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #connection: Connection | undefined;
  #session: number;
  #position: number;
  #time: number;
  #nextId: number;
  #renewedAt: number;
  #underway: Underway | undefined;
  #isReleased = false;

  /** @param onRenewalDue called when nothing has renewed the lease for a part of it. */
  constructor(
    database: Access,
    schema: string,
    place: Place,
    taken: Taken,
    { lease, onRenewalDue }: Pick<LeaseOptions, "lease"> & { readonly onRenewalDue: () => void },
  ) {
    this.#database = database;
    this.#schema = schema;
    this.#place = place;
    this.#lease = lease;
    this.#owner = taken;
    ({ position: this.#position, time: this.#time, nextId: this.#nextId } = taken);
    this.#session = taken.session;
    this.#renewedAt = taken.at;
    this.#onRenewalDue = onRenewalDue;
    this.#timer = setInterval(() => this.#watch(), lease / 20).unref();
  }

  /** Aborts when another process owns the journal, or may own it soon. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Where the head is in the database, as far as is known. */
  get position(): number {
    return this.#position;
  }

  /** @throws TroupeError `ownership-lost`, also when the lease has run out and no timer could say so. */
  check(): void {
    this.#look();
    this.#lost.signal.throwIfAborted();
  }

  /**
   * Carries out a move. One at a time.
   *
   * @throws the server's error where it has refused the statement: nothing is kept, and the head is where it was.
   */
  async move(move: Move): Promise<Fate> {
    const underway: Underway = { position: move.position, isSent: false };
    this.#underway = underway;
    try {
      return await Promise.race([this.#carryOut(move, underway), this.#ended.promise]).then((fate) => {
        if (fate !== "ended") return fate;
        return underway.isSent ? "unknown" : "lost";
      });
    } finally {
      this.#underway = undefined;
    }
  }

  /** A move that leaves the head where it is, and does what `parts` say. It may be carried out twice. */
  standing(parts: string, values: readonly unknown[]): Move {
    return {
      text: moving(this.#schema, parts),
      values,
      position: this.#position,
      time: this.#time,
      nextId: this.#nextId,
    };
  }

  /** Renews the lease, and writes nothing. */
  async renew(): Promise<void> {
    try {
      await this.move(this.standing("", []));
    } catch {
      // the server has refused it, as it does where its disk is full: it is due again, until the lease has run out
    }
  }

  /** Gives the journal to whichever process waits for it. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#lost.signal.aborted) return;
    this.#isReleased = true;
    const text = `update ${this.#schema}.head set owner = null, pid = null, lease_until = '-infinity' where cell = $2 and epoch = $1`;
    try {
      this.#connection ??= await this.#database.connect();
      await this.#within(this.#connection.query({ text, values: [this.#owner.epoch, this.#owner.cell] }));
    } catch {
      // the lease runs out by itself
    }
    this.#drop();
  }

  async #carryOut(move: Move, underway: Underway): Promise<Fate> {
    for (;;) {
      const connection = this.#connection ?? (await this.#resume(underway));
      if (connection === "kept") this.#arrived(move, this.#renewedAt);
      if (connection === "kept" || connection === "lost") return connection;
      if (connection === undefined) return underway.isSent ? "unknown" : "lost";
      const began = performance.now();
      const from = this.#position;
      try {
        underway.isSent = true;
        const [row] = await this.#within(connection.query(this.#statement(move, from)));
        if (row?.kept === 1) {
          this.#arrived(move, began);
          return "kept";
        }
      } catch (error) {
        const how = failedHow(error);
        if (how !== "unknown") underway.isSent = false;
        if (how === "refused") throw error;
      }
      this.#drop(); // the next connection says where the head is, and no statement of this one is kept any more
    }
  }

  #statement({ text, values, position, time, nextId }: Move, from: number): Statement {
    const { epoch } = this.#owner;
    return {
      text,
      values: [epoch, this.#session, from, position, time, nextId, this.#lease, this.#owner.cell, ...values],
    };
  }

  /**
   * Connects, and learns where the head is. From then on no statement of a connection before is kept: they name another session.
   * The update waits for a statement that is being carried out, and its own commit is flushed after that of the former.
   */
  async #resume(underway: Underway): Promise<Connection | "kept" | "lost" | undefined> {
    for (let ms = firstPause; ; ms = Math.min(longestPause, ms * 2)) {
      if (this.#lost.signal.aborted) return undefined;
      const began = performance.now();
      try {
        const connection = await this.#database.connect();
        this.#connection = connection;
        const [row] = await this.#within(connection.query(this.#claim()));
        if (this.#lost.signal.aborted) return undefined;
        if (row === undefined) return await this.#fenced(connection, underway);
        this.#session = row.session as number;
        this.#renewedAt = began;
        return this.#find(row.position as number, underway) ?? connection;
      } catch {
        this.#drop(); // also after a refusal: it may be a server that only reads, while another is being promoted
      }
      await new Promise((resolve) => void setTimeout(resolve, ms));
    }
  }

  #claim() {
    return {
      text: `update ${this.#schema}.head set session = session + 1,
        lease_until = clock_timestamp() + $2::float8 * interval '1 millisecond'
        where cell = $3 and epoch = $1 returning session::float8, position::float8`,
      values: [this.#owner.epoch, this.#lease, this.#owner.cell],
    };
  }

  /** What the head's position says of the move under way. */
  #find(position: number, underway: Underway): "kept" | "lost" | undefined {
    if (position === this.#position && underway.position !== this.#position) underway.isSent = false;
    if (position === this.#position) return undefined;
    if (underway.isSent && position === underway.position) return "kept";
    underway.isSent = false;
    this.#lose(this.#wentBack(position));
    return "lost";
  }

  /** Another process has taken the journal. Where it was then says whether the move under way had been kept. */
  async #fenced(connection: Connection, underway: Underway): Promise<"kept" | "lost"> {
    const text = `select h.epoch::float8, h.owner, h.position::float8, e.position::float8 as began
      from ${this.#schema}.head h left join lateral (
        select position from ${this.#schema}.epochs where cell = h.cell and epoch > $1 order by epoch limit 1
      ) e on true where h.cell = $2`;
    const [row] = await this.#within(connection.query({ text, values: [this.#owner.epoch, this.#owner.cell] }));
    const { epoch, owner, position, began } = row as {
      readonly epoch: number;
      readonly owner: string | null;
      readonly position: number;
      readonly began: number | null;
    };
    if (epoch < this.#owner.epoch || began === null || began < this.#position) {
      underway.isSent = false;
      this.#lose(this.#wentBack(began ?? position));
      return "lost";
    }
    // one that leaves the head where it is can't be told by its position; what it does is the next owner's to do again
    const isKept = underway.isSent && underway.position > this.#position && began >= underway.position;
    underway.isSent = false;
    const lose = (): void => this.#lose(`${owner ?? "another process"} took it over`, owner ?? undefined);
    if (isKept) setImmediate(lose); // the commit is acknowledged first
    else lose();
    return isKept ? "kept" : "lost";
  }

  #wentBack(position: number): string {
    return `its database is at position ${position}, and position ${this.#position} was acknowledged. The database has gone back, as when an asynchronous standby is promoted`;
  }

  #arrived({ position, time, nextId }: Move, began: number): void {
    this.#position = position;
    this.#time = time;
    this.#nextId = nextId;
    this.#renewedAt = began;
  }

  #watch(): void {
    this.#look();
    if (this.#underway === undefined && performance.now() - this.#renewedAt > this.#lease * renewAfter)
      this.#onRenewalDue();
  }

  #look(): void {
    if (this.#isReleased || performance.now() - this.#renewedAt < this.#lease * ownUntil) return;
    this.#lose(`it could not renew its lease of ${this.#lease} ms in time`);
  }

  #lose(how: string, owner?: string): void {
    if (this.#lost.signal.aborted) return;
    clearInterval(this.#timer);
    const details = { journal: this.#place.name, epoch: this.#owner.epoch, ...(owner === undefined ? {} : { owner }) };
    this.#lost.abort(ownershipLost(how, details));
    this.#ended.resolve("ended");
    this.#database.cut();
  }

  /** Rejects where there is no answer in time; the connection is to be dropped then. */
  async #within<T>(answer: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("no answer in time")), patience(this.#lease));
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #drop(): void {
    this.#connection?.cut();
    this.#connection = undefined;
  }
}
