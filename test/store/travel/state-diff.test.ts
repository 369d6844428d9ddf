import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sealedCopy } from "../../../src/store/versions/seal.ts";
import { diffOf } from "../../../src/store/travel/state-diff.ts";
import { valueText } from "../../../src/store/travel/value-text.ts";
import { isJsonSafe } from "../../../src/values/json-safe.ts";
import { plainState, shelf, steps, takeSteps } from "../support/arbitrary-state.ts";
import { expectSame } from "../support/deeply.ts";
import { applyJsonPatch, documentOf, lookUp } from "../support/json-patch.ts";

const diff = (before: unknown, after: unknown) => diffOf(sealedCopy(before), sealedCopy(after));

/** Pairs that have nothing to do with each other, and pairs of which one was made of the other. */
const pairs = fc.oneof(
  fc.tuple(plainState, plainState),
  fc.tuple(shelf, steps).map(([before, taken]): [unknown, unknown] => {
    const after = structuredClone(before);
    takeSteps(after, taken);
    return [before, after];
  }),
);

describe("diff", () => {
  it("applied to one version gives the other, to the order of fields, by RFC 6902", () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const { patch } = diff(before, after);
        expectSame(applyJsonPatch(documentOf(before), documentOf(patch)), after);
      }),
      { numRuns: 2_000 },
    );
  });

  it("goes both ways", () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        expectSame(applyJsonPatch(documentOf(after), documentOf(diff(after, before).patch)), before);
      }),
    );
  });

  it("is JSON where the states are", () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        fc.pre(isJsonSafe(before) && isJsonSafe(after));
        const patch = JSON.parse(JSON.stringify(diff(before, after).patch)) as ReturnType<typeof diff>["patch"];
        expectSame(applyJsonPatch(documentOf(before), patch), after);
      }),
      { numRuns: 1_000 },
    );
  });

  it("has a line for each operation, with what was there when it applies", () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const { patch, text } = diff(before, after);
        let document = documentOf(before);
        const lines = patch.map((operation) => {
          const { op, path } = operation;
          const place = path === "" ? "/" : path;
          const old = op === "add" ? "" : valueText(lookUp(document, path));
          document = applyJsonPatch(document, [documentOf(operation)]);
          if (op === "remove") return `- ${place} ${old}`;
          const value = valueText(operation.value);
          return op === "add" ? `+ ${place} ${value}` : `~ ${place} ${old} → ${value}`;
        });
        expect(text).toBe(lines.join("\n"));
      }),
      { numRuns: 1_000 },
    );
  });

  it("reads well", () => {
    const before = { score: 680, old: true, tags: ["a", "b"], applicant: { name: "Ada", cents: 5n } };
    const after = { score: 750, tags: ["a", "b", "x"], applicant: { name: "Ada", cents: 12n } };
    expect(diff(before, after).text.split("\n")).toEqual([
      "- /old true",
      "~ /score 680 → 750",
      '+ /tags/2 "x"',
      "~ /applicant/cents 5n → 12n",
    ]);
  });

  it("tells part by part what changed, also where nothing stayed", () => {
    expect(diff({ a: 1, b: [1, 2] }, { a: 2, b: [3] }).text.split("\n")).toEqual([
      "~ /a 1 → 2",
      "~ /b/0 1 → 3",
      "- /b/1 2",
    ]);
  });

  it("escapes names, and calls the whole state /", () => {
    expect(diff({ "a/b": 1, "m~n": 1, keep: 0 }, { "a/b": 2, "m~n": 2, keep: 0 }).patch).toEqual([
      { op: "replace", path: "/a~1b", value: 2 },
      { op: "replace", path: "/m~0n", value: 2 },
    ]);
    expect(diff([1], { a: 1 })).toEqual({
      patch: [{ op: "replace", path: "", value: { a: 1 } }],
      text: '~ / [1] → {"a":1}',
    });
  });

  it("is empty where nothing differs", () => {
    expect(diff({ a: [1, { b: NaN }] }, { a: [1, { b: NaN }] })).toEqual({ patch: [], text: "" });
  });

  it("cuts long values in the text only", () => {
    const { patch, text } = diff({ note: "" }, { note: "x".repeat(500) });
    expect(text).toHaveLength('~ /note "" → '.length + 120);
    expect(text.endsWith("x…")).toBe(true);
    expect(patch).toEqual([{ op: "replace", path: "/note", value: "x".repeat(500) }]);
  });
});

describe("the text of a value", () => {
  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [-0, "-0"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    [10n ** 20n, "100000000000000000000n"],
    ["a\nb", '"a\\nb"'],
    [[1, [undefined], { "a b": -0 }], '[1,[undefined],{"a b":-0}]'],
  ])("is %s on one line", (value, text) => {
    expect(valueText(value)).toBe(text);
  });

  it("is JSON for JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const json = JSON.stringify(value);
        fc.pre(json.length <= 120 && isJsonSafe(value));
        expect(valueText(value)).toBe(json);
      }),
    );
  });
});
