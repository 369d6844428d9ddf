/** How far a mode has come: one line on a terminal, written over and over; a line now and then in a file or a pipe. */

import type { Mode } from "./mode.ts";

export interface Progress {
  readonly mode: Mode;
  readonly done: number;
  readonly total: number;
}

/** The part of a stream such as `process.stderr` that progress is written to. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressPrinter {
  /** Shows how far it has come. */
  update(progress: Progress): void;
  /** Wipes the line, so that what is printed next starts on a clean one. */
  clear(): void;
}

/** What a stream that does not tell its width is taken to have. */
const DEFAULT_WIDTH = 80;
const BAR = 24;
const NAME = 12;

/** `relay         [######------]  250/500   50 %`, at most `width` characters; first the bar goes, then the end. */
export function progressLine(progress: Progress & { readonly width?: number }): string {
  const { mode, total, width = DEFAULT_WIDTH } = progress;
  const done = Math.min(Math.max(progress.done, 0), total);
  const share = total === 0 ? 1 : done / total;
  const filled = Math.floor(share * BAR);
  const bar = `[${"#".repeat(filled)}${"-".repeat(BAR - filled)}]`;
  // Rounded down, as the bar is: 100 % is when all are done.
  const percent = String(Math.floor(share * 100)).padStart(3);
  const figures = `${String(done).padStart(String(total).length)}/${total}  ${percent} %`;
  const name = mode.padEnd(NAME);
  const full = `${name}  ${bar}  ${figures}`;
  return full.length <= width ? full : `${name}  ${figures}`.slice(0, Math.max(0, width));
}

/** How often a file or a pipe gets a line, in milliseconds. */
const LINE_EVERY = 2000;

/**
 * Prints progress. On a terminal it uses carriage returns and blanks only, no escape codes, and leaves the last column
 * free: a full line would wrap. Elsewhere it prints a line every two seconds, so that a log shows that work goes on.
 *
 * @param now the time in milliseconds; default `performance.now`.
 */
export function progressPrinter(stream: ProgressStream, now: () => number = () => performance.now()): ProgressPrinter {
  return stream.isTTY === true ? terminalPrinter(stream) : linePrinter(stream, now);
}

function terminalPrinter(stream: ProgressStream): ProgressPrinter {
  let shown = "";
  const show = (line: string): void => {
    if (line === shown) return;
    stream.write(`\r${line.padEnd(shown.length)}${line.length < shown.length ? `\r${line}` : ""}`);
    shown = line;
  };
  return {
    update: (progress) => show(progressLine({ ...progress, width: (stream.columns ?? DEFAULT_WIDTH) - 1 })),
    clear: () => {
      if (shown === "") return;
      show("");
      stream.write("\r");
    },
  };
}

function linePrinter(stream: ProgressStream, now: () => number): ProgressPrinter {
  let last = now();
  let mode: Mode | undefined;
  return {
    update: (progress) => {
      if (progress.mode !== mode) last = now(); // each mode begins anew
      mode = progress.mode;
      if (now() - last < LINE_EVERY) return;
      last = now();
      stream.write(`${progressLine({ ...progress, width: DEFAULT_WIDTH })}\n`);
    },
    clear: () => undefined,
  };
}
