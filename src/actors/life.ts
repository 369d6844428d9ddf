/**
 * The life of one actor on one host, as a pure state machine: whether the actor handles messages, waits for its supervisor,
 * or ends. `runtime/cell` carries out the effects. An actor without a supervisor is only ever running, draining, discarding
 * or stopped.
 *
 * Two facts change with each message and are not part of the life: how many messages are in hand, and whether a turn is
 * scheduled. The cell keeps them, and puts into an event what the machine needs of them.
 */

import type { EncodedError } from "../errors/error-codec.ts";
import type { StopMode } from "./stop-mode.ts";

/**
 * What becomes of the messages that an ending actor doesn't handle. `dead-letters`: its own host makes dead letters of them.
 * `left-to-senders`: the senders' hosts still have them, and say what became of them.
 */
export type Unhandled = "dead-letters" | "left-to-senders";

interface Ending {
  readonly outcome: "stopped" | "failed";
  readonly unhandled: Unhandled;
}

/**
 * `F` is a message whose handling failed, with what was thrown: neither handled nor given up yet.
 *
 * - `running`: handles what comes. `outcome`: how it has ended if it is stopped now.
 * - `halted`: handles nothing until its supervisor decides. Without `failed`, its behaviour has ended or could not be started.
 * - `suspending`: has a message in hand, and handles no other until it is restarted.
 * - `suspended`: handles nothing until it is restarted, and has told its supervisor so.
 * - `draining`: handles what waits, takes nothing more, and stops.
 * - `discarding`: finishes the message in hand, and stops. `owes`: what its supervisor is still to be told when that message
 *   is handled.
 * - `stopped`: for good.
 * - `fenced`: left behind; another life of the actor may take its place. What a handler of this life still does has no effect.
 */
export type Life<F> =
  | { readonly at: "running"; readonly outcome: Ending["outcome"] }
  | { readonly at: "halted"; readonly failed: F | undefined }
  | { readonly at: "suspending" }
  | { readonly at: "suspended"; readonly failed: F | undefined }
  | (Ending & { readonly at: "draining" })
  | (Ending & { readonly at: "discarding"; readonly owes: "suspended" | "nothing" })
  | (Ending & { readonly at: "stopped" })
  | { readonly at: "fenced" };

/** How a behaviour's stream ended by itself. */
export type BehaviourEnd =
  | { readonly type: "completed" }
  | { readonly type: "behaviour-failed"; readonly error: EncodedError };

/** What the life hears. Events that a state has no use for change nothing. */
export type LifeEvent<F> =
  | { readonly type: "stop"; readonly mode: StopMode; readonly unhandled: Unhandled }
  /** Nothing waits, is in hand, or is owed any more. */
  | { readonly type: "idle" }
  /**
   * The behaviour of an actor without a supervisor failed: the cell stops the actor next, and its outcome is `failed`. Counts
   * also after `stopped`, since the behaviour may fail when its inbox completes, right before the host forgets the actor.
   */
  | { readonly type: "broke" }
  /** The message in hand was handled. */
  | { readonly type: "handled" }
  /** The message in hand failed: its handler threw, or the behaviour threw and has ended. */
  | { readonly type: "failed"; readonly failed: F; readonly by: "handler" | "behaviour" }
  /** The behaviour ended by itself, with no message in hand. */
  | { readonly type: "ended"; readonly end: BehaviourEnd }
  /** Go on, without the message that failed. */
  | { readonly type: "resume" }
  /** Take no further message. `isHandling`: one is in hand. */
  | { readonly type: "suspend"; readonly isHandling: boolean }
  /** Begin anew, in place. */
  | { readonly type: "restart" }
  /** The answers to `begin-anew`. */
  | { readonly type: "begun" }
  | { readonly type: "start-failed"; readonly error: unknown }
  /** Leave this life behind, whatever it is doing. `isFinal`: no other life follows. */
  | { readonly type: "abandon"; readonly isFinal: boolean };

/** What is to be done, in this order. */
export type LifeEffect<F> =
  /** The signal of handlers aborts, since this life ends. */
  | { readonly type: "abort"; readonly why: "is being stopped" | "has stopped" | "is being restarted" }
  /** What waits becomes dead letters, or is left to its senders' hosts. */
  | { readonly type: "discard"; readonly unhandled: Unhandled }
  /** Answered by `idle` once nothing waits, is in hand or is owed, which may be at once. */
  | { readonly type: "finish" }
  /** The actor has stopped: its body stops, and its host forgets the actor. */
  | { readonly type: "end" }
  /** What handlers still do has no effect from now on. */
  | { readonly type: "fence" }
  /** A new body takes the place of the old one. Answered at once by `begun` or `start-failed`. */
  | { readonly type: "begin-anew" }
  /** What waits is handled. */
  | { readonly type: "go-on" }
  | SupervisedEffect<F>;

/** The effects that only an actor with a supervisor has. */
export type SupervisedEffect<F> =
  /** The message fails for good. */
  | { readonly type: "give-up"; readonly failed: F }
  /** The message waits again, before all others. `blame`: what made it fail, the message itself or the order to suspend. */
  | { readonly type: "begin-again"; readonly failed: F; readonly blame: "message" | "suspension" }
  /** The supervisor is told. */
  | { readonly type: "report"; readonly report: "suspended" | "started" | "abandoned" }
  | { readonly type: "report-end"; readonly end: BehaviourEnd }
  | { readonly type: "report-failed"; readonly failed: F; readonly by: "handler" | "behaviour" }
  | { readonly type: "report-start-failed"; readonly error: unknown };

type Step<F> = readonly [Life<F>, readonly LifeEffect<F>[]];
type In<F, At extends Life<F>["at"]> = Extract<Life<F>, { readonly at: At }>;
type Of<F, Type extends LifeEvent<F>["type"]> = Extract<LifeEvent<F>, { readonly type: Type }>;

export const newLife: Life<never> = Object.freeze({ at: "running", outcome: "stopped" });

/** True while messages that wait may be handled. */
export function isOpen({ at }: Life<unknown>): boolean {
  return at === "running" || at === "draining";
}

/** True from the order to stop until the actor has stopped. */
export function isEnding<F>(life: Life<F>): life is In<F, "draining" | "discarding"> {
  return life.at === "draining" || life.at === "discarding";
}

/** True for a life that nothing follows. */
export function isOver<F>(life: Life<F>): life is In<F, "stopped" | "fenced"> {
  return life.at === "stopped" || life.at === "fenced";
}

/** The message that failed, while the supervisor has not decided what becomes of it. */
export function failedIn<F>(life: Life<F>): F | undefined {
  return life.at === "halted" || life.at === "suspended" ? life.failed : undefined;
}

/** True while something follows when the message in hand is handled: then the cell sends the event `handled`. */
export function awaitsHandled(life: Life<unknown>): boolean {
  return life.at === "suspending" || (life.at === "discarding" && life.owes === "suspended");
}

/** The life after `event`, and what is to be done. */
export function live<F>(life: Life<F>, event: LifeEvent<F>): Step<F> {
  switch (event.type) {
    case "stop":
      return stop(life, event);
    case "idle":
      return idle(life);
    case "broke":
      return "outcome" in life ? [{ ...life, outcome: "failed" }, []] : [life, []];
    case "handled":
      return handled(life);
    case "failed":
      return failed(life, event);
    case "ended":
      return ended(life, event);
    case "abandon":
      if (isOver(life)) return [life, []];
      return [{ at: "fenced" }, event.isFinal ? [{ type: "fence" }] : [{ type: "fence" }, told("abandoned")]];
    default:
      return isEnding(life) || isOver(life) ? [life, []] : obey(life, event);
  }
}

/** Drains only a life that is open: a halted one would halt again. */
function stop<F>(life: Life<F>, { mode, unhandled }: Of<F, "stop">): Step<F> {
  if (isOver(life)) return [life, []];
  const given = "unhandled" in life && life.unhandled === "left-to-senders" ? life.unhandled : unhandled;
  const ending: Ending = { outcome: "outcome" in life ? life.outcome : "stopped", unhandled: given };
  if (life.at === "discarding") return [{ ...life, ...ending }, [{ type: "finish" }]];
  if (mode === "drain" && isOpen(life)) return [{ at: "draining", ...ending }, [{ type: "finish" }]];
  const undecided = failedIn(life);
  return [
    { at: "discarding", ...ending, owes: life.at === "suspending" ? "suspended" : "nothing" },
    [
      { type: "abort", why: "is being stopped" },
      ...(undecided === undefined ? [] : [{ type: "give-up", failed: undecided } as const]),
      { type: "discard", unhandled: given },
      { type: "finish" },
    ],
  ];
}

function idle<F>(life: Life<F>): Step<F> {
  if (!isEnding(life)) return [life, []];
  const { outcome, unhandled } = life;
  return [{ at: "stopped", outcome, unhandled }, [{ type: "abort", why: "has stopped" }, { type: "end" }]];
}

function handled<F>(life: Life<F>): Step<F> {
  if (!awaitsHandled(life)) return [life, []];
  const next: Life<F> =
    life.at === "discarding" ? { ...life, owes: "nothing" } : { at: "suspended", failed: undefined };
  return [next, [told("suspended")]];
}

function failed<F>(life: Life<F>, { failed: message, by }: Of<F, "failed">): Step<F> {
  switch (life.at) {
    case "draining":
    case "discarding": {
      const [next, effects] = by === "behaviour" ? drainNothing<F>(life) : [life, []];
      return [next, [{ type: "give-up", failed: message }, ...effects]];
    }
    case "suspending":
    case "suspended":
      // the aborted signal is taken for the reason, so the failure doesn't count against the message
      return [
        { at: "suspended", failed: undefined },
        [{ type: "begin-again", failed: message, blame: "suspension" }, told("suspended")],
      ];
    case "running":
    case "halted":
      return [{ at: "halted", failed: message }, [{ type: "report-failed", failed: message, by }]];
    case "stopped":
    case "fenced":
      return [life, []];
  }
}

function ended<F>(life: Life<F>, { end }: Of<F, "ended">): Step<F> {
  switch (life.at) {
    case "draining":
    case "discarding":
      return drainNothing<F>(life);
    case "running":
    case "halted":
      return [{ at: "halted", failed: failedIn<F>(life) }, [{ type: "report-end", end }]];
    case "suspending":
    case "suspended":
    case "stopped":
    case "fenced":
      return [life, []];
  }
}

/** The behaviour of an ending life has ended, so nothing of what waits can be handled. */
function drainNothing<F>(life: In<F, "draining" | "discarding">): Step<F> {
  return stop<F>(life, { type: "stop", mode: "discard", unhandled: life.unhandled });
}

/** What a supervisor tells an actor that is neither ending nor over. */
function obey<F>(
  life: In<F, "running" | "halted" | "suspending" | "suspended">,
  event: Of<F, "resume" | "suspend" | "restart" | "begun" | "start-failed">,
): Step<F> {
  const undecided = failedIn<F>(life);
  switch (event.type) {
    case "resume": {
      if (life.at !== "halted") return [life, []];
      const given = undecided === undefined ? [] : [{ type: "give-up", failed: undecided } as const];
      return [newLife, [...given, { type: "go-on" }]];
    }
    case "suspend": {
      const abort = { type: "abort", why: "is being restarted" } as const;
      if (event.isHandling) return [{ at: "suspending" }, [abort]];
      return [{ at: "suspended", failed: undecided }, [abort, told("suspended")]];
    }
    case "restart":
      return [{ at: "halted", failed: undecided }, [{ type: "begin-anew" }]];
    case "start-failed":
      return [{ at: "halted", failed: undecided }, [{ type: "report-start-failed", error: event.error }]];
    case "begun": {
      const again =
        undecided === undefined ? [] : [{ type: "begin-again", failed: undecided, blame: "message" } as const];
      return [newLife, [...again, told("started"), { type: "go-on" }]];
    }
  }
}

function told(report: "suspended" | "started" | "abandoned") {
  return { type: "report", report } as const;
}
