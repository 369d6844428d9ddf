/** A terminal that gets nothing it would obey, whatever a command prints. */

import { splitAtPaint } from "../output/paint.ts";
import { visible } from "../output/visible.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The same terminal, but each character that a terminal obeys is shown instead, except for the colours that commands
 * print themselves, and those only if the terminal has colours.
 */
export function safeTerminal(terminal: Terminal): Terminal {
  const { colours, progress } = terminal;
  const safe = (text: string): string =>
    colours
      ? splitAtPaint(text)
          .map((part, place) => (place % 2 === 0 ? visible(part) : part))
          .join("")
      : visible(text);
  return {
    ...terminal,
    print: (line) => terminal.print(safe(line)),
    note: (line) => terminal.note(safe(line)),
    ...(progress === undefined ? {} : { progress: (text) => progress(safe(text)) }),
  };
}
