/** Parses the command line: finds the command and lets it read its arguments. */

import { Arguments, wrongUsage } from "./arguments/arguments.ts";
import type { Task } from "./command/command.ts";
import { commands } from "./commands.ts";
import { aligned } from "./output/aligned.ts";
import { nearNames } from "./output/near-names.ts";
import { quoted } from "./output/one-line.ts";
import { help } from "./usage.ts";

export type Asked =
  | { readonly kind: "task"; readonly task: Task }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "version" };

/**
 * Reads the arguments after the script's name. `--help` wins over everything but a malformed line.
 *
 * @throws TroupeError `invalid-options` for an invalid command, option or value; the message is one line.
 */
export function parseCommand(args: readonly string[]): Asked {
  const [first, ...rest] = args;
  if (first === undefined) throw wrongUsage("what is to be done? troupe --help lists the commands");
  const command = commands.find(({ name }) => name === first);
  if (command !== undefined) {
    const given = new Arguments(command.name, rest, command.flags);
    if (given.flag("help")) return { kind: "help", text: aligned(command.help) };
    return { kind: "task", task: command.read(given) };
  }
  if (!first.startsWith("-")) throw wrongUsage(noCommand(first));
  const given = new Arguments("", args, { version: { type: "boolean" } });
  if (given.flag("help")) return { kind: "help", text: help() };
  if (given.positionals.length > 0) throw wrongUsage("options come after the command; see troupe --help");
  if (given.flag("version")) return { kind: "version" };
  throw wrongUsage("what is to be done? troupe --help lists the commands");
}

function noCommand(name: string): string {
  const near = nearNames(
    name,
    commands.map((command) => command.name),
  );
  return `there is no command ${quoted(name)}; ${near.length === 0 ? "" : `did you mean ${near.join(", ")}? `}troupe --help lists them`;
}
