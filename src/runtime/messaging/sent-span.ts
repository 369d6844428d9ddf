/** The spans of what actors, and code outside, send. */

import { isSystemAddress } from "../../actors/system-actors.ts";
import { OpenSpan, type Recorder } from "../../traces/recorder.ts";
import * as names from "../../traces/semantic-names.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import type { Sender, Target } from "./target.ts";

const kinds = { ask: "client", tell: "producer" } as const;

/**
 * Begins the span of a message: in the sender's, or as the root of a trace of its own. `undefined` for one to the system's own actors, and
 * where nothing is recorded.
 */
export function beginSent(
  recorder: Recorder | undefined,
  did: keyof typeof kinds,
  sender: Sender,
  { address }: Target,
  type: string,
): OpenSpan | undefined {
  if (recorder === undefined || isSystemAddress(address)) return undefined;
  const { trace } = sender;
  if (!recorder.wants(trace) || (trace instanceof OpenSpan && !trace.sends())) return undefined;
  const attributes = { [names.messageType]: type, [names.receiver]: address };
  return recorder.begin(trace, `${did} ${type}`, attributes, kinds[did]);
}

/** Where in a trace a message is that has no span of its own, or is told. */
export function placeOf({ trace }: Sender): TraceContext | undefined {
  return trace instanceof OpenSpan ? trace.place : trace;
}

/** Has the span fail if the message can't even be made. */
export function failing<T>(span: OpenSpan, make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    span.fail(thrown);
    throw thrown;
  }
}
