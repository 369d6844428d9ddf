/** The first process: all tickets come in. It ends while one of them waits for a person. */

import { desk } from "./desk.ts";
import { follow, inOffice } from "./office.ts";
import { orders } from "./states.ts";
import { sold, tickets } from "./tickets.ts";

const followed: Promise<void>[] = [];

await inOffice(async (system) => {
  await Promise.all([...sold].map(([id, order]) => system.store.put(orders, id, order)));
  for (const ticket of tickets) followed.push(follow(system.run(desk, ticket, { id: ticket.id })));
  await system.drain(); // doesn't wait for those that wait
});
await Promise.all(followed);
