/** The spans of a run on one line of time, each below the one that it is a part of. */

import type { ShownSpan } from "../views/run.ts";
import { duration } from "./words.ts";

interface Row {
  readonly span: ShownSpan;
  readonly depth: number;
}

/** Each behind its parent, in the order of their starts. */
function rowsOf(spans: readonly ShownSpan[]): readonly Row[] {
  const known = new Set(spans.map(({ id }) => id));
  const children = new Map<string, ShownSpan[]>();
  for (const span of spans) {
    const parent = span.parent !== undefined && known.has(span.parent) ? span.parent : "";
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const rows: Row[] = [];
  const visit = (parent: string, depth: number): void => {
    for (const span of (children.get(parent) ?? []).toSorted((a, b) => a.start - b.start)) {
      rows.push({ span, depth });
      visit(span.id, depth + 1);
    }
  };
  visit("", 0);
  return rows;
}

export function Timeline({ spans, spanCount }: { readonly spans: readonly ShownSpan[]; readonly spanCount: number }) {
  const start = Math.min(...spans.map((span) => span.start));
  const end = Math.max(start + 1, ...spans.map((span) => span.end ?? span.start));
  const share = (time: number): number => (100 * (time - start)) / (end - start);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Timeline">
      <table class="timeline">
        <caption class="hidden">What was done when, over {duration(end - start)}</caption>
        <thead>
          <tr>
            <th scope="col">Span</th>
            <th scope="col">Thread</th>
            <th scope="col">Took</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {rowsOf(spans).map(({ span, depth }) => (
            <tr key={span.id}>
              <th scope="row" ref={(element) => indent(element, depth)} title={attributesIn(span)}>
                {span.name} {span.failure === undefined ? null : <span class="status bad">{span.failure}</span>}
                {Number(span.attributes["troupe.attempt"] ?? 1) > 1 ? (
                  <span class="dim"> attempt {String(span.attributes["troupe.attempt"])}</span>
                ) : null}
              </th>
              <td>{String(span.attributes["troupe.thread"] ?? "")}</td>
              <td>
                {span.end === undefined ? "goes on" : duration(span.end - span.start)}
                <Queued of={span} />
              </td>
              <td class="bars">
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect
                    class={toneOf(span)}
                    x={share(span.start)}
                    width={Math.max(0.4, share(span.end ?? end) - share(span.start))}
                    y="1"
                    height="6"
                  />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {spanCount > spans.length ? <p class="dim">{spanCount - spans.length} further spans are not shown.</p> : null}
    </div>
  );
}

function Queued({ of: { attributes } }: { readonly of: ShownSpan }) {
  const queued = attributes["troupe.step.queued_ms"];
  return typeof queued === "number" && queued >= 1 ? (
    <span class="dim"> after {duration(queued)} in the queue</span>
  ) : null;
}

function toneOf({ failure, name, end }: ShownSpan): string {
  if (failure !== undefined) return "bad";
  if (end === undefined) return "busy";
  if (name.startsWith("compensate")) return "warn";
  return name.startsWith("wait") ? "wait" : "good";
}

function attributesIn({ attributes }: ShownSpan): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join("\n");
}

function indent(element: HTMLElement | null, depth: number): void {
  if (element !== null) element.style.paddingInlineStart = `${depth * 1.2 + 0.5}rem`;
}
