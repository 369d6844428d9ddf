/** `troupe revert`: reverts a key to an earlier version by appending one more. */

import type { Command } from "../../command/command.ts";
import { findKey } from "../../journal/find-key.ts";
import { exitCodes, journalFlags, journalOf } from "../../arguments/journal-arguments.ts";
import { TroupeError } from "../../../errors/troupe-error.ts";
import { readVersion } from "../../../store/history/read-version.ts";
import type { SnapshotMeta } from "../../../store/versions/snapshot.ts";
import { oneLine } from "../../output/one-line.ts";
import { withStore } from "../../journal/open-store.ts";
import { isReservedFamily } from "../../../store/versions/reserved-families.ts";
import { untypedKey } from "../../journal/untyped-state.ts";

export const revert: Command = {
  name: "revert",
  summary: "go back to an earlier version of a key, by one more version",
  flags: journalFlags,
  read(given) {
    const [key = "", text = ""] = given.named("KEY", "VERSION");
    const [family = ""] = key.split("/");
    if (isReservedFamily(family))
      throw given.wrong(`${key} is Troupe's own, and goes on from where it is: there is no going back for it`);
    const journal = journalOf(given);
    const json = given.flag("json");
    const wanted = given.numberOf("VERSION", text);
    return (terminal, ports) =>
      withStore({ journal, mode: "write" }, terminal, ports, async ({ access, store }) => {
        const { newest } = await findKey(access, key);
        const { schema } = await readVersion(access, key, newest);
        const target = await readVersion(access, key, wanted);
        if (target.schema !== schema) throw needsUpcasters(target, schema);
        const { definition, id } = untypedKey(key, schema);
        const { version } = await store.revert(definition, id, wanted);
        if (json) await terminal.print(JSON.stringify({ key, version, revertedTo: wanted }));
        else await terminal.print(`${oneLine(key)} is at version ${version}, which is as version ${wanted} was`);
        return 0;
      });
  },
  help: `troupe revert: go back to an earlier version of a key, by one more version. Nothing is lost.

Usage:
  troupe revert --journal DIR KEY VERSION [--json]

Options:
  --journal DIR   the folder of the journal, or its postgres:// URL; no system may have it open
  --json          a line of JSON that says what was done
  -h, --help      this text

The new version's author is command-line.

${exitCodes}`,
};

/** The error of reverting to a state under another schema, which needs the program that has the upcasters. */
function needsUpcasters({ key, version, schema }: SnapshotMeta, newest: number): TroupeError {
  return new TroupeError(
    "no-upcaster",
    `${key}@${version} is of version ${schema} of its schema, and the newest of ${newest}: only the program that has the upcasters ` +
      `can go back to it, by store.revert(definition, id, ${version})`,
    { details: { key, version, schema, newest } },
  );
}
