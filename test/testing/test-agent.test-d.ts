import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { defineAgent, type StateAccess } from "../../src/index.ts";
import { answering, testAgent } from "../../src/testing/index.ts";

const measurer = defineAgent(import.meta.url, {
  name: "measurer",
  version: "1.0.0",
  input: v.object({ text: v.string() }),
  output: v.object({ length: v.number() }),
  execute: ({ text }) => ({ length: text.length }),
});

describe("the types of an agent under test", () => {
  it("come from its contract", () => {
    const tested = testAgent(measurer);
    expectTypeOf(tested({ text: "a" })).toEqualTypeOf<Promise<{ length: number }>>();
    expectTypeOf(tested.store).toEqualTypeOf<StateAccess>();
    void tested({
      // @ts-expect-error: the text is of another type
      text: 5,
    });
    // @ts-expect-error: the output is of another type
    void tested.compensate({ length: "1" }, { text: "a" });
  });

  it("hold an answer to the contract of the one it stands for", () => {
    answering(measurer, ({ text }) => ({ length: text.length }));
    answering(measurer, async () => ({ length: 1 }));
    // @ts-expect-error: the length is missing
    answering(measurer, () => ({}));
    // @ts-expect-error: there is no such field in the input
    answering(measurer, ({ words }) => ({ length: words }));
  });
});
