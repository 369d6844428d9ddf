/** A terminal that remembers what was printed. */

import type { Terminal } from "../../src/cli/command/terminal.ts";

export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly notes: string[];
  interrupt(): void;
}

export interface FakeTerminalOptions {
  readonly colours?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** What comes in at stdin. */
  readonly input?: readonly (string | Uint8Array)[];
}

export function fakeTerminal(
  cwd = "/nowhere",
  { colours = false, env = {}, input = [] }: FakeTerminalOptions = {},
): FakeTerminal {
  const printed: string[] = [];
  const notes: string[] = [];
  const controller = new AbortController();
  return {
    cwd,
    env,
    colours,
    input: (async function* () {
      yield* input;
    })(),
    printed,
    notes,
    interrupted: controller.signal,
    interrupt: () => controller.abort(),
    print: async (line) => void printed.push(line),
    note: (line) => void notes.push(line),
  };
}
