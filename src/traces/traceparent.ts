/** A place in a trace, as W3C's Trace Context writes it: `00-<trace>-<span>-<flags>`. It is what travels in envelopes. */

/** Where in a trace work is done. */
export interface TraceContext {
  readonly traceparent: string;
}

const nine = 57; // the code of "9"

const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export function traceparentOf(traceId: string, spanId: string, isRecorded: boolean): string {
  return `00-${traceId}-${spanId}-${isRecorded ? "01" : "00"}`;
}

/** True for a text in the form of version 00. */
export function isTraceparent(text: string): boolean {
  return form.test(text);
}

export function traceIdIn(traceparent: string): string {
  return traceparent.slice(3, 35);
}

export function spanIdIn(traceparent: string): string {
  return traceparent.slice(36, 52);
}

/** True when spans of this trace are recorded. */
export function isSampled(traceparent: string): boolean {
  const digit = traceparent.charCodeAt(54);
  return ((digit <= nine ? digit : digit + 1) & 1) === 1; // "a" is 10 and has an odd code
}

/** The context of what belongs to no trace that is recorded: one text for all, so that messages of a burst stay alike. */
export const unsampled: TraceContext = Object.freeze({
  traceparent: traceparentOf("f".repeat(32), "f".repeat(16), false),
});

/** True for a trace that is among the given share of all by its id, so that each host and each process decides alike. */
export function isInShare(traceId: string, share: number): boolean {
  return share >= 1 || Number.parseInt(traceId.slice(0, 8), 16) < share * 0x1_0000_0000;
}
