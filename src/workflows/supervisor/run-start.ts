/** The start of a run: its first event, made from the workflow's definition, the input and the options. */

import { forkStart, type ForkPoint } from "../migration/fork-run.ts";
import { checkSameDefinition } from "./supervisor-errors.ts";
import type { Evolution } from "../../store/client/change.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkContract } from "../../contracts/contract.ts";
import type { WorkflowPlan } from "../coordination/workflow-plan.ts";
import type { Terms } from "../coordination/conclude.ts";
import type { Coordination, Epoch } from "../history/coordination.ts";
import type { QueuedIn, RunReleased, RunStarted } from "../history/run-event.ts";
import type { RunState } from "../history/run-state.ts";

/** How to start a run. */
export interface StartOptions {
  /**
   * A coordination of the run's own. The run is pinned to it: switches of the system's coordination don't affect it.
   */
  readonly coordination?: Coordination | undefined;
  /** When it begins with its steps, in milliseconds since the epoch. Default: at once. */
  readonly startsAt?: number | undefined;
  /** Where it waits for its place before. Default: nowhere. */
  readonly queue?: Omit<QueuedIn, "timeout"> | undefined;
  /** Milliseconds until the run is cancelled if it hasn't ended, from when it begins with its steps. Default: never. */
  readonly timeout?: number | undefined;
  /** The tenant that the run is for. Default: none. */
  readonly tenant?: string | undefined;
  /** What the run belongs to together with others. Default: nothing. */
  readonly session?: string | undefined;
  /** Who has it started, as a `traceparent`. Default: unknown. */
  readonly traceparent?: string | undefined;
  /** The run of which it is a fork, whose input it has. Default: none. */
  readonly fork?: ForkPoint | undefined;
  /** What changes in the commit that starts the run, or else the run isn't started. */
  readonly beside?: Evolution | undefined;
}

/** The coordination in force, and its epoch. */
export interface InForce {
  readonly coordination: Coordination;
  readonly epoch: Epoch;
}

/** @throws TroupeError `contract-violated`, `invalid-workflow`; `not-cloneable`, `message-too-large` for an input that can't be kept. */
export function startRun(
  plan: WorkflowPlan,
  input: unknown,
  { coordination, startsAt = 0, queue, timeout, tenant, session, traceparent, fork }: StartOptions,
  inForce: InForce,
  { codec, now, dated }: Pick<Terms, "codec" | "now" | "dated">,
): RunStarted {
  const { workflow, outlines, fingerprint, contract } = plan;
  const { module, name, version } = workflow;
  if (workflow.steps.length === 0) {
    throw new TroupeError(
      "invalid-workflow",
      `the workflow ${name}@${version} has no steps. Run the definition that .step() returns.`,
    );
  }
  if (fork !== undefined) checkSameDefinition(fork.run, fork.state, plan);
  const parse = (): unknown =>
    checkContract(workflow.input, input, { agent: name, version, direction: "input", side: "sender" });
  const begins =
    fork === undefined
      ? { input: codec.encode(parse(), `the input of a run of ${name}`) }
      : forkStart(fork, plan, codec);
  return {
    type: "run-started",
    workflow: { module, name, version },
    ...begins,
    steps: outlines,
    coordination: coordination ?? inForce.coordination,
    pinned: coordination !== undefined,
    epoch: inForce.epoch,
    definition: fingerprint,
    contract,
    ...(tenant === undefined ? {} : { tenant }),
    ...(session === undefined ? {} : { session }),
    ...(traceparent === undefined ? {} : { caller: traceparent }),
    ...beginningOf({ startsAt, queue, timeout }, dated(now())),
  };
}

function beginningOf(
  { startsAt = 0, queue, timeout }: Pick<StartOptions, "startsAt" | "queue" | "timeout">,
  now: number,
): Pick<RunStarted, "startsAt" | "queue" | "deadline"> {
  if (queue !== undefined) return { queue: timeout === undefined ? queue : { ...queue, timeout } };
  return {
    ...(startsAt <= now ? {} : { startsAt }),
    ...(timeout === undefined ? {} : { deadline: Math.max(now, startsAt) + timeout }),
  };
}

/** A run leaves its queue to begin with its steps. */
export function released({ queue }: RunState, { now, dated }: Pick<Terms, "now" | "dated">): RunReleased {
  const timeout = queue?.timeout;
  return { type: "run-released", ...(timeout === undefined ? {} : { deadline: dated(now()) + timeout }) };
}
