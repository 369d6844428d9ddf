/**
 * Invariants 3, 5 and 11 over several processes: what an owner has acknowledged is kept, once, whoever goes on. `npm run test:postgres` kills
 * more often. Wants `npm run build` first.
 */

import { afterAll, describe, expect, it } from "vitest";
import { newSchema, postgresJournals, sharedPostgres } from "../../postgres/shared-postgres.ts";
import type { RunState } from "../../../src/workflows/history/run-state.ts";
import { commits } from "../../crash/commits.ts";
import { stateOf, type Workload } from "../../crash/crash-harness.ts";
import { runs } from "../../crash/runs.ts";
import { transactions } from "../../crash/transactions.ts";
import { standby, type StandbyOptions } from "./standby.ts";

const kills = Number(process.env["TROUPE_KILLS"] ?? 2);
const lease = 2_000;

const url = await sharedPostgres();
const { query } = postgresJournals(url);

const schemas: string[] = [];
afterAll(async () => {
  for (const schema of schemas) await query(`drop schema "${schema}" cascade`);
});

async function survived<Ack>(
  workload: Workload<Ack>,
  options: Pick<StandbyOptions, "leaves" | "rounds"> & Partial<StandbyOptions>,
): Promise<Awaited<ReturnType<typeof standby>>> {
  const schema = newSchema();
  schemas.push(schema);
  const result = await standby(workload, { url: url as string, schema, lease, acks: 40, ...options });
  const pauses = result.pauses.map(Math.round).sort((a, b) => a - b);
  if (kills > 10)
    console.log(
      `${options.leaves} ${options.rounds} times: ${result.acknowledged} acknowledged; first acknowledgement after ${pauses[0]} to ${pauses.at(-1)} ms, in the middle ${pauses[Math.floor(pauses.length / 2)]}`,
    );
  return result;
}

/** Runs in processes that wait with their threads open. Those that fail are the ones that are made to: every fourth of a worker. */
function warmRuns(): ReturnType<typeof runs> {
  const { check, ...workload } = runs();
  return {
    ...workload,
    program: "warm-runs.mjs",
    async check(journal, acks, round, place) {
      await check(journal, acks, round, place);
      for (const key of await journal.keys(`run/${round}.`)) {
        const { status } = await stateOf<RunState>(journal, key);
        if (Number(key.split(".")[2]) % 4 !== 0 && status !== "completed" && status !== "running")
          throw new Error(`${key} is ${status}`);
      }
    },
  };
}

describe.skipIf(url === undefined)("an owner of a journal in PostgreSQL", () => {
  it(`that is killed ${kills} times loses no acknowledged commit`, async () => {
    const { acknowledged } = await survived(commits(), { leaves: "killed", rounds: kills });
    expect(acknowledged).toBeGreaterThan(40 * kills);
  });

  it("that is killed has its runs go on, and none of their steps done twice", async () => {
    const { acknowledged } = await survived(runs(), { leaves: "killed", rounds: Math.ceil(kills / 2), acks: 8 });
    expect(acknowledged).toBeGreaterThan(8);
  });

  it("that is suspended until another one has taken over acknowledges nothing that isn't kept, and says why it ends", async () => {
    const rounds = Math.ceil(kills / 5);
    const { lastWords } = await survived(transactions(), { leaves: "suspended", rounds });
    expect(lastWords).toHaveLength(rounds);
    for (const words of lastWords) expect(words).toMatch(/ownership-lost|outcome-unknown/);
  });

  it.each(["killed", "asked"] as const)(
    "that is %s is followed by a standby whose threads are open, which goes on with its runs and fails none",
    async (leaves) => {
      const { acknowledged } = await survived(warmRuns(), {
        leaves,
        rounds: Math.ceil(kills / 2),
        acks: 8,
        isWarm: true,
      });
      expect(acknowledged).toBeGreaterThan(8);
    },
  );
});
