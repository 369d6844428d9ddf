/** `troupe history`: the versions of a key, newest first. */

import { type HistoryOptions, resolveHistoryRange } from "../../../store/versions/history-range.ts";
import { metaOf, type Snapshot } from "../../../store/versions/snapshot.ts";
import { historyPages } from "../../../store/history/history-pages.ts";
import type { Command } from "../../command/command.ts";
import { findKey } from "../../journal/find-key.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../../arguments/journal-arguments.ts";
import { withStore } from "../../journal/open-store.ts";
import { isTroupeError } from "../../../errors/troupe-error.ts";
import { runOf, type RunState, runState } from "../../../workflows/history/run-state.ts";
import { oneLine } from "../../output/one-line.ts";
import { type Paint, painter } from "../../output/paint.ts";
import { runEventsText } from "../../output/run-event-text.ts";
import { versionText } from "../../output/version-text.ts";

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
            await terminal.print(json ? jsonLine(snapshot) : textLine(snapshot, paint));
          }
        }
        return 0;
      });
  },
  help: `troupe history: list the versions of a key, newest first: version, time, author, and what for;
for a run, what happened

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

/** A version of a run says what happened in it, too. */
function textLine(snapshot: Snapshot, paint: Paint): string {
  const run = runIn(snapshot);
  const line = versionText(snapshot, paint);
  return run === undefined ? line : `${line} ${oneLine(runEventsText(run))}`;
}

function jsonLine(snapshot: Snapshot): string {
  const run = runIn(snapshot);
  const meta = metaOf(snapshot);
  return JSON.stringify(run === undefined ? meta : { ...meta, events: run.events });
}

/** The run in a version; `undefined` for other keys, and for what an earlier version of Troupe let be written there. */
function runIn(snapshot: Snapshot): RunState | undefined {
  if (!snapshot.key.startsWith(`${runState.name}/`)) return undefined;
  try {
    return runOf(snapshot).state;
  } catch (error) {
    if (!isTroupeError(error, "invalid-state")) throw error;
    return undefined;
  }
}
