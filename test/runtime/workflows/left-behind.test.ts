/** Agents whose code hangs and doesn't look at its signal: what it costs, and whom. On the simulator, as it takes seconds. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { type AgentContext, type Coordination, defineAgent, defineWorkflow, isAskError } from "../../../src/index.ts";
import { simulate, type World } from "../../../src/testing/index.ts";
import { counter, tally } from "../../fixtures/actors.ts";

/** What calls that hang may still do, once the test lets them go on. */
const hanging: { readonly context: AgentContext; release(): void }[] = [];
const undone: string[] = [];

const Order = v.object({ order: v.string(), hangs: v.boolean() });

const base = defineAgent("test:left-behind", {
  name: "base",
  version: "1.0.0",
  input: Order,
  output: v.string(),
  execute: ({ order }) => order,
  compensate: (order) => void undone.push(order),
});

const hangs = (name: string, timeout: number) =>
  defineAgent("test:left-behind", {
    name,
    version: "1.0.0",
    input: Order,
    output: v.string(),
    policies: { timeout, breaker: false, bulkhead: { concurrent: 1, queue: 0 } },
    async execute({ order, hangs: doesHang }, context) {
      if (doesHang) await new Promise<void>((release) => hanging.push({ context, release }));
      return order;
    },
    compensateUnknown: ({ order }) => void undone.push(`${order}, perhaps`),
  });

const bounded = hangs("bounded", 100);
const unbounded = hangs("unbounded", Number.POSITIVE_INFINITY);
const doing = (agent: typeof bounded) =>
  defineWorkflow("test:left-behind", { name: agent.name, version: "1", input: Order })
    .step("base", base, ({ input }) => input)
    .step("hang", agent, { after: ["base"] }, ({ input }) => input);

const inTime = doing(bounded);
const patient = doing(unbounded);

const both = ["orchestrator", "relay"] as const;

function once(coordination: Coordination, scenario: (world: World) => Promise<void>): Promise<void> {
  const seen = async (world: World): Promise<void> => {
    hanging.length = 0;
    undone.length = 0;
    await world.system.switchCoordination(coordination);
    await scenario(world);
  };
  return simulate(seen, { seed: 4, runs: 10 }).then(() => undefined);
}

describe("a call that hangs", () => {
  it.each(both)("past its timeout costs its own run and no other, %s", (coordination) =>
    once(coordination, async ({ system }) => {
      const failures: unknown[] = [];
      system.events$.subscribe((event) => event.type === "actor-failed" && failures.push(event));
      const run = system.run(inTime, { order: "one", hangs: true });
      await expect(run.result).rejects.toMatchObject({ code: "step-failed", cause: { code: "timed-out" } });
      expect(undone).toEqual(["one, perhaps", "one"]);
      expect(failures).toMatchObject([{ message: "execute", error: { code: "timed-out", details: { step: "hang" } } }]);
      expect(await system.run(inTime, { order: "two", hangs: false }).result).toBe("two");
    }),
  );

  it.each(both)("in a run that is cancelled, doesn't hold it up for ever, %s", (coordination) =>
    once(coordination, async ({ system, sleep }) => {
      const run = system.run(patient, { order: "one", hangs: true });
      while (hanging.length === 0) await sleep(1);
      await run.cancel("enough");
      await expect(run.result).rejects.toMatchObject({ code: "run-cancelled" });
      expect(undone).toEqual(["one, perhaps", "one"]);
      expect(await system.run(patient, { order: "two", hangs: false }).result).toBe("two");
    }),
  );

  it("asked directly, gives its place back when its asker has given up", () =>
    once("relay", async ({ system, sleep }) => {
      const ref = await system.spawn(unbounded);
      await expect(ref.ask("execute", { order: "one", hangs: true }, { timeout: 50 })).rejects.toSatisfy(isAskError);
      await sleep(6_000);
      expect(await ref.ask("execute", { order: "two", hangs: false })).toBe("two");
    }));

  it("can do nothing any more once it is left behind", () =>
    once("orchestrator", async ({ system, sleep }) => {
      await system.run(inTime, { order: "one", hangs: true }).result.catch(() => undefined);
      const [late] = hanging;
      expect(late).toBeDefined();
      const context = late?.context as AgentContext;
      const refusal = { code: "actor-stopped" };
      const attempt = async (work: () => Promise<unknown>): Promise<unknown> => work();
      await expect(attempt(() => context.commit(tally, "k", () => ({ n: 1 })))).rejects.toMatchObject(refusal);
      await expect(attempt(() => context.put(tally, "k", { n: 1 }))).rejects.toMatchObject(refusal);
      await expect(attempt(() => context.transact([[tally, "k"]], ([one]) => void (one.n = 1)))).rejects.toMatchObject(
        refusal,
      );
      await expect(attempt(() => context.spawn(counter))).rejects.toMatchObject(refusal);
      late?.release();
      await sleep(10);
      expect(await system.store.snapshot(tally, "k")).toBeUndefined();
    }));
});
