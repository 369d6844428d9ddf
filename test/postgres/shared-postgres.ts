/** The PostgreSQL that all tests of a run share, and schemas of their own in it. */

import { connect } from "node:net";
import { text } from "node:stream/consumers";
import pg from "pg";
import { afterAll } from "vitest";
import type { Journal } from "../../src/store/journal/journal.ts";
import { postgresJournal, type PostgresJournalOptions } from "../../src/adapters/postgres/postgres-journal.ts";
import type { PostgresAnswer } from "./host.ts";

let schemas = 0;

/** The URL of the server. Where there is none, that is said aloud, and the tests are to be skipped. */
export async function sharedPostgres(): Promise<string | undefined> {
  const answer = JSON.parse(await text(connect(process.env.TROUPE_POSTGRES_HOST as string))) as PostgresAnswer;
  if ("url" in answer) return answer.url;
  process.stderr.write(`\nSKIPPED: the tests of the journal in PostgreSQL, as ${answer.missing}.\n\n`);
  return undefined;
}

/** The name of a schema that no other test has. */
export function newSchema(): string {
  return `test_${process.pid}_${++schemas}`;
}

/** Journals in schemas of their own, which don't outlive the file. */
export function postgresJournals(url: string | undefined) {
  const journals = new Map<Journal, readonly [schema: string, options: PostgresJournalOptions]>();
  const made = new Set<string>();

  async function open(options: PostgresJournalOptions = {}): Promise<Journal> {
    const schema = options.schema ?? newSchema();
    made.add(schema);
    const journal = await postgresJournal(url as string, { ...options, schema });
    journals.set(journal, [schema, options]);
    return journal;
  }

  async function reopen(journal: Journal): Promise<Journal> {
    const [schema, options] = journals.get(journal) ?? [];
    journals.delete(journal);
    await journal.close();
    return open({ ...options, ...(schema === undefined ? {} : { schema }) });
  }

  /** Closes the journals there are, and removes their tables. */
  async function clear(): Promise<void> {
    await Promise.all([...journals.keys()].map(async (journal) => journal.close()));
    journals.clear();
    if (made.size === 0) return;
    await query([...made].map((schema) => `drop schema if exists "${schema}" cascade`).join("; "));
    made.clear();
  }

  /** Runs a statement beside the journals. */
  async function query(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await (values === undefined ? client.query(statement) : client.query(statement, [...values])))
        .rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  afterAll(clear);
  return { open, reopen, clear, query, schemaOf: (journal: Journal) => journals.get(journal)?.[0] as string };
}
