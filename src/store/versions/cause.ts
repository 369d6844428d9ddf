/** The cause of a version: the key of a run, or the version that it was forked from or reverted to. */

import type { StateKey } from "./state-key.ts";

/** A version of a key. */
export interface Origin {
  readonly key: StateKey;
  readonly version: number;
}

const runPrefix = "run/";
const origins = /^(?:fork|revert) (.*)@(\d+)$/s;

/** The cause of the commits of a run's steps: the key of the run's history. */
export function runCause(run: string): string {
  return runPrefix + run;
}

/** The run that a version was committed for; `undefined` for any other cause. */
export function runOf(cause: string | undefined): string | undefined {
  return cause?.startsWith(runPrefix) === true ? cause.slice(runPrefix.length) : undefined;
}

/** The cause of a version with the state of an earlier one of its key (`revert`) or of another key's (`fork`). */
export function originCause(how: "fork" | "revert", { key, version }: Origin): string {
  return `${how} ${key}@${version}`;
}

/** The version in a cause of fork or revert; `undefined` for any other cause. */
export function originOf(cause: string | undefined): Origin | undefined {
  const [, key, version] = origins.exec(cause ?? "") ?? [];
  return key === undefined ? undefined : { key, version: Number(version) };
}
