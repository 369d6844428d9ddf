/** The command line of the example. */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MODES, type Mode } from "./mode.ts";
import { FORMATS, type Format } from "./read-applications.ts";

export interface CreditOptions {
  readonly input: string;
  readonly format: Format;
  readonly threads: number;
  readonly seed: number;
  /** In the order asked for, each once. */
  readonly modes: readonly Mode[];
  /** Whether agents take the time that agents take; without, they answer at once. */
  readonly delay: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
}

export type Command =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "run"; readonly options: CreditOptions };

/** The command line makes no sense. The message is one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const MAX_THREADS = 64;
const MAX_SEED = 2 ** 32 - 1;

/** What applies when nothing is asked for: the sample of the repository, all modes. */
export const DEFAULTS: CreditOptions = {
  input: fileURLToPath(new URL("applications.csv", import.meta.url)),
  format: "csv",
  threads: 2,
  seed: 1,
  modes: MODES,
  delay: true,
  json: false,
  verbose: false,
};

const FLAGS = {
  input: { type: "string" },
  format: { type: "string" },
  threads: { type: "string" },
  seed: { type: "string" },
  modes: { type: "string" },
  delay: { type: "boolean" },
  // `allowNegative` of parseArgs would do, but Node 20 has it only from 20.17.
  "no-delay": { type: "boolean" },
  json: { type: "boolean" },
  verbose: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
} as const;

export const HELP = `Decides credit applications with five agents, in up to four modes, and counts the ratings that are wrong.

  --input FILE     applications to decide (default: the sample of 500 in this directory)
  --format FORMAT  ${FORMATS.join(" or ")} (default ${DEFAULTS.format}); statlog is the German Credit data and needs --input
  --modes A,B      some of ${MODES.join(", ")} (default all)
  --threads N      worker threads, 1 to ${MAX_THREADS} (default ${DEFAULTS.threads})
  --seed N         seed of the artificial delays, 0 to ${MAX_SEED} (default ${DEFAULTS.seed})
  --no-delay       no artificial delays: the agents answer at once
  --json           a line of JSON for each mode instead of the table
  -v, --verbose    tell every wrong rating
  -h, --help       this text
`;

/**
 * Reads the arguments after the script's name. `--help` wins over everything but a malformed line.
 *
 * @throws UsageError for an unknown option, a value that does not fit, or an argument too many.
 */
export function parseOptions(args: readonly string[]): Command {
  const values = parseFlags(args);
  if (values.help === true) return { kind: "help", text: HELP };
  if (values.delay === true && values["no-delay"] === true)
    throw new UsageError("--delay and --no-delay exclude each other");
  const format = values.format === undefined ? DEFAULTS.format : choice("--format", values.format, FORMATS);
  if (format !== DEFAULTS.format && values.input === undefined) {
    throw new UsageError(`--format ${format} needs --input FILE: the sample is ${DEFAULTS.format}`);
  }
  if (values.input === "") throw new UsageError("--input needs the name of a file");
  const options: CreditOptions = {
    input: values.input ?? DEFAULTS.input,
    format,
    threads: values.threads === undefined ? DEFAULTS.threads : integer("--threads", values.threads, 1, MAX_THREADS),
    seed: values.seed === undefined ? DEFAULTS.seed : integer("--seed", values.seed, 0, MAX_SEED),
    modes: values.modes === undefined ? DEFAULTS.modes : modeList(values.modes),
    delay: values["no-delay"] === true ? false : DEFAULTS.delay,
    json: values.json ?? DEFAULTS.json,
    verbose: values.verbose ?? DEFAULTS.verbose,
  };
  return { kind: "run", options };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    // Node explains at length, over several lines; its first sentence says it.
    const [sentence = cause.message] = cause.message.split(/\.?\n|\. /);
    throw new UsageError(`${sentence}; --help lists the options`, { cause });
  }
}

function choice<T extends string>(flag: string, value: string, choices: readonly T[]): T {
  const found = choices.find((name) => name === value);
  if (found === undefined)
    throw new UsageError(`${flag} must be one of ${choices.join(", ")}, got ${JSON.stringify(value)}`);
  return found;
}

function integer(flag: string, value: string, min: number, max: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${flag} must be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`);
}

function modeList(value: string): readonly Mode[] {
  const names = value.split(",").map((name) => name.trim());
  return [...new Set(names.map((name) => choice("--modes", name, MODES)))];
}
