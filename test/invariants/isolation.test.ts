/** Invariant 1: isolation. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { System } from "../../src/index.ts";
import { keeper } from "./actors.ts";
import { holdsOnThreads, holdsSimulated } from "./worlds.ts";

interface Case {
  readonly value: unknown;
  /** On which threads the two keepers live. */
  readonly one: number;
  readonly other: number;
}

const cases: fc.Arbitrary<Case> = fc.record({
  value: fc.object({ withDate: true, withMap: true, withBigInt: true, withNullPrototype: false, withTypedArray: true }),
  one: fc.integer({ min: 0, max: 2 }),
  other: fc.integer({ min: 0, max: 2 }),
});

/** Changes everything in a value that can be changed. */
function spoil(value: unknown): void {
  if (value instanceof Date) value.setTime(0);
  else if (value instanceof Map) value.set("spoiled", true);
  else if (value instanceof Set) value.add("spoiled");
  else if (ArrayBuffer.isView(value)) new Uint8Array(value.buffer).fill(255);
  else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) spoil(part);
    Object.assign(value, { spoiled: true });
  }
}

async function nobodyShares(system: System, { value, one, other }: Case): Promise<void> {
  const original = structuredClone(value);
  const first = await system.spawn(keeper, { placement: { thread: one } });
  const second = await system.spawn(keeper, { placement: { thread: other } });

  const told = first.tell("keep", { value });
  spoil(value); // the sender goes on changing what it sent
  await told;
  expect(await first.ask("kept")).toEqual(original);

  spoil(await first.ask("kept")); // the asker changes what it got
  expect(await first.ask("kept")).toEqual(original);

  await first.ask("share", { with: second }); // one actor hands its own state to another
  await first.ask("forget");
  expect(await second.ask("kept")).toEqual(original);
}

describe("invariant 1: no two actors share a mutable object", () => {
  it("holds on the simulator", () => holdsSimulated(cases, nobodyShares));
  it("holds on real threads", () => holdsOnThreads(cases, nobodyShares));
});
