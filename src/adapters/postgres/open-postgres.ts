/** Connects, looks at what the database promises and at the tables, and takes the lease. */

import type { Journal } from "../../store/journal/journal.ts";
import { Database } from "./database.ts";
import { isUnreachable, notOpenable, type Place, reasonOf } from "./failures.ts";
import { KeySpace, whole } from "./key-space.ts";
import { takeLease } from "./lease.ts";
import { checkCell } from "./partition.ts";
import { patience } from "./owned-head.ts";
import { ReadOnlyJournal } from "./read-only-journal.ts";
import { checkTables, prepareTables, quoted } from "./schema.ts";
import { StoredJournal } from "./stored-journal.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";

export interface OpenOptions {
  readonly schema: string;
  /** Undefined for a journal that is whole. */
  readonly cell: number | undefined;
  readonly lease: number;
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
  readonly readOnly: boolean;
}

/** Milliseconds after which a database that can't be reached is looked for again. */
const lookAgain = 250;

export async function openPostgres(url: string, options: OpenOptions): Promise<Journal> {
  const { schema, lease, signal, readOnly } = options;
  const cell = options.cell ?? whole;
  const place = placeOf(url, schema, cell);
  const database = await Database.at(url, patience(lease));
  const cut = (): void => database.cut();
  signal?.addEventListener("abort", cut);
  try {
    await reached(database, place, options);
    if (readOnly) {
      await checkTables(database, schema, place);
      await checkCell(database, schema, place, options.cell);
      const text = `select position::float8, time from ${quoted(schema)}.head where cell = $1`;
      const [head] = await database.query({ text, values: [cell] });
      const at = head as unknown as { position: number; time: number };
      return new ReadOnlyJournal(database, schema, new KeySpace(cell), place, at);
    }
    await prepareTables(database, schema, place);
    await checkCell(database, schema, place, options.cell);
    const taken = await takeLease(database, quoted(schema), place, { ...options, cell });
    return new StoredJournal({ database, schema, place, lease, taken });
  } catch (error) {
    database.cut();
    signal?.throwIfAborted();
    throw isTroupeError(error) ? error : notOpenable(place, reasonOf(error), error);
  } finally {
    signal?.removeEventListener("abort", cut);
  }
}

/** The URL without its password and options, the schema, and the cell. */
export function placeOf(url: string, schema: string, cell: number = whole): Place {
  const { protocol, username, host, pathname } = new URL(url);
  return {
    name: `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname}, schema ${schema}${cell === whole ? "" : `, cell ${cell}`}`,
  };
}

/** Resolves when the database answers, and as one in which a journal can be. */
export async function reached(
  database: Pick<Database, "query">,
  place: Place,
  { wait, signal }: Pick<OpenOptions, "wait" | "signal">,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      const [row] = await database.query({
        text: "select pg_is_in_recovery() as replica, current_setting('synchronous_commit') as commits, current_setting('server_version_num')::int as version",
      });
      const { replica, commits, version } = row as { replica: boolean; commits: string; version: number };
      if (version < 130_000) throw notOpenable(place, `its server is of version ${version}, and 13 is the oldest`);
      if (commits === "off")
        throw notOpenable(
          place,
          "synchronous_commit is off, so the database acknowledges commits that it may lose. Set it to on for this user: alter role … set synchronous_commit = on",
        );
      if (!replica) return;
      const why = "its server is a replica, which may be behind. Connect to the primary";
      if (!wait) throw notOpenable(place, why);
    } catch (error) {
      if (isTroupeError(error)) throw error;
      if (!wait || !isUnreachable(error)) throw notOpenable(place, reasonOf(error), error);
    }
    await new Promise<void>((resolve) => void setTimeout(resolve, lookAgain));
  }
}
