/** The recording of one run and of the states that it wrote. Other runs and keys are in none of it. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { resolveHistoryRange } from "../../store/versions/history-range.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { runState } from "../../workflows/history/run-state.ts";
import type { StoreReader } from "../source/inspected.ts";
import { SpanMemory } from "../source/span-memory.ts";
import { spansOfRun } from "../views/spans-of-run.ts";
import type { Looking } from "../views/view.ts";
import { lookingAt, mostKeys, mostMessages, mostVersions, RecordedAnswers, type Recording } from "./recording.ts";

const mostEvents = 1_000;

/** @throws TroupeError (as a rejection) `no-such-run`. */
export async function recordRun(at: Looking, run: string): Promise<Recording> {
  const reader = at.inspected.reader();
  const key = stateKey(runState, run);
  const started = await reader.extent(key);
  if (started === undefined) throw new TroupeError("no-such-run", `there is no run ${run}`, { details: { run } });
  const written = await writtenBy(reader, run, key, started.oldest);
  const made = at.now();
  const looking = lookingAt(
    { ...at, spans: await spansOnlyOf(at, run) },
    readerOf(reader, new Set([key, ...written.keys()])),
    { kind: "recording", journal: `${run}, as of ${new Date(made).toISOString()}` },
  );
  const answers = new RecordedAnswers(looking);
  await answers.recordGeneral();
  await answers.record("run", { id: run, limit: String(mostEvents) });
  await answers.record("sequence", { run, limit: String(mostMessages) });
  for (const [name, versions] of written) await answers.recordKey(name, versions);
  return { format: 1, opens: `run?id=${encodeURIComponent(run)}`, made, answers: answers.all };
}

/** What was recorded live of the run alone. */
async function spansOnlyOf(at: Looking, run: string): Promise<SpanMemory> {
  const [root] = await spansOfRun(at, run);
  const own = new SpanMemory();
  if (root !== undefined) own.take(at.spans.of(root.traceId));
  return own;
}

/** The keys that the run has committed to. Each has its newest versions, from the one before the run's first. */
async function writtenBy(
  reader: StoreReader,
  run: string,
  ownKey: string,
  oldest: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const since = (await reader.at(ownKey, oldest))?.position ?? 0;
  const written = new Map<string, readonly number[]>();
  for (const key of await reader.keys("", since - 1)) {
    if (written.size >= mostKeys) break;
    if (key === ownKey) continue;
    const [own] = await reader.history(key, resolveHistoryRange({ run, limit: 1 }));
    if (own === undefined) continue;
    const { newest = own.version, oldest: kept = own.version } = (await reader.extent(key)) ?? {};
    const first = Math.max(kept, Math.min(own.version - 1, newest), newest - mostVersions + 1);
    written.set(
      key,
      Array.from({ length: newest - first + 1 }, (_, n) => first + n),
    );
  }
  return written;
}

/** The same store, as if there were only these keys. */
function readerOf(reader: StoreReader, keys: ReadonlySet<string>): StoreReader {
  const has = (key: string): boolean => keys.has(key);
  return {
    position: reader.position,
    at: (key, when) => (has(key) ? reader.at(key, when) : undefined),
    stored: (key) => (has(key) ? reader.stored(key) : undefined),
    extent: (key) => (has(key) ? reader.extent(key) : undefined),
    history: (key, range) => (has(key) ? reader.history(key, range) : []),
    size: (key) => (has(key) ? reader.size(key) : 0),
    keys: async (prefix, since) => (await reader.keys(prefix, since)).filter(has),
  };
}
