/** Says in words what an event of a run was, for a line of its history. */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { RunEvent, StepFinished } from "../../workflows/history/run-event.ts";
import { eventOf } from "../../workflows/history/run-note.ts";
import type { RunState } from "../../workflows/history/run-state.ts";
import { timeText } from "./version-text.ts";

/** What happened in a version of a run: `step-started score, attempt 2; step-finished income`. */
export function runEventsText(state: RunState): string {
  return state.events.map((note) => eventText(eventOf(note, state))).join("; ");
}

function eventText(event: RunEvent): string {
  switch (event.type) {
    case "run-started":
    case "coordination-switched":
    case "run-recovered":
      return `${event.type}, ${event.coordination}`;
    case "definition-changed":
      return `${event.type}, from ${event.from.version} to ${event.to.version}`;
    case "step-started":
      return `${event.type} ${event.step}${attemptText(event)}${event.who === undefined ? "" : `, by ${event.who}`}`;
    case "compensation-started":
    case "compensation-finished":
      return `${event.type} ${event.step}${attemptText(event)}`;
    case "step-finished":
      return `${event.type} ${event.step}${attemptText(event)}${insteadText(event)}`;
    case "wait-opened":
      return `${event.type} ${event.step}${event.until === undefined ? "" : `, until ${timeText(event.until)}`}`;
    case "wait-answered":
    case "loop-told":
      return `${event.type} ${event.step}${event.by === undefined ? "" : `, by ${event.by}`}`;
    case "step-skipped":
      return `${event.type} ${event.step}${event.isGiven === true ? ", with an output in its place" : ""}`;
    case "step-failed":
    case "compensation-failed":
      return `${event.type} ${event.step}${attemptText(event)}${retryText(event)}: ${event.error.message}`;
    case "cancel-requested":
    case "undo-requested":
      return event.reason === undefined ? event.type : `${event.type}: ${event.reason}`;
    case "run-resolved":
      return `${event.type}: ${event.note}`;
    case "run-ended":
      return `${event.type}: ${event.status}${whyText(event)}`;
    case "compensation-retried":
    case "run-released":
      return event.type;
  }
}

/** What stands in for an output that the step did not come to. */
function insteadText({ fallbackFor, isExpired }: Pick<StepFinished, "fallbackFor" | "isExpired">): string {
  if (isExpired === true) return ", not answered in time";
  return fallbackFor === undefined ? "" : `, by its fallback: ${fallbackFor.message}`;
}

function attemptText({ attempt }: { readonly attempt?: number }): string {
  return attempt === undefined ? "" : `, attempt ${attempt}`;
}

function retryText({ retryAt }: { readonly retryAt?: number }): string {
  return retryAt === undefined ? "" : ", to be tried again";
}

function whyText({ step, error }: { readonly step?: string; readonly error?: EncodedError }): string {
  return step === undefined || error === undefined ? "" : `, by ${step}: ${error.message}`;
}
