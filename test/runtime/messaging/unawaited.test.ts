/** Asks that no code waits for: whatever becomes of their receivers doesn't end the process (invariant 9). On the simulator. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, defineAgent } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

const url = "test:unawaited";
const never = (): Promise<never> => new Promise(() => undefined);
const fail = (): never => {
  throw new Error("no");
};
const protocol = { hang: {}, fail: {}, ping: {} };
const stuck = defineActor(url, {
  name: "stuck",
  protocol,
  mailbox: { capacity: 1, overflow: "reject" },
  on: { hang: never, fail, ping: () => undefined },
});
const patient = defineActor(url, {
  name: "patient",
  protocol,
  mailbox: { capacity: 1 },
  on: { hang: never, fail, ping: () => undefined },
});
const agent = defineAgent(url, { name: "agent", version: "1", input: v.null(), output: v.null(), execute: never });
const seeds = { seed: 7, runs: 20 };

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => void process.on("unhandledRejection", note));
afterEach(() => {
  process.off("unhandledRejection", note);
  unhandled.length = 0;
});
/** Rejections that are not handled are told after the microtasks. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("an ask that no code waits for", () => {
  it.each(["thread-died", "actor-stopped", "system-closed"])("may have a receiver that is gone: %s", async (how) => {
    const letters: string[] = [];
    await simulate(async ({ system, killThread, sleep }) => {
      system.deadLetters$.subscribe(({ reason, type }) => letters.push(`${type} ${reason}`));
      const one = await system.spawn(patient, { placement: { thread: 1 } });
      void one.ask("hang");
      await sleep(1);
      void one.ask("ping"); // waits in the mailbox
      void one.ask("ping"); // waits for room
      void system.call(agent, null);
      await sleep(1);
      if (how === "thread-died") killThread(1);
      if (how === "actor-stopped") void system.stop(one, "discard", { deadline: 10 }).catch(() => undefined);
      if (how === "system-closed") await system.close();
      await sleep(100);
      void one.ask("ping"); // is refused at once, or when it arrives
      await sleep(100);
    }, seeds);
    await turn();
    expect(unhandled).toEqual([]);
    expect(letters.length).toBeGreaterThanOrEqual(how === "system-closed" ? 1 : 20);
  });

  it("may have a receiver without room", async () => {
    const letters: string[] = [];
    await simulate(async ({ system, sleep }) => {
      system.deadLetters$.subscribe(({ reason, type }) => letters.push(`${type} ${reason}`));
      const one = await system.spawn(stuck);
      void one.ask("hang");
      for (let i = 0; i < 5; i++) void one.ask("ping");
      await sleep(100);
    }, seeds);
    await turn();
    expect(unhandled).toEqual([]);
    expect(letters).toContain("ping overflow");
  });

  it("tells as any promise does that its handler failed, or that the message is wrong", async () => {
    await simulate(
      async ({ system, sleep }) => {
        const one = await system.spawn(patient);
        void one.ask("fail");
        void one.ask("nothing" as "ping");
        await sleep(100);
      },
      { seed: 7, runs: 1 },
    );
    await turn();
    expect(unhandled).toMatchObject([{ code: "no-such-message" }, { code: "handler-failed" }]);
  });
});
