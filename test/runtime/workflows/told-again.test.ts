/** Telling a wait in a round, or a loop, again under its key, when the run keeps no more of it than its history. On the simulator. */

import { filter, firstValueFrom } from "rxjs";
import * as v from "valibot";
import { expect, it } from "vitest";
import { defineAgent, defineWorkflow, type Run } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const url = "test:told-again";
const reader = defineAgent(url, {
  name: "reader",
  version: "1.0.0",
  input: v.number(),
  output: v.number(),
  execute: (n) => n,
});
const round = defineWorkflow(url, { name: "round", version: "1.0.0", input: v.number() })
  .waitFor("ok", { answer: v.string() }, ({ input }) => `round ${input}?`)
  .step("read", reader, { after: ["ok"] }, ({ input }) => input);
const talk = defineWorkflow(url, { name: "talk", version: "1.0.0", input: v.null() })
  .loop("talk", round, { until: ({ round: done }) => done === 4, max: 4, inbox: v.string() }, ({ round: n }) => n)
  .waitFor("end", { after: ["talk"], answer: v.null() }, () => "end?");

const opened = (run: Run, wait: string): Promise<unknown> =>
  firstValueFrom(run.events$.pipe(filter(({ event }) => event.type === "wait-opened" && event.step === wait)));

it.each(["orchestrator", "relay"] as const)(
  "a wait of a round that is gone takes its answer again under its key, as one that is there, under the %s",
  async (coordination) => {
    await simulate(
      async ({ system }) => {
        const run = system.run(talk, null, { id: "r" });
        await run.tell("talk", "hello", { idempotencyKey: "message" });
        for (let n = 1; n <= 4; n++) {
          const wait = `talk#${n}/ok` as const;
          await opened(run, wait);
          await run.tell(wait, "yes", { by: "ada", idempotencyKey: `answer ${n}` });
        }
        await opened(run, "end");
        const length = (await run.history()).length;
        for (let n = 1; n <= 4; n++) await run.tell(`talk#${n}/ok`, "yes", { idempotencyKey: `answer ${n}` });
        await run.tell("talk", "hello", { idempotencyKey: "message" });
        expect((await run.history()).length, "it is the same answer").toBe(length);
        const others = [{}, { idempotencyKey: "answer 2" }];
        for (const other of others)
          expect(await rejectionOf(run.tell("talk#1/ok", "no", other))).toMatchObject({
            code: "not-admissible",
            message: expect.stringContaining(`"talk#1/ok" is a step of "talk#1", which is over`) as string,
          });
        await run.tell("end", null);
        expect(await run.result).toBe(null);
      },
      { runs: 10, seed: 1, system: { coordination } },
    );
  },
);
