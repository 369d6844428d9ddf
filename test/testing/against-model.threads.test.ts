/** Calls from several sides on real threads, judged by a model. */

import { expect, it } from "vitest";
import { createSystem } from "troupe";
import { againstModel, counter, type CounterInput } from "troupe/testing";
import { adder } from "../fixtures/actors.ts";

const adds = (count: number): CounterInput[] => Array.from({ length: count }, () => ({ f: "add-and-get", value: 1 }));

it("agree with it where each adds in one commit, and don't where an answer is made up", async () => {
  await using system = await createSystem({ threads: 2 });
  const visits = (key: string, answered: (n: number) => number) =>
    againstModel(
      counter,
      {
        setup: () => Promise.all([1, 2].map((thread) => system.spawn(adder, { placement: { thread } }))),
        call: async (refs, _input, side) => answered((await refs[side % 2]!.ask("add", { key, by: 1 })).n),
      },
      [adds(5), adds(5), adds(5)],
    );
  await visits("right", (n) => n)({ system });
  await expect(visits("wrong", (n) => Math.min(n, 14))({ system })).rejects.toMatchObject({ code: "not-linearizable" });
});
