/** Invariant 5 of what agents commit: each commit once, however often its step is attempted, and none taken for another. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, isTroupeError, type System } from "../../src/index.ts";
import { outside } from "./outside.ts";
import { done, type Rounds, rounds, styles, worker } from "./rounds.ts";
import { asStoreMessage, mapFrames } from "./wire.ts";
import { holdsOnThreads, holdsSimulated, isFoundBroken } from "./worlds.ts";

interface Given {
  readonly coordination: Coordination;
  /** Run as a workflow, or asked directly. */
  readonly how: "run" | "ask";
  readonly work: Omit<Rounds, "list">;
}

const someWork = fc.record({
  items: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }),
  style: fc.constantFrom(...styles),
  failures: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4 }),
  inPairs: fc.boolean(),
  isUndone: fc.boolean(),
});

const given: fc.Arbitrary<Given> = fc.record({
  coordination: fc.constantFrom("orchestrator" as const, "relay" as const),
  how: fc.constantFrom("run" as const, "ask" as const),
  work: someWork,
});

async function eachCommitLandsOnce(system: System, { coordination, how, work }: Given, list: string): Promise<void> {
  outside.reset();
  const input = { ...work, list };
  if (how === "run") {
    await system.switchCoordination(coordination);
    await system.run(rounds, input).result.catch((error: unknown) => {
      if (!isTroupeError(error, "step-failed") || !input.isUndone || error.details.step !== "judge") throw error;
    });
  } else {
    const ref = await system.spawn(worker);
    await ref.ask("execute", input, { timeout: Number.POSITIVE_INFINITY, idempotencyKey: list });
    await ref.ask("execute", input, { timeout: Number.POSITIVE_INFINITY, idempotencyKey: list });
  }
  const signs = how === "run" && input.isUndone ? ["+", "-"] : ["+"];
  const wanted = signs.flatMap((sign) => input.items.map((item) => `${sign}${item}`));
  const committed = await system.store.read(done, list);
  if (input.inPairs) expect([...committed].toSorted()).toEqual(wanted.toSorted());
  else expect(committed).toEqual(wanted);
}

describe("invariant 5: what a step commits is applied once, and is never taken for something else", () => {
  it("holds on the simulator", () => holdsSimulated(given, eachCommitLandsOnce));

  it("holds on the simulator where threads die in the middle of a step", () =>
    holdsSimulated(
      given.filter(({ how }) => how === "run"),
      eachCommitLandsOnce,
      { faults: { threadDeath: 0.004, maxThreadDeaths: 2 } },
    ));

  it("holds on real threads", () => holdsOnThreads(given, eachCommitLandsOnce));

  it("stands on finding out what earlier attempts have committed", async () => {
    const broken = isFoundBroken(given, eachCommitLandsOnce, {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const request = asStoreMessage(frame)?.message["request"] as
            | { idempotencyKey?: string; known?: number }
            | undefined;
          delete request?.known;
          delete request?.idempotencyKey;
          return frame;
        }),
    });
    expect(await broken).toContain("Counterexample");
  });
});
