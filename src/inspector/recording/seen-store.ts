/** The store as a schedule's actors have seen it: the versions that they have read and committed. */

import type { KeyExtent, Snapshot, VersionWhen } from "../../store/versions/snapshot.ts";
import { counts, type HistoryRange } from "../../store/versions/history-range.ts";
import type { StoreReader } from "../source/inspected.ts";
import type { FailedSchedule, SeenInSchedule } from "./failed-schedule.ts";

const unknown = "code outside, or an actor before";

export class SeenStore implements StoreReader {
  readonly #keys = new Map<string, Map<number, Snapshot>>();
  #position = 0;

  constructor({ seen, start }: Pick<FailedSchedule, "seen" | "start">) {
    for (const event of seen) this.#take(event, start + event.at);
  }

  get position(): number {
    return this.#position;
  }

  /** All versions of a key that were seen, in their order. */
  versions(key: string): readonly Snapshot[] {
    return [...(this.#keys.get(key)?.values() ?? [])].sort((one, other) => one.version - other.version);
  }

  at(key: string, when: VersionWhen): Snapshot | undefined {
    if (typeof when === "number") return this.#keys.get(key)?.get(when);
    return this.versions(key).findLast((one) =>
      "time" in when ? one.time <= when.time : one.position <= when.position,
    );
  }

  stored(key: string): Snapshot | undefined {
    return this.versions(key).at(-1);
  }

  extent(key: string): KeyExtent | undefined {
    const versions = this.versions(key);
    const [oldest, newest] = [versions[0], versions.at(-1)];
    return oldest && newest && { oldest: oldest.version, newest: newest.version };
  }

  history(key: string, range: HistoryRange): readonly Snapshot[] {
    const { from = 0, to, limit, order } = range;
    const found = this.versions(key).filter((one) => one.version >= from && one.version <= to && counts(one, range));
    return (order === "oldest-first" ? found : found.toReversed()).slice(0, limit);
  }

  size(): number {
    return 0;
  }

  keys(prefix: string, since = -1): readonly string[] {
    const isNewer = (key: string): boolean => (this.stored(key)?.position ?? 0) > since;
    return [...this.#keys.keys()].filter((key) => key.startsWith(prefix) && isNewer(key)).sort();
  }

  #take(event: SeenInSchedule, time: number): void {
    if (event.type !== "reads" && event.type !== "commits") return;
    const { key, version, state, actor } = event;
    const versions = this.#keys.get(key) ?? new Map<number, Snapshot>();
    if (event.type === "commits") {
      // a process began anew without what the one before had committed
      for (const newer of [...versions.keys()]) if (newer >= version) versions.delete(newer);
      const { parent, position } = event;
      this.#position = Math.max(this.#position, position);
      versions.set(version, { key, version, parent, author: actor, time, position, schema: 1, state });
    } else if (version > 0 && !versions.has(version)) {
      const before = { key, version, parent: version - 1, position: 0, schema: 1 };
      versions.set(version, { ...before, author: unknown, time, state });
    }
    if (versions.size > 0) this.#keys.set(key, versions);
  }
}
