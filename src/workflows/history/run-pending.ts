/** What each step of a run that has not settled waits for, read off the run's state. Pure; needs no workflow's code. */

import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { beside, scopeOf } from "../definition/steps-of-run.ts";
import { attemptOf, isReady, statusOf, stepOf, stoppedAtPivot } from "./run-progress.ts";
import { isGathered } from "./run-outputs.ts";
import { betweenRounds } from "./run-rounds.ts";
import { isHeldBack, isOpen, type RunState } from "./run-state.ts";
import { placedSteps } from "../steps/run-steps.ts";
import { isInFlight, isSettled, type StepState } from "../steps/step-state.ts";
import type { StepOutline } from "../steps/step-outline.ts";

/**
 * What a step waits for: for other `steps` to settle, for its `agent` to end with an attempt that has started, for a `time`, for a
 * `breaker` to let calls through again, for an `answer`, for its run's place in a `queue`, for its `start`, which is about to be decided, or for a `person` to see to what
 * could not be undone. Times are in milliseconds since the epoch; 0 is at once.
 *
 * @since 0.1.0
 */
export type Pending = {
  readonly step: string;
  /** Present when the step is to be undone, or is being undone. */
  readonly isCompensation?: true;
} & (
  | { readonly for: "steps"; readonly steps: readonly string[] }
  | { readonly for: "agent"; readonly agent: string; readonly attempt: number }
  | { readonly for: "time"; readonly at: number; readonly attempt?: number; readonly error?: string }
  | { readonly for: "breaker"; readonly agent: string; readonly at: number; readonly attempt: number }
  | { readonly for: "answer"; readonly question: unknown; readonly since: number; readonly until?: number }
  | { readonly for: "queue"; readonly queue: string; readonly key: string; readonly since: number }
  | { readonly for: "start" }
  | { readonly for: "person"; readonly can: readonly ("retry-compensation" | "resolve")[] }
);

/** Returns what each step waits for that has not settled, in the order declared; once the run turned back, of those to be undone. */
export function pendingOf(state: RunState, codec: PayloadCodec): readonly Pending[] {
  if (state.status === "compensation-failed") {
    const can = stoppedAtPivot(state)?.isCertain === true ? ([] as const) : (["retry-compensation"] as const);
    return [{ step: state.uncompensated ?? "", isCompensation: true, for: "person", can: [...can, "resolve"] }];
  }
  if (!isOpen(state)) return [];
  if (isHeldBack(state)) {
    const what = whatHoldsBack(state);
    return placedSteps(state.steps).flatMap(({ step, about }) =>
      about.after.length === 0 && scopeOf(step.name) === "" ? [{ step: step.name, ...what }] : [],
    );
  }
  return placedSteps(state.steps).flatMap(({ step, about }) => pendingStep(state, step, about, codec));
}

function whatHoldsBack({ startsAt: at, queue }: RunState) {
  if (at !== undefined) return { for: "time", at } as const;
  const { name = "", key = "", since = 0 } = queue ?? {};
  return { for: "queue", queue: name, key, since } as const;
}

function pendingStep(state: RunState, step: StepState, about: StepOutline, codec: PayloadCodec): readonly Pending[] {
  const { name, status, retryAt: at = 0, wait = {} } = step;
  const { agent = "" } = about;
  const isCompensation = status === "compensating" || status === "undo-waiting";
  const of = { step: name, ...(isCompensation ? { isCompensation } : {}) } as const;
  const attempt = attemptOf(step);
  if (isInFlight(step)) return [{ ...of, for: "agent", agent, attempt }];
  switch (status) {
    case "waiting":
    case "undo-waiting": {
      const error = isCompensation ? step.undoError : step.error;
      if (error?.code === "breaker-open") return [{ ...of, for: "breaker", agent, at, attempt: attempt + 1 }];
      return [
        { ...of, for: "time", at, attempt: attempt + 1, ...(error === undefined ? {} : { error: error.message }) },
      ];
    }
    case "open": {
      if (about.kind === "loop" && betweenRounds(state, name) !== undefined) return [{ ...of, for: "start" }];
      if (isGathered(about.kind)) return []; // its steps, items or rounds say what they wait for
      const { since = 0, until } = wait;
      if (about.kind === "pause") return [{ ...of, for: "time", at: until ?? 0 }];
      const question = codec.decode(step.input);
      return [{ ...of, for: "answer", question, since, ...(until === undefined ? {} : { until }) }];
    }
    case "pending": {
      if (state.status !== "running" || !hasBegun(state, scopeOf(name))) return [];
      if (isReady(state, name)) return [{ ...of, for: "start" }];
      const before = about.after.map((other) => beside(name, other));
      return [{ ...of, for: "steps", steps: before.filter((other) => !hasSettled(state, other)) }];
    }
    default:
      return [];
  }
}

/** True for the run's workflow, and for a sub-workflow that has begun: before, it is what waits. */
function hasBegun(state: RunState, scope: string): boolean {
  return scope === "" || statusOf(state, scope) === "open";
}

function hasSettled(state: RunState, name: string): boolean {
  const step = stepOf(state, name);
  return step !== undefined && isSettled(step);
}
