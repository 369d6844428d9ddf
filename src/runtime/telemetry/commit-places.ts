/** Where in traces versions were committed, so that what read one can be linked to there. */

import { spanIdIn, traceIdIn } from "../../traces/traceparent.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Span, SpanLink } from "../../traces/span.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";

/** Of how many versions the place is known (invariant 7): the newest ones. */
const mostKnown = 10_000;

/**
 * Told by the store's authority, which commits a version before any thread can read it: so a link has its end whichever span arrives first.
 */
export class CommitPlaces {
  readonly #known = new Map<string, string>();

  /** Versions were committed in the span of a `traceparent`. */
  committed(trace: string, versions: readonly Pick<Snapshot, "key" | "version">[]): void {
    for (const { key, version } of versions) this.#known.set(nameOf(key, version), trace);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostKnown) return;
      this.#known.delete(oldest);
    }
  }

  /** Returns the span with its links to versions filled in. Links to versions of which no commit is known are left out. */
  resolve(span: Span): Span {
    if (span.links.length === 0) return span;
    return { ...span, links: span.links.flatMap((link) => this.#resolved(link) ?? []) };
  }

  #resolved(link: SpanLink): SpanLink | undefined {
    if (link.spanId !== "") return link;
    const { [names.stateKey]: key, [names.stateVersion]: version } = link.attributes;
    const trace = this.#known.get(nameOf(String(key), Number(version)));
    return trace === undefined ? undefined : { ...link, traceId: traceIdIn(trace), spanId: spanIdIn(trace) };
  }
}

function nameOf(key: string, version: number): string {
  return `${version} ${key}`;
}
