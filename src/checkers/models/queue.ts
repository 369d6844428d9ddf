/** A queue: first in, first out. */

import type { SequentialModel } from "../sequential-model.ts";
import { sameValue } from "./same-value.ts";

/**
 * What a queue is asked for.
 *
 * @since 0.1.0
 * @experimental
 */
export type QueueInput<Value> =
  | { readonly f: "enqueue"; readonly value: Value }
  /** Takes the first value out, and answers it: `null` if the queue is empty. */
  | { readonly f: "dequeue" };

/**
 * A queue without a limit, which is empty at first.
 *
 * @example
 * checkLinearizability(queue<string>(), history).linearizable;
 * @since 0.1.0
 * @experimental
 */
export function queue<Value>(): SequentialModel<readonly Value[], QueueInput<Value>, Value | null | undefined> {
  return {
    name: "queue",
    initial: [],
    next(values, input, answer) {
      if (input.f === "enqueue") return [[...values, input.value]];
      const [first = null, ...rest] = values;
      return answer === undefined || sameValue(answer.output, first) ? [rest] : [];
    },
  };
}
