/** Takes down which task read and wrote which version of what is shared. */

import { shown } from "../../values/shown.ts";
import type { RunLog } from "../simulator/explain/run-log.ts";

export class ValueLog {
  readonly #log: RunLog;
  readonly #task: () => string | undefined;
  readonly #versions = new Map<string, number>();
  #position = 0;

  /** @param task the task whose code runs; none for code outside of all. */
  constructor(log: RunLog, task: () => string | undefined) {
    this.#log = log;
    this.#task = task;
  }

  read(key: string, value: unknown): void {
    const actor = this.#task();
    if (actor === undefined) return;
    const version = this.#versions.get(key) ?? 1;
    this.#log.observe({ type: "reads", actor, key, version, state: copyOf(value) });
  }

  wrote(key: string, value: unknown): void {
    const actor = this.#task();
    const parent = this.#versions.get(key) ?? 1;
    this.#versions.set(key, parent + 1);
    if (actor === undefined) return;
    // in a run's log, each commit begins with a read of its own
    this.#log.observe({ type: "reads", actor, key, version: parent, state: undefined });
    const commit = { key, version: parent + 1, parent, position: ++this.#position };
    this.#log.observe({ type: "commits", actor, ...commit, state: copyOf(value) });
  }
}

/** The value as it is now; in words, where it can't be copied. */
function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  try {
    return structuredClone(value);
  } catch {
    return shown(value);
  }
}
