/** What happened in a schedule, told by its spans: each on a line, with when it was, in virtual milliseconds since the start. */

import { oldReadInWords, oldReads } from "../../../traces/old-reads.ts";
import * as names from "../../../traces/semantic-names.ts";
import type { Span } from "../../../traces/span.ts";

/** How many spans are told of, the newest ones: a failure has to be readable. */
const most = 40;

/** Nothing for a scenario in which nothing happened. */
export function recounted(spans: readonly Span[]): string[] {
  if (spans.length === 0) return [];
  const start = Math.min(...spans.map((span) => span.start));
  const newest = spans.toSorted((a, b) => a.start - b.start).slice(-most); // of equal ones, in the order given
  const byId = new Map(newest.map((span) => [span.spanId, span]));
  const width = Math.max(...newest.map((span) => whenOf(span, start).length));
  const lines = inTree(newest).map(
    (span) => `${whenOf(span, start).padStart(width)}  ${"  ".repeat(depthOf(span, byId))}${span.name}${notesOf(span)}`,
  );
  const all = new Map(spans.map((span) => [span.spanId, span]));
  const old = oldReads(spans).map((read) => `too old: ${oldReadInWords(read, all)}`);
  const title =
    newest.length === spans.length ? "What happened in it" : `What happened in it at last, of ${spans.length} spans`;
  return [`${title}, in virtual milliseconds:`, ...lines, ...old];
}

/** Children below their parents, in the order given. */
function inTree(spans: readonly Span[]): readonly Span[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const children = new Map<string, Span[]>();
  const roots: Span[] = [];
  for (const span of spans) {
    const siblings = span.parentId !== undefined && ids.has(span.parentId) ? children.get(span.parentId) : roots;
    if (siblings === undefined) children.set(span.parentId as string, [span]);
    else siblings.push(span);
  }
  const below = (span: Span): readonly Span[] => [span, ...(children.get(span.spanId) ?? []).flatMap(below)];
  return roots.flatMap(below);
}

function depthOf({ parentId }: Span, byId: ReadonlyMap<string, Span>): number {
  const parent = parentId === undefined ? undefined : byId.get(parentId);
  return parent === undefined ? 0 : depthOf(parent, byId) + 1;
}

function whenOf(span: Span, start: number): string {
  const from = shortened(span.start - start);
  if (span.end === undefined) return `${from}–`;
  const to = shortened(span.end - start);
  return from === to ? from : `${from}–${to}`;
}

function shortened(ms: number): string {
  return String(Math.round(ms * 10) / 10);
}

function notesOf({ attributes, events, failure }: Span): string {
  const notes: string[] = [];
  const thread = attributes[names.thread];
  if (thread !== undefined) notes.push(`on thread ${String(thread)}`);
  for (const { name, attributes: of } of events)
    if (name === names.stateRead)
      notes.push(`read version ${String(of[names.stateVersion])} of ${String(of[names.stateKey])}`);
  const { [names.stateKey]: key, [names.stateVersion]: version, [names.conflicts]: conflicts } = attributes;
  if (typeof key === "string" && typeof version === "number") notes.push(`version ${version} of ${key}`);
  if (typeof conflicts === "number") notes.push(conflicts === 1 ? "after a conflict" : `after ${conflicts} conflicts`);
  if (failure !== undefined) notes.push(failure);
  return notes.length === 0 ? "" : `: ${notes.join(", ")}`;
}
