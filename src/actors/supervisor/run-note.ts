/** Events to the notes that a version of a run keeps of them, and back. */

import type { RunEnded, RunEvent, RunNote } from "./run-event.ts";
import type { RunState, StepState } from "./run-state.ts";

/** What a version keeps of an event: all but what is in the run's state already. */
export function noteOf(event: RunEvent): RunNote {
  switch (event.type) {
    case "run-started":
      return { type: event.type, coordination: event.coordination, pinned: event.pinned, epoch: event.epoch };
    case "step-started":
      return { type: event.type, step: event.step, by: event.by, epoch: event.epoch };
    case "step-finished":
      return { type: event.type, step: event.step };
    case "step-failed":
    case "compensation-failed":
      return { type: event.type, step: event.step, ...(event.epoch === undefined ? {} : { epoch: event.epoch }) };
    case "run-ended":
      return { type: event.type, status: event.status };
    default:
      return event;
  }
}

/** The event again, from its note and the state of the version that keeps the note. */
export function eventOf(note: RunNote, state: RunState): RunEvent {
  switch (note.type) {
    case "run-started": {
      const steps = Object.entries(state.steps).map(([name, { agent, after, compensable }]) => ({
        name,
        agent,
        after,
        compensable,
      }));
      return { ...note, workflow: state.workflow, input: state.input, steps };
    }
    case "step-started":
      return { ...note, input: stepIn(state, note.step).input };
    case "step-finished":
      return { ...note, output: stepIn(state, note.step).output };
    case "step-failed":
    case "compensation-failed":
      return { ...note, error: stepIn(state, note.step).error ?? unknownError };
    case "run-ended":
      return { ...note, ...endIn(state) };
    default:
      return note;
  }
}

/** The output of the step declared last: the run's. */
export function outputOf(state: RunState): unknown {
  return Object.values(state.steps).at(-1)?.output;
}

function endIn(state: RunState): Omit<RunEnded, "type" | "status"> {
  if (state.status === "completed") return { output: outputOf(state) };
  const step = state.uncompensated ?? state.failed;
  const { reason } = state.cancelled ?? {};
  return {
    ...(step === undefined ? {} : { step, error: stepIn(state, step).error ?? unknownError }),
    ...(reason === undefined ? {} : { reason }),
  };
}

const unknownError = { kind: "value", name: "undefined", message: "the history has no error for it" } as const;

function stepIn(state: RunState, name: string): Partial<StepState> {
  return state.steps[name] ?? {};
}
