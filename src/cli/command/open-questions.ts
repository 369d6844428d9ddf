/** What is asked of people in a run. */

import type { RunView } from "../../workflows/history/run-view.ts";

/** The names of its waits that are open, and whether each is given up by itself at some time. */
export function openQuestions({ steps }: RunView): readonly { readonly wait: string; readonly isTimed: boolean }[] {
  return Object.entries(steps)
    .filter(([, step]) => step.status === "open" && "question" in step)
    .map(([wait, { until }]) => ({ wait, isTimed: until !== undefined }));
}
