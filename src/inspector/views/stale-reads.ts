/**
 * The reads of a run that say why it did what it did. A read waited until its thread had seen a version that another
 * thread wrote, which is named with its author. Or a read was too old.
 */

import { oldReadInWords, oldReads, stepAround } from "../../traces/old-reads.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import { runOf } from "../../store/versions/cause.ts";
import type { Looking } from "./view.ts";

/** How many of each kind are told of. */
const most = 50;

/** Each as a sentence without its full stop. */
export async function staleReads({ inspected }: Looking, spans: readonly Span[]): Promise<readonly string[]> {
  const reader = inspected.reader();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const said: string[] = [];
  for (const span of spans.filter(({ name }) => name === names.readWait).slice(0, most)) {
    const { [names.stateKey]: key, [names.token]: token } = span.attributes;
    if (typeof key !== "string" || typeof token !== "number") continue;
    const seen = await reader.at(key, { position: token });
    const ms = Math.round((span.end ?? span.start) - span.start);
    const what = seen === undefined ? `${key}, which had no version yet` : `version ${seen.version} of ${key}`;
    const run = runOf(seen?.cause);
    const by = seen === undefined ? "" : `, written by ${writerOf(key, seen.version, spans, byId) ?? seen.author}`;
    const of = by === "" || run === undefined ? "" : ` for the run ${run}`;
    said.push(`${stepAround(span, byId) ?? "an actor"} waited ${ms} ms for ${what}${by}${of}`);
  }
  return [
    ...said,
    ...oldReads(spans)
      .slice(0, most)
      .map((read) => oldReadInWords(read, byId)),
  ];
}

/** The step of this run that wrote a version, by the span of the commit. */
function writerOf(
  key: string,
  version: number,
  spans: readonly Span[],
  byId: ReadonlyMap<string, Span>,
): string | undefined {
  const commit = spans.find(
    ({ name, attributes }) =>
      name.startsWith("commit ") && attributes[names.stateKey] === key && attributes[names.stateVersion] === version,
  );
  return commit && stepAround(commit, byId);
}
