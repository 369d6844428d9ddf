/** What stands where in a data file, changed on purpose; `damage.test.ts` changes it at random. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { checkDataFile } from "../../../../../src/store/journal/lmdb/files/data-file-check.ts";
import { DataFile } from "../../../../../src/store/journal/lmdb/files/data-file.ts";
import { failure } from "../../../support/failure.ts";
import { recordOf } from "../../../support/requests.ts";
import { temporaryJournals } from "../../../support/temporary-journals.ts";

const { open, newDirectory } = temporaryJournals();
const pageBytes = 4096;
let file: string;
let bytes: Buffer;
/** The root of the table of tables. */
let root: number;

beforeEach(async () => {
  const directory = newDirectory();
  const journal = await open(directory);
  for (let n = 1; n <= 200; n++) {
    const { snapshot } = recordOf("a/1", n, n);
    const state = { n, text: n === 7 ? "x".repeat(9_000) : "" };
    await journal.append([{ snapshot: { ...snapshot, state }, patches: [{ op: "replace", path: [], value: state }] }]);
  }
  await journal.close();
  file = join(directory, "data-1.mdb");
  bytes = readFileSync(file);
  const data = new DataFile(file);
  root = data.meta.main.root ?? 0;
  data.close();
});

const check = () => failure((async () => checkDataFile(file))());

describe("a data file", () => {
  it("tells of every entry, with its value, also of those with pages of their own", () => {
    const entries = new Map<string, number>();
    let longest = 0;
    checkDataFile(file, (table, _place, load) => {
      entries.set(table, (entries.get(table) ?? 0) + 1);
      longest = Math.max(longest, load().length);
    });
    expect(Object.fromEntries(entries)).toEqual({ info: 1, keys: 1, versions: 200, records: 200, checkpoints: 200 });
    expect(longest).toBeGreaterThan(9_000);
  });

  it.each<readonly [what: string, change: (page: Buffer) => unknown, message: RegExp]>([
    ["another page's number", (page) => page.writeUInt32LE(1, 0), /it says that it is page 1/],
    ["flags of another kind of page", (page) => page.writeUInt16LE(1, 18), /its flags are 1, and should be 2/],
    ["a transaction to come", (page) => page.writeUInt32LE(1e9, 8), /it is from the future/],
    ["bounds that cross", (page) => page.writeUInt16LE(0, 22), /its bounds make no sense/],
    ["an odd lower bound", (page) => page.writeUInt16LE(5, 20), /its bounds make no sense/],
    ["no entries", (page) => page.writeUInt16LE(0, 20), /its bounds make no sense/],
    ["an entry outside", (page) => page.writeUInt16LE(pageBytes - 1, 24), /its entry 0 lies outside/],
    ["an entry twice", (page) => page.copyWithin(26, 24, 26), /the keys of main are out of order/],
  ])("with %s is refused, with the page", async (_what, change, message) => {
    change(bytes.subarray(root * pageBytes, (root + 1) * pageBytes));
    writeFileSync(file, bytes);
    const refused = await check();
    expect(refused).toMatchObject({ code: "journal-corrupt", details: { page: root } });
    expect(String(refused)).toMatch(message);
  });

  it("whose trees share a page is refused", async () => {
    const page = bytes.subarray(root * pageBytes + 24, (root + 1) * pageBytes);
    const [first, second] = [0, 1].map((i) => {
      const at = page.readUInt16LE(2 * i);
      return at + 8 + page.readUInt16LE(at + 6);
    }) as [number, number];
    page.copy(page, second, first, first + 48);
    writeFileSync(file, bytes);
    expect(String(await check())).toMatch(/is used twice/);
  });

  it("that ends anywhere before its last page in use is refused", async () => {
    for (let pages = 0; pages < root; pages++) {
      writeFileSync(file, bytes.subarray(0, pages * pageBytes));
      expect(await check()).toMatchObject({ code: "journal-corrupt" });
    }
  });
});
