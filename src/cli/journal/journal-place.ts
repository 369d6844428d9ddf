/** What `--journal` names: a folder, or a schema in a PostgreSQL database. */

import { resolve } from "node:path";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Journal } from "../../store/journal/journal.ts";
import type { JournalReport } from "../../store/journal/lmdb/journal-report.ts";
import { lmdbJournal } from "../../store/journal/lmdb/lmdb-journal.ts";
import { verifyJournal } from "../../store/journal/lmdb/verify-journal.ts";

/** The absolute path of a folder that is relative to `cwd`; a URL as it is given. */
export function placeOfJournal(cwd: string, given: string): string {
  return isUrl(given) ? given : resolve(cwd, given);
}

/** The place for people to see: a URL without its password. */
export function shownPlace(given: string): string {
  if (!isUrl(given) || !URL.canParse(given)) return given;
  const url = new URL(given);
  url.password = "";
  return String(url);
}

/** Opens the journal at a place. The code for databases is only loaded for a URL. */
export async function openJournalAt(place: string, options: { readonly readOnly: boolean }): Promise<Journal> {
  if (!isUrl(place)) return lmdbJournal(place, options);
  const { postgresJournal } = await import("../../adapters/postgres/postgres-journal.ts");
  const { url, schema, cell } = schemaIn(place);
  return postgresJournal(url, { ...options, ...schema, ...cell });
}

export async function verifyJournalAt(place: string): Promise<JournalReport> {
  if (!isUrl(place)) return verifyJournal(place);
  const { verifyPostgresJournal } = await import("../../adapters/postgres/verify-postgres-journal.ts");
  const { url, schema } = schemaIn(place);
  return verifyPostgresJournal(url, schema);
}

interface InUrl {
  readonly url: string;
  readonly schema: { readonly schema?: string };
  readonly cell: { readonly cell?: number };
}

/** The schema and the cell that the URL names as `?schema=` and `?cell=`, which are no parameters of the connection. */
function schemaIn(place: string): InUrl {
  if (!URL.canParse(place))
    throw new TroupeError(
      "invalid-options",
      "--journal: the URL of a database is written like postgres://user@host:5432/database?schema=troupe",
    );
  const url = new URL(place);
  const schema = url.searchParams.get("schema");
  const cell = url.searchParams.get("cell");
  url.searchParams.delete("schema");
  url.searchParams.delete("cell");
  return {
    url: String(url),
    schema: schema === null ? {} : { schema },
    cell: cell === null ? {} : { cell: Number(cell) },
  };
}

function isUrl(given: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(given);
}
