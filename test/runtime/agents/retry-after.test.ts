/** Retry and limits heed the time that an error says to wait. On the simulator, in virtual time. */

import { filter, firstValueFrom } from "rxjs";
import { expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent, defineWorkflow, retryAfter } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

/** When the model was asked, in each simulated run. */
let asked: number[] = [];

const model = defineAgent("test:retry-after", {
  name: "model",
  version: "1.0.0",
  input: v.object({ how: v.picklist(["own", "http", "fine"]) }),
  output: v.number(),
  concurrency: 10,
  policies: { retry: { attempts: 2, backoff: { first: 1 } }, rateLimits: [{ requests: 100 }], breaker: false },
  execute({ how }, context) {
    asked.push(context.now());
    if (how === "fine" || asked.length > 1) return asked.length;
    if (how === "own") throw retryAfter(30_000, new Error("the model is busy"));
    throw Object.assign(new Error("429"), { status: 429, response: { headers: new Headers({ "Retry-After": "30" }) } });
  },
});

const question = defineWorkflow("test:retry-after", {
  name: "question",
  version: "1.0.0",
  input: model.input as v.GenericSchema<{ how: "own" | "http" | "fine" }>,
}).step("ask", model, ({ input }) => input);

it.each(
  (["orchestrator", "relay"] as const).flatMap((coordination) =>
    (["own", "http"] as const).map((how) => ({ coordination, how })),
  ),
)(
  "waits as $how says under the $coordination, and holds back the other calls as long",
  async ({ coordination, how }) => {
    await simulate(
      async ({ system }) => {
        asked = [];
        const ref = await system.spawn(model);
        const busy = system.run(question, { how });
        await firstValueFrom(busy.events$.pipe(filter(({ event }) => event.type === "step-failed")));
        expect(await ref.ask("execute", { how: "fine" }, { timeout: Number.POSITIVE_INFINITY })).toBeGreaterThan(1);
        expect(await busy.result).toBeGreaterThan(1);
        expect(asked).toHaveLength(3);
        for (const at of asked.slice(1)) expect(at - asked[0]!).toBeGreaterThanOrEqual(30_000);
      },
      { runs: 5, seed: 1, system: { coordination } },
    );
  },
);
