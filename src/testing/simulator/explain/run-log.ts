/** What happened in a run, in the words of its report. */

import type { Span } from "../../../traces/span.ts";
import type { ActorEvent } from "../../../ports/actor-observer.ts";

/** What was seen, and when. */
export type Seen = (ActorEvent | { readonly type: "fault"; readonly what: string }) & {
  /** How many steps had been taken, this one included. */
  readonly step: number;
  /** Virtual milliseconds since the start. */
  readonly at: number;
  /** Of an ask: where in the code it was made, if that is known. */
  readonly where?: string | undefined;
};

/** The moment of a run. */
export interface Moment {
  readonly step: number;
  readonly at: number;
}

export class RunLog {
  readonly seen: Seen[] = [];
  readonly spans: Span[] = [];
  /** The points that code came to, and after how many steps. */
  readonly points: { readonly lane: string; readonly step: number }[] = [];
  #moment: () => Moment = () => ({ step: 0, at: 0 });

  /** From now on, what happens, happens at these moments. */
  begin(moment: () => Moment): void {
    this.#moment = moment;
  }

  readonly observe = (event: ActorEvent): void => {
    this.seen.push({ ...event, ...this.#moment(), ...(event.type === "asks" ? { where: placeInCode() } : {}) });
  };

  /** Takes the spans that a system exports. */
  readonly take = (spans: readonly Span[]): void => void this.spans.push(...spans);

  readonly comesTo = (lane: string): void => void this.points.push({ lane, step: this.#moment().step });

  readonly fault = (what: string): void => {
    this.seen.push({ type: "fault", what, ...this.#moment() });
  };
}

/** Troupe's own files: the folder of its sources, or of what was built of them. */
const own = /^.*\/(?:src|dist)\//.exec(import.meta.url)?.[0] ?? import.meta.url;

/** The line of the code that led here, outside of Troupe and of Node.js. */
function placeInCode(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  for (const line of stack.split("\n").slice(1)) {
    const place = /(?:file:\/\/)?(\/[^()]*|[A-Za-z]:[^()]*):\d+\)?$/.exec(line)?.[1];
    if (place === undefined || `file://${place}`.startsWith(own)) continue;
    return place.split("/").slice(-2).join("/");
  }
  return undefined;
}
