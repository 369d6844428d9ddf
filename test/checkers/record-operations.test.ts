import { describe, expect, it } from "vitest";
import { defineActor } from "../../src/actors/define-actor.ts";
import { checkLinearizability } from "../../src/checkers/check-linearizability.ts";
import { counter, type CounterInput } from "../../src/checkers/models/counter.ts";
import { recordOperations } from "../../src/checkers/record-operations.ts";
import { simulate, type Scenario } from "../../src/testing/index.ts";
import { defineState } from "../../src/store/versions/define-state.ts";
import * as v from "valibot";

const count = defineState({ name: "count", version: 1, schema: v.number(), initial: () => 0 });

const protocol = { add: { input: v.number(), reply: v.number() }, get: { reply: v.number() } };

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
    get: (_draft, _input, context) => context.read(count, "visits"),
  },
});

const careful = defineActor(import.meta.url, {
  name: "careful",
  protocol,
  on: {
    async add(_draft, by, context) {
      let next = 0;
      await context.commit(count, "visits", (before) => (next = before + by));
      return next;
    },
    get: (_draft, _input, context) => context.read(count, "visits"),
  },
});

function counting(actor: typeof hasty): Scenario {
  return async ({ system }) => {
    const refs = await Promise.all([system.spawn(actor), system.spawn(actor)]);
    const recording = recordOperations<CounterInput, number | undefined>();
    await Promise.all(
      refs.map(async (ref, n) => {
        for (let round = 0; round < 3; round++) {
          await recording.call(n, { f: "add-and-get", value: 1 }, () => ref.ask("add", 1));
        }
      }),
    );
    const [ref] = refs;
    if (ref !== undefined) await recording.call("auditor", { f: "read" }, () => ref.ask("get"));
    const { linearizable, violation } = checkLinearizability(counter, recording.operations);
    expect(linearizable, violation?.text).toBe(true);
  };
}

describe("recordOperations", () => {
  it("finds the race of actors that share a counter, and none in those that don't race", async () => {
    await expect(simulate(counting(hasty), { seed: 1, runs: 50 })).rejects.toThrow(/No order of these operations/);
    await expect(simulate(counting(careful), { seed: 1, runs: 50 })).resolves.toMatchObject({ runs: 50 });
  });

  it("notes calls, answers, and what can't be known", async () => {
    const recording = recordOperations<string, number>({ hadNoEffect: (error) => error === "refused" });
    let answer: (value: number) => void = () => undefined;
    const first = recording.call("ann", "first", () => new Promise<number>((resolve) => (answer = resolve)));
    expect(await recording.call("bob", "second", () => 2)).toBe(2);
    await expect(recording.call("bob", "third", () => Promise.reject("refused"))).rejects.toBe("refused");
    await expect(recording.call("bob", "fourth", () => Promise.reject("timeout"))).rejects.toBe("timeout");
    expect(recording.operations).toEqual([
      { process: "ann", input: "first", called: 0 },
      { process: "bob", input: "second", output: 2, called: 1, returned: 2 },
      { process: "bob", input: "fourth", called: 4 },
    ]);
    answer(1);
    expect(await first).toBe(1);
    expect(recording.operations[0]).toEqual({ process: "ann", input: "first", output: 1, called: 0, returned: 5 });
  });
});
