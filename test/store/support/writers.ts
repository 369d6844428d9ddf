/** Writers that go on whatever happens to the database, and what they were told. */

import { expect } from "vitest";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { recordOf } from "./requests.ts";

/** Writers that commit one version after the other, each to a key of its own, until they are told to stop. */
export function writers(journal: Journal, count: number) {
  let position = journal.position;
  const stop = new AbortController();
  const acknowledged = new Map<string, number>();
  const rejected: unknown[] = [];
  const write = async (key: string): Promise<void> => {
    for (let version = 1; !stop.signal.aborted; version++) {
      try {
        await journal.append([recordOf(key, version, ++position, { idempotencyKey: `${key}@${version}` })]);
        acknowledged.set(key, version);
      } catch (error) {
        rejected.push(error);
        return;
      }
    }
  };
  const all = Promise.all(Array.from({ length: count }, async (_, i) => write(`w/${i}`)));
  const total = (): number => [...acknowledged.values()].reduce((sum, version) => sum + version, 0);
  return {
    total,
    rejected,
    acknowledged,
    async further(commits: number): Promise<void> {
      const goal = total() + commits;
      while (total() < goal && rejected.length === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    },
    async stop(): Promise<void> {
      stop.abort();
      await all;
    },
  };
}

/** Holds what they were told against what is kept. */
export async function checkKept(journal: Journal, { acknowledged }: ReturnType<typeof writers>): Promise<void> {
  for (const [key, version] of acknowledged) {
    expect((await journal.head(key))?.version, key).toBe(version);
    const records = await journal.records(key, 1, version);
    expect(records.map(({ snapshot }) => snapshot.version)).toEqual(Array.from({ length: version }, (_, i) => i + 1));
  }
}
