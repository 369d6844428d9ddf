/** The example's command: reads applications, decides them in each mode, and prints the modes side by side. */

import { InputError } from "./input-error.ts";
import { type CreditOptions, parseOptions, UsageError } from "./options.ts";
import { progressPrinter } from "./progress.ts";
import { readApplications } from "./read-applications.ts";
import { formatTable, type ModeResult, summarize, toJsonLine } from "./report.ts";
import { runMode } from "./run-mode.ts";

/** Returns the exit code: 0, or 1 when a row could not be used. */
async function decideAll(options: CreditOptions): Promise<number> {
  const rows = await readApplications(options.input, options.format);
  const applications = rows.flatMap((row) => ("application" in row ? [row.application] : []));
  const errors = rows.flatMap((row) => ("error" in row ? [row.error] : []));
  for (const error of errors) console.error(error);
  if (applications.length === 0) throw new InputError(options.input, "no row can be used");

  const progress = progressPrinter(process.stderr);
  const results: ModeResult[] = [];
  for (const mode of options.modes) {
    const measured = await runMode({
      mode,
      applications,
      threads: options.threads,
      seed: options.delay ? options.seed : undefined,
      onProgress: (done) => progress.update({ mode, done, total: applications.length }),
      onWrong: ({ id }, got, expected) => {
        if (!options.verbose) return;
        progress.clear();
        console.error(`${mode}: ${id} was rated ${got.rating}, not ${expected.rating}`);
      },
    });
    progress.clear();
    const result = summarize(measured);
    results.push(result);
    if (options.json) console.log(toJsonLine(result));
  }
  if (!options.json) console.log(formatTable(results, { width: process.stdout.columns ?? 120 }));
  return errors.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  try {
    const command = parseOptions(args);
    if (command.kind === "run") return await decideAll(command.options);
    console.log(command.text);
    return 0;
  } catch (error) {
    const isExpected = error instanceof UsageError || error instanceof InputError;
    const text = error instanceof Error ? error.message : String(error);
    console.error(args.includes("--verbose") && error instanceof Error ? error.stack : text);
    return isExpected && error instanceof UsageError ? 2 : 1;
  }
}

process.exitCode = await main();
