import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEnvironment, type Environment } from "../../../../src/store/journal/lmdb/lmdb-environment.ts";
import {
  idempotencyPlace,
  recordPlace,
  stateKeyBytes,
  versionPlace,
} from "../../../../src/store/journal/records/entry-key.ts";
import { verifyJournal } from "../../../../src/store/journal/lmdb/verify-journal.ts";
import { failure } from "../../support/failure.ts";
import { recordOf } from "../../support/requests.ts";
import { temporaryJournals } from "../../support/temporary-journals.ts";

const { open, newDirectory } = temporaryJournals();

/** Key 1 has six versions, key 2 has one. */
async function journalIn(directory: string): Promise<void> {
  const journal = await open(directory);
  for (let version = 1; version <= 6; version++)
    await journal.append([recordOf("a/1", version, version, { idempotencyKey: `do ${version}` })]);
  await journal.append([recordOf("b/1", 1, 7)]);
  await journal.close();
}

/** Writes into the tables of a journal that no system has open. */
async function tamper(directory: string, change: (tables: Environment["tables"]) => void): Promise<void> {
  const environment = await openEnvironment(join(directory, "data-1.mdb"), { readOnly: false });
  await environment.write(() => change(environment.tables));
  await environment.close();
}

function flipped(bytes: Buffer | undefined): Buffer {
  const copy = Buffer.from(bytes ?? []);
  copy[copy.length - 1] = copy.at(-1)! ^ 4;
  return copy;
}

describe("a journal", () => {
  it("that is whole has no damage", async () => {
    const directory = newDirectory();
    await journalIn(directory);
    const report = await verifyJournal(directory);
    expect(report).toMatchObject({ directory, keys: 2, versions: 7, structureChecked: true, damages: [] });
    expect(report.bytes).toBeGreaterThan(7 * 50);
  });

  it("that is in use is read all the same", async () => {
    const directory = newDirectory();
    const journal = await open(directory);
    await journal.append([recordOf("a/1", 1, 1)]);
    expect(await verifyJournal(directory)).toMatchObject({ versions: 1, structureChecked: false, damages: [] });
  });

  it("counts as whole only what can be read (invariant 11)", async () => {
    const directory = newDirectory();
    const journal = await open(directory);
    for (let version = 1; version <= 5; version++) {
      const record = recordOf("a/1", version, version);
      const state = { n: version };
      const anew = version === 1 || version === 4;
      const patch = { op: "replace", path: anew ? [] : ["n"], value: anew ? state : version } as const;
      await journal.append([{ snapshot: { ...record.snapshot, state }, patches: [patch] }]);
    }
    await journal.close();
    await tamper(directory, ({ records }) => records.put(recordPlace(2, 0), flipped(records.get(recordPlace(2, 0)))));
    const { versions, damages } = await verifyJournal(directory);
    expect(damages.map(({ version }) => version)).toEqual([2, 3]);
    expect(versions).toBe(3);
    const again = await open(directory);
    for (const version of [1, 4, 5]) expect((await again.at("a/1", version))?.state).toEqual({ n: version });
    for (const version of [2, 3])
      expect(await failure((async () => again.at("a/1", version))())).toMatchObject({ code: "journal-corrupt" });
  });

  it("that isn't there is an error", async () => {
    expect(await failure(verifyJournal(newDirectory()))).toMatchObject({ code: "no-such-journal" });
  });

  it("whose file is damaged is told by the page, and not mapped", async () => {
    const directory = newDirectory();
    await journalIn(directory);
    const file = join(directory, "data-1.mdb");
    const bytes = readFileSync(file);
    for (let page = 2; page < bytes.length / 4096; page++) bytes.fill(0xff, page * 4096, page * 4096 + 24);
    writeFileSync(file, bytes);
    const { damages } = await verifyJournal(directory);
    expect(damages).toHaveLength(1);
    expect(damages[0]).toMatchObject({
      page: expect.any(Number) as number,
      what: expect.stringContaining(file) as string,
    });
  });

  it.each<readonly [what: string, change: (tables: Environment["tables"]) => void, damage: object]>([
    [
      "a flipped bit in a record",
      ({ records }) => records.put(recordPlace(3, 0), flipped(records.get(recordPlace(3, 0)))),
      { key: "a/1", version: 3, what: "the checksum of its record is wrong" },
    ],
    [
      "a record that is gone",
      ({ records }) => records.remove(recordPlace(3, 0)),
      { key: "a/1", version: 3, what: "its record is missing" },
    ],
    [
      "a version that is gone",
      ({ versions }) => versions.remove(versionPlace(1, 4)),
      { key: "a/1", version: 4, what: "its record is missing" },
    ],
    [
      "a record in another's place",
      ({ records }) => records.put(recordPlace(3, 0), records.get(recordPlace(4, 0)) ?? Buffer.of()),
      { key: "a/1", version: 3 },
    ],
    [
      "a version too many",
      ({ versions }) => versions.put(versionPlace(2, 2), recordPlace(7, 0)),
      { key: "b/1", version: 2 },
    ],
    [
      "a checkpoint with a flipped bit",
      ({ checkpoints }) => checkpoints.put(versionPlace(2, 1), flipped(checkpoints.get(versionPlace(2, 1)))),
      { key: "b/1", version: 1, what: "the checksum of the state kept of it is wrong" },
    ],
    [
      "a key with a flipped bit",
      ({ keys }) => keys.put(stateKeyBytes("b/1"), flipped(keys.get(stateKeyBytes("b/1")))),
      { key: "b/1", what: "the checksum of its entry is wrong" },
    ],
    [
      "an idempotency key that is gone",
      ({ idempotency }) => idempotency.remove(idempotencyPlace("do 2")),
      { key: "a/1", version: 2, what: "its idempotency key do 2 doesn't lead to it" },
    ],
    [
      "an idempotency key with a flipped bit",
      ({ idempotency }) =>
        idempotency.put(idempotencyPlace("do 2"), flipped(idempotency.get(idempotencyPlace("do 2")))),
      { what: "the checksum of an idempotency key's entry is wrong: do 2" },
    ],
  ])("with %s is reported", async (_what, change, damage) => {
    const directory = newDirectory();
    await journalIn(directory);
    await tamper(directory, change);
    const { damages } = await verifyJournal(directory);
    expect(damages).toContainEqual(expect.objectContaining(damage));
  });

  it("with a damaged record reads every other version that doesn't need it", async () => {
    const directory = newDirectory();
    const before = await open(directory);
    for (let version = 1; version <= 40; version++) await before.append([recordOf("a/1", version, version)]);
    await before.append([recordOf("b/1", 1, 41)]);
    await before.close();
    await tamper(directory, ({ records }) => records.put(recordPlace(2, 0), flipped(records.get(recordPlace(2, 0)))));
    const journal = await open(directory);
    const outcome = async (version: number): Promise<unknown> => {
      try {
        return await journal.at("a/1", version);
      } catch (error) {
        return error;
      }
    };
    expect(await outcome(2)).toMatchObject({ code: "journal-corrupt", details: { key: "a/1", version: 2 } });
    expect(await outcome(1)).toMatchObject({ version: 1 });
    expect(await outcome(40)).toMatchObject({ version: 40, state: { n: 40 } });
    expect(await journal.head("b/1")).toMatchObject({ version: 1 });
    await journal.append([recordOf("a/1", 41, 42)]);
  });

  it("with a damaged key doesn't take it for one that there isn't", async () => {
    const directory = newDirectory();
    await journalIn(directory);
    const place = stateKeyBytes("b/1");
    await tamper(directory, ({ keys }) => {
      keys.put(stateKeyBytes("b/2"), keys.get(place) ?? Buffer.of());
      keys.remove(place);
    });
    const journal = await open(directory);
    for (const key of ["b/1", "b/2", "c/1"])
      expect(await failure((async () => journal.head(key))())).toMatchObject({ code: "journal-corrupt" });
    expect(await failure((async () => journal.append([recordOf("b/1", 1, 8)]))())).toMatchObject({
      code: "journal-corrupt",
    });
    expect(await journal.head("a/1")).toMatchObject({ version: 6 });
  });
});
