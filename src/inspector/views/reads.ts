/** Who read which version, and whether there was a newer one by then: read off the spans of what was recorded. */

import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import type { StoreReader } from "../source/inspected.ts";
import type { SpanMemory } from "../source/span-memory.ts";
import type { View } from "./view.ts";

export interface ShownRead {
  readonly key: string;
  readonly version: number;
  readonly time: number;
  /** The step, agent or actor that read it. */
  readonly by: string;
  readonly run?: string;
  /** The newest version that there was by then, if it is another one, who wrote it, and when. */
  readonly newer?: { readonly version: number; readonly author: string; readonly time: number };
}

/** The commit of a version, where it was recorded. */
export interface ShownWrite {
  /** The step, agent or actor that wrote it. */
  readonly by: string;
  readonly run?: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly took: number;
  /** How often others were first. */
  readonly conflicts: number;
}

export interface ReadsData {
  readonly isLive: boolean;
  /** Who wrote the version that was asked for. */
  readonly written?: ShownWrite;
  readonly count: number;
  /** The newest first. */
  readonly reads: readonly ShownRead[];
}

const most = 200;

export const reads: View<ReadsData> = (query) => {
  const key = query.required("key");
  const version = query.optionalWhole("version", { least: 1 });
  return async ({ inspected, spans }) => {
    const all: Read[] = [];
    let written: ShownWrite | undefined;
    for (const span of spans.all()) {
      if (version !== undefined && isCommitOf(span, key, version)) written = writeOf(span, spans);
      for (const read of readsOf(span)) {
        if (read.key === key && (version === undefined || read.version === version)) all.push(read);
      }
    }
    all.sort((one, other) => other.time - one.time);
    const shown = await Promise.all(all.slice(0, most).map((read) => shownRead(inspected.reader(), read)));
    return {
      isLive: inspected.live !== undefined,
      ...(written === undefined ? {} : { written }),
      count: all.length,
      reads: shown,
    };
  };
};

/** The reads that were made in spans, in their order. Of each version, a span has one read. */
export async function readsIn(reader: StoreReader, spans: readonly Span[]): Promise<readonly ShownRead[]> {
  const all = spans.flatMap((span) => [...readsOf(span)]).sort((one, other) => one.time - other.time);
  return Promise.all(all.slice(0, most).map((read) => shownRead(reader, read)));
}

function isCommitOf({ attributes, name }: Span, key: string, version: number): boolean {
  return name.startsWith("commit ") && attributes[names.stateKey] === key && attributes[names.stateVersion] === version;
}

function writeOf(span: Span, spans: SpanMemory): ShownWrite {
  const { traceId, spanId, start, end = start, attributes } = span;
  const around = new Map(spans.of(traceId).map((one) => [one.spanId, one]));
  let at: Span | undefined = span;
  while (at !== undefined && nameIn(at) === undefined)
    at = at.parentId === undefined ? undefined : around.get(at.parentId);
  const run = at?.attributes[names.runId];
  return {
    by: (at && nameIn(at)) ?? outside,
    ...(typeof run === "string" ? { run } : {}),
    traceId,
    spanId,
    took: end - start,
    conflicts: Number(attributes[names.conflicts] ?? 0),
  };
}

const outside = "code outside any actor";

/** The step, agent or actor that a span is of. */
function nameIn({ attributes }: Span): string | undefined {
  const name = attributes[names.stepName] ?? attributes[names.agentName] ?? attributes[names.actor];
  return name === undefined ? undefined : String(name);
}

type Read = Omit<ShownRead, "newer">;

function* readsOf(span: Span): Generator<Read> {
  const run = span.attributes[names.runId];
  const about = { by: nameIn(span) ?? outside, ...(typeof run === "string" ? { run } : {}) };
  for (const { name, time, attributes } of span.events) {
    if (name !== names.stateRead) continue;
    const { [names.stateKey]: key, [names.stateVersion]: version } = attributes;
    if (typeof key !== "string" || typeof version !== "number") continue;
    yield { key, version, time, ...about };
  }
}

async function shownRead(reader: StoreReader, read: Read): Promise<ShownRead> {
  const then = await reader.at(read.key, { time: read.time });
  if (then === undefined || then.version <= read.version) return read;
  return { ...read, newer: { version: then.version, author: then.author, time: then.time } };
}
