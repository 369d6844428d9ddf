/** What the commands that read a journal have in common. */

import type { Arguments, Flags } from "./arguments.ts";

export const journalFlags = { journal: { type: "string" }, json: { type: "boolean" } } as const satisfies Flags;

/** The end of their help texts. */
export const journalHelp = `  --journal DIR   the folder of the journal, or its postgres:// URL; may be in use by a system meanwhile
  --json          a line of JSON for each result
  -h, --help      this text`;

export const exitCodes = `Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C.
`;

/** @throws TroupeError `invalid-options` when it is missing. */
export function journalOf(given: Arguments): string {
  return given.required("journal", "--journal DIR");
}
