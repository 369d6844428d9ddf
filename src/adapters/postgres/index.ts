/** `troupe/postgres`: a journal in PostgreSQL, which a process on another machine can take over, and cells, in which several processes work on one. */

export type { CellSeen } from "./cells/balance.ts";
export type { CellRun } from "./cells/cell-run.ts";
export type { CellsEvent } from "./cells/cells-events.ts";
export type { Cells, CellsOptions, CellsView, SubmitOptions } from "./cells/cells-interface.ts";
export { createCells } from "./cells/create-cells.ts";
export { postgresJournal, type PostgresJournalOptions } from "./postgres-journal.ts";
export { verifyPostgresJournal } from "./verify-postgres-journal.ts";
