/**
 * The process of the `troupe` command: passes the process's arguments, streams and signals to `commandLine`, and exits with its code.
 */

import { createSystem } from "../runtime/system/create-system.ts";
import { commandLine, complaint } from "./command-line.ts";
import { openJournalAt, verifyJournalAt } from "./journal/journal-place.ts";
import { wantsColours } from "./output/paint.ts";
import { visible } from "./output/visible.ts";
import { ProgressLine } from "./output/progress-line.ts";

const args = process.argv.slice(2);
const interruption = new AbortController();
/** The exit code once the command is interrupted. */
let endsWith: number | undefined;
let readerLeft = false;

const progress = process.stderr.isTTY ? new ProgressLine(process.stderr) : undefined;

const note = (line: string): void => {
  progress?.clear();
  if (!readerLeft) process.stderr.write(`${line}\n`);
};
const die = (error: unknown): never => {
  note(visible(complaint(error, args)));
  return process.exit(1);
};

const end = (code: number): void => {
  if (interruption.signal.aborted) process.exit(code);
  endsWith = code;
  interruption.abort();
};
process.on("SIGINT", () => end(130));
process.on("SIGTERM", () => end(143));
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") die(error);
  if (readerLeft) return;
  readerLeft = true; // such as `| head`, which has read enough
  end(0);
});
process.stderr.on("error", () => undefined); // there is nowhere left to report it
process.on("uncaughtException", die);
process.once("beforeExit", () => {
  die(
    new Error(
      "there is nothing left to wait for, but the command isn't done: a module or an agent awaits what never comes",
    ),
  );
});

const terminal = {
  cwd: process.cwd(),
  env: process.env,
  colours: wantsColours(process.env, process.stdout.isTTY),
  input: process.stdin,
  interrupted: interruption.signal,
  note,
  print: (line: string): Promise<void> => {
    progress?.clear();
    return new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()));
  },
  ...(progress === undefined ? {} : { progress: (text: string) => progress.show(text) }),
};
const ports = { start: createSystem, openJournal: openJournalAt, verifyJournal: verifyJournalAt };
void commandLine(args, terminal, ports).then((code) => {
  progress?.clear();
  process.exit(endsWith ?? code);
});
