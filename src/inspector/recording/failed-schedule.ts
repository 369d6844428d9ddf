/** A schedule of the simulator in which a scenario failed, as data: what a recording is made of, and what it shows. */

import type { ActorEvent } from "../../ports/actor-observer.ts";
import type { Span } from "../../traces/span.ts";
import type { Shown } from "../source/content.ts";

/** What was seen, and when. */
export type SeenInSchedule = (ActorEvent | { readonly type: "fault"; readonly what: string }) & {
  /** How many steps had been taken, this one included. */
  readonly step: number;
  /** Virtual milliseconds since the start. */
  readonly at: number;
  /** Of an ask: where in the code it was made, if that is known. */
  readonly where?: string | undefined;
};

export interface FailedSchedule {
  /** What failed, such as the name of a test. */
  readonly title: string;
  /** With what. */
  readonly message: string;
  /** The lines of its explanation. */
  readonly report: readonly string[];
  /** What repeats it, such as a command line. */
  readonly repeat: readonly string[];
  /** When virtual time began, in milliseconds since the epoch. */
  readonly start: number;
  readonly seen: readonly SeenInSchedule[];
  /** What was recorded in it, by virtual time. */
  readonly spans: readonly Span[];
}

/** What the page shows of a schedule. */
export interface ScheduleData extends Pick<FailedSchedule, "title" | "message" | "report" | "repeat"> {
  /** How many moments there were; the last ones are shown. */
  readonly count: number;
  readonly moments: readonly Moment[];
}

/** Something that was seen. */
export interface Moment {
  readonly step: number;
  readonly at: number;
  readonly kind: SeenInSchedule["type"];
  /** An actor's address; absent for a fault, and for code outside of all actors. */
  readonly actor?: string;
  readonly text: string;
  /** Where a message begins: which one, and its sender. */
  readonly message?: string;
  readonly from?: string;
  /** Of a read, a commit and a conflict. */
  readonly key?: string;
  readonly version?: number;
  /** Of a commit, and of a version that was first seen when it was read. */
  readonly state?: Shown;
  /** Of what was thrown. */
  readonly failure?: string;
}
