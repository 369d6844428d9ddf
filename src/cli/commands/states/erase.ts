/** `troupe erase`: erases a key, or forgets a run that has ended. */

import { isReservedFamily } from "../../../store/versions/reserved-families.ts";
import { checkEnded, forgetRuns } from "../../../workflows/history/forget-run.ts";
import { runState } from "../../../workflows/history/run-state.ts";
import { exitCodes, journalFlags, journalOf } from "../../arguments/journal-arguments.ts";
import type { Command, Task } from "../../command/command.ts";
import { findKey } from "../../journal/find-key.ts";
import { findRun } from "../../journal/find-runs.ts";
import { author, withStore } from "../../journal/open-store.ts";
import { untypedKey } from "../../journal/untyped-state.ts";
import { oneLine } from "../../output/one-line.ts";

interface Order {
  readonly journal: string;
  readonly key: string;
  readonly reason: string;
  readonly forks: boolean;
  readonly compact: boolean;
  readonly json: boolean;
}

export const erase: Command = {
  name: "erase",
  summary: "erase a key, or forget a run, for good",
  flags: {
    ...journalFlags,
    reason: { type: "string" },
    forks: { type: "boolean" },
    "no-compact": { type: "boolean" },
  },
  read(given) {
    const [key = ""] = given.named("KEY");
    const reason = given.required("reason", "--reason TEXT");
    const journal = journalOf(given);
    const order = {
      journal,
      key,
      reason,
      forks: given.flag("forks"),
      compact: !given.flag("no-compact"),
      json: given.flag("json"),
    };
    const [family = ""] = key.split("/");
    if (family === runState.name) return forgetRun(order, key.slice(family.length + 1));
    if (isReservedFamily(family))
      throw given.wrong(`${key} is Troupe's own, and is needed for as long as what it belongs to`);
    return eraseKey(order);
  },
  help: `troupe erase: erase a key, or forget a run, for good. What it held is gone; that of a key which was erased
says who did it, when and why

Usage:
  troupe erase --journal DIR KEY --reason TEXT [options]

  KEY   such as account/ada; or run/7 for the run 7, of which nothing is left. It must have ended

Options:
  --reason TEXT   why; it is kept in the place of a key
  --forks         erase the keys that were forked from it, too; without, they are named
  --no-compact    leave the bytes in the file until it is compacted; to erase several keys before that
  --journal DIR   the folder of the journal, or its postgres:// URL; no system may have it open
  --json          a line of JSON that says what was done
  -h, --help      this text

${exitCodes}`,
};

function eraseKey({ journal, key, reason, forks, compact, json }: Order): Task {
  return (terminal, ports) =>
    withStore({ journal, mode: "write" }, terminal, ports, async ({ access, store }) => {
      await findKey(access, key);
      const { definition, id } = untypedKey(key, 1);
      const { tombstone, erasedForks, remainingForks } = await store.erase(definition, id, { reason, forks });
      if (compact) await store.compact();
      const { version } = tombstone;
      if (json) {
        await terminal.print(JSON.stringify({ key, version, erasedForks, remainingForks, compacted: compact }));
        return 0;
      }
      await terminal.print(`${oneLine(key)} is erased, in version ${version}`);
      for (const fork of erasedForks) await terminal.print(`${oneLine(fork)} is erased, which was forked from it`);
      for (const fork of remainingForks)
        await terminal.print(`${oneLine(fork)} was forked from it, and holds it still: erase it too, or give --forks`);
      return 0;
    });
}

function forgetRun({ journal, key, reason, compact, json }: Order, run: string): Task {
  return (terminal, ports) =>
    withStore({ journal, mode: "write" }, terminal, ports, async ({ store, authority }) => {
      const { head } = await findRun(store, run);
      checkEnded(run, head.state);
      await forgetRuns(authority, [run], { author, reason });
      if (compact) await store.compact();
      if (json) await terminal.print(JSON.stringify({ key, forgotten: true, compacted: compact }));
      else await terminal.print(`the run ${oneLine(run)} is forgotten`);
      return 0;
    });
}
