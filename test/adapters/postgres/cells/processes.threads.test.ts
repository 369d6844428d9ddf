/**
 * Invariants 3, 5 and 11 where several processes share cells and end at any moment: each application is decided once, and rightly. `npm run test:cells`
 * has more of all. Wants `npm run build` first.
 */

import { afterAll, describe, expect, it } from "vitest";
import { generateApplications } from "../../../../examples/credit/generate-applications.ts";
import { type CellsOutcome, runCells } from "../../../../examples/credit/cells/run-cells.ts";
import { verifyPostgresJournal } from "../../../../src/adapters/postgres/verify-postgres-journal.ts";
import { builtModule } from "../../../compiled-modules.ts";
import { newSchema, postgresJournals, sharedPostgres } from "../../../postgres/shared-postgres.ts";

const total = Number(process.env["TROUPE_CELLS"] ?? 60);
const isDeep = total > 1_000;
const lease = 2_000;

const url = await sharedPostgres();
const { query } = postgresJournals(url);
const schemas: string[] = [];
afterAll(async () => {
  for (const schema of schemas) await query(`drop schema "${schema}" cascade`);
});

async function decided(by: "SIGKILL" | "SIGTERM"): Promise<CellsOutcome> {
  const schema = newSchema();
  schemas.push(schema);
  const outcome = await runCells({
    program: builtModule("examples/credit/cells/member.ts"),
    nodeArguments: [],
    url: url as string,
    schema,
    lease,
    cells: isDeep ? 12 : 4,
    processes: isDeep ? 3 : 2,
    pace: isDeep ? "1" : "off",
    applications: generateApplications({ count: total, seed: 1 }),
    inFlight: 32,
    ends: isDeep ? { every: 3_000, by } : { every: 100, by, most: 1 },
  });
  if (isDeep) {
    const again = outcome.ownedAgain.map(Math.round).sort((a, b) => a - b);
    console.log(
      `${by}: ${outcome.decided} decided in ${outcome.seconds.toFixed(1)} s, ${outcome.wrong} wrong, ${outcome.failed.length} failed, ${again.length} processes ended, cells owned again after ${again[0]} to ${again.at(-1)} ms, in the middle ${again[Math.floor(again.length / 2)]}`,
    );
  }
  expect((await verifyPostgresJournal(url as string, { schema })).damages).toEqual([]);
  const twice = await query(`select cell, epoch from "${schema}".epochs group by cell, epoch having count(*) > 1`);
  expect(twice, "each cell has one owner in each epoch").toEqual([]);
  const files = await query(
    `select newest::int, count(*)::int from "${schema}".keys where position(convert_to('applicant/', 'UTF8') in key) > 0 group by newest`,
  );
  expect(files, "each file has been opened once and scored once").toEqual([{ newest: 2, count: total }]);
  expect(await query(`select 1 from "${schema}".submitted`), "no row is left").toEqual([]);
  return outcome;
}

describe.skipIf(url === undefined)("processes that share cells", () => {
  it.each(isDeep ? (["SIGKILL", "SIGTERM"] as const) : (["SIGKILL"] as const))(
    "and end by %s have all decided once",
    async (by) => {
      const { decided: count, wrong, failed, unevenness } = await decided(by);
      expect({ count, wrong, failed }).toEqual({ count: total, wrong: 0, failed: [] });
      expect(unevenness).toBeLessThanOrEqual(1);
    },
  );
});
