/**
 * A recording: what the views show of one run and of the states that it wrote, made once, so that it can be looked at without a system. Other
 * runs and keys are in none of it.
 */

import { TroupeError } from "../../errors/troupe-error.ts";
import { resolveHistoryRange } from "../../store/versions/history-range.ts";
import { stateKey } from "../../store/versions/state-key.ts";
import { runState } from "../../workflows/history/run-state.ts";
import type { StoreReader } from "../source/inspected.ts";
import { Recent } from "../source/recent.ts";
import { RunIndex } from "../source/run-index.ts";
import { SpanMemory } from "../source/span-memory.ts";
import { ThreadWatch } from "../source/thread-watch.ts";
import { Query } from "../views/query.ts";
import { spansOfRun } from "../views/spans-of-run.ts";
import type { Looking } from "../views/view.ts";
import { views } from "../views/views.ts";

/** The answers of views, by their address. */
export interface Recording {
  readonly format: 1;
  readonly run: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly made: number;
  readonly answers: Readonly<Record<string, unknown>>;
}

/** Of how many keys, and of how many versions of each, the states are in a recording: those that the run wrote last. */
const mostKeys = 200;
const mostVersions = 50;
const mostEvents = 1_000;
const mostMessages = 500;

/** What else the page may open: each has at least to say that there is nothing. */
const general = ["overview", "runs", "keys", "actors", "sequence", "messages", "gates", "threads"];

/** Parameters of which a recording has one choice: how much of a list is shown, from where on. */
const ofLists = new Set(["limit", "offset", "before", "to"]);

/** What a recording has an answer of a view under. */
function recordedAddress(view: string, given: Iterable<readonly [string, string]>): string {
  const kept = [...given].filter(([name, value]) => value !== "" && !ofLists.has(name));
  return [view, ...kept.map(([name, value]) => `${name}=${value}`).sort()].join(" ");
}

/** @throws TroupeError `no-such-key` for what is not in it. */
export function recordedAnswer({ answers }: Recording, view: string, given: URLSearchParams): unknown {
  const address = recordedAddress(view, given);
  if (Object.hasOwn(answers, address)) return answers[address];
  throw new TroupeError("no-such-key", notRecorded);
}

export const notRecorded = "this is not in the recording, which has one run and the states that it wrote";

/** @throws TroupeError (as a rejection) `no-such-run`. */
export async function recordRun(at: Looking, run: string): Promise<Recording> {
  const reader = at.inspected.reader();
  const key = stateKey(runState, run);
  const started = await reader.extent(key);
  if (started === undefined) throw new TroupeError("no-such-run", `there is no run ${run}`, { details: { run } });
  const written = await writtenBy(reader, run, key, started.oldest);
  const only = readerOf(reader, new Set([key, ...written.keys()]));
  const made = at.now();
  const looking: Looking = {
    ...at,
    inspected: {
      kind: "journal",
      journal: `${run}, as of ${new Date(made).toISOString()}`,
      workflows: [],
      reader: () => only,
    },
    recent: new Recent(undefined, at.now),
    runs: new RunIndex(
      () => only,
      () => Promise.resolve(),
    ),
    spans: await spansOnlyOf(at, run),
    threads: new ThreadWatch(undefined, at.now),
    isReadOnly: true,
  };
  const answers: Record<string, unknown> = {};
  const record = async (view: string, given: Readonly<Record<string, string>> = {}): Promise<void> => {
    const query = new Query(view, new URLSearchParams(given));
    answers[recordedAddress(view, Object.entries(given))] = await views[view]?.(query)(looking);
  };
  for (const view of general) await record(view);
  await record("run", { id: run, limit: String(mostEvents) });
  await record("sequence", { run, limit: String(mostMessages) });
  for (const [name, versions] of written) {
    await record("key", { key: name, limit: String(mostVersions) });
    await record("version", { key: name });
    for (const version of versions) {
      await record("version", { key: name, at: String(version) });
      await record("reads", { key: name, version: String(version) });
    }
  }
  return { format: 1, run, made, answers };
}

/** What was recorded live of the run alone. */
async function spansOnlyOf(at: Looking, run: string): Promise<SpanMemory> {
  const [root] = await spansOfRun(at, run);
  const own = new SpanMemory();
  if (root !== undefined) own.take(at.spans.of(root.traceId));
  return own;
}

/** The keys with a version that was committed for the run, each with its versions from shortly before the first of those on. */
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
