/** The tables of a journal, and how an older form of them becomes the newest. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { appendFunction } from "./append-parts.ts";
import type { Database } from "./database.ts";
import { notOpenable, type Place, reasonOf } from "./failures.ts";

/**
 * What leads from each form of the tables to the next, from none to the first. The keys and the versions are bytes, as PostgreSQL's text takes
 * neither NUL nor lone surrogates, and its order depends on a locale.
 *
 * - `head`, a row for each cell, and one where there are none: who owns it until when, by the database's clock, and where it is. Each append changes it.
 * - `epochs`: where a cell was when an owner took it. It tells an owner of before whether its last commit was kept.
 * - `keys`: for each key its number and what a commit has to know of it.
 * - `versions`: the patches of each version, and of some the whole state, empty where the patches alone give it.
 * - `partition`: into how many cells the journal is parted; no row where it is whole.
 * - `members`: the processes that share the cells, each with a lease.
 * - `submitted`: runs that are to start, each until its cell's owner has started it, or has said why it can't.
 *
 * A change of a table, or of the function that appends, is a step of its own: there are journals with those of before.
 */
const steps: readonly ((schema: string) => string)[] = [
  (schema) => `
    create table ${schema}.head (
      is_only boolean primary key check (is_only),
      format integer not null,
      epoch bigint not null, session bigint not null,
      owner text, pid integer, lease_until timestamptz not null,
      position bigint not null, time double precision not null, next_id bigint not null
    ) with (fillfactor = 10);
    create table ${schema}.epochs (
      epoch bigint primary key, position bigint not null, owner text not null, began timestamptz not null
    );
    create table ${schema}.keys (
      key bytea primary key, id bigint not null unique,
      newest bigint not null, oldest bigint not null, position bigint not null,
      checkpoint bigint not null, checkpoint_bytes bigint not null, replay_bytes bigint not null, erased boolean not null
    ) with (fillfactor = 70);
    create table ${schema}.versions (
      id bigint not null, version bigint not null, position bigint not null, slot integer not null,
      once bytea, record bytea not null, whole bytea,
      primary key (id, version)
    );
    create index versions_once on ${schema}.versions (once) where once is not null;
    insert into ${schema}.head values (true, 1, 0, 0, null, null, '-infinity', 0, 0, 1);`,
  // Of the versions, which are only added at its end: each commit changes the position in the row of its key.
  (schema) => `
    create index versions_position on ${schema}.versions (position);
    update ${schema}.head set format = 2;`,
  // To an owner of before, the tables are the same: it goes on with the function that it knows.
  (schema) => `
    alter table ${schema}.head drop column is_only, add column cell integer not null default 0 primary key;
    alter table ${schema}.epochs drop constraint epochs_pkey, add column cell integer not null default 0, add primary key (cell, epoch);
    drop index ${schema}.versions_position;
    create index versions_position on ${schema}.versions ((id >> 32), position);
    create table ${schema}.partition (is_only boolean primary key check (is_only), cells integer not null);
    create table ${schema}.members (member text primary key, renewals bigint not null, lease_until timestamptz not null)
      with (fillfactor = 10);
    create table ${schema}.submitted (
      cell integer not null, run bytea not null, place bigint not null generated always as identity,
      request bytea not null, refused bytea,
      primary key (cell, run)
    );
    create index submitted_place on ${schema}.submitted (cell, place) where refused is null;
    ${appendFunction(schema)};
    update ${schema}.head set format = 3;`,
];

/** What two processes run into that make the tables at the same moment: the slower one looks again. */
const atOnce = new Set(["23505", "42P06", "42P07", "42710", "XX000", "40001", "40P01"]);

/** An identifier as it is written in statements. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** Makes the tables, or brings them to their newest form. @throws TroupeError `journal-format`, `journal-failed`. */
export async function prepareTables(database: Database, schema: string, place: Place): Promise<void> {
  for (let tries = 0; ; tries++) {
    const found = await formatOf(database, schema);
    if (found === steps.length) return;
    if (found !== undefined && found > steps.length) throw newerFormat(found, place);
    const from = found ?? 0;
    const parts = steps.slice(from).map((step) => step(quoted(schema)));
    try {
      const exists = await has(database, "select 1 from pg_catalog.pg_namespace where nspname = $1", schema);
      await database.script(
        ["begin", ...(exists ? [] : [`create schema ${quoted(schema)}`]), ...parts, "commit"].join(";\n"),
      );
    } catch (error) {
      if (atOnce.has(String((error as { code?: unknown }).code)) && tries < 20) continue;
      throw notOpenable(place, `its tables could not be made: ${reasonOf(error)}`, error);
    }
  }
}

/** @throws TroupeError `no-such-journal`, `journal-format`. */
export async function checkTables(database: Database, schema: string, place: Place): Promise<void> {
  const found = await formatOf(database, schema);
  if (found === steps.length) return;
  if (found !== undefined) throw found > steps.length ? newerFormat(found, place) : olderFormat(found, place);
  throw new TroupeError(
    "no-such-journal",
    `There is no journal ${place.name}: that schema has no tables of one. Check the URL and the schema.`,
    { details: { directory: place.name } },
  );
}

async function formatOf(database: Database, schema: string): Promise<number | undefined> {
  const table =
    "select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = 'head'";
  if (!(await has(database, table, schema))) return undefined;
  const [row] = await database.query({ text: `select format from ${quoted(schema)}.head` });
  return row?.format as number | undefined;
}

async function has(database: Database, text: string, schema: string): Promise<boolean> {
  return (await database.query({ text, values: [schema] })).length > 0;
}

function newerFormat(format: number, place: Place): TroupeError {
  const cure = "Use the version of Troupe that wrote it, or a later one.";
  return otherFormat(format, place, `this version of Troupe knows formats up to ${steps.length}. ${cure}`);
}

/** For what only reads: it changes no tables. */
function olderFormat(format: number, place: Place): TroupeError {
  const cure =
    "A system of this version that opens the journal brings them to it; until then, read with an older version.";
  return otherFormat(format, place, `this version of Troupe reads format ${steps.length}. ${cure}`);
}

function otherFormat(format: number, { name }: Place, expected: string): TroupeError {
  return new TroupeError("journal-format", `The tables of the journal ${name} have format ${format}, and ${expected}`, {
    details: { file: name, format, expected: steps.length },
  });
}
