/** Runs a command, from arguments to exit code. */

import { inspect } from "node:util";
import type { CommandPorts } from "./command/command.ts";
import { messageOf } from "./output/one-line.ts";
import { type Asked, parseCommand } from "./parse-command.ts";
import { safeTerminal } from "./command/safe-terminal.ts";
import type { Terminal } from "./command/terminal.ts";
import { version } from "./usage.ts";

/**
 * Runs the command that the arguments name. Returns the exit code: 0, 1 for a failure, 2 for wrong usage. Never
 * rejects.
 */
export async function commandLine(args: readonly string[], given: Terminal, ports: CommandPorts): Promise<number> {
  const terminal = safeTerminal(given);
  let asked: Asked;
  try {
    asked = parseCommand(args);
  } catch (error) {
    terminal.note(complaint(error, args));
    return 2;
  }
  try {
    if (asked.kind === "task") return await asked.task(terminal, ports);
    await terminal.print(asked.kind === "help" ? asked.text.trimEnd() : version());
    return 0;
  } catch (error) {
    terminal.note(complaint(error, args));
    return 1;
  }
}

/** The text to print for an error that ends the command: one line, or everything with `--verbose`. */
export function complaint(error: unknown, args: readonly string[]): string {
  return `troupe: ${args.includes("--verbose") ? inspect(error) : messageOf(error)}`;
}
