/**
 * Invariants 3, 5 and 11 over several processes and three servers: what an owner has acknowledged is kept, once, whoever goes on. Only `npm run test:nats`
 * runs it. Wants `npm run build` first.
 */

import { describe, expect, it } from "vitest";
import { natsJournal } from "../../../src/adapters/nats/nats-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { commits } from "../../crash/commits.ts";
import type { Workload } from "../../crash/crash-harness.ts";
import { runs } from "../../crash/runs.ts";
import { transactions } from "../../crash/transactions.ts";
import { hasNats, natsJournals, newStream } from "../../nats/journals.ts";
import { standby, type StandbyOptions } from "../../crash/standby.ts";

const kills = Number(process.env["TROUPE_KILLS"] ?? 0);
const lease = 3_000;
const replicas = 3;

const { servers } = natsJournals(replicas);

async function survived<Ack>(
  workload: Workload<Ack>,
  options: Pick<StandbyOptions, "leaves" | "rounds"> & Partial<StandbyOptions>,
): Promise<Awaited<ReturnType<typeof standby>>> {
  const { urls } = await servers();
  const stream = newStream();
  const place = `${urls.join(",")}?stream=${stream}&lease=${lease}&replicas=${replicas}`;
  const open = async (): Promise<Journal> => natsJournal(urls, { stream, wait: true });
  const result = await standby(workload, { place, open, acks: 40, ...options });
  const pauses = result.pauses.map(Math.round).sort((a, b) => a - b);
  console.log(
    `${options.leaves} ${options.rounds} times: ${result.acknowledged} acknowledged; first acknowledgement after ${pauses[0]} to ${pauses.at(-1)} ms, in the middle ${pauses[Math.floor(pauses.length / 2)]}`,
  );
  return result;
}

describe.skipIf(!hasNats() || kills === 0)("an owner of a journal on JetStream", () => {
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
});
