/** Transfers between accounts: the workload of `fixtures/transactions.mjs`. */

import type { Journal } from "../../src/store/journal/journal.ts";
import type { Snapshot } from "../../src/store/versions/snapshot.ts";
import type { Workload } from "./crash-harness.ts";

interface Ack {
  readonly name: string;
  readonly position: number;
}

interface Account {
  readonly cents: number;
  readonly last: string;
}

const initial = 1000;

/**
 * Checks that every transfer is there whole, as two versions at one position under one idempotency key, or not at all; that
 * an acknowledged one is there once; and that no money was made or lost at any position (invariants 3, 5, 11).
 */
export function transactions(): Workload<Ack> {
  const checked = new Map<string, number>();
  const positions = new Map<string, number>();
  const cents = new Map<string, number>();
  return {
    program: "transactions.mjs",
    async check(journal: Journal, acks) {
      const versions: Snapshot[] = [];
      for (const key of await journal.keys("account/")) {
        const from = (checked.get(key) ?? 0) + 1;
        const records = await journal.records(key, from, Number.MAX_SAFE_INTEGER);
        checked.set(key, from - 1 + records.length);
        versions.push(...records.map(({ snapshot }) => snapshot));
      }
      const together = groupByPosition(versions);
      for (const [position, parts] of [...together].toSorted(([a], [b]) => a - b)) {
        const names = new Set(parts.flatMap(({ idempotencyKey, state }) => [idempotencyKey, (state as Account).last]));
        const [name = ""] = names;
        if (parts.length !== 2 || names.size !== 1)
          throw new Error(`position ${position} has ${parts.length} versions, of ${[...names].join(", ")}`);
        if (positions.has(name)) throw new Error(`${name} is at ${positions.get(name)} and ${position}`);
        positions.set(name, position);
        for (const { key, state } of parts) cents.set(key, (state as Account).cents);
        const total = [...cents.values()].reduce((sum, each) => sum + each, 0);
        if (total !== initial * cents.size) throw new Error(`at ${position} there are ${total} cents`);
      }
      for (const { name, position } of acks) {
        if (positions.get(name) !== position)
          throw new Error(`${name} was acknowledged at ${position} and is at ${positions.get(name)}`);
      }
    },
  };
}

function groupByPosition(versions: readonly Snapshot[]): Map<number, Snapshot[]> {
  const groups = new Map<number, Snapshot[]>();
  for (const version of versions) groups.set(version.position, [...(groups.get(version.position) ?? []), version]);
  return groups;
}
