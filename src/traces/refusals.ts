/** Proposals that a run's history refused, as spans. The history itself doesn't keep them, so only recorded traces tell of them. */

import * as names from "./semantic-names.ts";
import type { Attributes, Span } from "./span.ts";

/** The decision in the span of a refusal. */
const refused = "refuse";

export interface Refusal {
  /** What was proposed, such as `step-started`. */
  readonly proposal: string;
  readonly step: string;
  /** Who proposed it; only for the start of a step. */
  readonly by?: string | undefined;
  readonly epoch?: number | undefined;
  /** In words, without the application's data. */
  readonly why: string;
}

/** The attributes of a refusal's span. */
export function refusalAttributes({ step, by, epoch, why }: Refusal): Record<string, string | number> {
  const attributes: Record<string, string | number> = {
    [names.decision]: refused,
    [names.stepName]: step,
    [names.reason]: why,
  };
  if (by !== undefined) attributes[names.decidedBy] = by;
  if (epoch !== undefined) attributes[names.epoch] = epoch;
  return attributes;
}

/** Why the proposal that a span is about was refused; `undefined` for any other span. */
export function whyRefused(attributes: Attributes): string | undefined {
  return attributes[names.decision] === refused ? String(attributes[names.reason]) : undefined;
}

/** Each refusal among spans as a sentence without its full stop, in their order. */
export function refusalsInWords(spans: readonly Span[], most: number): readonly string[] {
  return spans
    .filter(({ attributes }) => whyRefused(attributes) !== undefined)
    .sort((one, other) => one.start - other.start)
    .slice(0, most)
    .map(({ name, attributes }) => {
      const by = attributes[names.decidedBy];
      const from = by === undefined ? "" : `, by the ${String(by)} in epoch ${String(attributes[names.epoch])},`;
      return `${name}${from} was refused: ${whyRefused(attributes) ?? ""}`;
    });
}
