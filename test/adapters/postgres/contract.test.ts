/** The journal in PostgreSQL does what every journal owes. */

import { describe } from "vitest";
import { postgresJournals, sharedPostgres } from "../../postgres/shared-postgres.ts";
import { testJournalContract } from "../../store/support/journal-contract.ts";

const url = await sharedPostgres();
const { open, reopen } = postgresJournals(url);

describe.skipIf(url === undefined)("a journal in PostgreSQL", () => {
  testJournalContract(() => open(), reopen);
});
