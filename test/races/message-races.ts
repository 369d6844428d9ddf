/** Races of messages: with other messages, with timers, and with the end of those who handle them. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { type ActorContext, defineActor, isAskError } from "../../src/index.ts";
import { atOnce, cell, race, read, times, turn, write } from "./players.ts";

const server = defineActor(import.meta.url, {
  name: "server",
  protocol: {
    search: { input: v.number(), reply: v.number() },
    pay: { input: v.object({ key: v.optional(v.string()) }), reply: v.null() },
    note: { input: v.number() },
    noted: { reply: v.array(v.number()) },
  },
  state: () => ({ notes: [] as number[] }),
  on: {
    async search(_draft, n, context) {
      await context.sleep(context.random() * 20);
      return n;
    },
    async pay(_draft, { key }, context) {
      await context.commit(cell, "paid", ({ n }) => ({ n: n + 1 }), key === undefined ? {} : { idempotencyKey: key });
      await context.sleep(context.random() * 10);
      return null;
    },
    note: (draft, n) => void draft.notes.push(n),
    noted: (draft) => draft.notes,
  },
});

const both = [
  [cell, "from"],
  [cell, "to"],
] as const;

/** Puts a word in under a condition: at one moment, or by a look and a write. */
async function claim(context: ActorContext, isFixed: boolean, id: string, word: number): Promise<boolean> {
  if (isFixed) return (await context.commit(cell, id, ({ n }) => ({ n: n === 0 ? word : n }))).state.n === word;
  if ((await read(context, id)) !== 0) return false;
  await write(context, id, word);
  return true;
}

export const messageRaces = [
  race("replies out of order", (isFixed) => async ({ system }) => {
    const servers = await Promise.all([system.spawn(server), system.spawn(server)]);
    let [asked, shown] = [0, 0];
    const searching = servers.map(async (ref) => {
      const n = ++asked;
      const found = await ref.ask("search", n);
      if (!isFixed || n === asked) shown = found;
    });
    await Promise.all(searching);
    assert.equal(shown, 2);
  }),

  race("ask that timed out, and was handled all the same", (isFixed) => async ({ system }) => {
    const ref = await system.spawn(server);
    const input = isFixed ? { key: "payment-1" } : {};
    for (let isPaid = false; !isPaid;) {
      try {
        await ref.ask("pay", input, { timeout: 25 });
        isPaid = true;
      } catch (error) {
        if (!isAskError(error) || error.code !== "timed-out") throw error; // also one that wasn't begun in time
      }
    }
    assert.equal(await read(system.store, "paid"), 1);
  }),

  race(
    "thread that dies between an effect and its reply",
    (isFixed) =>
      async ({ system }) => {
        const input = isFixed ? { key: "payment-1" } : {};
        for (let isPaid = false; !isPaid;) {
          try {
            const ref = await system.spawn(server);
            await ref.ask("pay", input, { timeout: Number.POSITIVE_INFINITY });
            isPaid = true;
          } catch (error) {
            assert.match(String((error as { readonly code?: string }).code), /thread-died|no-such-actor|actor-stopped/);
          }
        }
        assert.equal(await read(system.store, "paid"), 1);
      },
    { faults: { threadDeath: 0.02 } },
  ),

  race(
    "thread that dies as it hears of the first of two commits",
    (isFixed) =>
      async ({ system }) => {
        await write(system.store, "from", 1);
        const move = async (context: ActorContext): Promise<void> => {
          if (isFixed) {
            await context.transact(both, ([from, to]) => {
              if (from.n > 0) [from.n, to.n] = [0, 1];
            });
            return;
          }
          if ((await read(context, "from")) === 0) return; // it was moved before
          await write(context, "from", 0);
          await write(context, "to", 1);
        };
        for (let isMoved = false; !isMoved;) {
          try {
            await atOnce(system, move);
            isMoved = true;
          } catch (error) {
            assert.equal((error as { readonly code?: string }).code, "thread-died");
          }
        }
        assert.equal((await read(system.store, "from")) + (await read(system.store, "to")), 1);
      },
    { faults: { deathAtAnswer: 0.1 } },
  ),

  race("answer that meets its timer", (isFixed) => async ({ system }) => {
    const believed = await atOnce(
      system,
      async (context) => {
        await context.sleep(20);
        return await claim(context, isFixed, "outcome", 1);
      },
      async (context) => {
        await context.sleep(context.random() * 40);
        return await claim(context, isFixed, "outcome", 2);
      },
    );
    assert.equal(believed.filter(Boolean).length, 1);
  }),

  race("zombie that held a lease", (isFixed) => async ({ system }) => {
    await write(system.store, "lease", 1);
    const writeAs = async (context: ActorContext, self: number): Promise<void> => {
      if (!isFixed) return void (await write(context, "data", self));
      const keys = [
        [cell, "lease"],
        [cell, "data"],
      ] as const;
      await context.transact(keys, ([lease, data]) => {
        if (lease.n === self) data.n = self;
      });
    };
    await atOnce(
      system,
      async (context) => {
        await context.sleep(context.random() * 30); // longer than its lease, at times
        await writeAs(context, 1);
      },
      async (context) => {
        await context.sleep(15);
        await write(context, "lease", 2);
        await writeAs(context, 2);
      },
    );
    assert.equal(await read(system.store, "data"), 2);
  }),

  race("follower that takes over from a leader whose sign of life is late", (isFixed) => async ({ system }) => {
    const heard = await system.spawn(server, { name: "follower" });
    const led = (await atOnce(
      system,
      async (context) => {
        if (isFixed && !(await claim(context, true, "leader", 1))) return false;
        const follower = await context.find(server, "follower");
        await follower.tell("note", 1);
        return true;
      },
      async (context) => {
        await context.sleep(30);
        const follower = await context.find(server, "follower");
        if ((await follower.ask("noted", undefined, { timeout: Number.POSITIVE_INFINITY })).length > 0) return false;
        return isFixed ? await claim(context, true, "leader", 2) : true;
      },
    )) as boolean[];
    await heard.ask("noted");
    assert.ok(led.filter(Boolean).length <= 1, "two lead");
  }),

  race("touch that comes after the timer of 50 ms", (isFixed) => async ({ system }) => {
    const watching = atOnce(system, async (context) => {
      if (isFixed) while ((await read(context, "touched")) === 0) await context.sleep(50);
      else await context.sleep(50);
      return await read(context, "touched");
    });
    const [[touched]] = await Promise.all([watching, atOnce(system, (context) => write(context, "touched", 1))]);
    assert.equal(touched, 1);
  }),

  race("eight messages that alternate", (isFixed) => async ({ system }) => {
    const box = await system.spawn(server, { name: "box" });
    await atOnce(
      system,
      ...times(2, (side) => async (context) => {
        const found = await context.find(server, "box");
        for (let n = 0; n < 4; n++) {
          await found.tell("note", side);
          await turn(context);
        }
      }),
    );
    let notes: readonly number[] = [];
    while (notes.length < 8) notes = await box.ask("noted");
    const stretches = notes.filter((side, n) => side !== notes[n - 1]).length;
    assert.ok(stretches <= (isFixed ? 8 : 7), "there is no room for the last one");
  }),

  race("torn read beside an idle actor", (isFixed) => async ({ system }) => {
    let sum = 0;
    await atOnce(
      system,
      async (context) => {
        await write(context, "x", 1);
        await turn(context);
        await write(context, "y", 1);
      },
      async () => undefined,
      async (context) => {
        const keys = [
          [cell, "x"],
          [cell, "y"],
        ] as const;
        if (isFixed) return void (await context.transact(keys, () => undefined));
        sum = (await read(context, "x")) + (await read(context, "y"));
      },
    );
    assert.notEqual(sum, 1);
  }),
];
