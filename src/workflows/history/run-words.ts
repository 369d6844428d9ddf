/** What happened in a run, and what it waits for, in words. Pure. */

import { inspect } from "node:util";
import type { EncodedError } from "../../errors/error-codec.ts";
import { cut } from "../../errors/foreign-value.ts";
import type { DefinitionChanged } from "./definition-changed.ts";
import type { RunEvent, RunStarted, StepFinished, StepSkipped, StepStarted } from "./run-event.ts";
import { outlineOf } from "../steps/outline-index.ts";
import type { StepOutline } from "../steps/step-outline.ts";
import { beside, scopeOf, wholeOf } from "../definition/steps-of-run.ts";
import type { RunRecord } from "./run-history.ts";
import type { Pending } from "./run-pending.ts";

/** How many characters of a value are shown. */
const longest = 200;

/** What an event was, as a sentence without its full stop. `records` are the run's up to it: they say why a step was skipped. */
export function eventInWords(event: RunEvent, records: readonly RunRecord[]): string {
  switch (event.type) {
    case "run-started":
      return `a run of ${event.workflow.name}@${event.workflow.version} started${originIn(event)}, by the ${event.coordination}, with ${valueOf(event.input)}`;
    case "step-started":
      return `${event.step} started${attemptIn(event)}${partIn(event, records)}`;
    case "step-finished":
      return `${event.step} finished${insteadIn(event)}${roundsIn(event)} with ${valueOf(event.output)}`;
    case "step-skipped":
      return `${event.step} was skipped: ${whySkipped(event, records)}`;
    case "step-failed":
      return `${event.step} failed${attemptIn(event)}${againIn(event)}: ${messageIn(event)}`;
    case "wait-opened":
      return "question" in event
        ? `${event.step} asked ${valueOf(event.question)}${untilIn(event)}`
        : `${event.step} began${untilIn(event)}`;
    case "wait-answered":
      return `${event.by ?? "someone"} answered ${event.step} with ${valueOf(event.answer)}`;
    case "loop-told":
      return `${event.by ?? "someone"} told ${event.step} ${valueOf(event.message)}`;
    case "compensation-started":
      return `undoing ${event.step} started${attemptIn(event)}`;
    case "compensation-finished":
      return `${event.step} was undone`;
    case "compensation-failed":
      return `undoing ${event.step} failed${attemptIn(event)}${againIn(event)}: ${messageIn(event)}`;
    case "cancel-requested":
      return `the run was cancelled${event.reason === undefined ? "" : `: ${event.reason}`}`;
    case "coordination-switched":
      return `the ${event.coordination} took over`;
    case "run-released":
      return "the run began: its time had come, or it had its place in its queue";
    case "definition-changed":
      return `the run went on with ${event.to.name}@${event.to.version}${changesIn(event)}`;
    case "run-recovered":
      return `another system went on with the run, by the ${event.coordination}`;
    case "compensation-retried":
      return "a person had the compensation tried again";
    case "undo-requested":
      return `the run is to be undone${event.reason === undefined ? "" : `: ${event.reason}`}`;
    case "run-resolved":
      return `a person saw to it: ${event.note}`;
    case "run-ended":
      return `the run ended: ${event.status}`;
  }
}

/** What a step waits for, as a sentence without its full stop. */
export function pendingInWords(pending: Pending): string {
  const what = pending.isCompensation === true ? `undoing ${pending.step}` : pending.step;
  switch (pending.for) {
    case "steps":
      return `${what} waits for ${pending.steps.join(", ")}`;
    case "agent":
      return `${what} is in flight at ${pending.agent}${pending.attempt === 1 ? "" : `, attempt ${pending.attempt}`}`;
    case "time": {
      const { at, error } = pending;
      if (pending.attempt === undefined) return `${what} pauses until ${timeOf(at)}`;
      return `${what} is tried again ${at === 0 ? "at once" : `at ${timeOf(at)}`}${error === undefined ? "" : `, after: ${error}`}`;
    }
    case "breaker":
      return `${what} is tried again at ${timeOf(pending.at)}, by the breaker of ${pending.agent}`;
    case "answer":
      return `${what} waits for an answer to ${valueOf(pending.question)}${untilIn(pending)}`;
    case "queue":
      return `${what} waits for the run's place in the queue ${pending.queue}${pending.key === "" ? "" : ` for ${pending.key}`}`;
    case "start":
      return `${what} is about to start`;
    case "person":
      return `${what} waits for a person: ${pending.can.join(" or ")}`;
  }
}

/**
 * Why a step is as it is; `undefined` if nothing has happened to it. A step of a sub-workflow that was skipped, or could not begin, is as that is.
 * `records` are those of the whole run.
 */
export function whyInWords(step: string, records: readonly RunRecord[]): string | undefined {
  const at = records.findLastIndex(({ event }) =>
    event.type === "definition-changed"
      ? event.skipped.includes(step)
      : "step" in event && event.type !== "run-ended" && event.step === step,
  );
  const record = records[at];
  if (record === undefined) {
    const around = scopeOf(step);
    const hasBegun = records.some(({ event }) => event.type === "step-started" && event.step === around);
    return around === "" || hasBegun ? undefined : whyInWords(around, records);
  }
  return `${eventInWords(record.event, records.slice(0, at))}, at ${timeOf(record.time)} in version ${record.version}`;
}

function whySkipped({ step }: StepSkipped, records: readonly RunRecord[]): string {
  const [first] = records;
  const outline: readonly StepOutline[] = first?.event.type === "run-started" ? first.event.steps : [];
  const needs = outlineOf(outline, step)?.needs ?? [];
  const missing = needs
    .map((needed) => beside(step, needed))
    .filter((needed) =>
      records.some(({ event }) => event.type === "step-skipped" && event.step === needed && event.isGiven !== true),
    );
  return missing.length === 0 ? "its when said so" : `it needs ${missing.join(", ")}, which was skipped`;
}

function insteadIn({ fallbackFor, isExpired }: StepFinished): string {
  if (isExpired === true) return ", as no answer came in time,";
  return fallbackFor === undefined ? "" : `, by its fallback (${fallbackFor.message}),`;
}

/** How many items there are; or who does the round, and how many messages it read that no round before had. */
function partIn({ step, items, who, told }: StepStarted, records: readonly RunRecord[]): string {
  if (items !== undefined) return `, over ${items.count} items`;
  const by = who === undefined ? "" : `, by ${who}`;
  if (told === undefined) return by;
  const before = records.findLast(
    ({ event }) => event.type === "step-started" && event.told !== undefined && wholeOf(event.step) === wholeOf(step),
  );
  const read = told - (before?.event.type === "step-started" ? (before.event.told ?? 0) : 0);
  return `${by}, and read ${read} ${read === 1 ? "message" : "messages"}`;
}

function roundsIn({ round }: StepFinished): string {
  return round === undefined ? "" : ` after ${round} ${round === 1 ? "round" : "rounds"}`;
}

function originIn({ fork, startsAt, queue }: RunStarted): string {
  const of = fork === undefined ? "" : ` as a fork of ${fork.run} at version ${fork.version}`;
  if (queue !== undefined)
    return `${of}, to wait in the queue ${queue.name}${queue.key === "" ? "" : ` for ${queue.key}`}`;
  return startsAt === undefined ? of : `${of}, to begin at ${timeOf(startsAt)}`;
}

/** What another definition has changed in the run. */
function changesIn({ added, removed, skipped, adapted }: DefinitionChanged): string {
  const changes = [
    ["with", added.filter((step) => !skipped.includes(step))],
    ["without", removed],
    ["past", skipped],
    ["adapting", adapted],
  ] as const;
  return changes.map(([how, steps]) => (steps.length === 0 ? "" : `, ${how} ${steps.join(", ")}`)).join("");
}

function attemptIn({ attempt }: { readonly attempt?: number }): string {
  return attempt === undefined ? "" : `, attempt ${attempt}`;
}

function againIn({ retryAt }: { readonly retryAt?: number }): string {
  return retryAt === undefined ? "" : ", and is tried again";
}

function messageIn({ error }: { readonly error: EncodedError }): string {
  return error.message;
}

function untilIn({ until }: { readonly until?: number }): string {
  return until === undefined ? "" : `, until ${timeOf(until)}`;
}

/** On one line, and cut where it is long. */
function valueOf(value: unknown): string {
  return cut(inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxStringLength: longest }), longest);
}

function timeOf(time: number): string {
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}
