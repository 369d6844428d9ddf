/** The command line: what the arguments ask for. */

import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Coordination } from "../actors/supervisor/coordination.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { quoted } from "./one-line.ts";
import { help, runHelp } from "./usage.ts";

const coordinations = ["orchestrator", "relay"] as const satisfies readonly Coordination[];
const maxThreads = 256;

/** What `troupe run` is asked to do. */
export interface RunCommand {
  readonly kind: "run";
  /** A path or a file URL, without the export. */
  readonly module: string;
  /** The export to run; `undefined` to find it. */
  readonly exportName: string | undefined;
  /** The path of the file of inputs. */
  readonly input: string;
  readonly coordination: Coordination;
  /** `undefined` for what the system takes by default. */
  readonly threads: number | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
}

export type Command = RunCommand | { readonly kind: "help"; readonly text: string } | { readonly kind: "version" };

const globalFlags = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

const runFlags = {
  help: { type: "boolean", short: "h" },
  input: { type: "string" },
  coordination: { type: "string" },
  threads: { type: "string" },
  json: { type: "boolean" },
  verbose: { type: "boolean" },
} as const;

/**
 * Reads the arguments after the script's name. `--help` wins over everything but a malformed line.
 *
 * @throws TroupeError `invalid-options` for a command, option or value that makes no sense; the message is one line.
 */
export function parseCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === undefined) throw wrong("what is to be done? troupe --help lists the commands");
  if (first === "run") return parseRun(rest);
  if (!first.startsWith("-")) throw wrong(`there is no command ${quoted(first)}; troupe --help lists them`);
  const { values, positionals } = parse(args, globalFlags, "troupe --help");
  if (values.help === true) return { kind: "help", text: help };
  if (positionals.length > 0) throw wrong("options come after the command; see troupe --help");
  if (values.version === true) return { kind: "version" };
  throw wrong("what is to be done? troupe --help lists the commands");
}

function parseRun(args: readonly string[]): Command {
  const { values, positionals } = parse(args, runFlags, "troupe run --help");
  if (values.help === true) return { kind: "help", text: runHelp };
  const [target, ...others] = positionals;
  if (target === undefined) throw wrong("run: which module exports the workflow? See troupe run --help");
  if (others.length > 0) throw wrong(`run: one module at a time; what is ${others.map(quoted).join(", ")}?`);
  const { input } = values;
  if (input === undefined || input === "") throw wrong("run: --input FILE is missing: a .jsonl or .csv file of inputs");
  return {
    kind: "run",
    ...splitTarget(target),
    input,
    coordination: choice("--coordination", values.coordination ?? coordinations[0], coordinations),
    threads: values.threads === undefined ? undefined : wholeNumber("--threads", values.threads, maxThreads),
    json: values.json ?? false,
    verbose: values.verbose ?? false,
  };
}

function parse<F extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: F,
  seeAlso: string,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    // Node.js explains at length, over several lines; its first sentence says it.
    const [sentence = cause.message] = cause.message.split(/\.?\n|\. /);
    throw wrong(`${sentence}; ${seeAlso} lists the options`, cause);
  }
}

function splitTarget(target: string): { readonly module: string; readonly exportName: string | undefined } {
  const hash = target.lastIndexOf("#");
  const [module, exportName] = hash < 0 ? [target, undefined] : [target.slice(0, hash), target.slice(hash + 1)];
  if (module === "") throw wrong(`run: ${quoted(target)} names no module; write <module>#<export>`);
  if (exportName === "") throw wrong(`run: ${quoted(target)} names no export after the #`);
  return { module, exportName };
}

function choice<T extends string>(flag: string, value: string, choices: readonly T[]): T {
  const found = choices.find((name) => name === value);
  if (found === undefined) throw wrong(`run: ${flag} must be one of ${choices.join(", ")}, got ${quoted(value)}`);
  return found;
}

function wholeNumber(flag: string, value: string, max: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= 1 && number <= max) return number;
  throw wrong(`run: ${flag} must be a whole number from 1 to ${max}, got ${quoted(value)}`);
}

function wrong(message: string, cause?: unknown): TroupeError {
  return new TroupeError("invalid-options", message, cause === undefined ? {} : { cause });
}
