/** Runs in the real store: what the supervisor asks of its port is what the store's client gives. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import { coordinationState, systemCoordination } from "../../../src/workflows/history/coordination.ts";
import { recordsOf } from "../../../src/workflows/history/run-history.ts";
import { runState } from "../../../src/workflows/history/run-state.ts";
import { RunSupervisor } from "../../../src/workflows/supervisor/run-supervisor.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { codec, diamond, quiet } from "../support/example-workflow.ts";

function begin(): { readonly supervisor: RunSupervisor; readonly client: StoreClient } {
  let time = 0;
  const clock = { now: () => ++time, jumped: () => 0, setTimer: () => ({ cancel: () => undefined }) };
  const access = new AuthorityAccess(new StoreAuthority({ journal: memoryJournal(), clock }));
  const client = new StoreClient(access, { author: "system" });
  const supervisor = new RunSupervisor({
    commit: (subject, next) => client.evolveNow(subject, next),
    newest: ({ definition, id }) => client.snapshotNow(definition, id),
    send: () => undefined,
    onVersion: () => undefined,
    onBroken: (_, error) => {
      throw error;
    },
    ...quiet,
  });
  return { supervisor, client };
}

const done = (step: string, output: unknown = { n: 1 }) => ({ type: "step-finished", step, output }) as const;

describe("a run in the store", () => {
  it("has its history in the versions of its key, synchronously", async () => {
    const { supervisor, client } = begin();
    expect(supervisor.switchCoordination("orchestrator")).toBe(1);
    expect(supervisor.start("r", diamond, { n: 1 })).toBeUndefined();
    for (const step of ["a", "b", "c"]) expect(supervisor.propose("r", done(step))).toBe(true);
    expect(supervisor.switchCoordination("relay")).toBe(2);
    expect(supervisor.propose("r", done("d", { total: 2 }))).toBe(true);
    const versions = await client.history(runState, "r");
    expect(versions.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(recordsOf("r", versions, codec).map(({ event }) => event.type)).toEqual([
      "run-started",
      "step-started",
      "step-finished",
      "step-started",
      "step-started",
      "step-finished",
      "step-finished",
      "step-started",
      "coordination-switched",
      "step-finished",
      "run-ended",
    ]);
    const switches = await client.history(coordinationState, systemCoordination);
    expect(switches.map(({ version, state }) => [version, state.coordination])).toEqual([
      [1, "orchestrator"],
      [2, "relay"],
    ]);
  });

  it("can't be started a second time", () => {
    const { supervisor } = begin();
    void supervisor.start("r", diamond, { n: 1 });
    void supervisor.cancel("r");
    void supervisor.propose("r", done("a"));
    expect(supervisor.openRuns.ids).toEqual([]);
    expect(() => supervisor.start("r", diamond, { n: 1 })).toThrow(expect.objectContaining({ code: "run-exists" }));
  });

  it("may be given what no state can hold, such as dates", async () => {
    const { supervisor, client } = begin();
    const Dated = v.object({ when: v.date() });
    const agent = defineAgent("test:agents", {
      name: "clerk",
      version: "1",
      input: Dated,
      output: Dated,
      execute: (input) => input,
    });
    const flow = defineWorkflow("test:workflows", { name: "dated", version: "1", input: Dated })
      .step("one", agent, ({ input }) => ({ when: new Date(input.when.getTime() + 1) }))
      .step("two", agent, { after: ["one"] }, ({ one }) => ({ when: new Date(one.when.getTime() + 1) }));
    void supervisor.start("r", flow, { when: new Date(1) });
    void supervisor.propose("r", done("one", codec.encode({ when: new Date(5) }, "it")));
    const inputs = recordsOf("r", await client.history(runState, "r"), codec).flatMap(({ event }) =>
      "input" in event ? [event.input] : [],
    );
    expect(inputs).toEqual([{ when: new Date(1) }, { when: new Date(2) }, { when: new Date(6) }]);
  });
});
