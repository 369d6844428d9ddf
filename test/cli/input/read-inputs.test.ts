import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { readInputs } from "../../../src/cli/input/read-inputs.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();
const schema = v.object({ n: v.number() });
const read = (path: string) => readInputs({ path, cwd: folder, schema });

describe("readInputs", () => {
  it("reads both formats, whatever the case of the ending, and takes off a byte order mark", async () => {
    write("a.jsonl", '\uFEFF{"n":1}\n');
    write("sub/b.CSV", "\uFEFFn\n1\n");
    expect(await read("a.jsonl")).toEqual([{ line: 1, input: { n: 1 } }]);
    expect(await read("sub/b.CSV")).toEqual([{ line: 2, input: { n: 1 } }]);
    expect(await read(`${folder}/a.jsonl`)).toHaveLength(1);
  });

  it.each([
    ["missing.csv", "there is no such file"],
    ["file.txt/in.csv", "there is no such file: a part of the path is not a directory"],
    ["folder.csv", "is a directory, not a file"],
    [".", "is a directory, not a file"],
    ["file.txt", "is neither a .jsonl nor a .csv file"],
    ["empty.jsonl", "is empty"],
    ["empty.csv", "is empty"],
    ["blank.jsonl", "is empty"],
    ["latin.csv", "is not UTF-8 text"],
    ["nul\0.csv", "can't be read"],
  ])("refuses %j in one line", async (path, problem) => {
    write("file.txt", "{}");
    write("folder.csv/in.csv", "n\n1\n");
    write("empty.jsonl", "");
    write("empty.csv", "");
    write("blank.jsonl", "\n \r\n\n");
    write("latin.csv", new Uint8Array([0x6e, 0x0a, 0xe9, 0x0a]));
    const error = await read(path).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "invalid-input", message: expect.stringContaining(`${path}: ${problem}`) });
    expect((error as Error).message).not.toContain("\n");
  });
});
