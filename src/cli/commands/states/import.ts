/** `troupe import`: imports a key's history that was exported. */

import { constants, createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "../../command/command.ts";
import { fileError, unreadable } from "../../input/file-error.ts";
import { exitCodes, journalFlags, journalOf } from "../../arguments/journal-arguments.ts";
import { oneLine } from "../../output/one-line.ts";
import { withStore } from "../../journal/open-store.ts";
import type { Terminal } from "../../command/terminal.ts";
import { linesOf } from "../../input/text-lines.ts";

export const importHistory: Command = {
  name: "import",
  summary: "take over a key's history that was exported",
  flags: { ...journalFlags, input: { type: "string" }, create: { type: "boolean" } },
  read(given) {
    given.named();
    const journal = journalOf(given);
    const json = given.flag("json");
    const input = given.text("input");
    const mode = given.flag("create") ? "create" : "write";
    return async (terminal, ports) => {
      // checked first, since a mistake in its name would leave an empty journal behind
      if (input !== undefined) await checkReadable(input, resolve(terminal.cwd, input));
      return withStore({ journal, mode }, terminal, ports, async ({ store }) => {
        const { key, versions } = await store.importHistory(linesFrom(input, terminal), input ?? "stdin");
        if (json) await terminal.print(JSON.stringify({ key, versions }));
        else await terminal.print(`${oneLine(key)}: ${versions} ${versions === 1 ? "version" : "versions"} imported`);
        return 0;
      });
    };
  },
  help: `troupe import: take over a key's history that troupe export wrote

Usage:
  troupe import --journal DIR [--input FILE] [--create] [--json]

Options:
  --journal DIR   the folder of the journal, or its postgres:// URL; no system may have it open
  --input FILE    the file (default: stdin)
  --create        make the journal if there is none
  --json          a line of JSON that says what was imported
  -h, --help      this text

A key that is there already is left as it is, and so is the journal when a line is wrong.

${exitCodes}`,
};

async function checkReadable(file: string, path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function* linesFrom(input: string | undefined, { cwd, input: stdin }: Terminal): AsyncGenerator<string, void> {
  try {
    yield* linesOf(input === undefined ? stdin : createReadStream(resolve(cwd, input)));
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") throw fileError(input ?? "stdin", "is not UTF-8 text", cause);
    throw syscall === undefined ? cause : unreadable(input ?? "stdin", cause);
  }
}
