/** `troupe verify`: reads a whole journal and reports all damage. */

import type { JournalDamage } from "../../../store/journal/lmdb/journal-report.ts";
import type { Command } from "../../command/command.ts";
import { exitCodes, journalFlags, journalOf } from "../../arguments/journal-arguments.ts";
import { oneLine } from "../../output/one-line.ts";
import { type Paint, painter } from "../../output/paint.ts";
import { placeOfJournal } from "../../journal/journal-place.ts";

export const verify: Command = {
  name: "verify",
  summary: "read all of a journal and say what is whole",
  flags: journalFlags,
  read(given) {
    given.named();
    const journal = journalOf(given);
    const json = given.flag("json");
    return async ({ cwd, colours, interrupted, print }, { verifyJournal }) => {
      const report = await verifyJournal(placeOfJournal(cwd, journal));
      if (json) {
        await print(JSON.stringify(report));
        return report.damages.length === 0 ? 0 : 1;
      }
      const paint = painter(colours);
      for (const damage of report.damages) {
        if (interrupted.aborted) return 1;
        await print(damageLine(damage, paint));
      }
      const { keys, versions, bytes, structureChecked } = report;
      await print(`${keys} keys, ${versions} whole versions, ${bytes} bytes`);
      if (!structureChecked) await print("in use: the structure of its file was not checked");
      if (report.damages.length === 0) await print(paint("green", "all is whole"));
      return report.damages.length === 0 ? 0 : 1;
    };
  },
  help: `troupe verify: read all of a journal and say what is whole. Changes nothing.

Usage:
  troupe verify --journal DIR [--json]

Options:
  --journal DIR   the folder of the journal, or its postgres:// URL; while a system has it open, less is checked
  --json          the whole report as one line of JSON
  -h, --help      this text

${exitCodes.replace("1 failed", "1 damaged or failed")}`,
};

/** The line of one damage. That of a page names the page in `what`. */
function damageLine({ key, version, what }: JournalDamage, paint: Paint): string {
  const place = key === undefined ? "" : `${key}${version === undefined ? "" : `@${version}`}: `;
  return `${paint("red", "damaged")} ${oneLine(`${place}${what}`)}`;
}
