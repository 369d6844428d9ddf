import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hash64 } from "../../src/values/hash64.ts";

test("is 16 hexadecimal digits, and the same for the same text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(hash64(text)).toMatch(/^[0-9a-f]{16}$/);
      expect(hash64(text)).toBe(hash64(text));
    }),
  );
});

test("stays what it is: ids of spans that were exported are made of it", () => {
  expect(["", "a", "b", "4:step4:ship", "Ω"].map(hash64)).toMatchInlineSnapshot(`
    [
      "ffeb679f2e3539e3",
      "96b69f812d1abcf2",
      "64418ae25a7e2291",
      "c880a8b88b1a0cbd",
      "4d3d38c23fbf0f12",
    ]
  `);
});

test("tells texts apart that differ by little, in each half of its digits", () => {
  const texts = Array.from(
    { length: 200_000 },
    (_, n) => `0123456789abcdef0123456789abcdef7:attempt${n % 7}:step-${n}`,
  );
  expect(new Set(texts.map(hash64)).size).toBe(texts.length);
  for (const part of [0, 8]) {
    const halves = new Set(texts.map((text) => hash64(text).slice(part, part + 8))).size;
    expect(halves).toBeGreaterThan(texts.length - 40); // chance alone makes about 5 alike
  }
});

test("half of its bits change with one of the text", () => {
  let changed = 0;
  const count = 2_000;
  for (let n = 0; n < count; n++) {
    const [one, other] = [`part ${n}`, `part ${n ^ 1}`].map((text) => BigInt(`0x${hash64(text)}`)) as [bigint, bigint];
    changed += (one ^ other).toString(2).replaceAll("0", "").length;
  }
  expect(changed / count).toBeGreaterThan(31);
  expect(changed / count).toBeLessThan(33);
});
