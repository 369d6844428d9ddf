/** A terminal that remembers what was printed. */

import type { Terminal } from "../../src/cli/terminal.ts";

export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly notes: string[];
  interrupt(): void;
}

export function fakeTerminal(cwd = "/nowhere"): FakeTerminal {
  const printed: string[] = [];
  const notes: string[] = [];
  const controller = new AbortController();
  return {
    cwd,
    printed,
    notes,
    interrupted: controller.signal,
    interrupt: () => controller.abort(),
    print: async (line) => void printed.push(line),
    note: (line) => void notes.push(line),
  };
}
