/** What a system goes on with as it starts. */

import { expect, it } from "vitest";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import { Recovery, type RecoveryPorts } from "../../../src/runtime/workflows/recovery.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import type { WorkflowDefinition } from "../../../src/workflows/definition/workflow-definition.ts";
import { newRun, type RunState, type RunStatus } from "../../../src/workflows/history/run-state.ts";

interface Stored {
  readonly status: RunStatus;
  readonly workflow: string;
  readonly isParked?: true;
}

/** Recovers the runs of a journal, and returns what was done, in order. */
async function recovered(
  stored: Readonly<Record<string, Stored>>,
  which: true | readonly string[] = true,
): Promise<{ readonly calls: string[]; readonly ended: Promise<void> }> {
  const calls: string[] = [];
  const note =
    (name: string) =>
    (run?: string): void =>
      void calls.push(run === undefined ? name : `${name} ${run}`);
  const ports: RecoveryPorts = {
    unfinished: {
      find: async () => Object.keys(stored),
      found: note("found"),
      leave: note("leave"),
      ended: note("ended"),
    },
    refused: {
      forget: () => undefined,
      add: async (run, error) => note(`refuse for ${(error as TroupeError).code}`)(run),
    },
    queues: { isUsed: true, leftAside: note("leave aside") },
    events: { onRecovered: note("recovered"), onRefused: note("refused") },
    newest(run) {
      const one = stored[run];
      if (one === undefined) return undefined;
      const { status, workflow } = one;
      return {
        state: { ...newRun, status, workflow: { module: "m", name: workflow, version: "1" } },
      } as Snapshot<RunState>;
    },
    newestOf: (runs) => runs.map((run) => ports.newest(run) as Snapshot<RunState> | undefined),
    async workflowOf({ name }) {
      calls.push(`find ${name}`);
      if (name === "gone") throw new TroupeError("definition-not-found", "gone");
      return { name } as WorkflowDefinition;
    },
    takeUpParked: (run) => stored[run]?.isParked === true,
    takeUp: async (run) => note("take up")(run),
  };
  const ended = new Recovery(ports).run(which);
  await ended.catch(() => undefined);
  return { calls, ended };
}

it("takes up the runs that are open, in order, and finds each workflow once", async () => {
  const { calls } = await recovered({
    a: { status: "running", workflow: "sale", isParked: true },
    b: { status: "running", workflow: "sale" },
    c: { status: "completed", workflow: "sale" },
    d: { status: "compensating", workflow: "trip" },
    e: { status: "running", workflow: "trip", isParked: true },
  });
  expect(calls).toEqual([
    "find sale",
    "recovered a",
    "take up b",
    "recovered b",
    "ended c",
    "find trip",
    "take up d",
    "recovered d",
    "recovered e",
    "found",
  ]);
});

it("refuses each run of a workflow that isn't there, and goes on with the others", async () => {
  const { calls } = await recovered({
    a: { status: "running", workflow: "gone" },
    b: { status: "running", workflow: "gone", isParked: true },
    c: { status: "running", workflow: "sale", isParked: true },
  });
  expect(calls).toEqual([
    "find gone",
    "leave a",
    "leave aside a",
    "refuse for definition-not-found a",
    "refused a",
    "leave b",
    "leave aside b",
    "refuse for definition-not-found b",
    "refused b",
    "find sale",
    "recovered c",
    "found",
  ]);
});

it("ends at a name that no run has", async () => {
  const { calls, ended } = await recovered({ a: { status: "running", workflow: "sale" } }, ["a", "b"]);
  await expect(ended).rejects.toMatchObject({ code: "no-such-run", details: { run: "b" } });
  expect(calls).toEqual(["find sale", "take up a", "recovered a"]);
});
