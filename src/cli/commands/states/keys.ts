/** `troupe keys`: lists the keys, with the number and the size of their versions. */

import { isTroupeError, TroupeError } from "../../../errors/troupe-error.ts";
import type { KeyExtent } from "../../../store/versions/snapshot.ts";
import type { StateKey } from "../../../store/versions/state-key.ts";
import type { StoreAccess } from "../../../store/versions/store-access.ts";
import type { Command } from "../../command/command.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../../arguments/journal-arguments.ts";
import { oneLine } from "../../output/one-line.ts";
import { withStore } from "../../journal/open-store.ts";
import { painter } from "../../output/paint.ts";

export const keys: Command = {
  name: "keys",
  summary: "list the keys of a journal, with their versions and bytes",
  flags: journalFlags,
  read(given) {
    const [prefix = ""] = given.named("PREFIX?");
    const journal = journalOf(given);
    const json = given.flag("json");
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ access }) => {
        const paint = painter(terminal.colours);
        let exitCode = 0;
        for (const key of await access.keys(prefix)) {
          if (terminal.interrupted.aborted) return 1;
          const extent = await extentOf(access, key);
          if (extent instanceof TroupeError) {
            exitCode = 1;
            terminal.note(`troupe: ${oneLine(extent.message)}`);
            continue;
          }
          const { oldest, newest } = extent;
          const bytes = await access.size(key);
          if (json) await terminal.print(JSON.stringify({ key, oldest, newest, bytes }));
          else await terminal.print(`${oneLine(key)} ${paint("yellow", `@${oldest}..${newest}`)} ${bytes} bytes`);
        }
        return exitCode;
      });
  },
  help: `troupe keys: list the keys of a journal, with the versions that are kept and their bytes

Usage:
  troupe keys --journal DIR [PREFIX] [--json]

  PREFIX   only keys that begin so, such as account/

Options:
${journalHelp}

${exitCodes}`,
};

/** The key's versions, or the error if it is damaged: the other keys are still listed. */
async function extentOf(access: StoreAccess, key: StateKey): Promise<KeyExtent | TroupeError> {
  try {
    return (await access.extent(key)) ?? { oldest: 1, newest: 0 };
  } catch (error) {
    if (isTroupeError(error, "journal-corrupt")) return error;
    throw error;
  }
}
