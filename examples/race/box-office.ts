/**
 * A box office with a race in it, and two ways to write it without. Desks on different threads sell tickets of the same
 * show. Copy this folder, put your own actors in, and see what the simulator says.
 */

import { defineActor, defineState, isConflictError } from "troupe";
import * as v from "valibot";

/** What the desks share: the key `show/<name>`. */
export const show = defineState({
  name: "show",
  version: 1,
  schema: v.object({ left: v.number(), guests: v.array(v.string()) }),
});

/** What every desk understands. The reply says whether the guest has got a ticket. */
const protocol = {
  sell: { input: v.object({ name: v.string(), guest: v.string() }), reply: v.boolean() },
};

/**
 * Wrong: it reads, it awaits, and it writes what it made of the old value. While it waits for the payment, another desk
 * may sell the same ticket. The store does not lose a commit: one that comes second is run again over the newer state. But
 * `left` is from before the payment, and running the recipe again does not make it new.
 */
export const hastyDesk = defineActor(import.meta.url, {
  name: "hasty-desk",
  protocol,
  on: {
    async sell(_draft, { name, guest }, context) {
      const { left } = await context.read(show, name);
      if (left === 0) return false;
      await context.sleep(5 + context.random() * 10); // the payment
      await context.commit(show, name, (draft) => {
        draft.left = left - 1;
        draft.guests.push(guest);
      });
      return true;
    },
  },
});

/** Right: it decides inside the recipe, which sees the very state that it commits on. */
export const carefulDesk = defineActor(import.meta.url, {
  name: "careful-desk",
  protocol,
  on: {
    async sell(_draft, { name, guest }, context) {
      await context.sleep(5 + context.random() * 10);
      let isSold = false;
      await context.commit(show, name, (draft) => {
        isSold = draft.left > 0; // set anew each time: the recipe may run more than once
        if (!isSold) return;
        draft.left--;
        draft.guests.push(guest);
      });
      return isSold;
    },
  },
});

/** Right: it decides before it commits, and commits only if what it read is still the newest. Otherwise it looks again. */
export const patientDesk = defineActor(import.meta.url, {
  name: "patient-desk",
  protocol,
  on: {
    async sell(_draft, { name, guest }, context) {
      for (;;) {
        const { left, guests } = await context.read(show, name);
        if (left === 0) return false;
        await context.sleep(5 + context.random() * 10);
        const next = { left: left - 1, guests: [...guests, guest] };
        try {
          await context.commit(show, name, () => next, { onConflict: "reject" });
          return true;
        } catch (error) {
          if (!isConflictError(error)) throw error; // a ticket was sold meanwhile
        }
      }
    },
  },
});
