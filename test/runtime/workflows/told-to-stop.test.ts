/** What the code of a step or a compensation hears when its system ends. On the simulator, for its virtual time. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { type AgentContext, defineAgent, defineWorkflow, isTroupeError } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

const heard: string[] = [];

async function work(what: string, { signal, sleep }: Pick<AgentContext, "signal" | "sleep">): Promise<void> {
  signal.addEventListener("abort", () => heard.push(`${what}: signal ${(signal.reason as { code: string }).code}`));
  heard.push(`${what} began`);
  try {
    await sleep(60_000);
  } catch (error) {
    heard.push(`${what}: sleep ${isTroupeError(error) ? error.code : String(error)}`);
    throw error;
  }
}

const contextOf = (context: AgentContext) => ({ signal: context.signal, sleep: (ms: number) => context.sleep(ms) });
const Order = v.object({ sleepsIn: v.picklist(["execute", "compensate"]) });
const base = { version: "1.0.0", input: Order, output: v.string(), policies: { breaker: false } } as const;

const first = defineAgent("test:told-to-stop", {
  ...base,
  name: "first",
  execute: () => "done",
  compensate: (_output, context) => work("compensate", contextOf(context)),
});

const second = defineAgent("test:told-to-stop", {
  ...base,
  name: "second",
  async execute({ sleepsIn }, context) {
    if (sleepsIn === "compensate") throw new Error("no");
    await work("execute", contextOf(context));
    return "done";
  },
});

const both = defineWorkflow("test:told-to-stop", { name: "both", version: "1.0.0", input: Order })
  .step("first", first, ({ input }) => input)
  .step("second", second, { after: ["first"] }, ({ input }) => input);

describe.each(["orchestrator", "relay"] as const)("under the %s", (coordination) => {
  describe.each(["execute", "compensate"] as const)("code that sleeps in %s", (sleepsIn) => {
    it.each(["close", "shutdown"] as const)(
      "hears of %s by its signal and its sleep, and ends in time",
      async (end) => {
        await simulate(
          async ({ system, sleep, now }) => {
            heard.length = 0;
            const letters: string[] = [];
            system.deadLetters$.subscribe(({ type }) => letters.push(type));
            const run = system.run(both, { sleepsIn }, { coordination });
            const result = run.result.catch((error: { code: string }) => error.code);
            while (heard.length === 0) await sleep(10);
            const begun = now();
            await (end === "close" ? system.close() : system.shutdown({ deadline: 100 }));
            expect(heard).toEqual([
              `${sleepsIn} began`,
              `${sleepsIn}: signal actor-stopped`,
              `${sleepsIn}: sleep actor-stopped`,
            ]);
            // a second later, its thread would have been killed
            expect(now() - begun).toBeLessThan(end === "close" ? 1_000 : 1_100);
            expect(await result).toBe("system-closed");
            expect(letters).toEqual([]); // the step has not failed, so no report of a failure is on its way
          },
          { runs: 20, seed: 1 },
        );
      },
    );
  });
});
