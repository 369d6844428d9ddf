/** A journal of another format is refused, by all who read it, and left as it is. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lmdbJournal } from "../../../../src/store/journal/lmdb/lmdb-journal.ts";
import { openEnvironment } from "../../../../src/store/journal/lmdb/lmdb-environment.ts";
import { sealBytes, unsealBytes } from "../../../../src/store/journal/records/sealed-bytes.ts";
import { verifyJournal } from "../../../../src/store/journal/lmdb/verify-journal.ts";
import { failure } from "../../support/failure.ts";
import { recordOf } from "../../support/requests.ts";
import { temporaryJournals } from "../../support/temporary-journals.ts";

const { open, newDirectory } = temporaryJournals();
const place = Buffer.from("journal");
const formatAt = "troupe journal\0".length;

async function setFormat(directory: string, format: number): Promise<void> {
  const { tables, write, close } = await openEnvironment(join(directory, "data-1.mdb"), { readOnly: false });
  const body = Buffer.from(unsealBytes(place, tables.info.get(place) ?? Buffer.of()) ?? []);
  body.writeUInt16BE(format, formatAt);
  await write(() => tables.info.put(place, sealBytes(place, body)));
  await close();
}

it("names the format it found and the one it reads (invariant 11)", async () => {
  const directory = newDirectory();
  const journal = await open(directory);
  await journal.append([recordOf("a/1", 1, 1)]);
  await journal.close();
  for (const format of [0, 2, 65_535]) {
    await setFormat(directory, format);
    const before = readFileSync(join(directory, "data-1.mdb"));
    for (const use of [
      async () => lmdbJournal(directory),
      async () => lmdbJournal(directory, { readOnly: true }),
      async () => verifyJournal(directory),
    ]) {
      const refused = await failure(use());
      expect(refused).toMatchObject({ code: "journal-format", details: { format, expected: 1 } });
    }
    expect(readFileSync(join(directory, "data-1.mdb")).equals(before)).toBe(true);
    expect(readdirSync(directory).filter((name) => name.endsWith(".mdb"))).toEqual(["data-1.mdb"]);
  }
  await setFormat(directory, 1);
  expect(await (await open(directory)).head("a/1")).toMatchObject({ version: 1 });
});
