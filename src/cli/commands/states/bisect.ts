/** `troupe bisect`: the first version of a key that satisfies a condition. */

import { noSuchVersion } from "../../../store/history/no-such-version.ts";
import { readVersion } from "../../../store/history/read-version.ts";
import { metaOf } from "../../../store/versions/snapshot.ts";
import { bisect as search } from "../../../store/travel/bisect.ts";
import { diffOf } from "../../../store/travel/state-diff.ts";
import type { Command } from "../../command/command.ts";
import { findKey } from "../../journal/find-key.ts";
import { journalFlags, journalHelp, journalOf } from "../../arguments/journal-arguments.ts";
import { withStore } from "../../journal/open-store.ts";
import { painter } from "../../output/paint.ts";
import { conditionFlags, conditionOf } from "../../arguments/state-condition.ts";
import { diffLines, versionText } from "../../output/version-text.ts";

export const bisect: Command = {
  name: "bisect",
  summary: "find the first version of a key for which something holds",
  flags: { ...journalFlags, ...conditionFlags, from: { type: "string" }, to: { type: "string" } },
  read(given) {
    const [key = ""] = given.named("KEY");
    const journal = journalOf(given);
    const json = given.flag("json");
    const [from, to] = [given.wholeNumber("from"), given.wholeNumber("to")];
    const load = conditionOf(given);
    return async (terminal, ports) => {
      const holds = await load(terminal.cwd);
      return withStore({ journal, mode: "read" }, terminal, ports, async ({ access }) => {
        const extent = await findKey(access, key);
        for (const bound of [from, to]) {
          if (bound !== undefined && (bound < extent.oldest || bound > extent.newest))
            throw noSuchVersion(key, bound, extent);
        }
        const oldest = extent.tombstone === undefined ? extent.oldest : extent.oldest + 1;
        const lowest = from ?? oldest;
        const highest = to ?? extent.newest;
        const read = (version: number) => readVersion(access, key, version);
        const found = await search(lowest, highest, read, (snapshot) => holds(snapshot.state, snapshot));
        if (found === undefined) {
          terminal.note(`it holds for none of the versions ${lowest} to ${highest}`);
          return 1;
        }
        if (json) await terminal.print(JSON.stringify(metaOf(found)));
        else {
          const paint = painter(terminal.colours);
          await terminal.print(versionText(found, paint));
          if (found.version > oldest) {
            const { text } = diffOf((await read(found.version - 1)).state, found.state);
            for (const line of diffLines(text, paint)) await terminal.print(line);
          }
        }
        return 0;
      });
    };
  },
  help: `troupe bisect: find the first version of a key for which something holds, and holds from then on

Usage:
  troupe bisect --journal DIR KEY --path POINTER (--equals JSON | --above JSON | --below JSON | --exists) [options]
  troupe bisect --journal DIR KEY --module FILE[#export] [options]

Options:
  --path POINTER      a value of the state by its JSON pointer, such as /score or /tags/2
  --equals JSON       it is this: 680, '"text"', true
  --above JSON        it is a number above this one, or a text behind this one
  --below JSON        it is a number below this one, or a text before this one
  --exists            there is such a value at all
  --module FILE       a module that exports a function (state, snapshot) => boolean, as default or by name
  --from VERSION      search from this version on (default: the oldest)
  --to VERSION        search up to this version (default: the newest)
${journalHelp}

Of n versions at most log2(n + 1) are read. Prints the version, and what it changed.

Exit codes: 0 found, 1 it holds for none or the search failed, 2 wrong usage, 130 interrupted by Ctrl-C.
`,
};
