import { describe, expect, it } from "vitest";
import { checkDefinition } from "../../../src/runtime/definitions/check-definition.ts";
import { simulate } from "../../../src/testing/index.ts";
import { counter } from "../../fixtures/actors.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

describe("whatever isn't a definition", () => {
  it.each([
    [
      undefined,
      "find: expected what defineActor returned, not undefined. Is it exported under that name, and is its import not circular?",
    ],
    [null, "find: expected what defineActor returned, not null"],
    [{}, "find: expected what defineActor returned, not an object"],
    [() => 1, "find: expected what defineActor returned, not a function"],
    [{ kind: "agent", name: "a" }, "find: expected what defineActor returned, not a definition of the kind agent"],
  ])("is refused: %j", (given, message) => {
    expect(() => checkDefinition("find", ["actor"], given)).toThrow(
      expect.objectContaining({ code: "invalid-options", message, details: { expected: "what defineActor returned" } }),
    );
  });

  it("is refused by what takes one", async () => {
    await simulate(
      async ({ system }) => {
        const missing = undefined as never;
        expect(() => system.run(missing, 1)).toThrow(expect.objectContaining({ code: "invalid-options" }));
        const refused = [
          system.spawn(missing),
          system.find(missing, "x"),
          system.deploy(missing),
          system.deploy(counter as never),
        ];
        for (const each of refused) expect(await rejectionOf(each)).toMatchObject({ code: "invalid-options" });
      },
      { runs: 1, seed: 1 },
    );
  });
});
