/** `troupe show`: one version of a key, with its state. */

import { inspect } from "node:util";
import { readVersion } from "../../../store/history/read-version.ts";
import { metaOf, type VersionAt } from "../../../store/versions/snapshot.ts";
import type { Arguments } from "../../arguments/arguments.ts";
import type { Command } from "../../command/command.ts";
import { findKey } from "../../journal/find-key.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../../arguments/journal-arguments.ts";
import { oneLine } from "../../output/one-line.ts";
import { withStore } from "../../journal/open-store.ts";
import { plainJson } from "../../../values/plain-json.ts";
import { painter } from "../../output/paint.ts";
import { versionText } from "../../output/version-text.ts";

export const show: Command = {
  name: "show",
  summary: "show a version of a key, with its state",
  flags: { ...journalFlags, at: { type: "string" } },
  read(given) {
    const [key = ""] = given.named("KEY");
    const journal = journalOf(given);
    const json = given.flag("json");
    const when = whenOf(given);
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ access }) => {
        const { newest } = await findKey(access, key);
        const snapshot = await readVersion(access, key, when ?? newest);
        if (json) await terminal.print(plainJson({ ...metaOf(snapshot), state: snapshot.state }));
        else {
          const paint = painter(terminal.colours);
          await terminal.print(`${paint("bold", oneLine(key))} ${versionText(snapshot, paint)}`);
          await terminal.print(pretty(snapshot.state, terminal.colours));
        }
        return 0;
      });
  },
  help: `troupe show: show a version of a key, with its state

Usage:
  troupe show --journal DIR KEY [--at VERSION|TIME] [--json]

Options:
  --at VERSION    this version (default: the newest)
  --at TIME       the version that was the newest at this time, such as 2026-01-31T12:00:00Z; milliseconds since the
                  epoch are written ms:1769860800000, to be told from versions
${journalHelp}

With --json, bigints become text; troupe export is lossless.

${exitCodes}`,
};

function whenOf(given: Arguments): VersionAt | undefined {
  const text = given.text("at");
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return given.numberOf("--at", text);
  return { time: given.timeOf("--at", text, "end") };
}

/** The state as source code: bigints, undefined and -0 as such, control characters escaped. */
function pretty(state: unknown, colors: boolean): string {
  const all = Number.POSITIVE_INFINITY;
  return inspect(state, { depth: all, colors, maxArrayLength: all, maxStringLength: all, breakLength: 100 });
}
