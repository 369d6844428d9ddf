/** An overview of a run, from the newest version of its key. Pure; needs no workflow's code. */

import type { Coordination } from "../../workflows/history/coordination.ts";
import { attemptOf, stepOf, stoppedAtPivot } from "../../workflows/history/run-progress.ts";
import type { RunState, RunStatus } from "../../workflows/history/run-state.ts";
import { isGathered } from "../../workflows/history/run-outputs.ts";
import { placedSteps } from "../../workflows/steps/run-steps.ts";
import { isInFlight, type StepState } from "../../workflows/steps/step-state.ts";
import type { EncodedError } from "../../errors/error-codec.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import { messageOf } from "./one-line.ts";

/** A failure of a step or its compensation. */
export interface Mishap {
  readonly step: string;
  readonly code?: string;
  /** One line. */
  readonly message: string;
}

/** An attempt at a step, or at its compensation. */
export interface Attempt {
  readonly step: string;
  /** The agent that does it, such as `credit-score@1.0.0`. */
  readonly agent: string;
  readonly attempt: number;
  readonly isCompensation: boolean;
}

/** An open wait, for its answer, or a pause, for its time. */
export interface OpenWait {
  readonly for: "answer" | "pause";
  readonly step: string;
  /** What is asked, in its recorded form; absent for a pause. */
  readonly question?: unknown;
  /** When it began, in milliseconds since the epoch. */
  readonly since: number;
  /** When it is over without an answer; absent for never. */
  readonly until?: number;
}

/** What a run waits for: the time of the next attempt, the time at which a breaker lets calls through, an answer, or a person. */
export type Wait =
  | (Attempt & {
      readonly for: "time" | "breaker";
      /** Milliseconds since the epoch; 0 for at once. */
      readonly at: number;
      /** The failure that it is tried again for; absent when the last attempt ended with its process. */
      readonly after?: Mishap;
    })
  | OpenWait
  | { readonly for: "person"; readonly can: readonly ("retry-compensation" | "resolve")[] };

export interface RunOverview {
  readonly run: string;
  /** Name and version. */
  readonly workflow: string;
  /** `refused`: it has not ended, and the last system that was to go on with it couldn't. */
  readonly status: RunStatus | "refused";
  readonly coordination: Coordination;
  /** The tenant that it is for; absent for none. */
  readonly tenant?: string;
  /** The queue that it joined, and, while it waits there, its position among the runs of its key. */
  readonly queue?: {
    readonly name: string;
    readonly key: string;
    readonly priority: number;
    readonly position?: number;
  };
  readonly steps: {
    readonly total: number;
    readonly finished: number;
    readonly undone: number;
    /** The names of those that were skipped; absent for none. */
    readonly skipped?: readonly string[];
  };
  /**
   * When its first version was committed, in milliseconds since the epoch; absent when retention dropped that version.
   */
  readonly started?: number;
  readonly changed: number;
  readonly deadline?: number;
  /** The attempts in flight, now or when the process ended. */
  readonly inFlight: readonly Attempt[];
  readonly waits: readonly Wait[];
  /** The step whose failure ends, or ended, the run. */
  readonly failed?: Mishap;
  /** The step that could not be undone, or the point of no return; `isUncertain` if its effects are unknown. */
  readonly uncompensated?: Mishap & { readonly isPivot: boolean; readonly isUncertain?: true };
  readonly cancelled?: { readonly reason?: string; readonly isExpired?: true };
  /** Present for one that had completed and is, or was, to be undone. */
  readonly undoing?: { readonly reason?: string };
  /** Why it was refused. */
  readonly refused?: { readonly code?: string | undefined; readonly message: string };
  /** The note of the person who resolved it. */
  readonly resolved?: string;
}

/** Makes the overview, all but the time of the run's start, which the newest version doesn't have. */
export function overviewOf(
  run: string,
  { state, time }: Snapshot<RunState>,
  refused?: RunOverview["refused"],
): Omit<RunOverview, "started"> {
  const { workflow, coordination, tenant, queue, deadline, failed, uncompensated, cancelled, undone, resolved } = state;
  const steps = placedSteps(state.steps).map(({ step, about }) => ({ step, ...about }));
  const skipped = steps.flatMap(({ step }) => (step.status === "skipped" ? [step.name] : []));
  const reached = stoppedAtPivot(state);
  return {
    run,
    workflow: `${workflow.name}@${workflow.version}`,
    status: refused === undefined ? state.status : "refused",
    coordination,
    ...(tenant === undefined ? {} : { tenant }),
    ...(queue === undefined ? {} : { queue: { name: queue.name, key: queue.key, priority: queue.priority ?? 0 } }),
    steps: {
      total: state.steps.outline.length,
      finished: state.steps.finished,
      undone: steps.filter(({ step }) => step.status === "compensated").length,
      ...(skipped.length === 0 ? {} : { skipped }),
    },
    changed: time,
    ...(deadline === undefined ? {} : { deadline }),
    inFlight: steps.flatMap(({ step, agent = "" }) => (isInFlight(step) ? [attemptAt(step, agent)] : [])),
    waits: [
      ...steps.flatMap(({ step, agent, kind }) => (isGathered(kind) ? [] : (waitOf(step, agent) ?? []))),
      ...waitForPerson(state),
    ],
    ...(failed === undefined ? {} : { failed: mishapOf(failed, stepOf(state, failed)?.error) }),
    ...(uncompensated === undefined
      ? {}
      : {
          uncompensated: {
            ...mishapOf(uncompensated, stepOf(state, uncompensated)?.undoError),
            isPivot: reached !== undefined,
            ...(reached?.isCertain === false ? { isUncertain: true } : {}),
          },
        }),
    ...(cancelled === undefined ? {} : { cancelled }),
    ...(undone === undefined ? {} : { undoing: undone }),
    ...(refused === undefined ? {} : { refused: { ...refused, message: messageOf(refused.message) } }),
    ...(resolved === undefined ? {} : { resolved }),
  };
}

function attemptAt({ name, status, attempt }: StepState, agent: string): Attempt {
  const isCompensation = status === "compensating" || status === "undo-waiting";
  return { step: name, agent, attempt: attemptOf(attempt === undefined ? {} : { attempt }), isCompensation };
}

function waitOf(step: StepState, agent = ""): Wait | undefined {
  const { name, status, retryAt: at = 0 } = step;
  if (status === "open") return openWait(step);
  if (status !== "waiting" && status !== "undo-waiting") return undefined;
  const error = status === "waiting" ? step.error : step.undoError;
  const last = attemptAt(step, agent);
  return {
    for: error?.code === "breaker-open" ? "breaker" : "time",
    ...last,
    attempt: last.attempt + 1,
    at,
    ...(error === undefined ? {} : { after: mishapOf(name, error) }),
  };
}

function openWait(step: StepState): OpenWait {
  const { name, input, wait: { since = 0, until } = {} } = step;
  const asked = Object.hasOwn(step, "input");
  return {
    for: asked ? "answer" : "pause",
    step: name,
    ...(asked ? { question: input } : {}),
    since,
    ...(until === undefined ? {} : { until }),
  };
}

function waitForPerson(state: RunState): readonly Wait[] {
  if (state.status !== "compensation-failed") return [];
  // past the point of no return there is no compensation to try again
  return [
    { for: "person", can: stoppedAtPivot(state)?.isCertain === true ? ["resolve"] : ["retry-compensation", "resolve"] },
  ];
}

function mishapOf(step: string, error: EncodedError | undefined): Mishap {
  if (error === undefined) return { step, message: "for an unknown reason" };
  const { code, message } = error;
  return { step, ...(typeof code === "string" ? { code } : {}), message: messageOf(message) };
}
