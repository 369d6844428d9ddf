/** What happens in a run, in words. Pure. */

import type { RunEvent } from "troupe";
import * as v from "valibot";
import { Draft, Letter, Refund, Triage } from "./contracts.ts";
import { euros } from "./euros.ts";

const drafted = (output: unknown): string => {
  const { sources } = v.parse(Draft, output);
  return `got a draft${sources.length > 0 ? `, from "${sources.join('" and "')}"` : ""}`;
};

/** What it means that a step has finished, by the step. */
const finished: Readonly<Record<string, (output: unknown) => string>> = {
  triage: (output) => `is about ${v.parse(Triage, output).topic}`,
  billing: drafted,
  delivery: drafted,
  technical: drafted,
  refund: (output) => `got ${euros(v.parse(Refund, output).cents)} back`,
  letter: (output) => `was answered: ${v.parse(Letter, output).text}`,
};

/** `undefined` for an event that says nothing to a person. */
export function inWords(event: RunEvent): string | undefined {
  switch (event.type) {
    case "step-finished":
      return finished[event.step]?.(event.output);
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
