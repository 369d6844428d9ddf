import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { type ActorRef, defineActor, defineState, isTroupeError } from "../../src/index.ts";
import {
  againstModel,
  counter,
  type CounterInput,
  type SequentialModel,
  simulate,
  type TestedSubject,
} from "../../src/testing/index.ts";

const count = defineState({ name: "count", version: 1, schema: v.number(), initial: () => 0 });
const protocol = { add: { input: v.number(), reply: v.number() }, refuse: {} };

const hasty = defineActor(import.meta.url, {
  name: "hasty",
  protocol,
  on: {
    async add(_draft, by, context) {
      const next = (await context.read(count, "visits")) + by;
      await context.sleep(1);
      await context.commit(count, "visits", () => next);
      return next;
    },
    refuse: () => undefined,
  },
});

const careful = defineActor(import.meta.url, {
  name: "careful",
  protocol,
  mailbox: { capacity: 1, overflow: "reject" },
  on: {
    async add(_draft, by, context) {
      const { state } = await context.commit(count, "visits", (before) => before + by);
      return state;
    },
    refuse: () => undefined,
  },
});

type Ref = ActorRef<typeof protocol>;
type Answer = number | undefined;

/** Two actors, which the sides take turns to call. */
const visits = (actor: typeof hasty): TestedSubject<readonly Ref[], CounterInput, Answer> => ({
  setup: (system) => Promise.all([system.spawn(actor), system.spawn(actor)] as Promise<Ref>[]),
  call: (refs, input, side) => (refs[side % 2] as Ref).ask("add", input.f === "read" ? 0 : input.value),
});

const adds = (...values: number[]): CounterInput[] => values.map((value) => ({ f: "add-and-get", value }));

async function failureOf(playing: Promise<unknown>): Promise<unknown> {
  try {
    await playing;
  } catch (error) {
    return isTroupeError(error, "simulation-failed") ? error.cause : error;
  }
  return undefined;
}

describe("calls from several sides", () => {
  it("agree with the model where each takes effect at once", async () => {
    const sides = [adds(1, 2), adds(3, 4), adds(5)];
    expect(await simulate(againstModel(counter, visits(careful), sides), { seed: 1, runs: 200 })).toMatchObject({
      runs: 200,
    });
  });

  it("are drawn where no order explains them", async () => {
    const sides = [adds(1), adds(1)];
    const error = await failureOf(simulate(againstModel(counter, visits(hasty), sides), { seed: 1, runs: 200 }));
    expect(error).toMatchObject({
      code: "not-linearizable",
      details: { model: "counter", verdict: false, operations: 2 },
      message: expect.stringMatching(
        /^the model counter: these calls don't agree with it:\nside \d ├ add-and-get 1 → 1/,
      ),
    });
  });

  it("are cut down by fast-check to those that race", async () => {
    const sides = fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }), { minLength: 2, maxLength: 3 });
    const { counterexample } = await fc.check(
      fc.asyncProperty(sides, fc.nat(), async (values, seed) => {
        await simulate(
          againstModel(
            counter,
            visits(hasty),
            values.map((some) => adds(...some)),
          ),
          { seed, runs: 10 },
        );
      }),
      { seed: 1, numRuns: 50 },
    );
    const [found = []] = counterexample ?? [];
    expect(found.filter((values) => values.length > 0)).toEqual([[1], [1]]);
  });
});

describe("a call that fails", () => {
  it("without an effect is left out, though many are: a full mailbox refuses them", async () => {
    const { setup } = visits(careful);
    const one: TestedSubject<readonly Ref[], CounterInput, Answer> = {
      setup,
      call: ([ref], input) => (ref as Ref).ask("add", input.f === "read" ? 0 : input.value),
    };
    const sides = Array.from({ length: 6 }, () => adds(1, 1));
    const tally = { refused: 0, calls: 0 };
    const counted: typeof one = {
      setup,
      async call(...given) {
        tally.calls++;
        try {
          return await one.call(...given);
        } catch (error) {
          if (isTroupeError(error, "mailbox-full")) tally.refused++;
          throw error;
        }
      },
    };
    await simulate(againstModel(counter, counted, sides), { seed: 1, runs: 50 });
    expect(tally.refused).toBeGreaterThan(0);
    expect(tally.refused).toBeLessThan(tally.calls);
  });

  it("because of the test's own fault fails the run", async () => {
    const broken: TestedSubject<undefined, CounterInput, Answer> = {
      setup: () => undefined,
      call: () => {
        throw new TypeError("no such method");
      },
    };
    const error = await failureOf(simulate(againstModel(counter, broken, [adds(1)]), { seed: 1, runs: 1 }));
    expect(error).toMatchObject({ name: "TypeError", message: "no such method" });
  });
});

it("says so where there are too many orders to tell", async () => {
  const lock: SequentialModel<string, number, boolean> = {
    name: "subsets",
    initial: "",
    next: (state, input) => [`${state},${input}`],
  };
  const never: SequentialModel<string, number, boolean> = {
    ...lock,
    next: (state, input, answer) => (input === 99 && answer !== undefined ? [] : lock.next(state, input, answer)),
  };
  const slow: TestedSubject<undefined, number, boolean> = { setup: () => undefined, call: async () => true };
  const sides = [...Array.from({ length: 11 }, (_, n) => [n]), [99]];
  const error = await failureOf(simulate(againstModel(never, slow, sides, { budget: 1_000 }), { seed: 1, runs: 1 }));
  expect(error).toMatchObject({ code: "not-linearizable", details: { verdict: "unknown", operations: 12 } });
});
