/** A piece of work that is about to begin. */

import { type TraceContext, unsampled } from "../../traces/traceparent.ts";
import type { SendParts } from "./emission.ts";
import type { Work } from "./work-slots.ts";

/** A piece of work before it has begun, and where its parts go. */
export interface NewWork extends Omit<
  Work,
  "began" | "tokens" | "usage" | "span" | "emission" | "isOver" | "isLeftBehind" | "refusal" | "over"
> {
  readonly emitted: SendParts | undefined;
}

/**
 * Copies field by field: a spread took 3 µs, as long as everything else that supervisor and participant do for a
 * step.
 */
export function newWork(given: NewWork): Work {
  const { run, step, forRun, tenant, idempotencyKey, attempt, deadline, isCompensation, cancellation } = given;
  const { askers, trace } = given;
  return {
    run,
    step,
    forRun,
    tenant,
    idempotencyKey,
    attempt,
    deadline,
    began: undefined,
    tokens: 0,
    usage: undefined,
    trace,
    span: undefined,
    emission: undefined,
    isCompensation,
    cancellation,
    isOver: false,
    isLeftBehind: false,
    refusal: undefined,
    over: undefined,
    askers,
  };
}

/** The place in a trace that a grant names. */
export function contextOf(trace: string | false | undefined): TraceContext | undefined {
  if (trace === false) return unsampled;
  return trace === undefined ? undefined : { traceparent: trace };
}
