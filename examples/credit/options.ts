/** The command line of the example. */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { CellsMode } from "./cells/decide-in-cells.ts";
import { DEFAULT_RATES, FAULTS, type FaultKind, type FaultRates, ratesText } from "./faults.ts";
import { CHAOS_MODES, MODES, type Mode } from "./mode.ts";
import { FORMATS, type Format } from "./read-applications.ts";

/** The samples in the repository. `samples/README.md` says where they are from. */
export const SAMPLES = {
  german: { file: "german-credit.data", format: "statlog" },
  "made-up": { file: "made-up.csv", format: "csv" },
} as const satisfies Readonly<Record<string, { readonly file: string; readonly format: Format }>>;

type Sample = keyof typeof SAMPLES;
const DEFAULT_SAMPLE: Sample = "german";

export interface CreditOptions {
  readonly input: string;
  readonly format: Format;
  readonly threads: number;
  readonly seed: number;
  /** In the order asked for, each once. */
  readonly modes: readonly Mode[];
  /** Whether agents take the time that agents take; without, they answer at once. */
  readonly delay: boolean;
  /** What share of the agents' calls meets which fault; without, none is injected. */
  readonly chaos: FaultRates | undefined;
  /** Whether a page in the browser shows it live; it stays open at the end. */
  readonly inspect: boolean;
  /** Has several processes share the work, in place of the modes. */
  readonly cells: CellsMode | undefined;
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
const MAX_CELLS = 256;
const MAX_PROCESSES = 16;

/** What applies when nothing is asked for: the real applications, all modes. */
export const DEFAULTS: CreditOptions = {
  ...sampleAt(DEFAULT_SAMPLE),
  threads: 2,
  seed: 1,
  modes: MODES,
  delay: true,
  chaos: undefined,
  inspect: false,
  cells: undefined,
  json: false,
  verbose: false,
};

/** The format of a file that is given without one. */
const DEFAULT_FORMAT: Format = "csv";

const FLAGS = {
  sample: { type: "string" },
  input: { type: "string" },
  format: { type: "string" },
  threads: { type: "string" },
  seed: { type: "string" },
  modes: { type: "string" },
  delay: { type: "boolean" },
  // `allowNegative` of parseArgs would do, but Node 20 has it only from 20.17.
  "no-delay": { type: "boolean" },
  chaos: { type: "boolean" },
  "chaos-rates": { type: "string" },
  inspect: { type: "boolean" },
  cells: { type: "string" },
  processes: { type: "string" },
  kill: { type: "boolean" },
  journal: { type: "string" },
  json: { type: "boolean" },
  verbose: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
} as const;

export const HELP = `Decides credit applications with five agents, in up to four modes, and counts the ratings that are wrong.

  --sample NAME    ${Object.keys(SAMPLES).join(" or ")} (default ${DEFAULT_SAMPLE}): the 1,000 real applications of the German Credit
                   data (H. Hofmann, 1994, UCI Machine Learning Repository, CC BY 4.0), or 500 made-up ones
  --input FILE     applications of your own instead of a sample
  --format FORMAT  of that file: ${FORMATS.join(" or ")} (default ${DEFAULT_FORMAT}); statlog is the format of the German Credit data
  --modes A,B      some of ${MODES.join(", ")} (default all)
  --threads N      worker threads, 1 to ${MAX_THREADS} (default ${DEFAULTS.threads})
  --seed N         seed of the artificial delays and of chaos, 0 to ${MAX_SEED} (default ${DEFAULTS.seed})
  --no-delay       no artificial delays: the agents answer at once
  --chaos          each mode but stale-cache twice: as it is, and while faults are injected into the agents; then tells
                   what was injected and what it cost
  --chaos-rates R  the share of calls that meet a fault, and --chaos; the others stay as they are by default:
                   ${ratesText(DEFAULT_RATES)}
                   (the thread is killed, the thread stands still, the agent throws, gives no answer, is slow)
  --inspect        print the URL of a page that shows it live, and keep the last mode's open until Ctrl-C
  --cells N        in place of the modes: processes share the work in N cells, over a PostgreSQL; shows who has which
  --processes N    how many, 1 to ${MAX_PROCESSES} (default 3)
  --kill           kills one of them every three seconds
  --journal URL    the PostgreSQL, such as postgres://user@host/database (default: starts one that is installed)
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
  const isChaos = values.chaos === true || values["chaos-rates"] !== undefined;
  const options: CreditOptions = {
    ...inputOf(values),
    threads: values.threads === undefined ? DEFAULTS.threads : integer("--threads", values.threads, 1, MAX_THREADS),
    seed: values.seed === undefined ? DEFAULTS.seed : integer("--seed", values.seed, 0, MAX_SEED),
    modes: modesOf(values.modes, isChaos),
    delay: values["no-delay"] === true ? false : DEFAULTS.delay,
    chaos: isChaos ? ratesOf(values["chaos-rates"] ?? "") : DEFAULTS.chaos,
    inspect: values.inspect ?? DEFAULTS.inspect,
    cells: cellsOf(values),
    json: values.json ?? DEFAULTS.json,
    verbose: values.verbose ?? DEFAULTS.verbose,
  };
  return { kind: "run", options };
}

function cellsOf({ cells, processes, kill, journal, ...others }: ReturnType<typeof parseFlags>): CellsMode | undefined {
  if (cells === undefined) {
    const alone = Object.entries({ processes, kill, journal }).find(([, value]) => value !== undefined);
    if (alone !== undefined) throw new UsageError(`--${alone[0]} is for --cells N`);
    return undefined;
  }
  for (const flag of ["modes", "chaos", "chaos-rates", "threads", "inspect", "json"] as const)
    if (others[flag] !== undefined) throw new UsageError(`--cells and --${flag} exclude each other`);
  if (journal !== undefined && !/^postgres(ql)?:\/\//.test(journal))
    throw new UsageError("--journal must be the URL of a PostgreSQL, such as postgres://user@host/database");
  return {
    cells: integer("--cells", cells, 1, MAX_CELLS),
    processes: processes === undefined ? 3 : integer("--processes", processes, 1, MAX_PROCESSES),
    kill: kill ?? false,
    journal,
  };
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

function inputOf(values: ReturnType<typeof parseFlags>): Pick<CreditOptions, "input" | "format"> {
  const { sample, input } = values;
  const format = values.format === undefined ? undefined : choice("--format", values.format, FORMATS);
  if (input === undefined) {
    if (format !== undefined) throw new UsageError("--format is for --input FILE: the samples have theirs");
    return sampleAt(
      sample === undefined ? DEFAULT_SAMPLE : choice("--sample", sample, Object.keys(SAMPLES) as Sample[]),
    );
  }
  if (sample !== undefined) throw new UsageError("--sample and --input exclude each other");
  if (input === "") throw new UsageError("--input needs the name of a file");
  return { input, format: format ?? DEFAULT_FORMAT };
}

/** Where a sample is, and its format. */
export function sampleAt(name: Sample): Pick<CreditOptions, "input" | "format"> {
  const { file, format } = SAMPLES[name];
  return { input: fileURLToPath(new URL(`samples/${file}`, import.meta.url)), format };
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

function modesOf(value: string | undefined, isChaos: boolean): readonly Mode[] {
  if (value === undefined) return isChaos ? CHAOS_MODES : DEFAULTS.modes;
  const names = value.split(",").map((name) => name.trim());
  const modes = [...new Set(names.map((name) => choice("--modes", name, MODES)))];
  const unfit = isChaos ? modes.find((mode) => !CHAOS_MODES.includes(mode)) : undefined;
  if (unfit !== undefined)
    throw new UsageError(`--chaos is not for the mode ${unfit}: its caches go with their threads`);
  return modes;
}

/** Reads `kill=0.01,slow=0`. */
function ratesOf(value: string): FaultRates {
  const rates: Record<FaultKind, number> = { ...DEFAULT_RATES };
  for (const part of value.split(",").filter((text) => text.trim() !== "")) {
    const [name = "", ...rest] = part.split("=");
    const kind = choice("--chaos-rates", name.trim(), FAULTS);
    const rate = rest.join("=").trim();
    const share = /^(\d+(\.\d*)?|\.\d+)$/.test(rate) ? Number(rate) : Number.NaN;
    if (!(share <= 1))
      throw new UsageError(`--chaos-rates: ${kind} must be a number from 0 to 1, got ${JSON.stringify(rate)}`);
    rates[kind] = share;
  }
  const total = Object.values(rates).reduce((sum, rate) => sum + rate, 0);
  if (total > 1) throw new UsageError(`--chaos-rates must be 1 together at most, they are ${ratesText(rates)}`);
  return rates;
}
