/** `troupe show-run`: what happened in a run, and what it waits for, in words. */

import { PayloadCodec } from "../../contracts/payload-codec.ts";
import { type RunRecord, recordsOf } from "../../workflows/history/run-history.ts";
import { type Pending, pendingOf } from "../../workflows/history/run-pending.ts";
import { runOf, runState } from "../../workflows/history/run-state.ts";
import { eventInWords, pendingInWords } from "../../workflows/history/run-words.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../arguments/journal-arguments.ts";
import type { Command } from "../command/command.ts";
import { findRun } from "../journal/find-runs.ts";
import { withStore } from "../journal/open-store.ts";
import { oneLine } from "../output/one-line.ts";
import { plainJson } from "../../values/plain-json.ts";
import { painter } from "../output/paint.ts";
import { timeText } from "../output/version-text.ts";

export const showRun: Command = {
  name: "show-run",
  summary: "say what happened in a run, and what it waits for, in words",
  flags: journalFlags,
  read(given) {
    const [id = ""] = given.named("ID");
    const journal = journalOf(given);
    const json = given.flag("json");
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ store }) => {
        const { head } = await findRun(store, id);
        const codec = new PayloadCodec({ maxBytes: Number.MAX_SAFE_INTEGER });
        const versions = (await store.history(runState, id, { order: "oldest-first" })).map(runOf);
        const records = recordsOf(id, versions, codec);
        const pending = pendingOf(head.state, codec);
        if (json) await terminal.print(plainJson({ run: id, status: head.state.status, records, pending }));
        else for (const line of linesOf(records, pending, painter(terminal.colours))) await terminal.print(line);
        return 0;
      });
  },
  help: `troupe show-run: say what happened in a run, and what it waits for, in words

Usage:
  troupe show-run --journal DIR ID [--json]

${journalHelp}

A line for each event, the first one first: when it was recorded, the version of run/ID that has it, and what it was; then a line for
each step that has not settled, with what it waits for. No code of the workflow is loaded. With --json, an object with the run's
records and what is pending.

${exitCodes}`,
};

function linesOf(
  records: readonly RunRecord[],
  pending: readonly Pending[],
  paint: ReturnType<typeof painter>,
): readonly string[] {
  const happened = records.map(({ event, time, version }, at) => {
    const when = `${timeText(time)} ${paint("yellow", `@${version}`)}`;
    return `${when} ${oneLine(eventInWords(event, records.slice(0, at)))}`;
  });
  return [...happened, ...pending.map((one) => `${paint("cyan", "now")} ${oneLine(pendingInWords(one))}`)];
}
