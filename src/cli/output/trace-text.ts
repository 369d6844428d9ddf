/** A trace as a tree with a bar for each span, for a terminal. */

import { oldReadInWords, oldReads } from "../../traces/old-reads.ts";
import { whyRefused } from "../../traces/refusals.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import { durationText } from "./duration-text.ts";
import { oneLine } from "./one-line.ts";
import type { Paint } from "./paint.ts";

/** How many characters the whole time takes. */
const barWidth = 40;
/** How many characters of a name are shown. */
const longestName = 48;

/** How many of the versions that a span has read are named. */
const mostReads = 3;

/** A line for each span, and one for each read that was too old. A span's has its name, indented below its parent's, its bar, how long it took, and what became of it. */
export function traceLines(spans: readonly Span[], paint: Paint): readonly string[] {
  const [root] = spans;
  if (root === undefined) return [];
  const end = Math.max(...spans.map((span) => span.end ?? span.start));
  const depths = new Map<string, number>();
  const rows = inTree(spans).map((span) => {
    const depth = span.parentId === undefined ? 0 : (depths.get(span.parentId) ?? 0) + 1;
    depths.set(span.spanId, depth);
    return { span, name: shortened(`${"  ".repeat(depth)}${oneLine(span.name)}`) };
  });
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ span, name }) => {
    const bar = barOf(span, root.start, end);
    const colour = span.failure === undefined ? "green" : "red";
    const took = (span.end === undefined ? "…" : durationText(span.end - span.start)).padStart(11);
    return `${name.padEnd(width)} ${paint(colour, bar)} ${took}${noteOf(span, paint)}`.trimEnd();
  });
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const old = oldReads(spans).map((read) => paint("red", oneLine(`too old: ${oldReadInWords(read, byId)}`)));
  return old.length === 0 ? lines : [...lines, "", ...old];
}

/** Children below their parents, in the order of their starts. */
function inTree(spans: readonly Span[]): readonly Span[] {
  const children = byParent(spans);
  const listed: Span[] = [];
  const list = (parent: string | undefined): void => {
    for (const span of children.get(parent) ?? []) {
      listed.push(span);
      list(span.spanId);
    }
  };
  list(undefined);
  return listed;
}

function byParent(spans: readonly Span[]): Map<string | undefined, Span[]> {
  const groups = new Map<string | undefined, Span[]>();
  for (const span of spans) {
    const group = groups.get(span.parentId) ?? [];
    group.push(span);
    groups.set(span.parentId, group);
  }
  for (const group of groups.values()) group.sort((a, b) => a.start - b.start);
  return groups;
}

function shortened(name: string): string {
  return name.length <= longestName ? name : `${name.slice(0, longestName - 1)}…`;
}

function barOf({ start, end }: Span, from: number, to: number): string {
  const scale = barWidth / Math.max(1, to - from);
  const at = Math.min(barWidth - 1, Math.floor((start - from) * scale));
  const length = Math.max(1, Math.min(barWidth - at, Math.round(((end ?? to) - start) * scale)));
  return `${"·".repeat(at)}${"█".repeat(length)}${"·".repeat(barWidth - at - length)}`;
}

function noteOf({ failure, attributes, events }: Span, paint: Paint): string {
  const said: string[] = [];
  const attempt = attributes[names.attempt];
  if (typeof attempt === "number" && attempt > 1) said.push(`attempt ${attempt}`);
  const status = attributes[names.runStatus] ?? attributes[names.stepStatus];
  if (status !== undefined && status !== "finished" && status !== failure) said.push(String(status));
  if (attributes[names.isFallback] === true) said.push("by its fallback");
  const queued = attributes[names.queued];
  if (typeof queued === "number" && queued >= 1) said.push(`waited ${durationText(queued)} to start`);
  const refused = whyRefused(attributes);
  if (refused !== undefined) said.push(`refused: ${refused}`);
  const { [names.stateKey]: key, [names.stateVersion]: version } = attributes;
  if (typeof key === "string" && typeof version === "number") said.push(`version ${version} of ${key}`);
  const reads = events.filter(({ name }) => name === names.stateRead).slice(0, mostReads);
  for (const { attributes: of } of reads)
    said.push(`read version ${String(of[names.stateVersion])} of ${String(of[names.stateKey])}`);
  const what = said.length === 0 ? "" : `  ${oneLine(said.join(", "))}`;
  if (failure === undefined) return what;
  const exception = events.find(({ name }) => name === names.exception);
  const message = exception?.attributes[names.exceptionMessage];
  return `${what}  ${paint("red", oneLine(message === undefined ? failure : `${failure}: ${String(message)}`))}`;
}
