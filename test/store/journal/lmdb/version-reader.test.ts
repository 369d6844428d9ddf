import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Patch } from "../../../../src/store/versions/patch.ts";
import { recordPlace, versionPlace } from "../../../../src/store/journal/records/entry-key.ts";
import { newKeyRow } from "../../../../src/store/journal/records/key-row.ts";
import type { Table } from "../../../../src/store/journal/lmdb/lmdb-environment.ts";
import { encodePlain } from "../../../../src/store/journal/records/plain-text.ts";
import { encodeRecord } from "../../../../src/store/journal/records/record-codec.ts";
import { sealBytes } from "../../../../src/store/journal/records/sealed-bytes.ts";
import { readRecords, readVersion } from "../../../../src/store/journal/lmdb/version-reader.ts";
import { failure } from "../../support/failure.ts";
import { recordOf } from "../../support/requests.ts";

const key = "a/1";

/** A table in memory that counts what is read. */
function table() {
  const entries = new Map<string, Buffer>();
  let reads = 0;
  const all = () => [...entries].map(([hex, value]) => ({ key: Buffer.from(hex, "hex"), value }));
  const made: Table = {
    get: (place) => (reads++, entries.get(place.toString("hex"))),
    glance: (place) => made.get(place),
    put: (place, bytes) => void entries.set(place.toString("hex"), bytes),
    append: (place, bytes) => made.put(place, bytes),
    remove: (place) => void entries.delete(place.toString("hex")),
    *range({ start, end } = {}) {
      if (start === undefined || end === undefined) throw new Error("only backwards, from a place to another");
      const within = all().filter(({ key: at }) => Buffer.compare(at, start) <= 0 && Buffer.compare(at, end) > 0);
      yield* within.toSorted((a, b) => Buffer.compare(b.key, a.key));
    },
  };
  return { table: made, reads: () => reads };
}

/** Versions 1 to `newest` that count up; those in `checkpoints` are kept whole as well. */
function versions(newest: number, checkpoints: readonly number[]) {
  const [places, records, states] = [table(), table(), table()];
  for (let version = 1; version <= newest; version++) {
    const { snapshot } = recordOf(key, version, version);
    const state = { n: version };
    const patch: Patch =
      version === 1 ? { op: "replace", path: [], value: state } : { op: "replace", path: ["n"], value: version };
    const place = versionPlace(1, version);
    const where = recordPlace(version, 0);
    places.table.put(place, where);
    records.table.put(where, sealBytes(place, encodeRecord({ snapshot: { ...snapshot, state }, patches: [patch] })));
    if (version === 1) states.table.put(place, sealBytes(place, Buffer.alloc(0)));
    else if (checkpoints.includes(version)) states.table.put(place, sealBytes(place, encodePlain(state)));
  }
  const row = {
    ...newKeyRow(1),
    newest,
    checkpoint: Math.max(1, ...checkpoints.filter((version) => version <= newest)),
  };
  const tables = { versions: places.table, records: records.table, checkpoints: states.table };
  const flip = (of: Table, place: Buffer): void => {
    const bytes = Buffer.from(of.get(place) ?? []);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    of.put(place, bytes);
  };
  return { tables, row, records, flip };
}

describe("a version", () => {
  it("is the same wherever checkpoints lie, and whatever version is in memory (invariant 11)", () => {
    const some = fc.array(fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(
        some,
        fc.integer({ min: 1, max: 30 }),
        fc.option(fc.integer({ min: 1, max: 30 })),
        (at, wanted, near) => {
          const { tables, row } = versions(30, at);
          const base = near === null ? undefined : { version: near, state: { n: near } };
          expect(readVersion(tables, key, row, wanted, base)).toMatchObject({ version: wanted, state: { n: wanted } });
        },
      ),
    );
  });

  it("takes the records since the nearest checkpoint, or since the version in memory", () => {
    const { tables, row, records } = versions(30, [20]);
    readVersion(tables, key, row, 25);
    expect(records.reads()).toBe(5);
    readVersion(tables, key, row, 25, { version: 23, state: { n: 23 } });
    expect(records.reads()).toBe(7);
    readVersion(tables, key, row, 25, { version: 3, state: { n: 3 } });
    expect(records.reads()).toBe(12);
  });

  it("passes over a checkpoint that isn't whole", () => {
    const { tables, row, flip } = versions(30, [10, 20]);
    flip(tables.checkpoints, versionPlace(1, 20));
    expect(readVersion(tables, key, row, 25).state).toEqual({ n: 25 });
  });

  it("names the version whose record isn't whole, which only those behind it up to a checkpoint need", async () => {
    const { tables, row, flip } = versions(30, [10, 20]);
    flip(tables.records, recordPlace(14, 0));
    for (const version of [14, 15, 19]) {
      const refused = await failure((async () => readVersion(tables, key, row, version))());
      expect(refused).toMatchObject({ code: "journal-corrupt", details: { key, version: 14 } });
    }
    for (const version of [13, 20, 30]) expect(readVersion(tables, key, row, version).state).toEqual({ n: version });
    expect(readRecords(tables, key, row, 1, 13)).toHaveLength(13);
    expect(await failure((async () => readRecords(tables, key, row, 10, 16))())).toMatchObject({
      details: { version: 14 },
    });
  });

  it("without anything to start from is an error", async () => {
    const { tables, row } = versions(5, []);
    tables.checkpoints.remove(versionPlace(1, 1));
    expect(await failure((async () => readVersion(tables, key, row, 3))())).toMatchObject({
      code: "journal-corrupt",
      details: { version: 3 },
    });
  });
});

it("the first version that is kept starts anew, whatever was before it", () => {
  const { tables, row } = versions(30, [20]);
  const kept = readRecords(tables, key, { ...row, oldest: 20 }, 20, 22);
  expect(kept.map(({ snapshot }) => snapshot.state)).toEqual([{ n: 20 }, { n: 21 }, { n: 22 }]);
  expect(kept[0]?.patches).toEqual([{ op: "replace", path: [], value: { n: 20 } }]);
});
