/** A supervisor's state, and the events and effects of its machine. */

import type { Backoff } from "../actors/backoff.ts";
import type { ChildKind, Decision } from "./decision.ts";
import type { Failure } from "./failure.ts";
import type { RestartIntensity } from "./restart-intensity.ts";

/**
 * Which children are restarted when one fails: - `one-for-one`: that one alone.
 * - `one-for-all`: all children.
 * - `rest-for-one`: that one and the children that were started after it.
 *
 * @since 0.1.0
 */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** The configuration of a supervisor. */
export interface SupervisionPlan {
  readonly strategy: Strategy;
  readonly intensity: RestartIntensity;
  readonly backoff: Backoff;
  /** In the order in which they are started. */
  readonly children: readonly { readonly name: string; readonly kind: ChildKind }[];
}

/**
 * - `idle`: not started yet.
 * - `starting`, `up`: being started, running.
 * - `suspending`: finishes its message in hand, then goes down to be restarted.
 * - `down`: does nothing; its mailbox is kept.
 * - `stopping`, `gone`: ends, has ended for good.
 *
 * @experimental
 * @since 0.1.0
 */
export type ChildStatus = "idle" | "starting" | "up" | "suspending" | "down" | "stopping" | "gone";

export interface ChildState {
  readonly name: string;
  readonly kind: ChildKind;
  readonly status: ChildStatus;
  /** The status that the supervisor is bringing it to. */
  readonly goal: "up" | "down" | "gone";
  /** The wave that it takes part in; 0 for none. */
  readonly wave: number;
  /** How often it was restarted. */
  readonly restarts: number;
  /**
   * How many of these restarts came in a row: the count begins anew once the child was up for a whole period of the
   * intensity.
   */
  readonly streak: number;
  /** When it last came up, in milliseconds. */
  readonly upSince: number;
}

/**
 * Children that go down together, the last started first, and come up again together in the order of the plan.
 *
 * - `falling`: the children whose goal is `down` or `gone` go down, one at a time.
 * - `pausing`: all of these are down; the pause before the restart is not over.
 * - `rising`: the children are started, one at a time.
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
 * - `suspending`, `suspended`: all children go down, are down; their mailboxes are kept.
 * - `stopping`, `stopped`: all children end, have ended for good.
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
  /** The times of the restarts that still count for the intensity. */
  readonly restarts: readonly number[];
  /** Why the supervisor gives up: set while it takes its children down before it escalates. */
  readonly escalation: { readonly child: string; readonly failure: Failure } | undefined;
}

/**
 * What happened to a supervisor or a child. An event that doesn't fit the state changes nothing. Times in milliseconds.
 */
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
  /** `decision`: the decider's. `chance`: a number in [0, 1). */
  | {
      readonly type: "failed";
      readonly child: string;
      readonly failure: Failure;
      readonly decision: Decision;
      readonly now: number;
      readonly chance: number;
    }
  /** A person has a child begin anew, and with it the children that the strategy restarts together: at once, and it counts as no failure. */
  | { readonly type: "restart"; readonly child: string }
  /** A child has not gone down by its deadline. */
  | { readonly type: "late"; readonly child: string }
  /** A wave's pause is over. */
  | { readonly type: "rested"; readonly wave: number };

/** What the shell has to do. It carries out effects in their order. */
export type SupervisorEffect =
  /** Answered by `started` or `failed`. */
  | { readonly type: "start"; readonly child: string }
  /** Finish the message in hand and wait; answered by `suspended`, or by `failed` when it is lost. */
  | { readonly type: "suspend"; readonly child: string }
  /** Answered by `stopped`, or by `failed` when it is lost. */
  | { readonly type: "stop"; readonly child: string }
  | { readonly type: "resume"; readonly child: string }
  /**
   * The child didn't go down in time. Unless `isFinal`, `suspended` or a `failed` that says it is lost still follows.
   */
  | { readonly type: "abandon"; readonly child: string; readonly isFinal: boolean }
  /** Answered by `rested` after so many milliseconds. */
  | { readonly type: "rest"; readonly wave: number; readonly pause: number }
  /** For events and logs: the decision, the child's restarts before it and the pause after it. */
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
  /** All children are down: the supervisor of this supervisor decides. */
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
