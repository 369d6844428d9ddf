/** What a supervisor does about a failure, as data, and the pure function that decides. */

import type { Failure } from "./failure.ts";

/**
 * - `resume`: the child goes on with the state it had; the message that failed becomes a dead letter, and its asker is told.
 *   Only where the child still runs: after a handler failed, or an actor that it is linked with went down.
 * - `restart`: the child begins anew, with its mailbox; see {@link ChildKind} for children that are not restarted.
 * - `stop`: the child ends for good.
 * - `escalate`: the supervisor stops all its children and fails itself; its own supervisor decides about it.
 *
 * @since 0.1.0
 */
export type Decision = "resume" | "restart" | "stop" | "escalate";

/**
 * Whether a child that went down is started again:
 * - `permanent`: always, also when its behaviour completed.
 * - `transient`: when it failed.
 * - `temporary`: never.
 *
 * @since 0.1.0
 */
export type ChildKind = "permanent" | "transient" | "temporary";

/**
 * A child as a decider sees it.
 *
 * @since 0.1.0
 */
export interface FailedChild {
  readonly name: string;
  readonly kind: ChildKind;
  /** How often it has been restarted so far. */
  readonly restarts: number;
}

/**
 * Decides about a child that failed. Pure: the same for the same, and no effects. One that throws escalates.
 *
 * @since 0.1.0
 */
export type Decider = (child: FailedChild, failure: Failure) => Decision;

/**
 * The decider of supervisors that name none: whatever failed is restarted, since a state that is new is the one that is
 * known to be good (Armstrong, "Making reliable distributed systems in the presence of software errors", 2003). What can't be
 * cured so escalates by the supervisor's intensity.
 */
export const restartAlways: Decider = () => "restart";
