/** The difference between two versions: as JSON Patch (RFC 6902), and as text for people. */

import { diffStates } from "../versions/diff-states.ts";
import { pointerOf, valueAt } from "./json-pointer.ts";
import { valueText } from "./value-text.ts";

/**
 * One operation of RFC 6902; `path` is a JSON pointer.
 *
 * @since 0.1.0
 */
export type JsonPatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/**
 * The difference between two states; both fields are empty if there is none.
 *
 * @since 0.1.0
 */
export interface StateDiff {
  /**
   * Applied in order to the first version, it gives the second, with its order of fields. Values are those of the
   * states, so the patch is JSON if the states are. A bigint, `undefined`, `NaN`, `Infinity` or `-0` is kept as it is,
   * though JSON can't write it.
   */
  readonly patch: readonly JsonPatchOperation[];
  /**
   * A line for each change: `~ /score 680 → 750`, `+ /tags/2 "x"`, `- /old 1`. Long values are cut. `/` stands for the
   * whole state.
   */
  readonly text: string;
}

/** Compares two sealed states. */
export function diffOf(before: unknown, after: unknown): StateDiff {
  const patch: JsonPatchOperation[] = [];
  const lines: string[] = [];
  for (const { op, path, value } of diffStates(before, after, true)) {
    const pointer = pointerOf(path);
    // earlier patches don't move the place of a later one: arrays grow and shrink at their ends
    const old = op === "add" ? "" : valueText(valueAt(before, path)?.value);
    const place = pointer === "" ? "/" : pointer;
    if (op === "remove") {
      patch.push({ op, path: pointer });
      lines.push(`- ${place} ${old}`);
    } else {
      patch.push({ op, path: pointer, value });
      lines.push(op === "add" ? `+ ${place} ${valueText(value)}` : `~ ${place} ${old} → ${valueText(value)}`);
    }
  }
  return { patch, text: lines.join("\n") };
}
