/** The interface of a `troupe` command. `commands.ts` lists the commands. */

import type { JournalReport } from "../../store/journal/lmdb/journal-report.ts";
import type { Arguments, Flags } from "../arguments/arguments.ts";
import type { Journal } from "../../store/journal/journal.ts";
import type { StartSystem } from "./command-system.ts";
import type { Terminal } from "./terminal.ts";

/** Opens a journal; with `readOnly`, also while another process owns it. */
export type OpenJournal = (path: string, options: { readonly readOnly: boolean }) => Promise<Journal>;

/** What commands use besides the terminal; tests pass their own. */
export interface CommandPorts {
  readonly start: StartSystem;
  readonly openJournal: OpenJournal;
  readonly verifyJournal: (path: string) => Promise<JournalReport>;
}

/** Carries out the command. Returns the exit code; an error that it throws is a failure, exit code 1. */
export type Task = (terminal: Terminal, ports: CommandPorts) => Promise<number>;

export interface Command {
  readonly name: string;
  /** A few words for the list of commands. */
  readonly summary: string;
  /** The text of `troupe <name> --help`. */
  readonly help: string;
  /** Its options, in addition to those of every command. */
  readonly flags: Flags;
  /** @throws TroupeError `invalid-options` for invalid arguments: wrong usage, exit code 2. */
  read(given: Arguments): Task;
}
