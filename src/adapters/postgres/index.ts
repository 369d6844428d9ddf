/** `troupe/postgres`: a journal in PostgreSQL, which a process on another machine can take over. */

export { postgresJournal, type PostgresJournalOptions } from "./postgres-journal.ts";
export { verifyPostgresJournal } from "./verify-postgres-journal.ts";
