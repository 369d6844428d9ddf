/** Families of keys that the tests share. */

import * as v from "valibot";
import { defineState } from "../../../src/store/versions/define-state.ts";

/** A list of what was done to it. */
export const ledger = defineState({
  name: "ledger",
  version: 1,
  schema: v.object({ log: v.array(v.string()), total: v.pipe(v.number(), v.integer()) }),
  initial: () => ({ log: [], total: 0 }),
});

/** Has to be put before it can be committed to. */
export const profile = defineState({
  name: "profile",
  version: 2,
  schema: v.object({
    name: v.pipe(v.string(), v.nonEmpty()),
    age: v.optional(v.pipe(v.number(), v.minValue(0))),
    address: v.object({ street: v.string(), city: v.string() }),
    tags: v.array(v.object({ label: v.string() })),
  }),
});

export const anna = {
  name: "Anna",
  address: { street: "Hauptstr. 1", city: "Bonn" },
  tags: [{ label: "a" }, { label: "b" }],
};
