/** Limits per tenant, from a run or a call down to the agents that are called in it. On the simulator. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  type AgentContext,
  defineActor,
  defineAgent,
  defineWorkflow,
  isAskError,
  type PolicyOptions,
  Refusal,
  type System,
} from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

const url = "test:tenants";
const seeds = { seed: 3, runs: 5 };
const contract = { version: "1.0.0", input: v.string(), output: v.string() };

const limited = (policies: PolicyOptions) =>
  defineAgent(url, {
    name: "model",
    ...contract,
    concurrency: 8,
    policies: { breaker: false, ...policies },
    async execute(text, context) {
      await context.sleep(10);
      return text;
    },
  });

const twoEach = limited({ rateLimits: [{ requests: 2, per: "tenant", onExceeded: "reject" }] });

const middle = defineAgent(url, {
  name: "middle",
  ...contract,
  concurrency: 8,
  policies: { breaker: false },
  execute: (text, context) => context.call(twoEach, text),
});

const outer = defineAgent(url, {
  name: "outer",
  ...contract,
  concurrency: 8,
  policies: { breaker: false },
  execute: (text, context) => context.call(middle, text),
});

const running = defineWorkflow(url, { name: "running", version: "1.0.0", input: v.string() }).step(
  "only",
  outer,
  ({ input }) => input,
);

/** How many of so many are done, for a tenant. */
async function done(count: number, make: (n: number) => Promise<unknown>): Promise<number> {
  const all = await Promise.allSettled(Array.from({ length: count }, (_, n) => make(n)));
  for (const one of all)
    if (one.status === "rejected") expect(String(one.reason)).toMatch(/limited|may use 2 requests/);
  return all.filter(({ status }) => status === "fulfilled").length;
}

const runs = (system: System, tenant: string | undefined) =>
  done(4, (n) => system.run(running, `${n}`, tenant === undefined ? {} : { tenant }).result);

describe("a limit per tenant", () => {
  it("counts what a run's steps call, and what these call in turn, for the tenant of the run", () =>
    simulate(async ({ system }) => {
      expect(await Promise.all(["acme", "umbra", undefined].map((tenant) => runs(system, tenant)))).toEqual([2, 2, 2]);
      expect(await runs(system, "acme")).toBe(0);
    }, seeds));

  it("counts what a call from outside or of an actor calls, for the tenant of the call", () =>
    simulate(async ({ system }) => {
      const front = defineActor(url, {
        name: "front",
        protocol: { serve: { input: v.string(), reply: v.string() } },
        on: { serve: (_, tenant, context) => context.call(outer, "x", { tenant }) },
      });
      const ref = await system.spawn(front);
      expect(await done(4, () => system.call(outer, "x", { tenant: "acme" }))).toBe(2);
      expect(await done(4, () => ref.ask("serve", "umbra"))).toBe(2);
      expect(await done(2, () => ref.ask("serve", "acme"))).toBe(0);
      expect(await done(4, () => system.call(outer, "x", { tenant: "other", idempotencyKey: "k" }))).toBe(2);
    }, seeds));

  it("is what context.tenant says, of steps, compensations and calls, under either coordination", () =>
    simulate(async ({ system }) => {
      const seen: (string | undefined)[] = [];
      const note = (what: string, context: AgentContext): void =>
        void seen.push(`${what} ${context.run ?? "outside"} ${context.tenant ?? "none"}`);
      const inner = defineAgent(url, {
        name: "inner",
        ...contract,
        execute: (_, context) => (note("call", context), ""),
      });
      const doer = defineAgent(url, {
        name: "doer",
        ...contract,
        async execute(text, context) {
          note("step", context);
          await context.call(inner, text);
          await context.call(inner, "other", { tenant: "umbra" });
          return text;
        },
        compensate: (_, context) => note("undo", context),
      });
      const refusing = defineAgent(url, {
        name: "refusing",
        ...contract,
        execute() {
          throw new Refusal("no", "it fails");
        },
      });
      const flow = defineWorkflow(url, { name: "flow", version: "1.0.0", input: v.string() })
        .step("do", doer, ({ input }) => input)
        .step("fail", refusing, { after: ["do"] }, ({ input }) => input);
      for (const coordination of ["orchestrator", "relay"] as const) {
        await system.run(flow, "x", { id: coordination, tenant: "acme", coordination }).result.catch(() => undefined);
        const of = (what: string, tenant = "acme"): string => `${what} ${coordination} ${tenant}`;
        expect(seen.splice(0)).toEqual([of("step"), of("call"), of("call", "umbra"), of("undo")]);
      }
      await system.call(inner, "x", { tenant: "acme" });
      await system.call(inner, "x");
      expect(seen).toEqual(["call outside acme", "call outside none"]);
    }, seeds));

  it("chooses the runs that system.runs lists", () =>
    simulate(async ({ system }) => {
      for (const tenant of ["acme", "umbra", undefined])
        await system.run(running, "x", { id: `of ${tenant}`, ...(tenant !== undefined && { tenant }) }).result;
      const found: string[] = [];
      for await (const { run } of system.runs({ tenant: "umbra", status: "completed" })) found.push(run);
      expect(found).toEqual(["of umbra"]);
      expect(() => system.runs({ tenant: "" })).toThrow("tenant: expected a text of 1 to 256 characters");
    }, seeds));

  it("is in the run's history and view, and outlives the process", () =>
    simulate(
      async (world) => {
        await world.survive(async ({ system }) => {
          const known = await system.findRun(running, "r").catch(() => undefined);
          const run = known ?? system.run(running, "x", { id: "r", tenant: "acme" });
          await run.result;
          expect((await run.view()).tenant).toBe("acme");
          expect((await run.history())[0]?.event).toMatchObject({ type: "run-started", tenant: "acme" });
        });
      },
      { ...seeds, journal: "durable", faults: { processCrash: 0.02, maxProcessCrashes: 2 } },
    ));

  it("of a bulkhead gives the others' places to no tenant's flood", () =>
    simulate(
      async ({ system, now }) => {
        const model = limited({ bulkhead: { concurrent: 3, perTenant: 2, queue: 4 } });
        const flood = Array.from({ length: 20 }, () =>
          system.call(model, "x", { tenant: "umbra" }).catch((e: unknown) => e),
        );
        const begun = now();
        const acme = await Promise.all([1, 2, 3].map(() => system.call(model, "x", { tenant: "acme" })));
        expect(acme).toEqual(["x", "x", "x"]);
        expect(now() - begun).toBeLessThan(300);
        const refused = (await Promise.all(flood)).filter((one) => isAskError(one));
        expect(refused[0]).toMatchObject({
          code: "bulkhead-full",
          details: { agent: "model", tenant: "umbra", queue: 4 },
        });
        expect(refused.length).toBeGreaterThanOrEqual(12);
      },
      { ...seeds, faults: { partition: 0 } }, // how soon is what this is about
    ));

  it("refuses a tenant that is none", () =>
    simulate(
      async ({ system }) => {
        for (const tenant of ["", "x".repeat(257), 7, null]) {
          const options = { tenant } as never;
          expect(() => system.run(running, "x", options)).toThrow("tenant: expected a text of 1 to 256 characters");
          await expect(system.call(outer, "x", options)).rejects.toMatchObject({ code: "invalid-options" });
        }
      },
      { seed: 3, runs: 1 },
    ));
});
