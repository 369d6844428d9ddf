/** Whatever code of users throws, and wherever, its asker is told and its thread goes on (invariant 9). */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ActorRef, createSystem, type System } from "troupe";
import {
  box,
  type Odd,
  odd,
  oddActor,
  oddAgent,
  oddAgentWithMatchers,
  oddAtWork,
  oddFallback,
  oddMapping,
  oddMatchers,
  oddStream,
  throwOdd,
} from "../../fixtures/odd.ts";
import { patiently, record, rejectionOf } from "../../fixtures/real-threads.ts";

const all = Object.keys(odd) as Odd[];
let system: System;
beforeAll(async () => {
  system = await createSystem({ threads: 1 });
});
afterAll(() => system.close());

describe.each([0, 1])("on thread %i", (thread) => {
  it.each(all)("%s is an answer, and no death", async (what) => {
    using told = record(system.events$);
    const placement = { thread };
    const ref: ActorRef<typeof oddActor.protocol> = await system.spawn(oddActor, { placement });
    const failed = { code: "handler-failed", outcome: "failed" };
    for (const type of ["throws", "rejects", "commits"] as const)
      expect(await rejectionOf(ref.ask(type, { what }, patiently))).toMatchObject(failed);
    for (const type of ["throws", "fails"] as const) {
      const stream = await system.spawn(oddStream, { placement });
      expect(await rejectionOf(stream.ask(type, { what }, patiently))).toMatchObject(failed);
    }
    for (const definition of [oddAgent, oddAgentWithMatchers]) {
      const agent = await system.spawn(definition, { placement });
      expect(await rejectionOf(agent.ask("execute", { what }, patiently))).toMatchObject({ mayHaveRun: true });
      await system.stop(agent);
    }
    const name = `odd-${thread}-${all.indexOf(what)}`;
    const decide = (): never => throwOdd(what);
    const children = [{ name, actor: oddActor, placement, maxDeliveries: 1 }];
    await system.supervise({ name: `over-${name}`, decide, children });
    const child = await system.find(oddActor, name);
    expect(await rejectionOf(child.ask("throws", { what }, patiently))).toMatchObject({ mayHaveRun: true });
    expect(await told.first(({ type }) => type === "decider-failed")).toMatchObject({ supervisor: `over-${name}` });

    expect(await ref.ask("ping")).toBe("pong");
    expect(told.values.filter(({ type }) => type === "thread-died")).toEqual([]);
  });
});

describe.each(["orchestrator", "relay"] as const)("in a run under the %s", (coordination) => {
  it.each(all)("%s fails its step, after one attempt", async (what) => {
    for (const workflow of [oddAtWork, oddMapping, oddFallback, oddMatchers]) {
      const run = system.run(workflow, { what }, { coordination });
      expect(await rejectionOf(run.result)).toMatchObject({ code: "step-failed", details: { step: "work" } });
      const starts = (await run.history()).filter(({ event }) => event.type === "step-started");
      expect(starts.length).toBeLessThanOrEqual(1);
    }
  });
});

it.each(all)("%s that a recipe throws is the commit's error", async (what) => {
  const recipe = (): never => throwOdd(what);
  expect(await rejectionOf(system.store.commit(box, "a", recipe))).toMatchObject({ code: "recipe-failed" });
  expect(
    await rejectionOf(
      system.store.transact(
        [
          [box, "a"],
          [box, "b"],
        ],
        recipe,
      ),
    ),
  ).toMatchObject({
    code: "recipe-failed",
  });
});

describe("a system whose messages may take next to nothing", () => {
  it("fails a step with its own error, loses a thread and closes as any other", async () => {
    const small = await createSystem({ threads: 1, maxMessageBytes: 300 });
    using told = record(small.events$);
    const run = small.run(oddAtWork, { what: "an error whose name can't be read" });
    expect(await rejectionOf(run.result)).toMatchObject({ code: "step-failed", cause: { message: "odd" } });
    const large = small.run(oddAtWork, { what: "an error of 2.2 MB" });
    expect(await rejectionOf(large.result)).toMatchObject({
      code: "step-failed",
      cause: { message: expect.stringMatching(/^(odd)+.* … \(2250000 characters\)$/) as string },
    });
    await small.close();
    expect(told.values.filter(({ type }) => type === "thread-died")).toEqual([]);
  });
});
