/** A queue as the store keeps it: the key `queue/<name>`. The runs that wait in it are not in there: their histories say so. */

import * as v from "valibot";
import { defineFamily } from "../../store/versions/define-state.ts";
import type { QueueOptions } from "./queue-options.ts";

export interface QueueState extends QueueOptions {
  /**
   * When runs were released, by run, in milliseconds since the epoch: those that still count for a rate. Written in the commit that releases a run. Absent
   * where no rate is.
   */
  readonly released?: Readonly<Record<string, { readonly at: number; readonly key: string }>>;
}

/** The key `queue/<name>`. */
export const queueState = defineFamily<QueueState>({
  name: "queue",
  version: 1,
  schema: v.custom<QueueState>((state) => typeof state === "object" && state !== null),
  initial: () => ({}),
});

/** The state with other limits. */
export function withLimits(state: QueueState | undefined, { all, perKey }: QueueOptions): QueueState {
  const isRated = (all?.rate ?? perKey?.rate) !== undefined;
  return {
    ...(all === undefined ? {} : { all }),
    ...(perKey === undefined ? {} : { perKey }),
    ...(isRated && state?.released !== undefined ? { released: state.released } : {}),
  };
}

/** The state after the release of a run; the same where no rate counts it. What has left every rate's period is forgotten. */
export function withRelease(state: QueueState, run: string, key: string, at: number): QueueState {
  const period = Math.max(state.all?.rate?.period ?? 0, state.perKey?.rate?.period ?? 0);
  if (period === 0) return state;
  const kept = Object.entries(state.released ?? {}).filter(([, one]) => one.at + period > at);
  return { ...state, released: { ...Object.fromEntries(kept), [run]: { at, key } } };
}
