/** `troupe history`: the versions of a key, newest first. */

import { type HistoryOptions, resolveHistoryRange } from "../../store/versions/history-range.ts";
import { metaOf } from "../../store/versions/snapshot.ts";
import { historyPages } from "../../store/history/history-pages.ts";
import type { Command } from "../command/command.ts";
import { findKey } from "../journal/find-key.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../arguments/journal-arguments.ts";
import { withStore } from "../journal/open-store.ts";
import { painter } from "../output/paint.ts";
import { versionText } from "../output/version-text.ts";

export const history: Command = {
  name: "history",
  summary: "list the versions of a key, newest first",
  flags: {
    ...journalFlags,
    limit: { type: "string" },
    author: { type: "string" },
    run: { type: "string" },
    since: { type: "string" },
    until: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    "oldest-first": { type: "boolean" },
  },
  read(given) {
    const [key = ""] = given.named("KEY");
    const journal = journalOf(given);
    const json = given.flag("json");
    const options = Object.fromEntries(
      Object.entries({
        order: given.flag("oldest-first") ? "oldest-first" : "newest-first",
        limit: given.wholeNumber("limit"),
        author: given.text("author"),
        run: given.text("run"),
        since: given.time("since", "start"),
        until: given.time("until", "end"),
        from: given.wholeNumber("from"),
        to: given.wholeNumber("to"),
      }).filter(([, value]) => value !== undefined),
    ) as HistoryOptions;
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ access }) => {
        await findKey(access, key);
        const paint = painter(terminal.colours);
        for await (const page of historyPages((asked) => access.history(key, resolveHistoryRange(asked)), options)) {
          for (const snapshot of page) {
            if (terminal.interrupted.aborted) return 1;
            await terminal.print(json ? JSON.stringify(metaOf(snapshot)) : versionText(snapshot, paint));
          }
        }
        return 0;
      });
  },
  help: `troupe history: list the versions of a key, newest first: version, time, author, and what for

Usage:
  troupe history --journal DIR KEY [options]

Options:
  --limit N         so many at most (default: all)
  --author NAME     only what NAME committed
  --run ID          only what the steps of this run committed
  --since TIME      only from this time on: 2026-01-31T12:00:00Z, or milliseconds since the epoch
  --until TIME      only up to this time
  --from VERSION    only from this version on
  --to VERSION      only up to this version
  --oldest-first    the other way round
${journalHelp}

${exitCodes}`,
};
