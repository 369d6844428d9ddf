import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { verifyCommand } from "../../src/cli/verify-command.ts";
import { failure } from "../store/support/failure.ts";
import { recordOf } from "../store/support/requests.ts";
import { temporaryJournals } from "../store/support/temporary-journals.ts";

const { open, newDirectory } = temporaryJournals();

async function verify(
  cwd: string,
  json: boolean,
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const print = async (line: string): Promise<void> => void lines.push(line);
  return { code: await verifyCommand({ journal: ".", json }, { cwd, print }), lines };
}

it("says that a journal is whole, and ends with 0", async () => {
  const directory = newDirectory();
  const journal = await open(directory);
  await journal.append([recordOf("a/1", 1, 1)]);
  expect((await verify(directory, false)).lines[0]).toContain("in use");
  await journal.close();
  const { code, lines } = await verify(directory, false);
  expect(code).toBe(0);
  expect(lines).toEqual([expect.stringMatching(/^1 keys, 1 versions, \d+ bytes: all whole$/)]);
  const json = await verify(directory, true);
  expect(JSON.parse(json.lines.join(""))).toMatchObject({ versions: 1, damages: [] });
});

it("names what is damaged, and ends with 1", async () => {
  const directory = newDirectory();
  const journal = await open(directory);
  const text = "find me";
  await journal.append([recordOf("a/1", 1, 1, { cause: text })]);
  await journal.close();
  const file = join(directory, "data-1.mdb");
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) bytes.write("lost", at);
  writeFileSync(file, bytes);
  const { code, lines } = await verify(directory, false);
  expect(code).toBe(1);
  expect(lines[0]).toBe("a/1@1: the checksum of its record is wrong");
  expect(lines.at(-1)).toContain("damaged");
});

it("fails where there is no journal", async () => {
  expect(await failure(verify(newDirectory(), false))).toMatchObject({ code: "no-such-journal" });
});
