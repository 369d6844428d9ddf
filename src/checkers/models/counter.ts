/** A counter. */

import type { SequentialModel } from "../sequential-model.ts";

/**
 * What a counter is asked for.
 *
 * @since 0.1.0
 * @experimental
 */
export type CounterInput =
  | { readonly f: "add"; readonly value: number }
  | { readonly f: "read" }
  /** Adds, and answers the new count. */
  | { readonly f: "add-and-get"; readonly value: number };

/**
 * A counter that starts at 0.
 *
 * @example
 * checkLinearizability(counter, history).linearizable;
 * @since 0.1.0
 * @experimental
 */
export const counter: SequentialModel<number, CounterInput, number | undefined> = {
  name: "counter",
  initial: 0,
  next(count, input, answer) {
    const next = input.f === "read" ? count : count + input.value;
    return input.f === "add" || answer === undefined || answer.output === next ? [next] : [];
  },
  readsOnly: ({ f }) => f === "read",
};
