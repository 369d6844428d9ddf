/**
 * The arguments of a command, checked when they are read. An invalid one is an error on one line that names the
 * command.
 */

import { parseArgs, type ParseArgsConfig } from "node:util";
import { TroupeError } from "../../errors/troupe-error.ts";
import { nearNames } from "../output/near-names.ts";
import { quoted } from "../output/one-line.ts";

export type Flags = NonNullable<ParseArgsConfig["options"]>;

/** Flags that every command has. */
const everywhere = { help: { type: "boolean", short: "h" }, verbose: { type: "boolean" } } as const satisfies Flags;

/** The units of an age. */
const milliseconds = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The parsed arguments of one command. Checks their form; what they mean is the command's to decide. */
export class Arguments {
  readonly #command: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];

  /** @throws TroupeError `invalid-options` for an option that the command doesn't have, or that lacks its value. */
  constructor(command: string, args: readonly string[], flags: Flags) {
    this.#command = command;
    const seeAlso = `${command === "" ? "troupe" : `troupe ${command}`} --help lists the options`;
    const { values, positionals } = parse(args, { ...everywhere, ...flags }, seeAlso);
    this.#values = values;
    this.positionals = positionals;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /** The text of a required option. `what` is its name in messages, such as `--journal DIR`. */
  required(name: string, what: string): string {
    const value = this.optional(name, what);
    if (value === undefined) throw this.wrong(`${what} is missing`);
    return value;
  }

  /** The text of an option that may be left out, but must not be empty. */
  optional(name: string, what: string): string | undefined {
    const value = this.text(name);
    if (value === "") throw this.wrong(`${what} is missing`);
    return value;
  }

  /** The positionals by name; those whose name ends in `?` may be left out. */
  named(...names: readonly string[]): readonly (string | undefined)[] {
    const missing = names.find((name, i) => !name.endsWith("?") && this.positionals[i] === undefined);
    if (missing !== undefined) throw this.wrong(`${missing} is missing`);
    const extra = this.positionals.slice(names.length);
    if (extra.length > 0) throw this.wrong(`what is ${extra.map(quoted).join(", ")}?`);
    return names.map((_, i) => this.positionals[i]);
  }

  /** A whole number from 1; `undefined` if the option is left out. */
  wholeNumber(name: string, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return this.numberOf(`--${name}`, text, max);
  }

  /** A whole number from 1; `what` is its name in messages. */
  numberOf(what: string, text: string, max = Number.MAX_SAFE_INTEGER): number {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= 1 && number <= max) return number;
    const most = max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`;
    throw this.wrong(`${what} must be a whole number from 1${most}, got ${quoted(text)}`);
  }

  /** The texts of an option that may be given several times, or not at all. */
  texts(name: string): readonly string[] {
    const values = this.#values[name];
    return Array.isArray(values) ? values.map(String) : [];
  }

  /** The value of an option that is one of `choices`; the first of them if it is left out. */
  choice<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    return this.#choiceOf(name, this.text(name) ?? choices[0], choices);
  }

  /** The values of an option that may be given several times, each one of `choices`. */
  choices<T extends string>(name: string, choices: readonly T[]): readonly T[] {
    return this.texts(name).map((value) => this.#choiceOf(name, value, choices));
  }

  #choiceOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
    const found = choices.find((one) => one === value);
    if (found === undefined) throw this.wrong(`--${name} must be one of ${choices.join(", ")}, got ${quoted(value)}`);
    return found;
  }

  /** A time, in milliseconds since the epoch; see {@link Arguments.timeOf}. */
  time(name: string, edge: "start" | "end"): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.timeOf(`--${name}`, text, edge);
  }

  /**
   * Reads a time: milliseconds since the epoch (with `ms:` before fewer than five digits), or a date and time in ISO
   * 8601. A date stands for the start or the end of its millisecond, since commits have times with fractions, which
   * are not shown.
   */
  timeOf(what: string, text: string, edge: "start" | "end"): number {
    const rest = edge === "start" ? 0 : 0.999;
    // four digits mean a year, not milliseconds
    const [, digits] = /^(\d{5,}(?:\.\d+)?)$/.exec(text) ?? /^ms:(\d+(?:\.\d+)?)$/.exec(text) ?? [];
    const time = digits === undefined ? isoTime(text) + rest : Number(digits);
    if (Number.isFinite(time)) return time;
    throw this.wrong(
      `${what} must be a time such as 2026-01-31T12:00:00Z, or milliseconds since the epoch, got ${quoted(text)}`,
    );
  }

  /** A required age, such as `30d`, in milliseconds. */
  age(name: string): number {
    const text = this.required(name, `--${name} AGE`);
    const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
    if (unit !== undefined) return Number(count) * milliseconds[unit as keyof typeof milliseconds];
    throw this.wrong(`--${name} must be an age such as 30d, 12h, 90m or 45s, got ${quoted(text)}`);
  }

  /** The error of an invalid argument. */
  wrong(problem: string, cause?: unknown): TroupeError {
    return wrongUsage(this.#command === "" ? problem : `${this.#command}: ${problem}`, cause);
  }
}

/** The error that ends the command with exit code 2. */
export function wrongUsage(message: string, cause?: unknown): TroupeError {
  return new TroupeError("invalid-options", message, cause === undefined ? {} : { cause });
}

function isoTime(text: string): number {
  const [, year, month, day] =
    /^(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  // Date.parse takes the 31st of February for a day in March
  const isDay = Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return isDay ? Date.parse(text) : Number.NaN;
}

function parse(args: readonly string[], options: Flags, seeAlso: string) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    // Node.js explains at length, over several lines; its first sentence says what is wrong
    const [sentence = cause.message] = cause.message.split(/\.?\n|\. /);
    const [, unknown] = /^Unknown option '--([^']*)'/.exec(sentence) ?? [];
    const near = unknown === undefined ? [] : nearNames(unknown, Object.keys(options));
    const instead = near.length === 0 ? "" : `did you mean ${near.map((name) => `--${name}`).join(", ")}? `;
    throw wrongUsage(`${sentence}; ${instead}${seeAlso}`, cause);
  }
}
