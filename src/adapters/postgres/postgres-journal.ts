/** The journal in PostgreSQL: one process owns it by a lease, and another one takes over when the lease ends. */

import { checkOptions } from "../../contracts/check-options.ts";
import type { Journal } from "../../store/journal/journal.ts";
import { openPostgres } from "./open-postgres.ts";
import { checkUrl, schemaOfOpening } from "./postgres-options.ts";

/**
 * How a journal in PostgreSQL is opened.
 *
 * @since 0.1.0
 */
export interface PostgresJournalOptions {
  /** The schema of its tables, which is made where there is none: one journal has one schema. Default `"troupe"`. */
  readonly schema?: string;
  /** The cell of a journal that {@link createCells} has parted, from 1: to look into one, such as with `readOnly`. Default: the journal is whole. */
  readonly cell?: number;
  /**
   * Milliseconds, by the database's clock, for which an owner keeps the journal that isn't heard of any more. It renews that by each commit, and
   * at least four times in it. An owner that can't stops by itself when four fifths are over. Default 10,000; at least 1,000.
   */
  readonly lease?: number;
  /** Whether to wait while another process owns the journal, or the database can't be reached. Default false: then it rejects. */
  readonly wait?: boolean;
  /** Ends the wait: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /**
   * Opens the journal for reading only, without the lease, while a system in any process owns it. Writes throw. Default false.
   */
  readonly readOnly?: boolean;
}

/**
 * Opens the journal in a PostgreSQL database, at least version 13, and resolves when this process owns it. The tables are made where there
 * are none. Needs the package `pg`, which it loads.
 *
 * Guarantees: an acknowledged commit is flushed by the database, and on its synchronous standbys if it has any. One process owns
 * a journal at a time, by a lease; each write holds only under the owner's own epoch, so nothing is kept of what an owner of before still
 * sends. A connection that breaks amid a commit doesn't lose it: the journal finds out what became of it before it answers. If ownership
 * goes first, `lost` aborts, by the monotonic clock before the lease ends. Commits that come while a statement is under way share the next.
 * It has three connections at most, no state of a session, and no named statements, so the database may be behind a pooler of transactions
 * such as pgbouncer.
 *
 * Reads and writes go to the primary: a replica may be behind. With `synchronous_commit = off` the database acknowledges what it may lose, so
 * that is refused.
 *
 * @param url `postgres://user@host:port/database?sslmode=verify-full`. What it leaves out comes from the variables that libpq knows: `PGHOST`,
 * `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE`, and `~/.pgpass`.
 * @throws TroupeError (as a rejection) `journal-in-use` with the owner and when its lease ends, unless it waits; `journal-format`;
 * `journal-failed` for a database that can't be reached or used; `no-such-journal` when `readOnly` and there is none; `invalid-options`, also where `pg`
 * isn't installed; the reason of `signal`.
 * @example
 * const journal = await postgresJournal("postgres://app@db.example/app", { wait: true });
 * await using system = await createSystem({ journal });
 * @since 0.1.0
 */
export async function postgresJournal(url: string, options: PostgresJournalOptions = {}): Promise<Journal> {
  checkUrl("postgresJournal", url);
  checkOptions("postgresJournal", schemaOfOpening, options);
  const { schema = "troupe", cell, lease = 10_000, wait = false, signal, readOnly = false } = options;
  return openPostgres(url, { schema, cell, lease, wait, signal, readOnly });
}
