/** What happens in a run, in words. Pure. */

import type { RunEvent } from "troupe";
import * as v from "valibot";
import { Completion, Findings, Letter, Refund, Triage } from "./contracts.ts";
import { euros } from "./euros.ts";

const lookedUp = (output: unknown): string => {
  const { sources } = v.parse(Findings, output);
  return sources.length > 0 ? `has to do with "${sources.join('" and "')}"` : "is about something new";
};

/** What it means that a step has finished, by the step. */
const finished: Readonly<Record<string, (output: unknown) => string>> = {
  triage: (output) => `is about ${v.parse(Triage, output).topic}`,
  billing: lookedUp,
  delivery: lookedUp,
  technical: lookedUp,
  refund: (output) => `got ${euros(v.parse(Refund, output).cents)} back`,
  answer: (output) => `is answered: ${v.parse(Completion, output).text}`,
  letter: (output) => `has its letter, to ${v.parse(Letter, output).to}`,
};

/** `undefined` for an event that says nothing to a person. */
export function inWords(event: RunEvent): string | undefined {
  switch (event.type) {
    case "step-finished":
      return finished[event.step]?.(event.output);
    case "step-failed":
      return event.retryAt === undefined ? undefined : `is tried again: ${event.error.message}`;
    case "step-skipped":
      return event.output === undefined ? undefined : finished[event.step]?.(event.output);
    case "wait-opened":
      return `waits for ${event.step}: ${v.parse(v.string(), event.question)}`;
    case "wait-answered":
      return `has its ${event.step}, by ${event.by ?? "a person"}`;
    case "compensation-finished":
      return `had its ${event.step} taken back`;
    default:
      return undefined;
  }
}
