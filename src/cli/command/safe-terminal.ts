/** A terminal that gets nothing it would obey, whatever a command prints. */

import { splitAtPaint } from "../output/paint.ts";
import { visible } from "../output/visible.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The same terminal, but each character that a terminal obeys is shown instead, except for the colours of lines that
 * commands print to stdout, and those only if the terminal has colours.
 */
export function safeTerminal(terminal: Terminal): Terminal {
  const { colours, progress } = terminal;
  const keepingColours = (line: string): string =>
    splitAtPaint(line)
      .map((part, place) => (place % 2 === 0 ? visible(part) : part))
      .join("");
  return {
    ...terminal,
    print: (line) => terminal.print(colours ? keepingColours(line) : visible(line)),
    note: (line) => terminal.note(visible(line)),
    ...(progress === undefined ? {} : { progress: (text) => progress(visible(text)) }),
  };
}
