/** `troupe diff`: what changed between two versions of a key. */

import { readVersion } from "../../../store/history/read-version.ts";
import { diffOf } from "../../../store/travel/state-diff.ts";
import type { Command } from "../../command/command.ts";
import { findKey } from "../../journal/find-key.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../../arguments/journal-arguments.ts";
import { withStore } from "../../journal/open-store.ts";
import { plainJson } from "../../../values/plain-json.ts";
import { painter } from "../../output/paint.ts";
import { diffLines } from "../../output/version-text.ts";

export const diff: Command = {
  name: "diff",
  summary: "compare two versions of a key",
  flags: journalFlags,
  read(given) {
    const [key = "", fromText, toText] = given.named("KEY", "FROM?", "TO?");
    const journal = journalOf(given);
    const json = given.flag("json");
    const wantedFrom = fromText === undefined ? undefined : given.numberOf("FROM", fromText);
    const wantedTo = toText === undefined ? undefined : given.numberOf("TO", toText);
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ access }) => {
        const { oldest, newest } = await findKey(access, key);
        const from = wantedFrom ?? Math.max(oldest, newest - 1);
        const to = wantedTo ?? newest;
        const before = await readVersion(access, key, from);
        const { patch, text } = diffOf(before.state, (await readVersion(access, key, to)).state);
        if (json) await terminal.print(plainJson({ key, from, to, patch }));
        else for (const line of diffLines(text, painter(terminal.colours))) await terminal.print(line);
        return 0;
      });
  },
  help: `troupe diff: compare two versions of a key: + for what is added, - for what is gone, ~ for what is another

Usage:
  troupe diff --journal DIR KEY [FROM [TO]] [--json]

  FROM   the first version (default: the one before the newest)
  TO     the second version, older or newer (default: the newest)

Options:
${journalHelp}

With --json, the difference is a JSON Patch (RFC 6902).

${exitCodes}`,
};
