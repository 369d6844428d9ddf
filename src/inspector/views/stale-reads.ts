/** The reads of a run that had to wait until their thread had seen what was written elsewhere: for which version, and whose. */

import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import { runOf } from "../../store/versions/cause.ts";
import type { Looking } from "./view.ts";

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
    const by = seen === undefined ? "" : `, written by ${seen.author}${run === undefined ? "" : ` for the run ${run}`}`;
    said.push(`${stepOf(span, byId)} waited ${ms} ms for ${what}${by}`);
  }
  return said;
}

function stepOf(span: Span, byId: ReadonlyMap<string, Span>): string {
  let at: Span | undefined = span;
  while (at !== undefined) {
    const step = at.attributes[names.stepName];
    if (typeof step === "string") return step;
    at = at.parentId === undefined ? undefined : byId.get(at.parentId);
  }
  return "an actor";
}
