/** Checks that `spawn`, `run` and the like were given a definition: an import that is misspelt, or circular, gives undefined. */

import { TroupeError } from "../../errors/troupe-error.ts";

const makers = { actor: "defineActor", agent: "defineAgent", workflow: "defineWorkflow" } as const;

type Kind = keyof typeof makers;

/** @throws TroupeError `invalid-options` for anything but a definition of one of the kinds. */
export function checkDefinition(method: string, kinds: readonly Kind[], given: unknown): void {
  const isObject = typeof given === "object" && given !== null;
  if (isObject && "kind" in given && "name" in given && kinds.some((kind) => kind === given.kind)) return;
  const expected = kinds.map((kind) => `what ${makers[kind]} returned`).join(" or ");
  const hint = given === undefined ? ". Is it exported under that name, and is its import not circular?" : "";
  throw new TroupeError("invalid-options", `${method}: expected ${expected}, not ${inspected(given)}${hint}`, {
    details: { expected },
  });
}

function inspected(given: unknown): string {
  if (typeof given === "object" && given !== null && "kind" in given && typeof given.kind === "string")
    return `a definition of the kind ${given.kind}`;
  return given === undefined || given === null ? String(given) : `a value of the type ${typeof given}`;
}
