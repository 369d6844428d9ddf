/** Concurrent commits, some of them repeated: the workload of `fixtures/commits.mjs`. */

import type { Journal } from "../../src/store/journal/journal.ts";
import type { Workload } from "./crash-harness.ts";

interface Ack {
  readonly name: string;
  readonly key: string;
  readonly version: number;
}

/** Checks that acknowledged commits are there exactly once, and that versions have no gap and count what was committed. */
export function commits(): Workload<Ack> {
  const acknowledged = new Map<string, Ack>();
  const kept = new Map<string, string>();
  const newest = new Map<string, number>();
  return {
    program: "commits.mjs",
    async check(journal: Journal, acks) {
      for (const ack of acks) {
        const before = acknowledged.get(ack.name);
        if (before !== undefined && before.version !== ack.version)
          throw new Error(`${ack.name} was acknowledged as version ${before.version} and ${ack.version}`);
        acknowledged.set(ack.name, ack);
      }
      for (const key of await journal.keys("counter/")) {
        const from = newest.get(key) ?? 0;
        const records = await journal.records(key, from + 1, Number.MAX_SAFE_INTEGER);
        for (const [i, { snapshot }] of records.entries()) {
          const { version, idempotencyKey = "" } = snapshot;
          const { count, by } = snapshot.state as { readonly count: number; readonly by: string };
          const where = `${key}@${version}`;
          if (version !== from + 1 + i) throw new Error(`${where} comes after version ${from + i}`);
          if (count !== version || by !== idempotencyKey) throw new Error(`${where} is ${count} by ${by}`);
          if (kept.has(by)) throw new Error(`${by} is ${kept.get(by)} and ${where}`);
          kept.set(by, where);
          const [original] = await journal.committed(by);
          if (original?.key !== key || original.version !== version)
            throw new Error(`the idempotency key ${by} leads to ${original?.key}@${original?.version}, not ${where}`);
        }
        newest.set(key, from + records.length);
      }
      for (const { name, key, version } of acknowledged.values()) {
        if (kept.get(name) !== `${key}@${version}`)
          throw new Error(`${name} was acknowledged as ${key}@${version} and is ${kept.get(name)}`);
      }
    },
  };
}
