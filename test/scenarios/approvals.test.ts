/** Public reports of approvals: what ran before them runs again, answers are lost or undone, and events come too early or late. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineWorkflow, type Run } from "../../src/index.ts";
import { noted, orders, second, stepsWith, underBoth, worker } from "./tasks.ts";

const Nothing = v.object({});
const Approval = v.object({ approved: v.boolean() });
const yes = { approved: true };
const names = ["first", "second", "third"] as const;
const durable = { journal: "durable" } as const;

/** Resolves when so many waits of the run have opened. */
async function opened<W>(run: Run<unknown, W>, count: number): Promise<void> {
  let left = count;
  await new Promise<void>((resolve) =>
    run.events$.subscribe(({ event }) => event.type === "wait-opened" && --left === 0 && resolve()),
  );
}

describe("a step beside or before an approval", () => {
  const two = defineWorkflow(import.meta.url, { name: "two", version: "1.0.0", input: Nothing })
    .step("draft", worker, () => ({ ms: 10 }))
    .waitFor("text", { after: ["draft"], answer: Approval }, ({ draft }) => ({ by: draft.step }))
    .waitFor("price", { after: ["draft"], answer: Approval }, ({ draft }) => ({ by: draft.step }))
    .step("send", worker, { needs: ["text", "price"] }, () => ({}));

  it(`is executed once, however often the run is answered, and whatever crashes meanwhile:
      https://github.com/langchain-ai/langgraph/issues/6208 https://github.com/langchain-ai/langgraph/issues/5952
      https://github.com/langchain-ai/langgraphjs/issues/1552`, () =>
    underBoth(
      async ({ system, crash }) => {
        await opened(system.run(two, {}, { id: "r" }), 2);
        for (const wait of ["text", "price"] as const) {
          const next = await crash();
          const run = await next.findRun(two, "r");
          expect(stepsWith(await run.history(), "step-finished")).toEqual(
            wait === "text" ? ["draft"] : ["draft", "text"],
          );
          await run.tell(wait, yes);
          if (wait === "price") await run.result;
        }
        expect(noted.begun).toEqual(["draft", "send"]);
      },
      { ...durable, system: { workflows: [two] } },
    ));
});

describe("three approvals in parallel", () => {
  const three = defineWorkflow(import.meta.url, {
    name: "three",
    version: "1.0.0",
    input: v.object({ ms: v.array(v.number()) }),
  })
    .step("ask-first", worker, ({ input }) => ({ ms: input.ms[0] }))
    .step("ask-second", worker, ({ input }) => ({ ms: input.ms[1] }))
    .step("ask-third", worker, ({ input }) => ({ ms: input.ms[2] }))
    .waitFor("first", { after: ["ask-first"], answer: Approval }, () => "Is it right?")
    .waitFor("second", { after: ["ask-second"], answer: Approval }, () => "Is it right?")
    .waitFor("third", { after: ["ask-third"], answer: Approval }, () => "Is it right?")
    .step("done-first", worker, { needs: ["first"] }, () => ({ ms: 30 }))
    .step("done-second", worker, { needs: ["second"] }, () => ({ ms: 20 }))
    .step("done-third", worker, { needs: ["third"] }, () => ({ ms: 10 }))
    .step("join", worker, { after: ["done-first", "done-second", "done-third"] }, () => ({}));

  it.each(orders(names))(
    `keep their answers, and the join runs once: https://github.com/mastra-ai/mastra/issues/9288
     https://github.com/microsoft/agent-framework/issues/3539 (%s, %s, %s)`,
    (...order) =>
      underBoth(
        async ({ system, random, sleep }) => {
          const run = system.run(three, { ms: names.map(() => Math.floor(random() * 40)) });
          for (const wait of order) {
            await run.tell(wait, yes);
            await sleep(random() * 40); // the others may still be running, may have opened, or may be done
            const { steps } = await run.view();
            for (const told of order.slice(0, order.indexOf(wait)))
              expect(steps[told]?.status, "what was answered is not open again").not.toBe("open");
          }
          expect(await run.result).toMatchObject({ step: "join" });
          const each = [...names.map((name) => `ask-${name}`), ...names.map((name) => `done-${name}`), "join"];
          expect(noted.begun.toSorted()).toEqual(each.toSorted());
        },
        { runs: 10 },
      ),
  );

  it.each(orders(names))("keep their answers when the process crashes between them (%s, %s, %s)", (...order) =>
    underBoth(
      async ({ system, crash }) => {
        await opened(system.run(three, { ms: [1, 2, 3] }, { id: "r" }), 3);
        for (const wait of order) {
          const run = await (await crash()).findRun(three, "r");
          await run.tell(wait, yes);
          if (wait === order.at(-1)) expect(await run.result).toMatchObject({ step: "join" });
        }
        expect(noted.done.filter((step) => step === "join")).toEqual(["join"]);
      },
      { ...durable, runs: 5, system: { workflows: [three] } },
    ),
  );

  it("don't end before all of them are answered: https://github.com/mastra-ai/mastra/issues/6418", () =>
    underBoth(async ({ system, sleep }) => {
      const run = system.run(three, { ms: [] });
      await run.tell("second", yes);
      await sleep(3600 * second);
      const { status, isParked, steps } = await run.view();
      expect({ status, isParked, join: steps["join"]?.status }).toEqual({
        status: "running",
        isParked: true,
        join: "pending",
      });
      expect(steps["done-second"]?.status).toBe("finished");
      await run.cancel();
      await expect(run.result).rejects.toMatchObject({ code: "run-cancelled" });
    }));
});

describe("an answer while another branch is running", () => {
  const beside = defineWorkflow(import.meta.url, { name: "beside", version: "1.0.0", input: Nothing })
    .step("extract", worker, () => ({ ms: 10 * second }))
    .waitFor("question", { answer: Approval }, () => "Is it right?")
    .step("note", worker, { needs: ["question"] }, () => ({ ms: 9 * second }))
    .waitFor("follow-up", { after: ["note"], answer: Approval }, () => "Is it right?")
    .step("join", worker, { after: ["extract", "follow-up"] }, () => ({}));

  it("loses nothing when that branch ends: https://github.com/mastra-ai/mastra/issues/10746", () =>
    underBoth(async ({ system, sleep }) => {
      const run = system.run(beside, {});
      await sleep(5 * second);
      await run.tell("question", yes); // `note` runs from 5 s to 14 s, and `extract` ends at 10 s
      await sleep(10 * second);
      expect((await run.pending()).map((pending) => pending.step)).toEqual(["follow-up", "join"]);
      await run.tell("follow-up", yes);
      expect(await run.result).toMatchObject({ step: "join" });
      expect(noted.begun).toEqual(["extract", "note", "join"]);
    }));
});

describe("an event for a wait", () => {
  const waiting = defineWorkflow(import.meta.url, { name: "waiting", version: "1.0.0", input: Nothing })
    .step("prepare", worker, () => ({ ms: 5 * second }))
    .waitFor("event", { after: ["prepare"], answer: Approval, timeout: 60 * second }, () => "Is it right?")
    .step("go", worker, { needs: ["event"] }, () => ({}));

  it("is kept when it comes before the wait, and right after the start: https://github.com/inngest/inngest/issues/1433", () =>
    underBoth(async ({ system }) => {
      const run = system.run(waiting, {});
      await run.tell("event", yes);
      expect(stepsWith(await run.history(), "wait-opened")).toEqual([]);
      expect(await run.result).toMatchObject({ step: "go" });
    }));

  it("is kept when the process crashes before the wait opens", () =>
    underBoth(
      async ({ system, crash }) => {
        await system.run(waiting, {}, { id: "r" }).tell("event", yes);
        const run = await (await crash()).findRun(waiting, "r");
        expect(await run.result).toMatchObject({ step: "go" });
        expect(noted.done).toEqual(["prepare", "go"]);
      },
      { ...durable, system: { workflows: [waiting] } },
    ));

  it("lets the run go on at once: https://github.com/inngest/inngest/issues/2423", () =>
    underBoth(
      async ({ system, now, sleep }) => {
        const run = system.run(waiting, {});
        await opened(run, 1);
        await sleep(20 * second);
        const told = now();
        await run.tell("event", yes);
        expect((await run.result).at - told, "milliseconds").toBe(0);
      },
      { faults: { delay: 0 } },
    ));
});
