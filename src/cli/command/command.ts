/** What a command of `troupe` is. `commands.ts` lists them. */

import type { JournalReport } from "../../store/journal/lmdb/verify-journal.ts";
import type { Arguments, Flags } from "../arguments/arguments.ts";
import type { Journal } from "../../store/journal/journal.ts";
import type { StartSystem } from "./command-system.ts";
import type { Terminal } from "./terminal.ts";

/** Opens a journal; `readOnly` beside a process that owns it. */
export type OpenJournal = (path: string, options: { readonly readOnly: boolean }) => Promise<Journal>;

/** What commands reach outside of the terminal; tests give their own. */
export interface CommandPorts {
  readonly start: StartSystem;
  readonly openJournal: OpenJournal;
  readonly verifyJournal: (path: string) => Promise<JournalReport>;
}

/** Does what the arguments asked for. Returns the exit code; what it throws is a failure, exit code 1. */
export type Task = (terminal: Terminal, ports: CommandPorts) => Promise<number>;

export interface Command {
  readonly name: string;
  /** What it does, in a few words, for the list of commands. */
  readonly summary: string;
  /** What `troupe <name> --help` prints. */
  readonly help: string;
  /** Its options, besides those that every command has. */
  readonly flags: Flags;
  /** @throws TroupeError `invalid-options` for arguments that make no sense: wrong usage, exit code 2. */
  read(given: Arguments): Task;
}
