/** What agents emit, as those see it who follow a run. On the simulator. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  type AgentContext,
  type Coordination,
  defineAgent,
  defineWorkflow,
  type Run,
  type StreamItem,
} from "../../../src/index.ts";
import { simulate, type World } from "../../../src/testing/index.ts";

const url = "test:streams";
const seeds = { seed: 7, runs: 10 };
const contract = { version: "1.0.0", input: v.array(v.string()), output: v.number() };

let attempts = 0;

function writing(execute: (words: string[], context: AgentContext<string>) => Promise<number>, policies: object = {}) {
  const writer = defineAgent(url, {
    name: "writer",
    ...contract,
    emits: v.string(),
    policies: { breaker: false, ...policies },
    execute,
  });
  return defineWorkflow(url, { name: "writing", version: "1.0.0", input: v.array(v.string()) }).step(
    "write",
    writer,
    ({ input }) => input,
  );
}

/** Emits all words, with a pause after each. */
const speak = async (words: readonly string[], context: AgentContext<string>): Promise<number> => {
  for (const word of words) {
    await context.emit(word);
    await context.sleep(100);
  }
  return words.length;
};

/** What a run's stream gives until it completes, in short. */
async function followed(run: Run): Promise<string[]> {
  const seen: string[] = [];
  await new Promise<void>((resolve) =>
    run.stream$.subscribe({
      next: (item) => {
        if (item.kind === "event") seen.push(item.record.event.type);
        else if (item.kind === "gap") seen.push(`${item.attempt}: ${item.lost} lost`);
        else seen.push(`${item.attempt}: ${item.index} ${String(item.value)}`);
      },
      complete: resolve,
    }),
  );
  return seen;
}

/** What a run's text is until it completes, or fails. */
function read(run: Run, step: string): Promise<{ texts: string[]; error?: unknown }> {
  const texts: string[] = [];
  return new Promise((resolve) =>
    run.text(step).subscribe({
      next: (text) => texts.push(text),
      error: (error) => resolve({ texts, error }),
      complete: () => resolve({ texts }),
    }),
  );
}

const played = (play: (world: World) => Promise<void>) => simulate(play, seeds);

describe.each<Coordination>(["orchestrator", "relay"])("a run's stream, by the %s", (coordination) => {
  it("has the parts between the events, and begins anew with a new attempt", () =>
    played(async ({ system }) => {
      attempts = 0;
      const again = writing(
        async (words, context) => {
          const isLast = ++attempts > 1;
          await speak(isLast ? words : words.slice(0, 1), context);
          if (!isLast) throw new Error("the model is down");
          return words.length;
        },
        { retry: { attempts: 2, backoff: { first: 1 } } },
      );
      await system.switchCoordination(coordination);
      const run = system.run(again, ["Dear ", "Ada"]);
      const text = read(run, "write");
      expect(await followed(run)).toEqual([
        ...["run-started", "step-started", "1: 0 Dear ", "step-failed"],
        ...["step-started", "2: 0 Dear ", "2: 1 Ada", "step-finished", "run-ended"],
      ]);
      expect(await text).toEqual({ texts: ["Dear ", "", "Dear ", "Dear Ada"] });
    }));

  it("tells who comes late how many parts are missing", () =>
    played(async ({ system, sleep }) => {
      await system.switchCoordination(coordination);
      const run = system.run(writing(speak), ["a", "b", "c", "d"]);
      await run.started;
      await sleep(250);
      const [first, text] = [followed(run), read(run, "write")];
      const [, , gap, ...rest] = await first;
      expect(gap).toMatch(/^1: [123] lost$/);
      expect(rest.slice(-3)).toEqual(["1: 3 d", "step-finished", "run-ended"]);
      expect((await text).texts.at(-1)).toMatch(/^….*d$/);
      expect(await followed(run)).toEqual(["run-started", "step-started", "step-finished", "run-ended"]);
    }));

  it("ends an attempt that emits nothing for so long, and not one that goes on emitting", () =>
    played(async ({ system }) => {
      attempts = 0;
      const stuck = writing(
        async (words, context) => {
          await speak(words, context);
          if (++attempts === 1) await context.sleep(10_000);
          return words.length;
        },
        { idleTimeout: 300, retry: { attempts: 2, backoff: { first: 1 } } },
      );
      await system.switchCoordination(coordination);
      const run = system.run(stuck, ["a", "b", "c", "d", "e"]);
      expect(await run.result).toBe(5);
      const failures = (await run.history()).flatMap(({ event }) => (event.type === "step-failed" ? [event] : []));
      expect(failures).toMatchObject([
        { isUncertain: true, error: { code: "timed-out", details: { idleTimeout: 300 } } },
      ]);
    }));
});

describe("a run's text", () => {
  it("is an error for a step that there isn't, and for parts that are no text", () =>
    played(async ({ system }) => {
      const counter = defineAgent(url, {
        name: "counter",
        ...contract,
        emits: v.number(),
        async execute(words, context) {
          await context.emit(words.length);
          return 1;
        },
      });
      const counting = defineWorkflow(url, { name: "counting", version: "1.0.0", input: v.array(v.string()) }).step(
        "count",
        counter,
        ({ input }) => input,
      );
      const run = system.run(counting, []);
      const untyped: Run = run;
      untyped.text("nothing").subscribe(); // without a handler of errors it completes
      const [unknown, number] = await Promise.all([read(run, "nothing"), read(run, "count")]);
      expect(unknown).toMatchObject({ texts: [], error: { code: "invalid-options" } });
      expect(number).toMatchObject({ texts: [], error: { code: "invalid-options" } });
      await run.result;
    }));
});

describe("an agent", () => {
  it("that emits nothing by its definition is told so, and its compensation as well", () =>
    played(async ({ system }) => {
      const emit = async (_: unknown, context: AgentContext): Promise<number> => {
        await (context as AgentContext<string>).emit("a word");
        return 1;
      };
      const silent = defineAgent(url, { name: "silent", ...contract, policies: { breaker: false }, execute: emit });
      await expect(system.call(silent, [])).rejects.toMatchObject({ code: "handler-failed" });
    }));

  it("writes no version for its parts, however many", () =>
    played(async ({ system }) => {
      const many = writing(async (_words, context) => {
        for (let n = 0; n < 2_000; n++) await context.emit("word");
        return 2_000;
      });
      const run = system.run(many, []);
      const seen = await followed(run);
      expect(seen.filter((one) => one.startsWith("1: "))).toHaveLength(2_000);
      expect((await run.history()).at(-1)?.version).toBe(2);
    }));

  it("that is called emits to no one", () =>
    played(async ({ system }) => {
      const { steps } = writing(speak);
      const [step] = steps;
      if (step?.kind !== "agent") throw new Error("it is a step of an agent");
      expect(await system.call(step.agent, ["a", "b"] as never)).toBe(2);
    }));
});

it("idleTimeout is refused for an agent that doesn't emit", () => {
  expect(() => defineAgent(url, { name: "a", ...contract, policies: { idleTimeout: 5 }, execute: () => 1 })).toThrow(
    /idleTimeout/,
  );
});

describe("a run's stream by a loop", () => {
  const shown = (item: StreamItem): string => {
    if (item.kind === "event") return item.record.event.type;
    return item.kind === "gap" ? `${item.lost} lost` : String(item.value);
  };

  it("has the events and parts in their order, also of a run that fails", () =>
    played(async ({ system }) => {
      const failing = writing(async (words, context) => {
        await speak(words, context);
        throw new Error("the model is down");
      });
      const items: string[] = [];
      for await (const item of system.run(failing, ["Dear ", "Ada"]).stream()) items.push(shown(item));
      expect(items).toEqual(["run-started", "step-started", "Dear ", "Ada", "step-failed", "run-ended"]);
    }));

  it("changes nothing for the run when it is left", () =>
    played(async ({ system }) => {
      const run = system.run(writing(speak), ["Dear ", "Ada"]);
      for await (const item of run.stream()) if (item.kind === "part") break;
      expect(await run.result).toBe(2);
    }));

  it("is told how many parts it has missed where it lags behind", () =>
    simulate(
      async ({ system }) => {
        const chatty = writing(async (words, context) => {
          for (let n = 0; n < 3_000; n++) await context.emit(words[0] ?? "");
          return 1;
        });
        const run = system.run(chatty, ["x"]);
        const stream = run.stream();
        await run.result;
        const items: string[] = [];
        for await (const item of stream) items.push(shown(item));
        expect(items.filter((item) => item === "x").length).toBe(1_024);
        expect(items.slice(-3)).toEqual([`${3_000 - 1_024} lost`, "step-finished", "run-ended"]);
      },
      { seed: 7, runs: 2 },
    ));

  it("ends with the system, and a second loop listens for itself", () =>
    played(async ({ system }) => {
      const run = system.run(writing(speak), ["Dear ", "Ada"]);
      const [one, other] = [run.stream(), run.stream()];
      let items = 0;
      for await (const item of one) if (item.kind === "part" && ++items === 1) await system.close();
      for await (const item of other) if (item.kind === "part") items++;
      expect(items).toBeGreaterThanOrEqual(2);
    }));
});
