/** Registers: one value that is read, written, and set if it is as expected. */

import type { SequentialModel } from "../sequential-model.ts";
import { sameValue } from "./same-value.ts";

/**
 * What a register is asked for.
 *
 * @since 0.1.0
 * @experimental
 */
export type RegisterInput<Value> =
  | { readonly f: "read" }
  | { readonly f: "write"; readonly value: Value }
  /** Sets the second value if the first is there; answers whether it was. */
  | { readonly f: "cas"; readonly value: readonly [expected: Value, next: Value] };

/**
 * A register: a read answers what was written last, and a `cas` (compare and set) whether it has set.
 *
 * @param initial what a read answers before the first write.
 * @example
 * checkLinearizability(register<number | null>(null), history).linearizable;
 * @since 0.1.0
 * @experimental
 */
export function register<Value>(initial: Value): SequentialModel<Value, RegisterInput<Value>, Value | boolean> {
  return {
    name: "register",
    initial,
    next(state, input, answer) {
      switch (input.f) {
        case "read":
          return answer === undefined || sameValue(answer.output, state) ? [state] : [];
        case "write":
          return [input.value];
        case "cas": {
          const [expected, next] = input.value;
          const isSet = sameValue(expected, state);
          return answer === undefined || answer.output === isSet ? [isSet ? next : state] : [];
        }
      }
    },
    readsOnly: ({ f }) => f === "read",
  };
}
