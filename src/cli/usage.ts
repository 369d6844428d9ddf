/** The help text and the version of the command. */

import { readFileSync } from "node:fs";
import { commands } from "./commands.ts";

/** What `troupe --help` prints. */
export function help(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `troupe: run workflows of agents, and look into what they left, from the command line

Usage:
  troupe <command> [arguments] [options]
  troupe <command> --help
  troupe --version

Commands:
${list.join("\n")}

Options:
  -h, --help   this text, or that of a command
  --verbose    print errors with their stacks
  --version    the version of troupe
`;
}

/** The version in the package's package.json, which is two folders above this file both in src and in dist. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
