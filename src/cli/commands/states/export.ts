/** `troupe export`: a key's whole history as JSON Lines. */

import { open, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { exportHistory as exported } from "../../../store/history/history-export.ts";
import type { Command } from "../../command/command.ts";
import { unwritable } from "../../input/file-error.ts";
import { findKey } from "../../journal/find-key.ts";
import { exitCodes, journalFlags, journalOf } from "../../arguments/journal-arguments.ts";
import { withStore } from "../../journal/open-store.ts";

export const exportHistory: Command = {
  name: "export",
  summary: "write a key's whole history as JSON Lines",
  flags: { journal: journalFlags.journal, output: { type: "string" } },
  read(given) {
    const [key = ""] = given.named("KEY");
    const journal = journalOf(given);
    const output = given.text("output");
    return (terminal, ports) =>
      withStore({ journal, mode: "read" }, terminal, ports, async ({ access }) => {
        await findKey(access, key);
        const lines = exported(access, key);
        if (output !== undefined) {
          await writeLines(output, resolve(terminal.cwd, output), lines, terminal.interrupted);
          return terminal.interrupted.aborted ? 1 : 0;
        }
        for await (const line of lines) {
          if (terminal.interrupted.aborted) return 1;
          await terminal.print(line);
        }
        return 0;
      });
  },
  help: `troupe export: write a key's whole history as JSON Lines, without loss

Usage:
  troupe export --journal DIR KEY [--output FILE]

Options:
  --journal DIR   the folder of the journal, or its postgres:// URL; may be in use by a system meanwhile
  --output FILE   a new file (default: stdout); it is there when it is whole
  -h, --help      this text

The first line says what it is; then there is a line for each version. troupe import reads it.

${exitCodes}`,
};

/** Writes to a temporary file first, so that the file is never incomplete. */
async function writeLines(
  file: string,
  path: string,
  lines: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const part = `${path}.part`;
  try {
    const handle = await open(part, "w");
    try {
      for await (const line of lines) {
        if (signal.aborted) break;
        await handle.write(`${line}\n`);
      }
    } finally {
      await handle.close();
    }
    if (signal.aborted) await rm(part);
    else await rename(part, path);
  } catch (cause) {
    if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;
    throw unwritable(file, cause);
  }
}
