/** What a handler throws, of which no asker hears, fails a simulation. */

import assert from "node:assert/strict";
import { throwError } from "rxjs";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineActor, Refusal } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";

const judge = defineActor(import.meta.url, {
  name: "judge",
  protocol: { check: { input: v.number(), reply: v.number() }, refuse: {}, rest: { input: v.number() } },
  on: {
    check(_draft, n) {
      assert.equal(n, 1, `it is ${n}`);
      return n;
    },
    refuse() {
      throw new Refusal("no-thanks", "not today");
    },
    rest: (_draft, ms, context) => context.sleep(ms),
  },
});

const failing = defineActor(import.meta.url, {
  name: "failing",
  protocol: { check: { input: v.number() } },
  behaviour: () => throwError(() => new Error("it never began")),
});

describe("a simulation fails", () => {
  it("when a handler throws that was told", async () => {
    const told = simulate(async ({ system, sleep }) => {
      const ref = await system.spawn(judge);
      await ref.tell("check", 2);
      await sleep(100);
    });
    await expect(told).rejects.toMatchObject({
      code: "simulation-failed",
      message: expect.stringMatching(
        /judge-\d+ failed, and no asker hears of it: its handler of "check" threw: it is 2/,
      ),
      cause: { cause: { code: "ERR_ASSERTION" } },
    });
  });

  it("also when it throws while the system closes", async () => {
    const told = simulate(async ({ system }) => {
      const ref = await system.spawn(judge);
      await Promise.all([ref.tell("check", 2), ref.ask("check", 1)]);
    });
    await expect(told).rejects.toThrow("it is 2");
  });

  it("when a supervised actor's does, which is tried again", async () => {
    const told = simulate(async ({ system, sleep }) => {
      await system.supervise({ name: "court", children: [{ name: "judge", actor: judge }] });
      const ref = await system.find(judge, "judge");
      await ref.tell("check", 2);
      await sleep(1000);
    });
    await expect(told).rejects.toThrow('court/judge failed, and no asker hears of it: its handler of "check" threw');
  });

  it("when a behaviour fails", async () => {
    const told = simulate(async ({ system, sleep }) => {
      const ref = await system.spawn(failing);
      await ref.tell("check", 1).catch(() => undefined);
      await sleep(100);
    });
    await expect(told).rejects.toThrow("it never began");
  });

  it("when what expects failures throws", async () => {
    const told = simulate(
      async ({ system, sleep }) => {
        await (await system.spawn(judge)).tell("check", 2);
        await sleep(100);
      },
      {
        expects: () => {
          throw new RangeError("it can't say");
        },
      },
    );
    await expect(told).rejects.toThrow("it can't say");
  });
});

describe("a simulation does not fail", () => {
  it("by what the asker is told, by a refusal, or by the end of a message whose actor is stopped", async () => {
    const report = await simulate(async ({ system, sleep }) => {
      const ref = await system.spawn(judge);
      await assert.rejects(ref.ask("check", 2), /it is 2/);
      await ref.tell("refuse");
      await ref.tell("rest", 5000);
      await sleep(50);
      await system.stop(ref);
    });
    expect(report.runs).toBe(100);
  });

  it("by what it expects", async () => {
    const seen = new Set<string>();
    const report = await simulate(
      async ({ system, sleep }) => {
        await (await system.spawn(judge)).tell("check", 2);
        await sleep(100);
      },
      {
        expects: ({ actor, message, error }) => {
          seen.add(`${actor.replace(/^\d+\//, "")} ${message}`);
          return (error as Error).message.startsWith("it is 2");
        },
      },
    );
    expect(report.runs).toBe(100);
    expect([...seen]).toEqual(["judge-1 check"]);
  });
});
