/** What an agent's gate tells in a trace: that a call waited, that it went ahead as a probe of the breaker, or that the open breaker turned it away. */

import type { MaybePromise } from "../../async/maybe-promise.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { OpenSpan, Recorder } from "../../traces/recorder.ts";
import * as names from "../../traces/semantic-names.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import type { Permit } from "./permit.ts";

export interface RecordedGate {
  readonly recorder: Pick<Recorder, "begin"> | undefined;
  /** Where in a trace the call is. */
  readonly trace: TraceContext | undefined;
  readonly agent: string;
}

/** Admits a call, in a span where there is something to tell: a closed breaker that lets it ahead at once is not. */
export function recordGate(gate: RecordedGate, admit: () => MaybePromise<Permit>): MaybePromise<Permit> {
  if (gate.recorder === undefined || gate.trace === undefined) return admit();
  let admitted: MaybePromise<Permit>;
  try {
    admitted = admit();
  } catch (error) {
    if (isTroupeError(error, "breaker-open")) turnedAway(begin(gate), error);
    throw error;
  }
  if (admitted instanceof Promise) {
    const span = begin(gate);
    admitted.then(
      (permit) => letAhead(span, permit),
      (error: unknown) => turnedAway(span, error),
    );
  } else if (admitted.breaker !== undefined) letAhead(begin(gate), admitted);
  return admitted;
}

function begin({ recorder, trace, agent }: RecordedGate): OpenSpan | undefined {
  return recorder?.begin(trace, `${names.gateWait} ${agent}`, { [names.agentName]: agent });
}

function letAhead(span: OpenSpan | undefined, { breaker }: Permit): void {
  if (breaker !== undefined) span?.set({ [names.breaker]: breaker });
  span?.end();
}

function turnedAway(span: OpenSpan | undefined, error: unknown): void {
  if (isTroupeError(error, "breaker-open")) span?.set({ [names.breaker]: error.details.status });
  span?.fail(error);
}
