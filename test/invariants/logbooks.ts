/** Logbooks: lists of entries in the store, which are written and read in each of the ways there are. */

import * as v from "valibot";
import { defineActor, defineState } from "../../src/index.ts";

export const logbook = defineState({
  name: "logbook",
  version: 1,
  schema: v.object({ entries: v.array(v.string()) }),
  initial: () => ({ entries: [] as string[] }),
});

/** A durable actor with a logbook of its own. */
export const author = defineActor(import.meta.url, {
  name: "author",
  protocol: { write: { input: v.object({ entry: v.string() }), reply: v.number() } },
  state: logbook,
  on: {
    async write(draft, { entry }, context) {
      await context.sleep(1);
      return draft.entries.push(entry);
    },
  },
});

/** Reads logbooks, from what its thread has in memory. */
export const librarian = defineActor(import.meta.url, {
  name: "librarian",
  protocol: { read: { input: v.object({ id: v.string() }), reply: v.array(v.string()) } },
  on: {
    read: async (_draft, { id }, context) => [...(await context.read(logbook, id)).entries],
  },
});
