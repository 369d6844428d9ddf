/** What a supervisor does about a failure, as data, and the pure function that decides. */

import type { Failure } from "./failure.ts";

/**
 * - `resume`: the child goes on with the state it had; the message that failed becomes a dead letter, and its ask
 *   fails. Possible only while the child still runs: after a handler failed, or after an actor that it is linked with
 *   went down.
 * - `restart`: the child begins anew, with its mailbox; see {@link ChildKind} for children that are not restarted.
 * - `stop`: the child ends for good.
 * - `escalate`: the supervisor takes all its children down and fails itself; its own supervisor decides what follows.
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
 * Decides about a child that failed. Must be pure: no effects, and the same decision for the same arguments. A decider
 * that throws counts as `escalate`.
 *
 * @since 0.1.0
 */
export type Decider = (child: FailedChild, failure: Failure) => Decision;

/**
 * The default decider: restarts every child that failed, since a new state is known to be good (Armstrong, "Making
 * reliable distributed systems in the presence of software errors", 2003). A failure that restarts don't cure escalates
 * once the supervisor's restart intensity is exceeded.
 */
export const restartAlways: Decider = () => "restart";
