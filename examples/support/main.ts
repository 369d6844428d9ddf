/**
 * The support desk at work, on its journal: takes the tickets that have come in, goes on with those that a process before has left, and
 * ends when there is nothing to do but wait for a person. With `--answer yes` or `no`, the person has answered.
 */

import { parseArgs } from "node:util";
import { createSystem, lmdbJournal, refusalOf } from "troupe";
import { orders } from "./contracts.ts";
import { desk, report } from "./desk.ts";
import { startModelServer } from "./model-server.ts";
import sold from "./orders.json" with { type: "json" };
import tickets from "./tickets.json" with { type: "json" };

const { answer } = parseArgs({ options: { answer: { type: "string" } } }).values;
if (answer !== undefined && answer !== "yes" && answer !== "no")
  throw new Error(`--answer is yes or no, not ${answer}`);

await using model = await startModelServer();
process.env["MODEL_URL"] = model.url;
await using system = await createSystem({
  journal: lmdbJournal(process.env["SUPPORT_JOURNAL"] ?? "node_modules/.cache/support-desk"),
  env: ["MODEL_URL"],
  shutdownOn: ["SIGINT", "SIGTERM"],
});

for (const [id, order] of Object.entries(sold))
  await system.store.put(orders, id, order, { idempotencyKey: `sale of ${id}` });
await system.schedules.set("nightly", report, { cron: "0 2 * * *", timeZone: "Europe/Lisbon" }, (at) => {
  return { day: at.toISOString().slice(0, 10), orders: Object.keys(sold) };
});
for (const ticket of tickets) {
  const run = await system.runOnce(desk, ticket, { id: ticket.id, tenant: ticket.shop });
  run.result.then(
    ({ text }) => console.log(`${run.id} has its letter: ${text}`),
    (error: Error) => console.log(`${run.id}: ${refusalOf(error)?.message ?? error.message}`),
  );
}

if (answer !== undefined) {
  for await (const { run: id, steps } of system.runs({ workflow: desk, waitingFor: "refund/approval" })) {
    console.log(id, "asks:", steps["refund/approval"]?.question, `The lead says ${answer}.`);
    const run = await system.findRun(desk, id);
    await run.tell("answer", "Sorry that you had to wait.", { by: "the lead" });
    await run.tell("refund/approval", { isApproved: answer === "yes" }, { by: "the lead" });
    for await (const item of run.stream())
      if (item.kind === "part") process.stdout.write(item.index === 0 ? `  ${item.value}` : item.value);
      else if (item.kind === "event" && item.record.event.type === "step-started") console.log();
  }
}

await system.drain(); // doesn't wait for those that wait for a person
for await (const { run, steps } of system.runs({ workflow: desk, waitingFor: "refund/approval" }))
  console.log(run, "waits for a person:", steps["refund/approval"]?.question);
