/** A store of texts by key. */

import type { SequentialModel } from "../sequential-model.ts";

/**
 * What a store of texts is asked for.
 *
 * @since 0.1.0
 * @experimental
 */
export type KeyValueInput =
  | { readonly f: "get"; readonly key: string }
  | { readonly f: "put"; readonly key: string; readonly value: string }
  /** Adds to the end of what is there. */
  | { readonly f: "append"; readonly key: string; readonly value: string };

/**
 * Texts by key: a get answers the text, `""` for a key without one. Keys are judged apart.
 *
 * @example
 * checkLinearizability(keyValue, history).linearizable;
 * @since 0.1.0
 * @experimental
 */
export const keyValue: SequentialModel<string, KeyValueInput, string> = {
  name: "kv",
  initial: "",
  next(state, input, answer) {
    switch (input.f) {
      case "get":
        return answer === undefined || answer.output === state ? [state] : [];
      case "put":
        return [input.value];
      case "append":
        return [state + input.value];
    }
  },
  partition: ({ key }) => key,
  readsOnly: ({ f }) => f === "get",
  identity: (state) => state,
};
