/** One family through four versions of its schema, as four releases of a program have it. */

import * as v from "valibot";
import type { StateDefinition } from "../../../src/store/versions/state-definition.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";

const upcasters = {
  /** The name is in two parts from version 2 on. */
  1: ({ name, ...rest }: { readonly name: string }) => {
    const [first = "", last = ""] = name.split(" ");
    return { ...rest, first, last };
  },
  /** Tags came with version 3. */
  2: (old: object) => ({ ...old, tags: [] }),
  /** And are objects from version 4 on. */
  3: ({ tags, ...rest }: { readonly tags: readonly string[] }) => ({ ...rest, tags: tags.map((label) => ({ label })) }),
};

const name = "person";

export const person1 = defineState({ name, version: 1, schema: v.object({ name: v.string(), n: v.number() }) });

export const person2 = defineState({
  name,
  version: 2,
  schema: v.object({ first: v.string(), last: v.string(), n: v.number() }),
  upcasters: { 1: upcasters[1] },
});

export const person3 = defineState({
  name,
  version: 3,
  schema: v.object({ first: v.string(), last: v.string(), n: v.number(), tags: v.array(v.string()) }),
  upcasters: { 1: upcasters[1], 2: upcasters[2] },
});

export const person4 = defineState({
  name,
  version: 4,
  schema: v.object({
    first: v.string(),
    last: v.string(),
    n: v.number(),
    tags: v.array(v.object({ label: v.string() })),
  }),
  upcasters,
});

/** What one state is under each of the schemas. */
export interface Release {
  readonly definition: StateDefinition<{ n: number }>;
  /** The state of a person that was first written under version `since`. */
  state(first: string, last: string, n: number): unknown;
}

export const releases: readonly Release[] = [
  { definition: person1, state: (first, last, n) => ({ name: `${first} ${last}`, n }) },
  { definition: person2, state: (first, last, n) => ({ first, last, n }) },
  { definition: person3, state: (first, last, n) => ({ first, last, n, tags: [] }) },
  { definition: person4, state: (first, last, n) => ({ first, last, n, tags: [] }) },
];
