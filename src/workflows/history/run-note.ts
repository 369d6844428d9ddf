/** Turns events into the notes that a version of a run keeps, and back. */

import type { Mutable } from "../../values/mutable.ts";
import type { RunEnded, RunEvent, RunNote, StepStarted } from "./run-event.ts";
import { outputAt } from "./run-outputs.ts";
import { stepOf } from "./run-progress.ts";
import type { RunState } from "./run-state.ts";
import { membersOf, placeOf } from "../steps/run-places.ts";
import { type StepState, unknownError } from "../steps/step-state.ts";

/** The note that a version keeps of an event: all but the data that the run's state has already. */
export function noteOf(event: RunEvent): RunNote {
  switch (event.type) {
    case "run-started":
      return {
        ...{ type: event.type, coordination: event.coordination, pinned: event.pinned, epoch: event.epoch },
        ...(event.fork === undefined ? {} : { fork: event.fork }),
        ...(event.startsAt === undefined ? {} : { startsAt: event.startsAt }),
      };
    case "step-started": {
      const { type, step, by, epoch, attempt, items, who, told } = event;
      const note: Mutable<Omit<StepStarted, "input">> = { type, step, by, epoch };
      if (items !== undefined) note.items = items;
      if (who !== undefined) note.who = who;
      if (told !== undefined) note.told = told;
      if (attempt !== undefined) note.attempt = attempt;
      return note;
    }
    case "step-finished": {
      const { type, step, attempt, isExpired, round, epoch } = event;
      if (isExpired === true) return { type, step, isExpired };
      if (round !== undefined) return epoch === undefined ? { type, step, round } : { type, step, round, epoch };
      return attempt === undefined ? { type, step } : { type, step, attempt };
    }
    case "wait-opened": {
      const { question: _, ...note } = event;
      return note;
    }
    case "wait-answered": {
      const { answer: _, ...note } = event;
      return note;
    }
    case "loop-told": {
      const { message: _, ...note } = event;
      return note;
    }
    case "step-skipped": {
      const { output: _, ...note } = event;
      return note;
    }
    case "step-failed":
    case "compensation-failed": {
      const { error: _, ...note } = event;
      return note;
    }
    case "run-released":
      return { type: event.type };
    case "run-ended":
      return { type: event.type, status: event.status };
    case "definition-changed": {
      const { values: _, input: __, steps: ___, definition: ____, contract: _____, ...note } = event;
      return note;
    }
    default:
      return event;
  }
}

/** The event again, from its note and the state of the version that keeps the note. */
export function eventOf(note: RunNote, state: RunState): RunEvent {
  switch (note.type) {
    case "run-started": {
      const { workflow, input, definition, contract, queue, deadline, tenant, session, caller } = state;
      return {
        ...note,
        workflow,
        input,
        steps: state.steps.outline,
        ...(definition === undefined ? {} : { definition }),
        ...(contract === undefined ? {} : { contract }),
        ...(queue === undefined ? {} : { queue }),
        ...(deadline === undefined ? {} : { deadline }),
        ...(tenant === undefined ? {} : { tenant }),
        ...(session === undefined ? {} : { session }),
        ...(caller === undefined ? {} : { caller }),
      };
    }
    case "run-released":
      return state.deadline === undefined ? note : { ...note, deadline: state.deadline };
    case "definition-changed": {
      const { definition = "", contract = "", steps } = state;
      return { ...note, steps: steps.outline, definition, contract };
    }
    case "step-started":
      return { ...note, input: stepIn(state, note.step).input };
    case "step-finished": {
      const { isFallback, error = unknownError } = stepIn(state, note.step);
      const place = placeOf(state.steps, note.step);
      const output = place === undefined ? undefined : outputAt(state.steps, place);
      return { ...note, output, ...(isFallback === true ? { fallbackFor: error } : {}) };
    }
    case "wait-opened": {
      const step = stepIn(state, note.step);
      return Object.hasOwn(step, "input") ? { ...note, question: step.input } : note;
    }
    case "wait-answered": {
      // the version in which the step finished with it has it as the output
      const { wait = {}, output } = stepIn(state, note.step);
      return { ...note, answer: Object.hasOwn(wait, "answer") ? wait.answer : output };
    }
    case "loop-told":
      return { ...note, message: stepIn(state, note.step).inbox?.messages.at(-1) };
    case "step-skipped":
      return note.isGiven === true ? { ...note, output: stepIn(state, note.step).output } : note;
    case "step-failed":
      return { ...note, error: stepIn(state, note.step).error ?? unknownError };
    case "compensation-failed":
      return { ...note, error: stepIn(state, note.step).undoError ?? unknownError };
    case "run-ended":
      return { ...note, ...endIn(state) };
    default:
      return note;
  }
}

/** The output of the step declared last: the run's. */
export function outputOf({ steps }: RunState): unknown {
  const last = membersOf(steps, undefined).at(-1);
  return last === undefined ? undefined : outputAt(steps, last);
}

function endIn(state: RunState): Omit<RunEnded, "type" | "status"> {
  if (state.status === "completed") return { output: outputOf(state) };
  const { uncompensated = "", failed = "" } = state;
  const step = state.uncompensated ?? state.failed;
  const { reason } = state.undone ?? state.cancelled ?? {};
  // the point of no return is not undone: its error is that of the step that failed
  const error = stepIn(state, uncompensated).undoError ?? stepIn(state, failed).error ?? unknownError;
  return {
    ...(step === undefined ? {} : { step, error }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function stepIn(state: RunState, name: string): Partial<StepState> {
  return stepOf(state, name) ?? {};
}
