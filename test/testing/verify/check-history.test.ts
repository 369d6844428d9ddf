/** What a run's history must be, whatever its workflow. */

import { expect, it } from "vitest";
import type { RunEvent, RunRecord } from "../../../src/index.ts";
import { historyProblem } from "../../../src/testing/verify/check-history.ts";

const finished = (step: string) => ({ type: "step-finished", step, output: null }) as unknown as RunEvent;
const skipped = (step: string) => ({ type: "step-skipped", step }) as unknown as RunEvent;
const undone = (step: string) => ({ type: "compensation-finished", step }) as unknown as RunEvent;
const ended = { type: "run-ended", status: "failed" } as unknown as RunEvent;

it.each<[string, readonly RunEvent[], string | undefined]>([
  ["in reverse", [finished("a"), finished("b"), finished("c"), undone("c"), undone("a"), ended], undefined],
  [
    "in another order",
    [finished("a"), finished("b"), undone("a"), undone("b"), ended],
    'the step "a" was undone before "b", which had finished after it',
  ],
  ["undone without an output", [finished("a"), undone("lost"), undone("a"), ended], undefined],
  ["finished twice", [finished("a"), finished("a"), ended], 'the step "a" settled twice'],
  ["finished and skipped", [skipped("a"), finished("a"), ended], 'the step "a" settled twice'],
  ["undone twice", [finished("a"), undone("a"), undone("a"), ended], 'the step "a" was undone twice'],
  ["without an end", [finished("a")], "the run ended 0 times"],
  ["with two ends", [ended, ended], "the run ended 2 times"],
])("%s", (_what, events, message) => {
  const records = events.map((event, at): RunRecord => ({ run: "r", version: at + 1, time: at, event }));
  expect(historyProblem(records)?.message).toBe(message);
});
