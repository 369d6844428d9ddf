/** Arbitrary descriptions of odd values. */

import * as fc from "fast-check";
import { type Description, type OddName, oddNames } from "./odd-values.ts";

const leaves = (names: readonly OddName[]): fc.Arbitrary<Description> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names).map((odd) => ({ odd })) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }).map((text) => ({ text })) },
    { weight: 1, arbitrary: fc.double().map((number) => ({ number })) },
  );

const name = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "then",
    "kind",
    "name",
    "length",
    "address",
    "@troupe",
    "$troupe",
  ),
  fc.string({ maxLength: 5 }),
);

function descriptionsOf(names: readonly OddName[]): fc.Arbitrary<Description> {
  return fc.letrec<{ description: Description }>((tie) => ({
    description: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 4, arbitrary: leaves(names) },
      { weight: 1, arbitrary: fc.record({ list: fc.array(tie("description"), { maxLength: 3 }) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          fields: fc.array(fc.tuple(name, tie("description")), { maxLength: 3 }),
          as: fc.constantFrom("plain", "plain", "frozen", "without-prototype", "instance", "map", "getters"),
        }),
      },
    ),
  })).description;
}

export const descriptions: fc.Arbitrary<Description> = descriptionsOf(oddNames);

/**
 * Those that a draft can hold. Immer walks through what is put into a draft before Troupe sees it, and through an array of four
 * billion holes it takes minutes: what stands still so long on a thread is killed by `stallTimeout`.
 */
export const draftable: fc.Arbitrary<Description> = descriptionsOf(
  oddNames.filter((odd) => odd !== "a list without end"),
);
