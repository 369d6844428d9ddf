/** Writes the failure of a race as a page. */

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { failurePage } from "../../inspector/recording/record-failure.ts";
import { epoch } from "../../testing/simulator/schedules/scheduler.ts";
import { unwritable } from "../input/file-error.ts";
import type { Terminal } from "../command/terminal.ts";
import type { RaceResult } from "./race-text.ts";

/** @throws TroupeError (as a rejection) `invalid-input` where the file can't be written. */
export async function writeFailurePage(
  file: string,
  { name, failure }: RaceResult,
  { cwd, note }: Pick<Terminal, "cwd" | "note">,
): Promise<void> {
  if (failure?.log === undefined) return note(`${file} is not written: the failure was not run again`);
  const { error, explained, repeat, log } = failure;
  const message = messageWithout(error.message, [...explained, ...repeat]);
  const page = await failurePage({
    ...{ title: name, message, report: explained, repeat, start: epoch },
    ...{ seen: log.seen, spans: log.spans },
  });
  try {
    await writeFile(resolve(cwd, file), page);
  } catch (cause) {
    throw unwritable(file, cause as Error);
  }
  note(`${file}: ${name}, to be stepped through`);
}

/** The message up to the first of these lines. */
function messageWithout(message: string, lines: readonly string[]): string {
  const all = message.split("\n");
  const end = all.findIndex((line) => lines.includes(line));
  return (end < 0 ? all : all.slice(0, end)).join("\n").trimEnd();
}
