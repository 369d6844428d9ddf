import { describe, expect, it } from "vitest";
import { type Keep, RetentionRules } from "../../../src/store/retention/retention.ts";

describe("the rules of retention", () => {
  it("go by the first that matches, and keep all otherwise", () => {
    const rules = new RetentionRules([
      { keys: "run/keep-*", keep: "all" },
      { keys: "run/*", keep: { last: 3 } },
      { keys: "*/tmp", keep: { age: 5 } },
      { keys: "a.b/[1]", keep: { last: 1 } },
      { keys: "ab*b*bc", keep: { last: 2 } },
    ]);
    const cases: readonly [string, Keep][] = [
      ["run/keep-1", "all"],
      ["run/1", { last: 3 }],
      ["run/a/b\nc", { last: 3 }],
      ["runs/1", "all"],
      ["x/run/1", "all"],
      ["account/tmp", { age: 5 }],
      ["account/x/tmp", { age: 5 }],
      ["account/tmp2", "all"],
      ["a.b/[1]", { last: 1 }],
      ["aXb/[1]", "all"],
      ["a.b/1", "all"],
      ["abbbc", { last: 2 }],
      ["ab/b/b/bc", { last: 2 }],
      ["abbc", "all"], // a part of the key is one of the rule's parts, not two
      ["ab/bc", "all"],
    ];
    for (const [key, keep] of cases) expect(rules.keepOf(key), key).toEqual(keep);
    expect(new RetentionRules([{ keys: "*", keep: { last: 1 } }]).keepOf("any/thing")).toEqual({ last: 1 });
  });

  it.each<Keep>([{ last: 0 }, { last: 1.5 }, { last: Number.NaN }, { age: -1 }, { age: Number.POSITIVE_INFINITY }])(
    "refuse %j",
    (keep) => {
      expect(() => new RetentionRules([{ keys: "a/*", keep }])).toThrow(
        expect.objectContaining({ code: "invalid-options", message: expect.stringContaining('"a/*"') }),
      );
    },
  );
});
