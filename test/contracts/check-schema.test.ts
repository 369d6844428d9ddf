/** Schemas of definitions: what checks at once, and what would let everything through. */

import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineActor, defineAgent, defineState, defineWorkflow } from "../../src/index.ts";
import { checkContract } from "../../src/contracts/contract.ts";
import { violationOf } from "../../src/store/versions/check-state.ts";
import { schemaProblem } from "../../src/contracts/check-schema.ts";

const name = v.pipeAsync(
  v.string(),
  v.checkAsync((text) => Promise.resolve(text === "ok"), "not ok"),
);
interface Tree {
  readonly children: readonly Tree[];
}
const tree: v.GenericSchema<Tree> = v.object({ children: v.array(v.lazy(() => tree)) });
const isOk = async (text: string): Promise<boolean> => Promise.resolve(text === "ok");

describe("a schema", () => {
  it.each<[string, v.GenericSchema]>([
    [
      "of everything",
      v.object({ a: v.array(v.optional(v.union([v.string(), v.null()]))), b: v.map(v.string(), v.date()) }),
    ],
    [
      "with checks",
      v.pipe(
        v.string(),
        v.check((text) => text !== ""),
        v.transform(Number),
        v.number(),
      ),
    ],
    ["of itself", tree],
    ["that depends on the value", v.lazy((value) => ((value as { n: number }).n > 0 ? v.any() : v.never()))],
    ["of a field whose name reads so", v.object({ async: v.boolean(), kind: v.string() })],
    ["with a default", v.object({ n: v.optional(v.number(), () => 5) })],
  ])("that checks at once is fine: %s", (_what, schema) => {
    expect(schemaProblem(schema)).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ["of its own", name, "at its root"],
    ["of a field", v.objectAsync({ name }), "at its root"],
    ["of a field of an object", v.object({ id: v.string(), name: name as never }), "at name"],
    ["of an element", v.object({ names: v.array(name as never) }), "at names.*"],
    ["of a member of a tuple", v.tuple([v.string(), name as never]), "at 1"],
    ["of an option", v.object({ a: v.union([v.null(), name as never]) }), "at a"],
    ["of a value of a record", v.record(v.string(), name as never), "at *"],
    ["of what is optional", v.object({ a: v.optional(name as never) }), "at a"],
    ["behind a getter", v.object({ a: v.lazy(() => name as never) }), "at a"],
    ["a check that is an async function", v.object({ a: v.pipe(v.string(), v.check(isOk as never)) }), "at a"],
    ["a transformation that is one", v.pipe(v.string(), v.transform(isOk)), "at its root"],
    ["a default that is one", v.object({ a: v.optional(v.string(), (async () => "") as never) }), "at a"],
  ])("that is asynchronous is found, and where: %s", (_what, schema, where) => {
    expect(schemaProblem(schema)).toBe(
      `has to check at once, and is asynchronous ${where}. Check that in the code, where it can be awaited.`,
    );
  });

  it.each([
    [undefined, "undefined"],
    [{ n: 1 }, "an object"],
    [v.string, "the function string"],
    [v.minLength(1), "an object"],
  ])("is one of valibot's: %o is none", (given, kind) => {
    expect(schemaProblem(given)).toBe(`is a valibot schema, such as v.object({ … }), not ${kind}`);
  });
});

const promised = (): boolean => Promise.resolve(true) as unknown as boolean;

describe("a check that returns a promise without being declared async", () => {
  it.each<[string, v.GenericSchema, unknown]>([
    ["check", v.pipe(v.string(), v.check(promised)), "a"],
    ["custom", v.object({ a: v.custom<string>(promised) }), { a: "a" }],
    ["custom, with more after it", v.pipe(v.custom<string>(promised), v.string()), "a"],
    ["checkItems", v.pipe(v.array(v.string()), v.checkItems(promised)), ["a"]],
    ["everyItem", v.pipe(v.array(v.string()), v.everyItem(promised)), ["a"]],
    ["someItem", v.pipe(v.array(v.string()), v.someItem(promised)), ["a"]],
    ["filterItems", v.pipe(v.array(v.string()), v.filterItems(promised)), ["a"]],
    ["partialCheck", v.pipe(v.object({ a: v.string() }), v.partialCheck([["a"]], promised)), { a: "a" }],
  ])("lets nothing through: %s", (_what, schema, value) => {
    expect(schemaProblem(schema)).toBeUndefined();
    expect(schemaProblem(schema)).toBeUndefined(); // of two definitions
    const site = { agent: "a", version: "1", direction: "input", side: "sender" } as const;
    const words = expect.stringContaining("returned a promise") as string;
    expect(() => checkContract(schema, value, site)).toThrow(
      expect.objectContaining({ code: "contract-violated", message: words }),
    );
    expect(violationOf(schema, value)).toMatchObject({ received: words });
  });

  it("is no check that says so at once", () => {
    const schema = v.pipe(
      v.string(),
      v.check((text) => text === "ok", "not ok"),
    );
    expect(schemaProblem(Object.freeze(schema))).toBeUndefined();
    expect([v.is(schema, "ok"), v.is(schema, "no")]).toEqual([true, false]);
  });
});

describe("a definition is refused", () => {
  const module = "test:definitions";
  const any = v.any();
  const wrong = name as never;
  it.each<[string, () => unknown, string]>([
    [
      "for a message's input",
      () => defineActor(module, { name: "a", protocol: { hi: { input: wrong } }, on: { hi: () => undefined } }),
      "defineActor a: the input of the message hi has to check at once",
    ],
    [
      "for a reply",
      () => defineActor(module, { name: "a", protocol: { hi: { reply: wrong } }, on: { hi: () => wrong } }),
      "defineActor a: the reply to hi has to check at once",
    ],
    [
      "for events",
      () => defineActor(module, { name: "a", protocol: {}, events: wrong, on: {} }),
      "defineActor a: events has to check at once",
    ],
    [
      "for an agent's input",
      () => defineAgent(module, { name: "a", version: "1", input: wrong, output: any, execute: () => 1 }),
      "defineAgent a: input has to check at once",
    ],
    [
      "for an agent's output",
      () =>
        defineAgent(module, {
          name: "a",
          version: "1",
          input: any,
          output: undefined as never,
          execute: () => undefined as never,
        }),
      "defineAgent a: output is a valibot schema",
    ],
    [
      "for a family's schema",
      () => defineState({ name: "s", version: 1, schema: wrong }),
      "defineState s: schema has to check at once",
    ],
    [
      "for a workflow's input",
      () => defineWorkflow(module, { name: "w", version: "1", input: { n: 1 } as never }),
      "defineWorkflow w: input is a valibot schema",
    ],
  ])("%s", (_what, define, message) => {
    expect(define).toThrow(expect.objectContaining({ name: "TroupeError", message: expect.stringContaining(message) }));
  });
});
