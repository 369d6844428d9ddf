/** What a run that has ended must have done, whatever its workflow: each step settles once, and what was done is undone in reverse. */

import type { RunRecord } from "../../workflows/history/run-history.ts";
import type { Problem } from "./observed-workflow.ts";

/** The first thing in a run's history that can't be; `undefined` for a sound one. */
export function historyProblem(records: readonly RunRecord[]): Problem | undefined {
  const finished: string[] = [];
  const undone: string[] = [];
  const settled = new Set<string>();
  let ends = 0;
  for (const { event } of records) {
    switch (event.type) {
      case "step-finished":
      case "step-skipped":
        if (settled.has(event.step))
          return { about: "settles twice", message: `the step "${event.step}" settled twice` };
        settled.add(event.step);
        if (event.type === "step-finished") finished.push(event.step);
        break;
      case "compensation-finished":
        if (undone.includes(event.step))
          return { about: "undone twice", message: `the step "${event.step}" was undone twice` };
        undone.push(event.step);
        break;
      case "run-ended":
        ends++;
        break;
      default:
    }
  }
  if (ends !== 1) return { about: "ends", message: `the run ended ${ends} times` };
  const known = undone.filter((step) => finished.includes(step));
  const expected = finished.filter((step) => undone.includes(step)).reverse();
  const wrong = known.findIndex((step, at) => step !== expected[at]);
  if (wrong < 0) return undefined;
  return {
    about: "undone out of order",
    message: `the step "${known[wrong]}" was undone before "${expected[wrong]}", which had finished after it`,
  };
}
