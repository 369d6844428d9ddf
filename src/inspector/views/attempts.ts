/** The attempts at a run's steps and at their compensations, in the order in which they began: who decided each, where it was done, and how it ended. */

import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import { isExecution } from "./executions.ts";

export interface ShownAttempt {
  readonly step: string;
  readonly isCompensation?: true;
  readonly attempt: number;
  /** Which coordination decided that it begins, and in which epoch. */
  readonly by: string;
  readonly epoch: number;
  readonly start: number;
  readonly end?: number;
  /** `finished`, `failed` or `lost`; absent while it goes on. */
  readonly outcome?: string;
  readonly failure?: string;
  /** Absent where what happened inside was not recorded. */
  readonly thread?: number;
}

const most = 1_000;

export function attemptsIn(spans: readonly Span[]): readonly ShownAttempt[] {
  const threads = new Map(
    spans.filter(isExecution).map(({ parentId, attributes }) => [parentId, attributes[names.thread]]),
  );
  return spans
    .filter((span) => names.attempt in span.attributes && names.stepName in span.attributes && !isExecution(span))
    .sort((one, other) => one.start - other.start)
    .slice(0, most)
    .map((span) => shown(span, threads.get(span.spanId)));
}

function shown({ start, end, failure, attributes }: Span, thread: unknown): ShownAttempt {
  const outcome = attributes[names.outcome];
  return {
    step: String(attributes[names.stepName]),
    ...(names.compensation in attributes ? { isCompensation: true as const } : {}),
    attempt: Number(attributes[names.attempt]),
    by: String(attributes[names.decidedBy] ?? ""),
    epoch: Number(attributes[names.epoch]),
    start,
    ...(end === undefined ? {} : { end }),
    ...(outcome === undefined ? {} : { outcome: String(outcome) }),
    ...(failure === undefined ? {} : { failure }),
    ...(typeof thread === "number" ? { thread } : {}),
  };
}
