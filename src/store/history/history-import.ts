/** Reads a key's whole history from the lines that `history-export.ts` wrote. */

import * as v from "valibot";
import { pathOf } from "../../contracts/schema-issue.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { fromLosslessJson } from "../../values/lossless-json.ts";
import { isName } from "../../values/name.ts";
import { applyPatches } from "../versions/apply-patches.ts";
import type { CommitRequest } from "../versions/commit.ts";
import { isCommitTime } from "../versions/commit-time.ts";
import { isScopeKey } from "../versions/idempotency-key.ts";
import { historyFormat } from "./history-export.ts";
import type { Patch } from "../versions/patch.ts";
import { UnfitStateError } from "../versions/seal.ts";
import type { StateKey } from "../versions/state-key.ts";
import { shown } from "../../values/shown.ts";

/** A history that was read to its end and is whole. */
export interface ImportedHistory {
  readonly key: StateKey;
  /** The commits that make it, in order. */
  readonly requests: readonly CommitRequest[];
}

/** How far the clock of the machine that wrote a history may be ahead of this one's, in milliseconds. */
const leeway = 60_000;

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const header = v.object({
  troupe: v.literal("history"),
  format: v.literal(historyFormat),
  key: v.pipe(v.string(), v.check(beginsWithFamily, "a key is a family's name, a slash and an id")),
  oldest: v.literal(
    1,
    "only a history from its first version on can be imported: what was before was erased, or retention dropped it",
  ),
  newest: whole,
});

const patch = v.variant("op", [
  v.object({
    op: v.picklist(["add", "replace"]),
    path: v.array(v.union([v.string(), v.number()])),
    value: v.unknown(),
  }),
  v.object({ op: v.literal("remove"), path: v.array(v.union([v.string(), v.number()])) }),
]);

const version = v.looseObject({
  version: whole,
  parent: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  author: v.string(),
  cause: v.optional(v.string()),
  time: v.pipe(v.number(), v.check(isCommitTime, "a time is in milliseconds since the epoch, and not beyond any date")),
  position: v.optional(whole),
  schema: whole,
  idempotencyKey: v.optional(v.pipe(v.string(), v.nonEmpty("an idempotency key isn't empty"))),
  patches: v.optional(v.array(patch)),
});

/**
 * Reads lines, with or without their line breaks; blank ones are skipped. Reads and checks all of them before it
 * returns, and holds only the differences between versions. States aren't checked against any schema.
 *
 * @param source the name of the lines in messages, such as a file's name.
 * @param now the time that a commit gets now. A history with a time that is later by more than a minute is refused: later
 * versions of its key, which never have an earlier time, would have that one until then.
 * @throws TroupeError `invalid-input` that begins with source and line.
 */
export async function readHistory(
  lines: AsyncIterable<string> | Iterable<string>,
  source: string,
  now: number,
): Promise<ImportedHistory> {
  const requests: CommitRequest[] = [];
  const committed = new Map<string, number>();
  let head: v.InferOutput<typeof header> | undefined;
  let state: unknown;
  let time = 0;
  let position = 0;
  let schema = 1;
  let number = 0;
  for await (const line of asGiven(lines)) {
    number++;
    const where: Place = { source, line: number };
    if (typeof line !== "string") throw bad(where, `a line is a text, not ${shown(line)}`);
    if (line.trim() === "") continue;
    const value = parsed(line, where);
    if (head === undefined) {
      head = checked(header, value, where);
      continue;
    }
    const record = checked(version, value, where);
    const due = requests.length + 1;
    if (record.version !== due || record.parent !== due - 1) {
      throw bad(where, `version ${record.version} of parent ${record.parent} is where version ${due} is due`);
    }
    if (due > head.newest) throw bad(where, `the header says that version ${head.newest} is the last`);
    if (record.time < time) throw bad(where, `its time, ${record.time}, is before that of the version before, ${time}`);
    if (record.time > now + leeway) {
      const [then, today] = [record.time, now].map((at) => new Date(at).toISOString());
      throw bad(where, `its time, ${then}, is in the future: it is ${today}`);
    }
    if (record.position !== undefined && record.position <= position) {
      throw bad(where, `its position, ${record.position}, is not after that of the version before, ${position}`);
    }
    if (record.schema < schema) {
      throw bad(where, `its schema, ${record.schema}, is older than that of the version before, ${schema}`);
    }
    const patches = patchesOf(record, where);
    state = applied(state, patches, where);
    ({ time, schema, position = position } = record);
    const { author, cause, idempotencyKey } = record;
    if (idempotencyKey !== undefined && !isScopeKey(idempotencyKey)) {
      const before = committed.get(idempotencyKey);
      if (before !== undefined)
        throw bad(where, `its idempotency key is that of version ${before}, which is another commit`);
      committed.set(idempotencyKey, due);
    }
    requests.push({
      changes: [{ key: head.key, parent: record.parent, patches, schema, state }],
      author,
      time,
      ...(cause === undefined ? {} : { cause }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  }
  const end: Place = { source, line: number };
  if (head === undefined) throw bad({ source, line: 1 }, "there is nothing; expected a header");
  if (requests.length !== head.newest) {
    throw bad(
      end,
      `ends after version ${requests.length}, and the header says that version ${head.newest} is the last`,
    );
  }
  return { key: head.key, requests };
}

/** Lines of an array are not awaited: that asks each for a `then`, and one that is no text may throw at it. */
function asGiven(lines: AsyncIterable<string> | Iterable<string>): AsyncIterable<string> {
  if (Symbol.asyncIterator in lines) return lines;
  const iterator = lines[Symbol.iterator]();
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => iterator.next(),
      return: async () => iterator.return?.() ?? { done: true, value: undefined },
    }),
  };
}

function beginsWithFamily(key: string): boolean {
  const [family, ...id] = key.split("/");
  return isName(family) && id.length > 0;
}

interface Place {
  readonly source: string;
  readonly line: number;
}

function parsed(line: string, where: Place): unknown {
  try {
    return fromLosslessJson(line);
  } catch (cause) {
    throw bad(where, `is not JSON as export writes it: ${(cause as Error).message}`, cause);
  }
}

function checked<S extends v.GenericSchema>(schema: S, value: unknown, where: Place): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = pathOf(issue);
  throw bad(where, path === "" ? issue.message : `${path}: ${issue.message}`);
}

function patchesOf(record: v.InferOutput<typeof version>, where: Place): readonly Patch[] {
  if (record.version > 1) {
    if (record.patches === undefined) throw bad(where, "patches are missing");
    return record.patches;
  }
  if (record["state"] === undefined) throw bad(where, "the state of version 1 is missing");
  return [{ op: "replace", path: [], value: record["state"] }];
}

function applied(state: unknown, patches: readonly Patch[], where: Place): unknown {
  try {
    return applyPatches(state, patches);
  } catch (cause) {
    const problem = cause instanceof UnfitStateError ? `can't be kept: ${cause.message}` : (cause as Error).message;
    throw bad(where, problem, cause);
  }
}

function bad({ source, line }: Place, problem: string, cause?: unknown): TroupeError {
  return new TroupeError("invalid-input", `${source}:${line}: ${problem}. Nothing was imported.`, {
    details: { file: source, line },
    ...(cause === undefined ? {} : { cause }),
  });
}
