/** `troupe inspect`: a page that shows what a journal has, also while a system has it open. */

import { type InspectorPorts, openInspector } from "../../inspector/inspector.ts";
import { inspectorSettings } from "../../inspector/inspector-options.ts";
import { SpanMemory } from "../../inspector/source/span-memory.ts";
import { nodeClock } from "../../runtime/platform/node-clock.ts";
import { nodeRandom } from "../../runtime/platform/node-random.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { readRecordedPage } from "../../inspector/recording/recorded-page.ts";
import { memoryJournal } from "../../store/journal/memory-journal.ts";
import { StoreAuthority } from "../../store/authority/store-authority.ts";
import { inspectorFlags, inspectorHelp, readInspector } from "../arguments/inspector-arguments.ts";
import { journalOf } from "../arguments/journal-arguments.ts";
import type { Command } from "../command/command.ts";
import { readText } from "../input/read-text.ts";
import { untilAborted } from "../command/until-aborted.ts";
import { placeOfJournal, shownPlace } from "../journal/journal-place.ts";

export const inspect: Command = {
  name: "inspect",
  summary: "open a page that shows the runs and the states of a journal",
  flags: { journal: { type: "string" }, file: { type: "string" }, ...inspectorFlags },
  read(given) {
    given.named();
    const file = given.optional("file", "--file FILE");
    const path = file === undefined ? journalOf(given) : file;
    if (file !== undefined && given.text("journal") !== undefined)
      throw new TroupeError("invalid-options", "inspect shows --journal DIR or --file FILE, and not both");
    const options = readInspector(given);
    return async ({ cwd, print, interrupted }, { openJournal }) => {
      const recording = file === undefined ? undefined : readRecordedPage(await readText(file, cwd), file);
      const journal =
        recording === undefined ? await openJournal(placeOfJournal(cwd, path), { readOnly: true }) : memoryJournal();
      try {
        const clock = nodeClock();
        // a new one each time, as another process may write to the journal, and what one has read stays in its memory
        const reader = (): StoreAuthority => new StoreAuthority({ journal, clock });
        const settings = inspectorSettings({ ...options, onOpen: () => undefined });
        const ports: InspectorPorts = {
          clock,
          random: nodeRandom(),
          spans: new SpanMemory(),
          ...(recording === undefined ? {} : { recording }),
        };
        const inspector = await openInspector(
          { kind: "journal", journal: shownPlace(path), workflows: [], reader },
          settings,
          ports,
        );
        await print(recording === undefined ? inspector.url : `${inspector.url}#/${recording.opens}`);
        await untilAborted(interrupted);
        inspector.close();
        return 0;
      } finally {
        await journal.close();
      }
    };
  },
  help: `troupe inspect: open a page that shows the runs and the states of a journal

Usage:
  troupe inspect --journal DIR [options]
  troupe inspect --file FILE [options]

Options:
  --journal DIR         the folder of the journal, or its postgres:// URL; may be in use by a system meanwhile
  --file FILE           a recording, as troupe trace writes one as html; it opens in a browser by itself, too
${inspectorHelp}
  -h, --help            this text

Prints the URL of the page, with the token that opens it, and shows it until Ctrl-C. Nothing can be changed from the page: a system that runs has
an inspector of its own by the option inspector of createSystem, or by troupe dev.

Exit codes: 1 failed, 2 wrong usage, 130 ended by Ctrl-C.
`,
};
