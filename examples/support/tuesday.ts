/** The second process: a person answers what waits. Its second argument is the answer. */

import { desk } from "./desk.ts";
import { euros } from "./euros.ts";
import { followLive, inOffice } from "./office.ts";
import { letters, orders } from "./states.ts";
import { sold, tickets } from "./tickets.ts";

const isApproved = process.argv[3] !== "no";

await inOffice(async (system) => {
  for await (const { run: id, steps } of system.runs({ workflow: desk, waitingFor: "approval" })) {
    console.log(
      `  ${id} still asks: ${String(steps["approval"]?.question)} ${isApproved ? "Yes" : "No"}, says the lead.`,
    );
    const run = await system.findRun(desk, id);
    const { length } = await run.history();
    await run.tell("approval", { isApproved }, { by: "the lead", idempotencyKey: `approval of ${id}` });
    await followLive(run, length);
  }

  console.log("What is left of it:");
  for (const [id, { item }] of sold) {
    const versions = await system.store.history(orders, id);
    const steps = versions.map(({ state }) => euros(state.refundedCents));
    if (steps.length > 1) console.log(`  ${id}, ${item}: paid back ${steps.join(", then ")}`);
  }
  const sent = await Promise.all(tickets.map(({ id }) => system.store.snapshot(letters, id)));
  console.log(`  ${sent.filter((snapshot) => snapshot !== undefined).length} letters for ${tickets.length} tickets`);
});
