/** Commits, retention and compaction at once: the workload of `fixtures/dropping.mjs`. */

import type { Journal } from "../../src/store/journal/journal.ts";
import type { Workload } from "./crash-harness.ts";

interface Ack {
  readonly key: string;
  readonly version: number;
  readonly by: string;
}

/** What `few` keeps at least. */
const kept = 5;

/**
 * Checks that acknowledged commits are there unless a rule drops them, that what is there has no gap and reads as it was
 * written, and that dropped versions take their idempotency keys along.
 */
export function dropping(): Workload<Ack> {
  const acknowledged = new Map<string, Ack>();
  let dropped = 0;
  return {
    program: "dropping.mjs",
    async check(journal: Journal, acks, round) {
      for (const ack of acks) acknowledged.set(`${ack.key}@${ack.version}`, ack);
      const oldest = new Map<string, number>();
      const newest = new Map<string, number>();
      for (const key of [...(await journal.keys("few/")), ...(await journal.keys("all/"))]) {
        const first = (await journal.oldest(key)) ?? 0;
        const records = await journal.records(key, first, Number.MAX_SAFE_INTEGER);
        const last = first + records.length - 1;
        oldest.set(key, first);
        newest.set(key, last);
        for (const [i, { snapshot }] of records.entries()) {
          const { version, idempotencyKey = "" } = snapshot;
          const { count, by } = snapshot.state as { readonly count: number; readonly by: string };
          const where = `${key}@${version}`;
          if (version !== first + i) throw new Error(`${where} comes after version ${first + i - 1}`);
          if (count !== version || by !== idempotencyKey) throw new Error(`${where} is ${count} by ${by}`);
          const [original] = await journal.committed(by);
          if (original?.key !== key || original.version !== version) throw new Error(`${by} doesn't lead to ${where}`);
          const ack = acknowledged.get(where);
          if (ack !== undefined && ack.by !== by)
            throw new Error(`${where} was acknowledged to ${ack.by} and is ${by}'s`);
        }
        const leastKept = key.startsWith("all/") ? last : Math.min(kept, last);
        if (records.length < leastKept) throw new Error(`${key} has ${records.length} versions, up to ${last}`);
      }
      for (const { key, version, by } of acknowledged.values()) {
        if (version > (newest.get(key) ?? 0)) throw new Error(`${key}@${version} was acknowledged and is not there`);
        if (version >= (oldest.get(key) ?? 1)) continue;
        dropped++;
        if ((await journal.committed(by)).length > 0)
          throw new Error(`${by} leads to ${key}@${version}, which was dropped`);
      }
      if (round === 10 && dropped === 0) throw new Error("nothing was dropped: there was nothing to see");
    },
  };
}
