/** A supervisor's state, and what its machine takes in and gives out. */

import type { Backoff } from "../actors/backoff.ts";
import type { ChildKind, Decision } from "./decision.ts";
import type { Failure } from "./failure.ts";
import type { RestartIntensity } from "./restart-intensity.ts";

/**
 * Who is restarted with a child that failed:
 * - `one-for-one`: it alone.
 * - `one-for-all`: all children.
 * - `rest-for-one`: it and those that were started after it.
 *
 * @since 0.1.0
 */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** What the machine knows of a supervisor from the start. */
export interface SupervisionPlan {
  readonly strategy: Strategy;
  readonly intensity: RestartIntensity;
  readonly backoff: Backoff;
  /** In the order in which they are started. */
  readonly children: readonly { readonly name: string; readonly kind: ChildKind }[];
}

/**
 * - `idle`: not started yet.
 * - `starting`, `up`: as they say.
 * - `suspending`: finishes what it does, to be restarted.
 * - `down`: does nothing; its mailbox is kept.
 * - `stopping`, `gone`: for good.
 *
 * @experimental
 * @since 0.1.0
 */
export type ChildStatus = "idle" | "starting" | "up" | "suspending" | "down" | "stopping" | "gone";

export interface ChildState {
  readonly name: string;
  readonly kind: ChildKind;
  readonly status: ChildStatus;
  /** What it is to become. */
  readonly goal: "up" | "down" | "gone";
  /** The wave that it takes part in; 0 for none. */
  readonly wave: number;
  /** How often it was restarted. */
  readonly restarts: number;
  /** How many of these were in a row: without a whole period of the intensity in which it was up. */
  readonly streak: number;
  /** When it was last up, in milliseconds. */
  readonly upSince: number;
}

/**
 * Children that go down together, last first, and up again together, first first.
 *
 * - `falling`: those whose goal it is go down, one at a time.
 * - `pausing`: all of them are; the pause before the restart is not over.
 * - `rising`: they are started, one at a time.
 */
export interface Wave {
  readonly id: number;
  readonly phase: "falling" | "pausing" | "rising";
  /** The pause in milliseconds. */
  readonly pause: number;
}

/**
 * - `idle`: not started yet.
 * - `starting`: until all children have been up.
 * - `running`.
 * - `suspending`, `suspended`: all children go down, are down, with their mailboxes.
 * - `stopping`, `stopped`: all children go, are gone.
 *
 * @experimental
 * @since 0.1.0
 */
export type SupervisorPhase = "idle" | "starting" | "running" | "suspending" | "suspended" | "stopping" | "stopped";

export interface SupervisorState {
  readonly phase: SupervisorPhase;
  /** In the order in which they are started. */
  readonly children: readonly ChildState[];
  readonly waves: readonly Wave[];
  readonly lastWave: number;
  /** When there were restarts that still count for the intensity. */
  readonly restarts: readonly number[];
  /** Why it gives up: set while it takes its children down for that. */
  readonly escalation: { readonly child: string; readonly failure: Failure } | undefined;
}

/** What a supervisor hears. Events that its state has no use for change nothing. Times in milliseconds. */
export type SupervisorEvent =
  /** Start all children, or start all of them again. */
  | { readonly type: "start" }
  /** Take all children down, to be restarted. */
  | { readonly type: "suspend" }
  /** End all children. */
  | { readonly type: "stop" }
  /** End one child. */
  | { readonly type: "terminate"; readonly child: string }
  | { readonly type: "started"; readonly child: string; readonly now: number }
  | { readonly type: "suspended"; readonly child: string }
  | { readonly type: "stopped"; readonly child: string }
  /** `decision`: what the decider says. `chance`: a number in [0, 1). */
  | {
      readonly type: "failed";
      readonly child: string;
      readonly failure: Failure;
      readonly decision: Decision;
      readonly now: number;
      readonly chance: number;
    }
  /** A child has not gone down by its deadline. */
  | { readonly type: "late"; readonly child: string }
  /** A wave's pause is over. */
  | { readonly type: "rested"; readonly wave: number };

/** What is to be done, in this order. */
export type SupervisorEffect =
  /** Answered by `started` or `failed`. */
  | { readonly type: "start"; readonly child: string }
  /** Finish the message in hand and wait; answered by `suspended`, or by `failed` when it is lost. */
  | { readonly type: "suspend"; readonly child: string }
  /** Answered by `stopped`, or by `failed` when it is lost. */
  | { readonly type: "stop"; readonly child: string }
  | { readonly type: "resume"; readonly child: string }
  /** It didn't go down in time. Unless `isFinal`, it is still to answer `suspended`, or to be lost. */
  | { readonly type: "abandon"; readonly child: string; readonly isFinal: boolean }
  /** Answered by `rested` after so many milliseconds. */
  | { readonly type: "rest"; readonly wave: number; readonly pause: number }
  /** For those who look on: what was decided, its restarts before and the pause that comes. */
  | {
      readonly type: "decided";
      readonly child: string;
      readonly failure: Failure;
      readonly decision: Decision;
      readonly restarts: number;
      readonly pause: number;
    }
  /** All children have been up. */
  | { readonly type: "all-started" }
  | { readonly type: "all-suspended" }
  | { readonly type: "all-stopped" }
  /** All children are down: whoever supervises this supervisor decides. */
  | { readonly type: "escalate"; readonly child: string; readonly failure: Failure };

export function newSupervisor({ children }: SupervisionPlan): SupervisorState {
  return {
    phase: "idle",
    children: children.map(({ name, kind }) => ({
      name,
      kind,
      status: "idle",
      goal: "up",
      wave: 0,
      restarts: 0,
      streak: 0,
      upSince: 0,
    })),
    waves: [],
    lastWave: 0,
    restarts: [],
    escalation: undefined,
  };
}
