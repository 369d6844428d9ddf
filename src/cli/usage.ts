/** The help texts and the version of the command. */

import { readFileSync } from "node:fs";

/** What `troupe --help` prints. */
export const help = `troupe: run workflows of agents from the command line

Usage:
  troupe run <module>[#export] --input FILE [options]
  troupe run --help
  troupe --version

Commands:
  run   run a workflow over a file of inputs

Options:
  -h, --help   this text, or that of a command
  --version    the version of troupe
`;

/** What `troupe run --help` prints. */
export const runHelp = `troupe run: run a workflow over a file of inputs, and print a line for each

Usage:
  troupe run <module>[#export] --input FILE [options]

  <module>   path or file URL of the module that exports the workflow
  #export    which of its exports; needed when it exports several workflows and none as default

Options:
  --input FILE          a .jsonl file (one JSON value a line) or a .csv file with a header
  --coordination NAME   orchestrator (default) or relay
  --threads N           worker threads, 1 to 256 (default: one for each core)
  --json                a line of JSON for each input
  --verbose             print stacks of errors to stderr
  -h, --help            this text

Exit codes: 0 all inputs ok, 1 an input failed or the module or the file can't be used, 2 wrong usage,
130 interrupted by Ctrl-C (again: at once).
`;

/** The version in the package's package.json, which is two folders above this file in src and in dist alike. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
