/** Histories of operations in files: JSON Lines, or what Jepsen writes. */

import * as v from "valibot";
import type { PlacedEvent } from "./history-operations.ts";
import { messageOf } from "../output/one-line.ts";
import { EdnError, ednValues } from "./edn.ts";
import { fileError } from "./file-error.ts";
import { wrongLine } from "./input-row.ts";
import { parseJsonLines } from "./json-lines.ts";

export const historyFormats = ["jsonl", "jepsen"] as const;

interface PlacedValue {
  readonly line: number;
  readonly value: unknown;
}

const eventSchema = v.object({
  process: v.union([v.string(), v.number()]),
  type: v.picklist(["invoke", "ok", "fail", "info"]),
  f: v.string(),
  key: v.optional(v.unknown()),
  value: v.optional(v.unknown()),
});

/**
 * The events of clients in a file's text. What Jepsen's nemesis did is left out.
 *
 * @throws TroupeError `invalid-input` that names the file and the line.
 */
export function parseHistory(
  text: string,
  file: string,
  format: (typeof historyFormats)[number],
): readonly PlacedEvent[] {
  const values = format === "jsonl" ? jsonValues(text, file) : jepsenValues(text, file);
  const events = values.flatMap(({ line, value }): readonly PlacedEvent[] => {
    if (isOfNemesis(value)) return [];
    const checked = v.safeParse(eventSchema, value);
    if (checked.success) return [{ file, line, event: checked.output }];
    const [issue] = checked.issues;
    const path = v.getDotPath(issue);
    const where = path === null ? "" : `${path}: `;
    throw wrongLine(
      { file, line },
      `is no event of a history: ${where}expected ${issue.expected}, got ${issue.received}`,
    );
  });
  if (events.length === 0) throw fileError(file, `has no event of a history in the format ${format}`);
  return events;
}

function isOfNemesis(value: unknown): boolean {
  return typeof value === "object" && value !== null && "process" in value && value.process === "nemesis";
}

function jsonValues(text: string, file: string): readonly PlacedValue[] {
  return parseJsonLines(text, file).map((row) => {
    if ("error" in row) throw row.error;
    return { line: row.line, value: row.input };
  });
}

/** Either maps, or a vector of them; or the log in which each event is a line with tabs. */
function jepsenValues(text: string, file: string): readonly PlacedValue[] {
  if (!/^\s*[[{(#;]/.test(text)) return text.split("\n").flatMap((line, at) => logged(line, at + 1, file));
  return ednOf(text, file).flatMap(({ line, value }) =>
    Array.isArray(value) ? value.map((one: unknown) => ({ line, value: one })) : [{ line, value }],
  );
}

/** Such as `INFO  jepsen.util - 3	:invoke	:write	4`; other lines of the log are left out. */
function logged(text: string, line: number, file: string): readonly PlacedValue[] {
  const [, process, type, f, value] = /(\S+)\t:(invoke|ok|fail|info)\t(\S+)\t(.*)$/.exec(text.trimEnd()) ?? [];
  if (process === undefined || type === undefined || f === undefined || value === undefined) return [];
  const [whose, what, given] = ednOf(`${process} ${f} ${value}`, file, line).map((one) => one.value);
  return [{ line, value: { process: whose, type, f: what, value: given } }];
}

function ednOf(text: string, file: string, firstLine = 1): readonly PlacedValue[] {
  try {
    return [...ednValues(text)].map(({ line, value }) => ({ line: line + firstLine - 1, value }));
  } catch (error) {
    if (!(error instanceof EdnError)) throw error;
    throw wrongLine({ file, line: error.line + firstLine - 1 }, `is not EDN: ${messageOf(error)}`);
  }
}
