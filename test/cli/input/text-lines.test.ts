import fc from "fast-check";
import { expect, it } from "vitest";
import { linesOf } from "../../../src/cli/input/text-lines.ts";

async function linesIn(pieces: readonly (Uint8Array | string)[]): Promise<string[]> {
  const lines: string[] = [];
  const stream = (async function* () {
    yield* pieces;
  })();
  for await (const line of linesOf(stream)) lines.push(line);
  return lines;
}

it("are the same however the text arrives", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "ß", "🙂", "\n", "\r") });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(40)), async (whole, cuts) => {
      const bytes = Buffer.from(whole);
      const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
      const expected = whole.split("\n");
      if (expected.at(-1) === "") expected.pop();
      expect(await linesIn(pieces)).toEqual(expected);
    }),
  );
});

it("begin after a byte order mark, and are UTF-8", async () => {
  expect(await linesIn([Buffer.from("\uFEFFa\nb")])).toEqual(["a", "b"]);
  await expect(linesIn([Buffer.from([0x61, 0xff])])).rejects.toThrow(TypeError);
  await expect(linesIn([Buffer.from([0xc3])])).rejects.toThrow(TypeError);
});
