/** JSON pointers (RFC 6901): the path to a value in a state, as text. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { PatchPath } from "../versions/patch.ts";
import { shown } from "../../values/shown.ts";

/** `["tags", 2, "a/b"]` is `/tags/2/a~1b`; the state itself is the empty text. */
export function pointerOf(path: PatchPath): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The names and indexes of a pointer, as text. @throws TroupeError `invalid-options` for text that isn't a pointer. */
export function partsOf(pointer: string): readonly string[] {
  if (pointer === "") return [];
  if (typeof pointer !== "string" || !pointer.startsWith("/") || /~(?![01])/.test(pointer)) {
    throw new TroupeError(
      "invalid-options",
      `${shown(pointer)} is no JSON pointer: write /tags/2 for the third of tags, ~1 for a slash and ~0 for a ` +
        "tilde in a name, and nothing for the whole state",
    );
  }
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at a path in a state; `undefined` if there is no such path. */
export function valueAt(state: unknown, parts: PatchPath): { readonly value: unknown } | undefined {
  let value = state;
  for (const part of parts) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value)) {
      if (!/^(?:0|[1-9]\d*)$/.test(String(part)) || Number(part) >= value.length) return undefined;
    } else if (!Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[part];
  }
  return { value };
}
