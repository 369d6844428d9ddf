/** Races of state that is shared: what was read is no longer so when it is used. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { type ActorContext, defineState, isConflictError } from "../../src/index.ts";
import { atOnce, cell, race, read, times, turn, write } from "./players.ts";

const form = defineState({
  name: "form",
  version: 1,
  schema: v.object({ name: v.string(), city: v.string() }),
  initial: () => ({ name: "", city: "" }),
});

/** Reads two cells at one moment. */
async function bothAtOnce(context: ActorContext, one: string, other: string): Promise<readonly [number, number]> {
  const [first, second] = await context.transact(
    [
      [cell, one],
      [cell, other],
    ],
    () => undefined,
  );
  return [first.state.n, second.state.n];
}

export const stateRaces = [
  race("lost update across a pause", (isFixed) => async ({ system }) => {
    await atOnce(
      system,
      ...times(2, () => async (context) => {
        const before = await read(context, "count");
        await turn(context);
        await context.commit(cell, "count", ({ n }) => ({ n: (isFixed ? n : before) + 1 }));
      }),
    );
    assert.equal(await read(system.store, "count"), 2);
  }),

  race("result of a compare-and-set that is ignored", (isFixed) => async ({ system }) => {
    await atOnce(
      system,
      ...times(2, () => async (context) => {
        for (;;) {
          const seen = await context.snapshot(cell, "count");
          const expectedVersion = seen?.version ?? 0;
          try {
            return await context.put(cell, "count", { n: (seen?.state.n ?? 0) + 1 }, { expectedVersion });
          } catch (error) {
            if (!isConflictError(error)) throw error;
            if (!isFixed) return undefined;
          }
        }
      }),
    );
    assert.equal(await read(system.store, "count"), 2);
  }),

  race("stale draft that is saved as a whole", (isFixed) => async ({ system }) => {
    const edit = (field: "name" | "city") => async (context: ActorContext) => {
      const opened = await context.read(form, "ada");
      await turn(context);
      if (isFixed) await context.commit(form, "ada", (draft) => void (draft[field] = "changed"));
      else await context.put(form, "ada", { ...opened, [field]: "changed" });
    };
    await atOnce(system, edit("name"), edit("city"));
    assert.deepEqual(await system.store.read(form, "ada"), { name: "changed", city: "changed" });
  }),

  race("check of an account, then its use", (isFixed) => async ({ system }) => {
    await write(system.store, "account", 100);
    await atOnce(
      system,
      ...times(2, () => async (context) => {
        if ((await read(context, "account")) < 80) return;
        await context.commit(cell, "account", (account) => {
          if (!isFixed || account.n >= 80) account.n -= 80;
        });
      }),
    );
    assert.ok((await read(system.store, "account")) >= 0);
  }),

  race("write skew of two who are on call", (isFixed) => async ({ system }) => {
    for (const doctor of ["ann", "bob"]) await write(system.store, doctor, 1);
    const leave = (self: string, other: string) => async (context: ActorContext) => {
      if (!isFixed) {
        if ((await read(context, other)) === 1) await write(context, self, 0);
        return;
      }
      const doctors = [self, other].map((id) => [cell, id] as const);
      await context.transact(doctors, ([own, others]) => {
        if (own !== undefined && others?.n === 1) own.n = 0;
      });
    };
    await atOnce(system, leave("ann", "bob"), leave("bob", "ann"));
    assert.ok((await read(system.store, "ann")) + (await read(system.store, "bob")) >= 1);
  }),

  race("read skew of an audit", (isFixed) => async ({ system }) => {
    await write(system.store, "savings", 100);
    const [, seen] = await atOnce(
      system,
      (context) =>
        context.transact(
          [
            [cell, "savings"],
            [cell, "current"],
          ],
          ([savings, current]) => {
            savings.n -= 10;
            current.n += 10;
          },
        ),
      async (context) =>
        isFixed
          ? await bothAtOnce(context, "savings", "current")
          : [await read(context, "savings"), await read(context, "current")],
    );
    const [savings = 0, current = 0] = seen as number[];
    assert.equal(savings + current, 100);
  }),

  race("double booking", (isFixed) => async ({ system }) => {
    const booked = await atOnce(
      system,
      ...times(2, (index) => async (context) => {
        const guest = index + 1;
        if (isFixed) return (await context.commit(cell, "seat", ({ n }) => ({ n: n || guest }))).state.n === guest;
        if ((await read(context, "seat")) !== 0) return false;
        await write(context, "seat", guest);
        return true;
      }),
    );
    assert.equal(booked.filter(Boolean).length, 1);
  }),

  race("lazy initialisation that happens twice", (isFixed) => async ({ system }) => {
    await atOnce(
      system,
      ...times(2, () => async (context) => {
        if (!isFixed && (await read(context, "initialisations")) > 0) return;
        await turn(context); // it takes a while
        await context.commit(cell, "initialisations", ({ n }) => ({ n: isFixed ? 1 : n + 1 }));
      }),
    );
    assert.equal(await read(system.store, "initialisations"), 1);
  }),

  ...[3, 10].map((count) =>
    race(`reorder of ${count}: a reader between the two writes of others`, (isFixed) => async ({ system }) => {
      await atOnce(
        system,
        ...times(count - 1, () => async (context) => {
          if (!isFixed) {
            await write(context, "a", 1);
            await write(context, "b", -1);
            return;
          }
          const both = [
            [cell, "a"],
            [cell, "b"],
          ] as const;
          await context.transact(both, ([a, b]) => {
            a.n = 1;
            b.n = -1;
          });
        }),
        async (context) => {
          const [a, b] = isFixed
            ? await bothAtOnce(context, "a", "b")
            : [await read(context, "a"), await read(context, "b")];
          assert.ok((a === 0 && b === 0) || (a === 1 && b === -1), `a is ${a}, and b is ${b}`);
        },
      );
    }),
  ),

  race("two stages, of which the second is taken for done", (isFixed) => async ({ system }) => {
    await atOnce(
      system,
      async (context) => {
        await write(context, "first", 1);
        await write(context, "second", (await read(context, "first")) + 1);
      },
      async (context) => {
        if (isFixed) {
          if ((await read(context, "second")) !== 0) assert.equal(await read(context, "first"), 1);
        } else if ((await read(context, "first")) !== 0) assert.equal(await read(context, "second"), 2);
      },
    );
  }),

  race("a chain of four orders", (isFixed) => async ({ system }) => {
    await atOnce(
      system,
      async (context) => {
        await write(context, "a", 1);
        if ((await read(context, "b")) === 1) await write(context, "c", 1);
      },
      async (context) => {
        const early = await read(context, "c");
        if ((await read(context, "a")) === 1) await write(context, "b", 1);
        await turn(context);
        assert.equal(isFixed ? early : await read(context, "c"), 0);
      },
    );
  }),

  race(
    "conflict that is taken for the success of another part",
    (isFixed) =>
      async ({ system }) => {
        await write(system.store, "job", 0);
        await atOnce(
          system,
          ...times(2, () => async (context) => {
            for (;;) {
              const { state, version = 0 } = (await context.snapshot(cell, "job")) ?? {};
              if (state?.n === 1) return;
              try {
                return void (await context.put(cell, "job", { n: 1 }, { expectedVersion: version }));
              } catch (error) {
                if (!isConflictError(error)) throw error;
                if (!isFixed) return;
              }
            }
          }),
        );
        assert.equal(await read(system.store, "job"), 1, "the job is not done");
      },
    { faults: { spuriousConflict: 0.2 } },
  ),

  race(
    "recipe that does more than its draft says",
    (isFixed) =>
      async ({ system }) => {
        let sent = 0;
        await write(system.store, "seats", 5);
        await atOnce(system, async (context) => {
          await context.commit(cell, "seats", (seats) => {
            seats.n--;
            if (!isFixed) sent++;
          });
          if (isFixed) sent++;
        });
        assert.equal(sent, 1, "two tickets were sent");
      },
    { faults: { spuriousConflict: 0.2 } },
  ),

  // what is cached is the version of the source; below 0 it is none older than that
  race("cache that is filled with what was invalidated meanwhile", (isFixed) => async ({ system }) => {
    await write(system.store, "source", 1);
    await atOnce(
      system,
      async (context) => {
        const { version = 0 } = (await context.snapshot(cell, "source")) ?? {};
        await turn(context); // it is made
        await context.commit(cell, "cached", ({ n }) => ({ n: isFixed && version < -n ? n : version }));
      },
      async (context) => {
        const { version } = await context.put(cell, "source", { n: 2 });
        await write(context, "cached", -version);
      },
    );
    const newest = (await system.store.snapshot(cell, "source"))?.version ?? 0;
    assert.equal(Math.abs(await read(system.store, "cached")), newest);
  }),
];
