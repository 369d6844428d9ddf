/** `troupe queues`: lists the queues of runs, with what each allows, and how many runs of each key wait and go on. */

import { isOpen } from "../../workflows/history/run-state.ts";
import { queueState } from "../../workflows/queue/queue-state.ts";
import { type RunOfQueue, storedQueue } from "../../workflows/queue/queue-view.ts";
import { exitCodes, journalFlags, journalHelp, journalOf } from "../arguments/journal-arguments.ts";
import type { Command } from "../command/command.ts";
import { allRuns } from "../journal/find-runs.ts";
import { withStore } from "../journal/open-store.ts";
import { oneLine } from "../output/one-line.ts";
import { painter } from "../output/paint.ts";
import { queueText } from "../output/queue-text.ts";

export const queues: Command = {
  name: "queues",
  summary: "list the queues of runs, what each allows, and how many wait and go on",
  flags: { ...journalFlags },
  read(given) {
    given.named();
    const journal = journalOf(given);
    const json = given.flag("json");
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ store }) => {
        let exitCode = 0;
        const runs: RunOfQueue[] = [];
        const all = allRuns(store, ({ message }) => {
          exitCode = 1;
          terminal.note(`troupe: ${oneLine(message)}`);
        });
        for await (const { run, head } of all) {
          if (terminal.interrupted.aborted) return 1;
          const { queue, isQueued } = head.state;
          if (queue !== undefined && isOpen(head.state)) runs.push({ run, queue, isWaiting: isQueued === true });
        }
        const paint = painter(terminal.colours);
        for (const name of await store.ids(queueState)) {
          const found = await store.snapshot(queueState, name);
          if (found === undefined) continue;
          const view = storedQueue(name, found.state, runs);
          await terminal.print(json ? JSON.stringify(view) : queueText(view, paint));
        }
        return exitCode;
      });
  },
  help: `troupe queues: list the queues of runs, what each allows, and how many runs of each key wait and go on

Usage:
  troupe queues --journal DIR [--json]

Options:
${journalHelp}

troupe runs shows of each run that waits in a queue its key and its position there.

${exitCodes}`,
};
