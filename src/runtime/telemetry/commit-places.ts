/** Where in traces versions were committed, so that what read one can be linked to there. */

import { spanIdIn, traceIdIn } from "../../traces/traceparent.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Span, SpanLink } from "../../traces/span.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";

/** Of at least so many versions the place is known, the newest ones; and of twice as many at most (invariant 7). */
const mostNewer = 10_000;

/**
 * Told by the store's authority, which commits a version before any thread can read it: so a link has its end whichever span arrives first.
 */
export class CommitPlaces {
  // two maps in turn: in one from which the oldest is taken each time, the search for that one passes all that were taken before
  #newer = new Map<string, string>();
  #older: ReadonlyMap<string, string> = new Map();

  /** Versions were committed in the span of a `traceparent`. */
  committed(trace: string, versions: readonly Pick<Snapshot, "key" | "version">[]): void {
    if (this.#newer.size >= mostNewer) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    for (const { key, version } of versions) this.#newer.set(nameOf(key, version), trace);
  }

  /** Returns the span with its links to versions filled in. Links to versions of which no commit is known are left out. */
  resolve(span: Span): Span {
    if (span.links.length === 0) return span;
    return { ...span, links: span.links.flatMap((link) => this.#resolved(link) ?? []) };
  }

  #resolved(link: SpanLink): SpanLink | undefined {
    if (link.spanId !== "") return link;
    const { [names.stateKey]: key, [names.stateVersion]: version } = link.attributes;
    const name = nameOf(String(key), Number(version));
    const trace = this.#newer.get(name) ?? this.#older.get(name);
    return trace === undefined ? undefined : { ...link, traceId: traceIdIn(trace), spanId: spanIdIn(trace) };
  }
}

function nameOf(key: string, version: number): string {
  return `${version} ${key}`;
}
