/** The race: three guests want the last two tickets, at two desks. */

import assert from "node:assert/strict";
import type { Scenario } from "troupe/testing";
import { type carefulDesk, show } from "./box-office.ts";

const tickets = 2;
const guests = ["ada", "ben", "cid"];

/** Sets the race up for a kind of desk, lets it happen, and checks what has to hold in whatever order it happens. */
export function lastTickets(desk: typeof carefulDesk): Scenario {
  return async ({ system, sleep, random }) => {
    await system.store.put(show, "hamlet", { left: tickets, guests: [] });
    const desks = await Promise.all([system.spawn(desk), system.spawn(desk)]); // on two threads

    const hasTicket = await Promise.all(
      guests.map(async (guest, n) => {
        await sleep(random() * 100); // guests come when they come
        return desks[n % 2]?.ask("sell", { name: "hamlet", guest });
      }),
    );

    const { left, guests: inside } = await system.store.read(show, "hamlet");
    const promised = guests.filter((_, n) => hasTicket[n]);
    assert.deepEqual([...inside].sort(), promised, "the guest list is not what the desks have promised");
    assert.ok(inside.length + left === tickets, `${inside.length} sold and ${left} left, of ${tickets} tickets`);
  };
}
