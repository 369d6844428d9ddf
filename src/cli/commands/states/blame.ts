/** `troupe blame`: which version last set a value. */

import { resolveHistoryRange } from "../../../store/versions/history-range.ts";
import { type Blame, blame as search } from "../../../store/travel/blame.ts";
import { historyPages } from "../../../store/history/history-pages.ts";
import { partsOf, pointerOf } from "../../../store/travel/json-pointer.ts";
import { valueText } from "../../../store/travel/value-text.ts";
import type { Command } from "../../command/command.ts";
import { findKey } from "../../journal/find-key.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../../arguments/journal-arguments.ts";
import { oneLine } from "../../output/one-line.ts";
import { withStore } from "../../journal/open-store.ts";
import { plainJson } from "../../../values/plain-json.ts";
import { type Paint, painter } from "../../output/paint.ts";
import { versionText } from "../../output/version-text.ts";

export const blame: Command = {
  name: "blame",
  summary: "tell who last set a value of a key, when and for which run",
  flags: journalFlags,
  read(given) {
    const [key = "", path] = given.named("KEY", "PATH?");
    const journal = journalOf(given);
    if (path !== undefined) partsOf(path); // throws for an invalid pointer
    const json = given.flag("json");
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ access }) => {
        await findKey(access, key);
        const paint = painter(terminal.colours);
        const pages = historyPages((asked) => access.history(key, resolveHistoryRange(asked)), {
          order: "newest-first",
        });
        const found = await search(pages, ({ state }) => (path === undefined ? fieldsOf(state) : [path]));
        for (const one of found) await terminal.print(json ? plainJson({ key, ...one }) : lineOf(one, paint));
        return 0;
      });
  },
  help: `troupe blame: tell which version last set a value, by whom, when and for which run

Usage:
  troupe blame --journal DIR KEY [PATH] [--json]

  PATH   a value of the newest state by its JSON pointer, such as /score or /tags/2
         (default: a line for each of the state's own fields)

Options:
${journalHelp}

To set a value to what it was already isn't to set it. "or before": the version that set it was dropped by retention.

${exitCodes}`,
};

/** Pointers to the fields of a state, or to the whole state if it has none. */
function fieldsOf(state: unknown): readonly string[] {
  if (typeof state !== "object" || state === null) return [""];
  const names = Object.keys(state);
  return names.length === 0 ? [""] : names.map((name) => pointerOf([name]));
}

function lineOf(one: Blame, paint: Paint): string {
  const place = paint("bold", oneLine(one.path === "" ? "/" : one.path));
  return `${place} ${oneLine(valueText(one.value))} ${versionText(one, paint)}${one.exact ? "" : " or before"}`;
}
