/** Runs a command that reads a journal, and does no more, within the test: it takes a tenth of what a process of its own takes. */

import { commandLine } from "../../src/cli/command-line.ts";
import { lmdbJournal } from "../../src/store/journal/lmdb/lmdb-journal.ts";
import { fakePorts } from "./fake-ports.ts";
import { fakeTerminal } from "./fake-terminal.ts";

const ended = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

export function troupeReads(cwd: string) {
  return async (...args: readonly string[]) => {
    const terminal = fakeTerminal(cwd);
    const code = await commandLine(args, terminal, fakePorts({ openJournal: lmdbJournal }));
    return { code, stdout: ended(terminal.printed), stderr: ended(terminal.notes) };
  };
}
