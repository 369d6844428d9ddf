/** Workflow runs, some of which fail and are compensated: the workload of `fixtures/runs.mjs`. */

import { stepOf } from "../../src/workflows/history/run-progress.ts";
import type { RunState } from "../../src/workflows/history/run-state.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import { stateOf, type Workload } from "./crash-harness.ts";

interface Ack {
  readonly id: string;
  readonly status: "completed" | "failed";
}

const steps = ["reserve", "charge", "ship"];

/**
 * Checks that acknowledged runs are there, ended as they were acknowledged; and that no run, ended or not, has done or undone a
 * step twice, or undone one that it has not done (invariant 5).
 */
export function runs(): Workload<Ack> {
  return {
    program: "runs.mjs",
    async check(journal: Journal, acks, round) {
      for (const key of await journal.keys(`run/${round}.`)) {
        const id = key.slice("run/".length);
        const state = await stateOf<RunState>(journal, key);
        const { status } = state;
        const { done = [] } = ((await journal.head(`trace/${id}`))?.state ?? {}) as { readonly done?: string[] };
        if (new Set(done).size !== done.length) throw new Error(`${id} did something twice: ${done.join(", ")}`);
        for (const step of steps) {
          const { status: of = "pending" } = stepOf(state, step) ?? {};
          const isDone = done.includes(step);
          const isUndone = done.includes(`un-${step}`);
          if (isUndone && !isDone) throw new Error(`${id}: ${step} was undone and not done`);
          if (of === "finished" && (!isDone || isUndone))
            throw new Error(`${id}: ${step} has finished: ${done.join(", ")}`);
          if (of === "compensated" && !isUndone) throw new Error(`${id}: ${step} is compensated: ${done.join(", ")}`);
          if (of === "pending" && isDone) throw new Error(`${id}: ${step} is pending: ${done.join(", ")}`);
        }
        const acknowledged = acks.find((ack) => ack.id === id);
        if (acknowledged !== undefined && acknowledged.status !== status)
          throw new Error(`${id} was acknowledged as ${acknowledged.status} and is ${status}`);
      }
      for (const { id } of acks)
        if ((await journal.head(`run/${id}`)) === undefined) throw new Error(`${id} was acknowledged and is not there`);
    },
  };
}
