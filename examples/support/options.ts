/** The command line of the example. */

import { parseArgs } from "node:util";

export interface SupportOptions {
  /** Of the model's bad moments. */
  readonly seed: number;
  /** What the person says who is asked. */
  readonly answer: "yes" | "no";
  /** Whether the journal is left for a look at it. */
  readonly keep: boolean;
}

export type Command = { readonly help: string } | { readonly options: SupportOptions };

/** The command line makes no sense. The message is one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const maxSeed = 2 ** 32 - 1;

const help = `A support desk: seven tickets, a model with bad moments, and a refund that a person has to approve.

  --answer yes|no  what that person says (default yes)
  --seed N         seed of the model's bad moments, 0 to ${maxSeed} (default 1)
  --keep           leave the journal, for a look at it by the command troupe
  -h, --help       this text`;

const flags = {
  answer: { type: "string", default: "yes" },
  seed: { type: "string", default: "1" },
  keep: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** @throws UsageError for an unknown option, a value that does not fit, or an argument too many. */
export function parseOptions(args: readonly string[]): Command {
  const { answer, seed, keep, help: isHelp } = valuesOf(args);
  if (isHelp) return { help };
  if (answer !== "yes" && answer !== "no")
    throw new UsageError(`--answer must be yes or no, got ${JSON.stringify(answer)}`);
  if (!/^\d+$/.test(seed) || Number(seed) > maxSeed)
    throw new UsageError(`--seed must be a whole number from 0 to ${maxSeed}, got ${JSON.stringify(seed)}`);
  return { options: { answer, seed: Number(seed), keep } };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    // Node explains at length, over several lines; its first sentence says it.
    const [sentence = cause.message] = cause.message.split(/\.?\n|\. /);
    throw new UsageError(`${sentence}; --help lists the options`, { cause });
  }
}
