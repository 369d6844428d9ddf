/** The example's command: reads applications, decides them in each mode, and prints the modes side by side. */

import type { InspectorOptions } from "troupe";
import { decideInCells } from "./cells/decide-in-cells.ts";
import type { ChaosOptions } from "./chaos-counts.ts";
import { countChanged, formatChaos, isHarmless } from "./chaos-report.ts";
import { InputError } from "./input-error.ts";
import type { Mode } from "./mode.ts";
import { type CreditOptions, parseOptions, UsageError } from "./options.ts";
import { progressPrinter } from "./progress.ts";
import { readApplications } from "./read-applications.ts";
import { formatTable, type ModeResult, summarize, toJsonLine } from "./report.ts";
import { type ModeOutcome, runMode } from "./run-mode.ts";

/** Returns the exit code: 0, or 1 when a row could not be used or chaos did more than take time. */
async function decideAll(options: CreditOptions): Promise<number> {
  const rows = await readApplications(options.input, options.format);
  const applications = rows.flatMap((row) => ("application" in row ? [row.application] : []));
  const errors = rows.flatMap((row) => ("error" in row ? [row.error] : []));
  for (const error of errors) console.error(error);
  if (applications.length === 0) throw new InputError(options.input, "no row can be used");

  if (options.cells !== undefined) {
    const pace = options.delay ? String(options.seed) : "off";
    return Math.max(errors.length > 0 ? 1 : 0, await decideInCells(options.cells, applications, pace, process.stderr));
  }

  const progress = progressPrinter(process.stderr);
  const page = options.inspect ? inspectorPage() : undefined;
  const lastMode = options.modes.at(-1);
  const run = async (mode: Mode, chaos?: ChaosOptions): Promise<ModeOutcome> => {
    const tell = (text: string): void => {
      if (!options.verbose) return;
      progress.clear();
      console.error(`${mode}: ${text}`);
    };
    const outcome = await runMode({
      mode,
      applications,
      threads: options.threads,
      seed: options.delay ? options.seed : undefined,
      onProgress: (done) => progress.update({ mode, done, total: applications.length }),
      onWrong: ({ id }, got, expected) => tell(`${id} was rated ${got.rating}, not ${expected.rating}`),
      inspector: page,
      onDecided:
        page && mode === lastMode && (chaos !== undefined || options.chaos === undefined)
          ? untilInterrupted
          : undefined,
      ...(chaos && { chaos, onUndecided: ({ id }, error) => tell(`${id} was not decided: ${error.message}`) }),
    });
    progress.clear();
    return outcome;
  };

  const chaos = options.chaos && { seed: options.seed, rates: options.chaos };
  const results: ModeResult[] = [];
  const report = (result: ModeResult): void => {
    results.push(result);
    if (options.json) console.log(toJsonLine(result));
  };
  for (const mode of options.modes) {
    const plain = await run(mode);
    report(summarize(plain.measurement));
    if (chaos !== undefined) report(compare(plain, await run(mode, chaos), applications.length));
  }
  if (!options.json) {
    const width = process.stdout.columns ?? 120;
    console.log(formatTable(results, { width }));
    const inChaos = results.flatMap((result) => result.chaos ?? []);
    if (chaos !== undefined) console.log(`\n${formatChaos(inChaos, chaos, { width })}`);
  }
  const hasHarmed = results.some((result) => result.chaos !== undefined && !isHarmless(result.wrong, result.chaos));
  return errors.length > 0 || hasHarmed ? 1 : 0;
}

/** Prints the URL of each mode's page: they share a port where they can, but no token. */
function inspectorPage(): InspectorOptions {
  return { onOpen: (url) => console.error(`See it live: ${url}`) };
}

async function untilInterrupted(): Promise<void> {
  console.error("All are decided. The page stays open until Ctrl-C.");
  await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
}

/** The figures of a mode in chaos, beside those of the same mode without. */
function compare(plain: ModeOutcome, chaotic: ModeOutcome, applications: number): ModeResult {
  const result = summarize(chaotic.measurement);
  const { mode, decisionsPerSecond } = result;
  const counts = chaotic.chaos;
  if (counts === undefined) return result;
  return {
    ...result,
    chaos: {
      ...counts,
      mode,
      speed: decisionsPerSecond / summarize(plain.measurement).decisionsPerSecond,
      changed: countChanged(plain.decisions, chaotic.decisions),
      undecided: applications - result.applications,
    },
  };
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
