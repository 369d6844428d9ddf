/** Public reports of runs that failed, and had to be done again from their beginning. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defineAgent, defineWorkflow, isTroupeError } from "../../src/index.ts";
import { noted, underBoth, worker } from "./tasks.ts";

/** What it can't do, it can once it is mended. */
const mended = { is: false };

const Part = v.object({ part: v.string() });

const reader = defineAgent(import.meta.url, {
  name: "reader",
  version: "1.0.0",
  input: Part,
  output: v.string(),
  policies: { breaker: false },
  async execute({ part }, context) {
    noted.begun.push(String(context.step));
    if (part.startsWith("bad") && !mended.is) throw new Error(`can't read ${part}`);
    return part.toUpperCase();
  },
  compensate: (_, context) => void noted.undone.push(String(context.step)),
});

export const reading = defineWorkflow(import.meta.url, {
  name: "reading",
  version: "1.0.0",
  input: v.object({ parts: v.array(v.string()) }),
})
  .step("split", reader, ({ input }) => ({ part: input.parts.join() }))
  .each("read", reader, { over: ({ input }) => input.parts, concurrency: 2 }, ({ item }) => ({ part: item }))
  .step("note", worker, () => ({}))
  .step("join", reader, { after: ["split", "read", "note"] }, ({ read }) => ({ part: read.join("+") }));

describe("a fork of a run", () => {
  it("does not do again what had succeeded of a list: https://github.com/mastra-ai/mastra/issues/21749", () =>
    underBoth(async ({ system }) => {
      mended.is = false;
      const run = system.run(reading, { parts: ["a", "b", "bad", "c", "d"] }, { id: "r", tenant: "acme" });
      await expect(run.result).rejects.toMatchObject({ code: "step-failed", details: { step: "read[2]" } });
      const at = (await run.history()).findLast(({ event }) => event.type === "step-failed")?.version ?? 0;
      const { steps } = await run.view({ at: at - 1 });
      const done = Object.entries(steps).flatMap(([path, { status }]) => (status === "finished" ? [path] : []));
      mended.is = true;
      for (const list of Object.values(noted)) list.length = 0;
      const fork = await system.forkRun("r", { id: "f", at: at - 1 });
      expect(await fork.result).toBe("A+B+BAD+C+D");
      expect(noted.begun.filter((path) => done.includes(path))).toEqual([]);
      const all = ["join", "note", "read[0]", "read[1]", "read[2]", "read[3]", "read[4]", "split"];
      expect([...noted.begun, ...done].toSorted()).toEqual(all);
      expect((await fork.view()).tenant).toBe("acme");
      const [first] = await fork.history();
      expect(first?.event).toMatchObject({ type: "run-started", fork: { run: "r", version: at - 1 } });
      // what was inherited is the other run's to undo
      await (await fork.undo("sent back")).result.catch(() => undefined);
      expect(noted.undone.filter((path) => done.includes(path))).toEqual([]);
      expect(noted.undone.toSorted()).toEqual(all.filter((path) => !done.includes(path)));
    }));

  it("does again what was undone, and all that came after it", () =>
    underBoth(async ({ system }) => {
      mended.is = false;
      const run = system.run(reading, { parts: ["a", "bad"] }, { id: "r" });
      await run.result.catch(() => undefined);
      mended.is = true;
      const before = await run.history();
      const fork = await system.forkRun("r");
      expect(await fork.result).toBe("A+BAD");
      expect(await run.history(), "the other run stays as it is").toEqual(before);
    }));

  it("is done again from a step on, with another output before it, also after a crash", () =>
    underBoth(
      async ({ system, crash }) => {
        mended.is = true;
        await system.run(reading, { parts: ["a", "b"] }, { id: "r" }).result;
        for (const list of Object.values(noted)) list.length = 0;
        await system.forkRun("r", { id: "f", before: ["join"], outputs: { split: "other" } });
        const fork = await (await crash()).findRun(reading, "f");
        expect(await fork.result).toBe("A+B");
        expect(new Set(noted.begun)).toEqual(new Set(["join"]));
        expect((await fork.view()).outputs).toMatchObject({ split: "other", read: ["A", "B"] });
      },
      { journal: "durable" },
    ));

  it("is refused where it can't begin", () =>
    underBoth(
      async ({ system }) => {
        mended.is = true;
        await system.run(reading, { parts: ["a"] }, { id: "r" }).result;
        const refused = async (...given: Parameters<typeof system.forkRun>): Promise<string> => {
          const error: unknown = await system.forkRun(...given).catch((reason: unknown) => reason);
          if (!isTroupeError(error)) throw new Error("it was not refused");
          return `${error.code}: ${error.message}`;
        };
        expect(await refused("x")).toContain("no-such-run: there is no run x");
        expect(await refused("r", { at: 99 })).toContain("no-such-version");
        expect(await refused("r", { before: "read[0]" })).toContain(
          `invalid-options: forkRun: of the run r, "read[0]" is in "read", and can't be named by itself: name that`,
        );
        expect(await refused("r", { outputs: { split: 3 } })).toContain(
          `forkRun: outputs: "split": reader@1.0.0: output`,
        );
        expect(await refused("r", { outputs: { read: [] } })).toContain(`outputs: "read" is no step of an agent`);
        expect(await refused("r", { at: 1, outputs: { join: "j" } })).toContain(`outputs: "join" comes after "split"`);
        expect(await refused("r", { id: "r" })).toContain("run-exists");
        expect(await refused("r", { when: 1 } as object)).toContain("invalid-options");
      },
      { runs: 1 },
    ));
});
