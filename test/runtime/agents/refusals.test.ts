/** A refusal fails its step at once, is compensated, and never counts against its agent. On the simulator, for its time. */

import { filter, firstValueFrom } from "rxjs";
import { expect, it } from "vitest";
import * as v from "valibot";
import {
  breakerState,
  defineAgent,
  defineState,
  defineWorkflow,
  isTroupeError,
  Refusal,
  refusalOf,
} from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

const Order = v.object({ id: v.string(), cents: v.number() });

const done = defineState({ name: "done", version: 1, schema: v.array(v.string()), initial: () => [] });

const reserve = defineAgent("test:refusals", {
  name: "reserve",
  version: "1.0.0",
  input: Order,
  output: v.string(),
  async execute({ id }, context) {
    await context.commit(done, id, (draft) => void draft.push("reserved"));
    return id;
  },
  async compensate(_output, context, { id }) {
    await context.commit(done, id, (draft) => void draft.push("released"));
  },
});

const charge = defineAgent("test:refusals", {
  name: "charge",
  version: "1.0.0",
  input: Order,
  output: v.string(),
  // all that it throws would be tried again, and count
  policies: {
    breaker: { consecutiveFailures: 2, probes: 1, counts: () => true },
    retry: { attempts: 3, backoff: { first: 1 }, errors: (error) => !isTroupeError(error, "breaker-open") },
  },
  async execute({ id, cents }, context) {
    await context.commit(done, id, (draft) => void draft.push("asked"));
    if (cents === 0) throw new Error("the bank is down");
    if (cents > 50_000)
      throw new Refusal("card-declined", "the bank declined", { details: { limit: 50_000 }, cause: new Error("402") });
    return "paid";
  },
});

const sale = defineWorkflow("test:refusals", { name: "sale", version: "1.0.0", input: Order })
  .step("reserve", reserve, ({ input }) => input)
  .step("charge", charge, { after: ["reserve"], fallback: () => "on account" }, ({ input }) => input);

const options = { runs: 10, seed: 1 };
const coordinations = ["orchestrator", "relay"] as const;

it.each(coordinations)("is asked for once, undone, and told to the caller, under the %s", async (coordination) => {
  await simulate(
    async ({ system }) => {
      for (let n = 0; n < 3; n++) {
        const error = await rejectionOf(system.run(sale, { id: `o${n}`, cents: 99_900 }).result);
        expect(error).toMatchObject({ code: "step-failed", details: { step: "charge" } });
        expect(refusalOf(error)).toMatchObject({
          name: "Refusal",
          code: "card-declined",
          message: "the bank declined",
          details: { limit: 50_000 },
          cause: { message: "402" },
        });
        expect(await system.store.read(done, `o${n}`)).toEqual(["reserved", "asked", "released"]);
      }
      expect(await system.run(sale, { id: "small", cents: 100 }).result).toBe("paid");
    },
    { ...options, system: { coordination } },
  );
});

it.each(coordinations)(
  "lets a failure be one: tried again, counted, with its fallback, under the %s",
  async (coordination) => {
    await simulate(
      async ({ system }) => {
        expect(await system.run(sale, { id: "free", cents: 0 }).result).toBe("on account");
        expect(await system.store.read(done, "free")).toEqual(["reserved", "asked"]);
        expect(
          await rejectionOf((await system.spawn(charge)).ask("execute", { id: "a", cents: 99_900 })),
        ).toMatchObject({
          code: "breaker-open",
        });
      },
      { ...options, system: { coordination } },
    );
  },
);

it("is the cause of an ask's error, and shows that an agent on probation works", async () => {
  await simulate(async ({ system }) => {
    const ref = await system.spawn(charge);
    expect(await rejectionOf(ref.ask("execute", { id: "free", cents: 0 }))).toMatchObject({ code: "breaker-open" });
    await system.run(sleeps, {}).result; // the breaker's pause passes
    const error = await rejectionOf(ref.ask("execute", { id: "a", cents: 99_900 }));
    expect(error).toMatchObject({ code: "handler-failed", cause: { name: "Refusal", code: "card-declined" } });
    const breaker$ = system.store.watch(breakerState, "charge");
    await firstValueFrom(breaker$.pipe(filter(({ state }) => state.status === "closed")));
  }, options);
});

const sleeps = defineWorkflow("test:refusals", { name: "sleeps", version: "1.0.0", input: v.object({}) }).step(
  "sleep",
  defineAgent("test:refusals", {
    name: "sleep",
    version: "1.0.0",
    input: v.object({}),
    output: v.null(),
    async execute(_input, context) {
      await context.sleep(120_000);
      return null;
    },
  }),
  () => ({}),
);

it("is called so in the words of a call's error, however many calls it has passed through", () =>
  simulate(async ({ system }) => {
    const cashier = defineAgent("test:refusals", {
      ...{ name: "cashier", version: "1.0.0", input: Order, output: v.string() },
      execute: (order, context) => context.call(charge, order),
    });
    const saying = async (cents: number): Promise<string> =>
      ((await rejectionOf(system.call(cashier, { id: "o", cents }))) as Error).message;
    expect(await saying(60_000)).toMatch(
      /^\d+\/cashier-\d+ refused "execute": \d+\/charge-\d+ refused "execute": the bank declined$/,
    );
    expect(await saying(0)).toMatch(/^\d+\/cashier-\d+ failed to handle "execute": /);
  }, options));
