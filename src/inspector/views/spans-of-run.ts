/** All that is known of a run as spans: those of its history, and what was recorded live in them. */

import { PayloadCodec } from "../../contracts/payload-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { resolveHistoryRange } from "../../store/versions/history-range.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import type { Span } from "../../traces/span.ts";
import { recordsOf, type RunRecord } from "../../workflows/history/run-history.ts";
import { runOf, type RunState, runState } from "../../workflows/history/run-state.ts";
import { spansOf } from "../../workflows/history/spans-of-run.ts";
import type { Looking } from "./view.ts";

/** Payloads are shown cut, however large they are. */
export const codec = new PayloadCodec({ maxBytes: Number.MAX_SAFE_INTEGER });

export interface ReadRun {
  readonly first: Snapshot<RunState>;
  readonly newest: Snapshot<RunState>;
  /** With what is to be shown of its data. */
  readonly records: readonly RunRecord[];
}

/** @throws TroupeError (as a rejection) `no-such-run`. */
export async function readRun({ inspected, content }: Looking, id: string): Promise<ReadRun> {
  const reader = inspected.reader();
  const key = stateKey(runState, id);
  const isThere = (await reader.stored(key)) !== undefined;
  const kept = isThere ? await reader.history(key, resolveHistoryRange()) : [];
  const versions = kept.filter(({ erased }) => erased === undefined).map(runOf);
  const [first] = versions;
  const newest = versions.at(-1);
  if (first === undefined || newest === undefined)
    throw new TroupeError("no-such-run", `there is no run ${id}`, { details: { run: id } });
  return { first, newest, records: recordsOf(id, versions, codec).map((record) => content.record(record)) };
}

/** The spans of a run's history, and those that were recorded live in them. */
export function withLive(records: readonly RunRecord[], { spans: memory }: Looking): readonly Span[] {
  const spans = spansOf(records);
  const [root] = spans;
  if (root === undefined) return spans;
  const known = new Set(spans.map(({ spanId }) => spanId));
  return [...spans, ...memory.of(root.traceId).filter(({ spanId }) => !known.has(spanId))];
}

/** @throws TroupeError (as a rejection) `no-such-run`. */
export async function spansOfRun(at: Looking, id: string): Promise<readonly Span[]> {
  return withLive((await readRun(at, id)).records, at);
}
