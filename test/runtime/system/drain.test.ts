/** Draining a system whose actors don't end: the error says what it waited for. On the simulator. */

import { expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, defineAgent, defineWorkflow } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

const url = "test:drain";
const never = (): Promise<never> => new Promise(() => undefined);
const stuck = defineActor(url, {
  name: "stuck",
  protocol: { hang: {}, ping: {} },
  on: { hang: never, ping: () => undefined },
});
const slow = defineAgent(url, { name: "slow", version: "1", input: v.null(), output: v.null(), execute: never });
const waiting = defineWorkflow(url, { name: "waiting", version: "1", input: v.null() }).step("only", slow, () => null);

it("names the actor that has not ended, and then the system can be closed", () =>
  simulate(
    async ({ system }) => {
      const ref = await system.spawn(stuck);
      await ref.tell("hang");
      await expect(system.drain({ deadline: 1_000 })).rejects.toMatchObject({
        code: "timed-out",
        message: `the system was not drained within 1000 ms, as ${ref.address} has not handled what it was sent; close() ends what is left`,
      });
      await system.close();
    },
    { seed: 3, runs: 10 },
  ));

it("says so where supervised actors have not ended", () =>
  simulate(
    async ({ system }) => {
      await system.supervise({ name: "tree", children: [{ actor: stuck, name: "child" }] });
      const child = await system.find(stuck, "child");
      await child.ask("ping"); // it is known from now on where it is
      await child.tell("hang");
      const late = { code: "timed-out", message: expect.stringContaining("as supervised actors have not") as string };
      await expect(system.drain({ deadline: 1_000 })).rejects.toMatchObject(late);
    },
    { seed: 3, runs: 5 },
  ));

it("says so where runs have not", () =>
  simulate(
    async ({ system }) => {
      const run = system.run(waiting, null);
      const late = { code: "timed-out", message: expect.stringContaining("as runs are in flight") as string };
      await expect(system.drain({ deadline: 1_000 })).rejects.toMatchObject(late);
      await system.close();
      await expect(run.result).rejects.toMatchObject({ code: "system-closed" });
    },
    { seed: 3, runs: 5 },
  ));
