/** A recording: what views show, made once, so that it can be looked at without a system. */

import { TroupeError } from "../../errors/troupe-error.ts";
import { RunIndex } from "../source/run-index.ts";
import { Recent } from "../source/recent.ts";
import { ThreadWatch } from "../source/thread-watch.ts";
import type { Inspected, StoreReader } from "../source/inspected.ts";
import { Query } from "../views/query.ts";
import type { Looking } from "../views/view.ts";
import { views } from "../views/views.ts";

/** The answers of views, by their address. */
export interface Recording {
  readonly format: 1;
  /** Where the page opens it, such as `run?id=sale-1`. */
  readonly opens: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly made: number;
  readonly answers: Readonly<Record<string, unknown>>;
}

/** How many keys a recording has, and how many versions of each, at most. */
export const mostKeys = 200;
export const mostVersions = 50;
export const mostMessages = 500;

/** The views that every page may open: each has an answer, if only that there is nothing. */
const general = ["overview", "runs", "keys", "actors", "sequence", "messages", "gates", "threads"];

/** Parameters of which a recording has one choice: how much of a list is shown, from where on. */
const ofLists = new Set(["limit", "offset", "before", "to"]);

/** The name under which a recording has an answer of a view. */
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

export const notRecorded = "this is not in the recording";

/** What views are made from, where there are only a store's reader and spans. */
export function lookingAt(
  { content, spans, now }: Pick<Looking, "content" | "spans" | "now">,
  reader: StoreReader,
  of: Pick<Inspected, "kind" | "journal">,
): Looking {
  return {
    content,
    spans,
    now,
    inspected: { ...of, workflows: [], reader: () => reader },
    recent: new Recent(undefined, now),
    runs: new RunIndex(
      () => reader,
      () => Promise.resolve(),
    ),
    threads: new ThreadWatch(undefined, now),
    isReadOnly: true,
  };
}

/** Makes the answers of a recording, one view after another. */
export class RecordedAnswers {
  readonly all: Record<string, unknown> = {};
  readonly #looking: Looking;

  constructor(looking: Looking) {
    this.#looking = looking;
  }

  async record(view: string, given: Readonly<Record<string, string>> = {}): Promise<void> {
    const query = new Query(view, new URLSearchParams(given));
    this.all[recordedAddress(view, Object.entries(given))] = await views[view]?.(query)(this.#looking);
  }

  /** Records the views that every page may open. */
  async recordGeneral(): Promise<void> {
    for (const view of general) await this.record(view);
  }

  /** Records a key, and these versions of it. */
  async recordKey(key: string, versions: Iterable<number>): Promise<void> {
    await this.record("key", { key, limit: String(mostVersions) });
    await this.record("version", { key });
    for (const version of versions) {
      await this.record("version", { key, at: String(version) });
      await this.record("reads", { key, version: String(version) });
    }
  }
}
