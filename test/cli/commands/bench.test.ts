/** `troupe bench`. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { figuresIn } from "../../../src/bench/index.ts";
import { commandLine } from "../../../src/cli/command-line.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();

async function bench(args: readonly string[], terminal = fakeTerminal(folder)) {
  const code = await commandLine(["bench", ...args], terminal, fakePorts());
  return { code, out: terminal.printed.join("\n"), notes: terminal.notes };
}

write(
  "sums.bench.mjs",
  `const sum = (count) => ({ measure }) => measure(count, () => { let all = 0; for (let n = 0; n < count; n++) all += n; });
export const sums = { name: "sums", unit: "numbers", subjects: { few: sum(1_000), many: sum(100_000) }, rounds: 2 };
export const again = sums;
export const wrong = { name: "wrong", unit: "numbers", subjects: { one: async () => { throw new Error("3 is not 4"); } } };
export const helper = () => 1;
`,
);

describe("troupe bench", () => {
  it("prints a table of an export, measured once", async () => {
    const { code, out, notes } = await bench(["sums.bench.mjs#sums"]);
    expect([code, notes]).toEqual([0, []]);
    expect(out.split("\n").map((line) => line.split(/\s{2,}/).slice(0, 2))).toEqual([
      ["bench", "subject"],
      [expect.stringMatching(/^-+$/), expect.stringMatching(/^-+$/)],
      ["sums", "few"],
      ["sums", "many"],
      ["sums, processor time", "few"],
      ["sums, processor time", "many"],
    ]);
  });

  it("prints lines of JSON, and compares with them", async () => {
    const { code, out } = await bench(["sums.bench.mjs#again", "--json", "--rounds", "1"]);
    expect(code).toBe(0);
    expect(figuresIn(out).map(({ subject, unit }) => `${subject}: ${unit}`)).toEqual([
      "few: numbers/s",
      "many: numbers/s",
      "few: µs, numbers",
      "many: µs, numbers",
    ]);
    writeFileSync(join(folder, "before.jsonl"), out);
    const compared = await bench(["sums.bench.mjs#sums", "--rounds", "1", "--compare", "before.jsonl"]);
    expect(compared.code).toBe(0);
    expect(compared.out.match(/\d×$/gm)).toHaveLength(4);
  });

  it("ends with what a subject throws, and has printed what was measured before", async () => {
    const { code, out, notes } = await bench(["sums.bench.mjs", "--json", "--rounds", "1"]);
    expect(code).toBe(1);
    expect(figuresIn(out)).toHaveLength(4);
    expect(notes).toEqual(['troupe: bench "wrong", "one": 3 is not 4']);
  });

  it("stops when it is interrupted", async () => {
    const terminal = fakeTerminal(folder);
    terminal.interrupt();
    expect(await bench(["sums.bench.mjs"], terminal)).toMatchObject({ out: "" });
  });

  it.each([
    [
      ["sums.bench.mjs#none"],
      1,
      'sums.bench.mjs: exports no bench named "none"; export what bench(…) of troupe/bench returns',
    ],
    [
      ["sums.bench.mjs#helper"],
      1,
      'sums.bench.mjs: exports no bench named "helper"; export what bench(…) of troupe/bench returns',
    ],
    [["nothing.mjs"], 1, "nothing.mjs: there is no such file"],
    [["sums.bench.mjs", "--compare", "gone.jsonl"], 1, "gone.jsonl: there is no such file"],
    [["sums.bench.mjs", "--compare", "sums.bench.mjs"], 1, "sums.bench.mjs: line 1 is no figure: const sum"],
    [["sums.bench.mjs", "--rounds", "0"], 2, "--rounds"],
    [[], 2, "FILE"],
  ] as const)("says what is wrong with %j", async (args, code, says) => {
    const result = await bench(args);
    expect(result.code).toBe(code);
    expect(result.notes.join("\n")).toContain(says);
  });
});
