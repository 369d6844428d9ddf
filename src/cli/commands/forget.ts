/** `troupe forget`: forgets the runs that ended long ago. */

import { forgetRuns, isDone, maxForgottenAtOnce } from "../../workflows/history/forget-run.ts";
import { exitCodes, journalFlags, journalOf } from "../arguments/journal-arguments.ts";
import type { Command } from "../command/command.ts";
import { allRuns } from "../journal/find-runs.ts";
import { author, withStore } from "../journal/open-store.ts";
import { oneLine } from "../output/one-line.ts";

export const forget: Command = {
  name: "forget",
  summary: "forget the runs that ended long ago",
  flags: { ...journalFlags, "older-than": { type: "string" } },
  read(given) {
    given.named();
    const journal = journalOf(given);
    const age = given.age("older-than");
    const json = given.flag("json");
    return (terminal, ports) =>
      withStore({ journal, mode: "write" }, terminal, ports, async ({ store, authority }) => {
        const start = authority.time - age;
        let exitCode = 0;
        const damaged = ({ message }: Error): void => {
          exitCode = 1;
          terminal.note(`troupe: ${oneLine(message)}`);
        };
        const old: string[] = [];
        for await (const { run, head } of allRuns(store, damaged))
          if (isDone(head.state) && head.time < start) old.push(run);
        for (let i = 0; i < old.length; i += maxForgottenAtOnce) {
          if (terminal.interrupted.aborted) return 1;
          await forgetRuns(authority, old.slice(i, i + maxForgottenAtOnce), { author, reason: "it ended long ago" });
        }
        if (old.length > 0) await store.compact();
        if (json) await terminal.print(JSON.stringify({ forgotten: old.length }));
        else await terminal.print(`${old.length} ${old.length === 1 ? "run is" : "runs are"} forgotten`);
        return exitCode;
      });
  },
  help: `troupe forget: forget the runs that ended long ago, and give back the room that they took. Runs that have not
ended stay, and so do those whose compensation has failed, which wait for a person

Usage:
  troupe forget --journal DIR --older-than AGE [--json]

Options:
  --older-than AGE   those that ended longer ago: 30d, 12h, 90m or 45s
  --journal DIR      the folder of the journal, or its postgres:// URL; no system may have it open
  --json             a line of JSON that says how many
  -h, --help         this text

One run is forgotten by troupe erase run/ID.

${exitCodes}`,
};
