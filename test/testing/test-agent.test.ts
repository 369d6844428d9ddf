/** One agent as a function. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { type AgentContext, type AgentDefinition, defineAgent, defineState } from "../../src/index.ts";
import { answering, testAgent } from "../../src/testing/index.ts";

const url = "test:test-agent";
const contract = { version: "1.0.0", input: v.object({ n: v.number() }), output: v.object({ n: v.number() }) };

const inner = defineAgent(url, {
  name: "inner",
  ...contract,
  execute: () => {
    throw new Error("the real one");
  },
});

const total = defineState({ name: "total", version: 1, schema: v.number(), initial: () => 0 });

const outer = defineAgent(url, {
  name: "outer",
  ...contract,
  async execute({ n }, context) {
    const answered = await context.call(inner, { n });
    await context.commit(total, "all", (before) => before + answered.n);
    context.useTokens(n);
    return answered;
  },
  async compensate(output, context, input) {
    await context.commit(total, "all", (before) => before - output.n - input.n);
  },
  async compensateUnknown(input, context) {
    await context.put(total, context.idempotencyKey, input.n);
  },
});

const doubling = [answering(inner, ({ n }) => ({ n: 2 * n }))];

/** An agent with this code. */
const saying = (execute: (input: unknown, context: AgentContext) => unknown): AgentDefinition =>
  defineAgent(url, {
    name: "saying",
    version: "1.0.0",
    input: v.any(),
    output: v.any(),
    execute: execute as () => null,
  });

describe("an agent under test", () => {
  it("has what it emitted, checked by its contract", async () => {
    const writer = defineAgent(url, {
      name: "writer",
      version: "1.0.0",
      input: v.array(v.string()),
      output: v.number(),
      emits: v.pipe(v.string(), v.nonEmpty()),
      async execute(words, context) {
        for (const word of words) await context.emit(word);
        return words.length;
      },
      async compensate(_output, context) {
        await (context as AgentContext<string>).emit("undone");
      },
    });
    const tested = testAgent(writer);
    expect(await tested(["one", "two"])).toBe(2);
    expect(tested.parts).toEqual(["one", "two"]);
    await expect(tested([""])).rejects.toMatchObject({ code: "contract-violated", details: { direction: "part" } });
    await expect(tested.compensate(1, [])).rejects.toMatchObject({ code: "invalid-options" });
    const silent = testAgent(saying((_, context) => (context as AgentContext<string>).emit("a word")));
    await expect(silent(1)).rejects.toMatchObject({ code: "invalid-options" });
  });

  it("reads the parts of an agent that it calls by stream", async () => {
    const writer = defineAgent(url, {
      ...{
        name: "writer",
        version: "1.0.0",
        input: v.string(),
        output: v.string(),
        emits: v.pipe(v.string(), v.nonEmpty()),
      },
      execute: () => {
        throw new Error("the real one");
      },
    });
    const reader = defineAgent(url, {
      ...{ name: "reader", version: "1.0.0", input: v.string(), output: v.array(v.string()), emits: v.string() },
      async execute(name, context) {
        const stream = context.stream(writer, name);
        for await (const item of stream) if (item.kind === "part") await context.emit(item.value.toUpperCase());
        return [await stream.result];
      },
    });
    const answer = (word: string) =>
      answering(writer, async (name, emit) => {
        emit(word);
        await Promise.resolve();
        emit(name);
        return `${word} ${name}`;
      });
    const tested = testAgent(reader, { calls: [answer("dear")] });
    expect(await tested("ada")).toEqual(["dear ada"]);
    expect(tested.parts).toEqual(["DEAR", "ADA"]);
    expect(tested.calls).toEqual([{ agent: "writer", input: "ada" }]);
    await expect(testAgent(reader, { calls: [answer("")] })("ada")).rejects.toMatchObject({
      code: "contract-violated",
    });
    await expect(testAgent(reader)("ada")).rejects.toThrow("there is no answer");
  });

  it("is a function of its input, with the answers of others", async () => {
    const tested = testAgent(outer, { calls: doubling });
    expect(await tested({ n: 2 })).toEqual({ n: 4 });
    expect(await tested({ n: 3 })).toEqual({ n: 6 });
    expect(tested.calls).toEqual([
      { agent: "inner", input: { n: 2 } },
      { agent: "inner", input: { n: 3 } },
    ]);
    expect(tested.tokens).toBe(5);
    expect(await tested.store.read(total, "all")).toBe(10);
  });

  it("undoes what it did, and what it may have done", async () => {
    const tested = testAgent(outer, { calls: doubling, run: "r", step: "s" });
    await tested.store.put(total, "all", 100);
    await tested.compensate({ n: 4 }, { n: 2 });
    expect(await tested.store.read(total, "all")).toBe(94);
    await tested.compensateUnknown({ n: 7 });
    expect(await tested.store.read(total, "r/s/compensation")).toBe(7);
  });

  it("sees the tenant that it is told", async () => {
    const told = saying((_, { tenant }) => [tenant]);
    expect(await testAgent(told, { tenant: "acme" })("ada")).toEqual(["acme"]);
    expect(await testAgent(told)("ada")).toEqual([undefined]);
    expect(() => testAgent(told, { tenant: "" })).toThrow("tenant: expected a text of 1 to 256 characters");
  });

  it("sees a time that goes on only while it sleeps, and chance that is the same each time", async () => {
    const clocked = saying(async (_, context) => {
      const before = context.now();
      await context.sleep(86_400_000);
      return [before, context.now(), context.random(), context.timeLeft()];
    });
    const now = Date.UTC(2030, 0, 1);
    const tested = testAgent(clocked, { now });
    const [, , chance] = (await tested(null)) as number[];
    expect(tested.now).toBe(now + 86_400_000);
    expect(await testAgent(clocked, { now })(null)).toEqual([now, now + 86_400_000, chance, Number.POSITIVE_INFINITY]);
    expect(await testAgent(clocked, { random: () => 0.5 })(null)).toContain(0.5);
  });

  it("is held to its contracts, and to those of whom it calls", async () => {
    const tested = testAgent(outer, { calls: doubling });
    await expect(tested({ n: "2" } as never)).rejects.toMatchObject({
      code: "contract-violated",
      details: { agent: "outer", direction: "input" },
    });
    const careless = saying((_, context) => context.call(inner, { n: "2" } as never));
    await expect(testAgent(careless, { calls: doubling })(null)).rejects.toMatchObject({
      details: { agent: "inner", direction: "input", side: "sender" },
    });
  });

  it("fails where no answer is given, and with what an answer throws", async () => {
    await expect(testAgent(outer)({ n: 1 })).rejects.toThrow("calls: [answering(inner, ");
    const down = answering(inner, () => {
      throw new Error("down");
    });
    await expect(testAgent(outer, { calls: [down] })({ n: 1 })).rejects.toThrow("down");
  });

  it("shares no value with the test", async () => {
    const seen: { list: number[] }[] = [];
    const changing = saying((input) => {
      (input as { list: number[] }).list.push(1);
      seen.push(input as { list: number[] });
      return input;
    });
    const input = { list: [] };
    const output = (await testAgent(changing)(input)) as { list: number[] };
    expect(input.list).toEqual([]);
    expect(output).toEqual({ list: [1] });
    expect(output).not.toBe(seen[0]);
  });

  it("is told by its signal", async () => {
    const stopped = AbortSignal.abort(new Error("enough"));
    const sleepy = saying((_, context) => context.sleep(5));
    await expect(testAgent(sleepy, { signal: stopped })(null)).rejects.toThrow("enough");
  });

  it("has no actors", async () => {
    const spawning = saying((_, context) => context.spawn(inner));
    await expect(testAgent(spawning)(null)).rejects.toThrow("context.spawn can't be used");
  });

  it("refuses what is no agent, and fakes that are none", () => {
    expect(() => testAgent(undefined as never)).toThrow("testAgent: expected what defineAgent returned");
    expect(() => testAgent(outer, { clock: 1 } as object)).toThrow("testAgent outer: clock:");
    expect(() => answering(inner, undefined as never)).toThrow("answering inner: the answer is a function");
  });
});
