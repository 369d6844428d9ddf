/** Reads of a trace that were too old: of a version that another one of the trace's spans had replaced by then. Pure. */

import * as names from "./semantic-names.ts";
import type { Attributes, Span } from "./span.ts";

/** A version of a state, as spans name it. */
interface VersionAt {
  readonly key: string;
  readonly version: number;
}

export interface OldRead extends VersionAt {
  /** What read it. */
  readonly by: Span;
  /** Milliseconds from when the newer version was written to the read. */
  readonly late: number;
  /** The newest version that had been written by then, and the span that did it. */
  readonly newer: { readonly version: number; readonly by: Span };
}

/** A version that was written, when, and by which span. */
interface Written {
  readonly version: number;
  readonly by: Span;
  readonly at: number;
}

/**
 * The reads that were too old, in their order. A span has read what its events `troupe.state.read` name, and a span `commit …` that did not
 * fail has written the version that it names, whether in Troupe's store or in a store that an application records by itself.
 */
export function oldReads(spans: readonly Span[]): readonly OldRead[] {
  const written = new Map<string, Written[]>();
  for (const span of spans) {
    const what = span.name.startsWith("commit ") && span.failure === undefined ? versionIn(span.attributes) : undefined;
    if (what === undefined || span.end === undefined) continue;
    const versions = written.get(what.key) ?? [];
    versions.push({ version: what.version, by: span, at: span.end });
    written.set(what.key, versions);
  }
  const found: (OldRead & { readonly time: number })[] = [];
  for (const by of spans) {
    for (const { name, time, attributes } of by.events) {
      const read = name === names.stateRead ? versionIn(attributes) : undefined;
      if (read === undefined) continue;
      const newer = (written.get(read.key) ?? [])
        .filter(({ version, at }) => version > read.version && at < time)
        .reduce((a, b) => (a === undefined || b.version > a.version ? b : a), undefined as Written | undefined);
      if (newer === undefined) continue;
      found.push({ ...read, by, time, late: time - newer.at, newer: { version: newer.version, by: newer.by } });
    }
  }
  return found.sort((a, b) => a.time - b.time);
}

/** The step that a span is in; `undefined` for one that is in none. */
export function stepAround(span: Span, byId: ReadonlyMap<string, Span>): string | undefined {
  for (let at: Span | undefined = span; at !== undefined; at = byId.get(at.parentId ?? "")) {
    const step = at.attributes[names.stepName];
    if (typeof step === "string") return step;
  }
  return undefined;
}

/** Such as "risk read version 1 of applicant/42, 35 ms after score had written version 2". */
export function oldReadInWords({ key, version, by, late, newer }: OldRead, byId: ReadonlyMap<string, Span>): string {
  const who = stepAround(by, byId) ?? by.name;
  const writer = stepAround(newer.by, byId) ?? newer.by.name;
  return `${who} read version ${version} of ${key}, ${Math.round(late)} ms after ${writer} had written version ${newer.version}`;
}

function versionIn({ [names.stateKey]: key, [names.stateVersion]: version }: Attributes): VersionAt | undefined {
  return typeof key === "string" && typeof version === "number" ? { key, version } : undefined;
}
