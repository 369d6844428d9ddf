/** Nothing that the command prints is obeyed by a terminal, whatever keys, states, authors, arguments and messages contain. */

import fc from "fast-check";
import { expect, it } from "vitest";
import * as v from "valibot";
import { aligned } from "../../src/cli/output/aligned.ts";
import { commandLine } from "../../src/cli/command-line.ts";
import { commands } from "../../src/cli/commands.ts";
import { defineState } from "../../src/store/versions/define-state.ts";
import { AuthorityAccess } from "../../src/store/authority/authority-access.ts";
import { StoreAuthority } from "../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../src/store/client/store-client.ts";
import { memoryJournal } from "../../src/store/journal/memory-journal.ts";
import { fixedClock } from "../store/support/fixed-clock.ts";
import { fakePorts } from "./fake-ports.ts";
import { fakeTerminal } from "./fake-terminal.ts";

/** Text of letters and of what terminals obey: C0 and C1 controls, delete, orders of direction, line separators. */
const hostile = fc
  .array(
    fc.constantFrom(
      "a",
      "b",
      "/",
      " ",
      "\u0000",
      "\u0007",
      "\b",
      "\t",
      "\n",
      "\u000B",
      "\r",
      "\u001B",
      "\u007F",
      "\u0085",
      "\u009B",
      "\u009D",
      "\u061C",
      "\u200E",
      "\u200F",
      "\u202A",
      "\u202E",
      "\u2066",
      "\u2069",
      "\u2028",
      "\u2029",
      "\u001B[2J",
      "\u001B[31m",
      "\u001B]0;title\u0007",
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(""));

/** The colours that commands print themselves. */
const paints = [1, 2, 22, 31, 32, 33, 36, 39].map((code) => `\u001B[${code}m`);
const obeyed = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

const anything = defineState({ name: "anything", version: 1, schema: v.unknown() });

it("has no control characters in its output but its own colours and line breaks", async () => {
  let painted = 0;
  await fc.assert(
    fc.asyncProperty(hostile, hostile, hostile, hostile, async (id, author, text, extra) => {
      const journal = memoryJournal();
      const authority = new StoreAuthority({ journal, clock: fixedClock(0) });
      const client = new StoreClient(new AuthorityAccess(authority), { author });
      for (const state of [text, { [text]: text, list: [text] }]) await client.put(anything, id, state);
      const key = `anything/${id}`;
      const lines: readonly (readonly string[])[] = [
        ["keys"],
        ["keys", "--json"],
        ["history", key],
        ["history", key, "--json"],
        ["show", key],
        ["show", key, "--json"],
        ["diff", key],
        ["blame", key],
        ["export", key],
        ["revert", key, extra],
        ["history", `${key}${extra}`],
        ["runs", "--status", extra],
        [extra],
        ["show", `--${extra}`],
        ["run", extra, "--input", extra],
      ];
      const shared = { ...journal, close: async () => undefined };
      const output = async (colours: boolean, args: readonly string[]) => {
        const terminal = fakeTerminal("/nowhere", { colours });
        await commandLine(args, terminal, fakePorts({ openJournal: async () => shared }));
        return terminal;
      };
      for (const [command = "", ...rest] of lines) {
        for (const verbose of [[], ["--verbose"]]) {
          const args = [command, "--journal", "data", ...verbose, ...rest];
          const plain = await output(false, args);
          for (const line of [...plain.printed, ...plain.notes])
            expect(obeyed.test(line.replaceAll("\n", "")), `${command}: ${JSON.stringify(line)}`).toBe(false);
          // data is never a line of its own, which could pass for output of the command
          for (const line of plain.printed) expect(line.includes("\n") && command !== "show", line).toBe(false);
          if (command === "revert") continue; // the second time it has nothing to do
          const coloured = await output(true, args);
          if (coloured.printed.some((line) => line.includes("\u001B[33m"))) painted++;
          // colours that come from data would be one more than those of the command
          expect(coloured.printed.map(withoutPaint)).toEqual(plain.printed);
          expect(coloured.notes.map(withoutStack)).toEqual(plain.notes.map(withoutStack));
        }
      }
    }),
    { numRuns: 60 },
  );
  expect(painted).toBeGreaterThan(0);
});

function withoutStack(note: string): string {
  return note.split("\n    at ")[0] ?? "";
}

function withoutPaint(line: string): string {
  return paints.reduce((rest, paint) => rest.replaceAll(paint, ""), line);
}

it("shows what is the same string as JSON", async () => {
  const text = "\u001B\u009B\u202E\u0000\u2028";
  const journal = memoryJournal();
  const authority = new StoreAuthority({ journal, clock: fixedClock(0) });
  await new StoreClient(new AuthorityAccess(authority), { author: text }).put(anything, "a", { [text]: text });
  const terminal = fakeTerminal("/nowhere");
  const ports = fakePorts({ openJournal: async () => journal });
  expect(await commandLine(["show", "anything/a", "--journal", "data", "--json"], terminal, ports)).toBe(0);
  expect(JSON.parse(terminal.printed[0] ?? "")).toMatchObject({ author: text, state: { [text]: text } });
});

it.each(commands.map(({ name, help }) => [name, aligned(help)]))(
  "%s --help has each list in two columns",
  (_, text) => {
    for (const paragraph of text.split("\n\n")) {
      const lines = paragraph.split("\n").filter((line) => /^ {2}/.test(line) && !/^ {2}troupe /.test(line));
      const columns = new Set(lines.map((line) => line.search(/(?<= {3})\S(?!.* {3}\S)/)));
      expect([...columns], paragraph).toHaveLength(lines.length === 0 ? 0 : 1);
    }
  },
);

it.each([
  ["histroy", "did you mean history?"],
  ["retry", "did you mean retry-compensation?"],
  ["Show", "did you mean show?"],
])("asks of the command %s: %s", async (name, question) => {
  const terminal = fakeTerminal("/nowhere");
  expect(await commandLine([name], terminal, fakePorts())).toBe(2);
  expect(terminal.notes).toEqual([`troupe: there is no command "${name}"; ${question} troupe --help lists them`]);
});

it("asks of an unknown option which was meant", async () => {
  const terminal = fakeTerminal("/nowhere");
  expect(await commandLine(["show", "a/b", "--jurnal", "x"], terminal, fakePorts())).toBe(2);
  expect(terminal.notes).toEqual([
    "troupe: Unknown option '--jurnal'; did you mean --journal? troupe show --help lists the options",
  ]);
});
