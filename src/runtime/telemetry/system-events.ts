/** What a system tells about itself on `system.events$`. */

import type { Address } from "../../actors/address.ts";
import type { Decision } from "../../supervision/decision.ts";
import type { Failure } from "../../supervision/failure.ts";
import type { ScheduleDecision } from "../../workflows/schedule/schedule-state.ts";
import type { Coordination } from "../../workflows/history/coordination.ts";
import type { StateKey } from "../../store/versions/state-key.ts";

/**
 * Something that happened to a system; `time` in milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export type SystemEvent =
  | { readonly type: "thread-opened"; readonly time: number; readonly thread: number }
  | { readonly type: "thread-closed"; readonly time: number; readonly thread: number }
  | {
      readonly type: "thread-died";
      readonly time: number;
      readonly thread: number;
      readonly error: unknown;
      readonly actors: readonly Address[];
    }
  /** A dead thread's replacement could not be opened. The next attempt follows after `retryAfter` milliseconds. */
  | { readonly type: "thread-not-opened"; readonly time: number; readonly error: unknown; readonly retryAfter: number }
  | { readonly type: "actor-spawned"; readonly time: number; readonly actor: Address; readonly definition: string }
  | { readonly type: "actor-stopped"; readonly time: number; readonly actor: Address }
  /** A handler threw; its actor goes on with the state it had before the message. */
  | {
      readonly type: "actor-failed";
      readonly time: number;
      readonly actor: Address;
      readonly message: string;
      readonly error: unknown;
      /** Its asker is told of it, its run's history says it, or the actor was being stopped. */
      readonly isExpected: boolean;
    }
  /** A child of a supervisor failed, and the supervisor carries out `decision` after `pause` milliseconds. */
  | {
      readonly type: "supervisor-decided";
      readonly time: number;
      /** The supervisor's name after those of its supervisors: `shop/checkout`. */
      readonly supervisor: string;
      readonly child: string;
      readonly failure: Failure;
      readonly decision: Decision;
      /** How often the child was restarted before. */
      readonly restarts: number;
      readonly pause: number;
    }
  /** A supervised actor begins anew, in place or on another thread. */
  | {
      readonly type: "actor-restarted";
      readonly time: number;
      readonly actor: Address;
      readonly supervisor: string;
      readonly thread: number;
    }
  /** A supervised actor didn't stop by its deadline. It runs on where it is, without effect on anything. */
  | { readonly type: "actor-left-behind"; readonly time: number; readonly actor: Address; readonly thread: number }
  /** A supervisor gave up, and took its children down; without a parent it ends. */
  | {
      readonly type: "supervisor-escalated";
      readonly time: number;
      readonly supervisor: string;
      readonly child: string;
      readonly failure: Failure;
      readonly parent: string | undefined;
    }
  | { readonly type: "supervisor-started" | "supervisor-stopped"; readonly time: number; readonly supervisor: string }
  /** A decider threw, which escalates. */
  | { readonly type: "decider-failed"; readonly time: number; readonly supervisor: string; readonly error: unknown }
  | {
      readonly type: "coordination-switched";
      readonly time: number;
      readonly coordination: Coordination;
      readonly epoch: number;
    }
  /** The breaker of an agent opened: calls of the agent are rejected until `retryAt`. */
  | {
      readonly type: "breaker-opened";
      readonly time: number;
      readonly agent: string;
      /** In words; the versioned key `breaker/<agent>` has it as data. */
      readonly why: string;
      /** Milliseconds since the epoch. */
      readonly retryAt: number;
    }
  /** The breaker of an agent lets a few calls through, to see whether the agent works again. */
  | { readonly type: "breaker-half-opened"; readonly time: number; readonly agent: string; readonly why: string }
  /** The breaker of an agent lets all calls through again. */
  | { readonly type: "breaker-closed"; readonly time: number; readonly agent: string }
  /** A run that the journal had unfinished goes on. */
  | { readonly type: "run-recovered"; readonly time: number; readonly run: string }
  /** A run that the journal has unfinished can't go on here: its workflow changed, or isn't found. It stays as it is. */
  | { readonly type: "run-refused"; readonly time: number; readonly run: string; readonly error: unknown }
  /** It is recorded what becomes of a time of a schedule, or of several; and in the same commit, the run is started if there is one. */
  | {
      readonly type: "schedule-decided";
      readonly time: number;
      readonly schedule: string;
      readonly decision: ScheduleDecision;
    }
  /** A time of a schedule has no run: that could not be started, or what becomes of it could not be decided yet; that is tried again. */
  | { readonly type: "schedule-failed"; readonly time: number; readonly schedule: string; readonly error: unknown }
  /** Another process owns the journal, or may soon: the system refuses everything from now on, and ends. */
  | { readonly type: "ownership-lost"; readonly time: number; readonly error: unknown }
  /** A standby could not take its journal over, or not start on it: it ends. */
  | { readonly type: "standby-failed"; readonly time: number; readonly error: unknown }
  /** The system takes nothing new and waits for what is in flight, so many milliseconds at most. */
  | { readonly type: "shutdown-began"; readonly time: number; readonly deadline: number }
  /** The system is shut down. `unfinished` and `notStarted` are what `shutdown` resolves to. */
  | {
      readonly type: "shutdown-ended";
      readonly time: number;
      readonly unfinished: readonly string[];
      readonly notStarted: readonly string[];
    }
  /**
   * The time of day went forward by so many milliseconds, or back by negative ones: the machine's clock was set, or the
   * machine woke up. Times of versions and events follow it, but those of versions never go back: until the clock has
   * caught up, they keep the time of the newest. Timeouts and pauses are not affected. Also told when a system starts with
   * a journal whose newest version is later than the time of day, by which the clock is behind then.
   */
  | { readonly type: "clock-jumped"; readonly time: number; readonly by: number }
  /** What takes traces threw, or the history of a run that has ended could not be read. Their spans may be lost. */
  | { readonly type: "telemetry-failed"; readonly time: number; readonly error: unknown }
  /** Versions that retention doesn't keep could not be dropped; they are tried again later. */
  | { readonly type: "retention-failed"; readonly time: number; readonly key: StateKey; readonly error: unknown };

/** An event before it gets its time. */
export type Untimed<E extends SystemEvent = SystemEvent> = E extends unknown ? Omit<E, "time"> : never;
