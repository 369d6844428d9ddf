/** What the supervisor passes on of what attempts emit, and which participants it tells of listeners. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import type { ToParticipant } from "../../../src/workflows/coordination/coordination-protocol.ts";
import { defineWorkflow } from "../../../src/workflows/definition/define-workflow.ts";
import type { Parts } from "../../../src/workflows/definition/parts.ts";
import { RunSupervisor } from "../../../src/workflows/supervisor/run-supervisor.ts";
import { error, quiet } from "../support/example-workflow.ts";
import { MemoryRuns } from "../support/memory-runs.ts";

const url = "test:agents";
const contract = { version: "1.0.0", input: v.string(), output: v.string(), execute: (text: string) => text };
const policies = { retry: { attempts: 2, backoff: { first: 0 } } };
const talker = defineAgent(url, {
  name: "talker",
  ...contract,
  policies,
  emits: v.string(),
  compensate: () => undefined,
});
const other = defineAgent(url, { name: "other", ...contract, emits: v.string() });
const silent = defineAgent(url, { name: "silent", ...contract });

const workflow = defineWorkflow(url, { name: "w", version: "1.0.0", input: v.string() })
  .step("talk", talker, ({ input }) => input)
  .step("listen", silent, ({ input }) => input)
  .step("more", other, { after: ["talk"] }, ({ talk }) => talk);

class Office {
  isHeard = false;
  readonly taken: Parts[] = [];
  readonly sent: (readonly [agent: string, message: ToParticipant])[] = [];
  readonly supervisor: RunSupervisor;

  constructor() {
    const runs = new MemoryRuns();
    this.supervisor = new RunSupervisor({
      ...quiet,
      commit: (subject, next) => runs.commit(subject, next),
      newest: (subject) => runs.newest(subject),
      send: ({ name }, { message }) => void this.sent.push([name, message]),
      onVersion: () => undefined,
      onBroken: (_, broken) => {
        throw broken;
      },
      listeners: {
        isHeard: () => this.isHeard,
        take: (parts) => {
          this.taken.push(parts);
          return this.isHeard;
        },
      },
    });
  }

  async start(): Promise<void> {
    void this.supervisor.start("r", workflow, "text");
    await new Promise(setImmediate);
  }

  emit(step: string, attempt = 1): boolean {
    return this.supervisor.parts({ run: "r", step, attempt, index: 0, values: ["part"] });
  }
}

describe("parts", () => {
  it("are passed on while their attempt is in flight, and say whether more are wanted", async () => {
    const office = new Office();
    expect(office.emit("talk"), "before the run").toBe(false);
    await office.start();
    office.isHeard = true;
    expect(office.emit("talk")).toBe(true);
    expect(office.emit("talk", 2), "of an attempt to come").toBe(false);
    expect(office.emit("more"), "of a step to come").toBe(false);
    office.isHeard = false;
    expect(office.emit("talk"), "after the listener has gone").toBe(false);
    expect(office.taken).toHaveLength(2);
    void office.supervisor.propose("r", { type: "step-finished", step: "talk", output: "done" });
    expect(office.emit("talk"), "after the end").toBe(false);
    expect(office.taken).toHaveLength(2);
  });

  it("that were emitted before any code listened are told of as the attempt ends", async () => {
    const office = new Office();
    await office.start();
    office.isHeard = true;
    const spent = { took: 1, tokens: 0, emitted: 3 };
    void office.supervisor.propose("r", { type: "step-finished", step: "talk", attempt: 2, output: "" }, spent);
    for (const output of ["done", "done again"])
      void office.supervisor.propose("r", { type: "step-finished", step: "talk", output }, spent);
    expect(office.taken).toEqual([{ run: "r", step: "talk", attempt: 1, index: 3, values: [] }]);
  });

  it("of an attempt that has failed are not passed on while the next one is in flight, or the step is undone", async () => {
    const office = new Office();
    office.isHeard = true;
    await office.start();
    void office.supervisor.propose("r", { type: "step-finished", step: "talk", output: "done" });
    void office.supervisor.propose("r", { type: "step-failed", step: "listen", error });
    await new Promise(setImmediate);
    void office.supervisor.propose("r", { type: "step-failed", step: "more", error });
    await new Promise(setImmediate);
    expect(office.sent.map(([, { type }]) => type)).toContain("compensate");
    expect(office.emit("talk"), "of a step that is undone").toBe(false);
    expect(office.taken).toEqual([]);
  });
});

describe("listening", () => {
  it("is said in the order, also by code that listens right after it has started the run", async () => {
    const office = new Office();
    void office.supervisor.start("r", workflow, "text");
    office.isHeard = true;
    await new Promise(setImmediate);
    expect(office.sent.map(([agent, message]) => [agent, "isHeard" in message])).toEqual([
      ["silent", false],
      ["talker", true],
    ]);
  });

  it("is told to the participants that emit for a step in flight, and to no others", async () => {
    const office = new Office();
    await office.start();
    office.sent.length = 0;
    office.supervisor.listen("r");
    office.supervisor.listen("unknown");
    expect(office.sent).toEqual([["talker", { type: "listen", run: "r" }]]);
  });
});
