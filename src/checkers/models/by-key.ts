/** Many of a thing, each with a key. */

import type { SequentialModel } from "../sequential-model.ts";

/**
 * Many of the things that `model` describes: one for each key, and one for all inputs without a key. Each is judged apart.
 *
 * @example
 * checkLinearizability(byKey(counter), [
 *   { process: 1, input: { key: "visits", f: "add", value: 1 }, called: 0, returned: 1 },
 * ]).linearizable;
 * @since 0.1.0
 * @experimental
 */
export function byKey<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
): SequentialModel<State, Input & { readonly key?: unknown }, Output> {
  return { ...model, partition: ({ key }) => JSON.stringify(key) ?? "" };
}
