/**
 * Invariants 3, 5, 11 and 17: what was acknowledged survives SIGKILL at any point, exactly once. `npm run test:crash` kills more
 * often. Wants `npm run build` first.
 */

import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/testing/simulator/schedules/seeded-random.ts";
import { commits } from "./commits.ts";
import { crash, type Workload } from "./crash-harness.ts";
import { dropping } from "./dropping.ts";
import { gifts } from "./gifts.ts";
import { relaxed } from "./relaxed.ts";
import { runs } from "./runs.ts";
import { schedules } from "./schedules.ts";
import { transactions } from "./transactions.ts";

const kills = Number(process.env["TROUPE_KILLS"] ?? 2);

/** How much was acknowledged before the kills, all of which has survived. */
async function survived<Ack>(workload: Workload<Ack>): Promise<number> {
  const random = seededRandom(Number(process.env["TROUPE_SEED"] ?? 1));
  const { acknowledged } = await crash(workload, { kills, random: () => random.next() });
  return acknowledged;
}

describe(`a process that is killed ${kills} times`, { timeout: 60_000 + 10_000 * kills }, () => {
  it("keeps every acknowledged commit exactly once", async () => {
    expect(await survived(commits())).toBeGreaterThan(kills);
  });
  it("keeps every acknowledged transaction, and none by halves", async () => {
    expect(await survived(transactions())).toBeGreaterThan(kills);
  });
  it("keeps every run that ended, and has done and undone no step twice", async () => {
    expect(await survived(runs())).toBeGreaterThan(kills);
  });
  it("keeps what no rule drops, while versions are dropped and the file is compacted", async () => {
    expect(await survived(dropping())).toBeGreaterThan(kills);
  });
  it("loses no more than the newest in relaxed mode, and nothing by halves", async () => {
    expect(await survived(relaxed())).toBeGreaterThan(kills);
  });
  it("has each time of a schedule decided once, together with its run", async () => {
    expect(await survived(schedules())).toBeGreaterThan(kills);
  });
  it("hands on every message of durable actors once", async () => {
    expect(await survived(gifts())).toBeGreaterThan(kills);
  });
});
