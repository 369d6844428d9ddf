/** What the journal keeps as bytes comes back the same, in its order, and damage shows. */

import * as zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computedCrc32, crc32 } from "../../../src/store/journal/records/crc32.ts";
import {
  idempotencyPlace,
  placeOf,
  recordPlace,
  stateKeyBytes,
  stateKeyOf,
  versionPlace,
} from "../../../src/store/journal/records/entry-key.ts";
import { decodeKeyRow, encodeKeyRow } from "../../../src/store/journal/records/key-row.ts";
import { decodePlain, encodePlain } from "../../../src/store/journal/records/plain-text.ts";
import { decodeRecord, encodeRecord } from "../../../src/store/journal/records/record-codec.ts";
import { sealBytes, unsealBytes } from "../../../src/store/journal/records/sealed-bytes.ts";
import { metaOf } from "../../../src/store/versions/snapshot.ts";
import { plainState } from "../support/arbitrary-state.ts";
import { expectSame } from "../support/deeply.ts";
import { recordOf } from "../support/requests.ts";

const bytes = fc.uint8Array({ maxLength: 60 });
/** Lone surrogates too. */
const text = fc.array(fc.nat(0xffff), { maxLength: 12 }).map((units) => String.fromCharCode(...units));

describe("checksums", () => {
  it("are CRC-32, in one go or two", () => {
    expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        expect(crc32(other, crc32(one))).toBe(crc32(Buffer.concat([one, other])));
      }),
    );
    const { crc32: native } = zlib as { readonly crc32?: (data: Uint8Array) => number }; // from Node 20.15 on
    fc.assert(
      fc.property(bytes, (data) => {
        expect(computedCrc32(data)).toBe(native?.(data) ?? crc32(data));
        expect(crc32(data)).toBe(computedCrc32(data));
      }),
    );
  });

  it("find any flipped bit, of the place too", () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(), (place, body, bit) => {
        const sealed = sealBytes(place, body);
        expect(unsealBytes(place, sealed)).toEqual(Buffer.from(body));
        const flipped = Buffer.from(sealed);
        const at = bit % (8 * sealed.length);
        flipped[at >> 3] = flipped[at >> 3]! ^ (1 << (at & 7));
        expect(unsealBytes(place, flipped)).toBeUndefined();
        if (place.length === 0) return;
        const elsewhere = Buffer.from(place);
        elsewhere[bit % place.length] = elsewhere[bit % place.length]! ^ 1;
        expect(unsealBytes(elsewhere, sealed)).toBeUndefined();
      }),
    );
    expect(unsealBytes(Buffer.alloc(0), Buffer.alloc(3))).toBeUndefined();
  });
});

describe("plain data", () => {
  it("comes back the same to the last field", () => {
    fc.assert(
      fc.property(plainState, text, (value, name) => {
        const data = { value, [name]: name };
        expectSame(decodePlain(encodePlain(data)), data);
      }),
      { numRuns: 500 },
    );
  });

  it("is refused where it is none", () => {
    expect(() => decodePlain(Buffer.from("?"))).toThrow("unknown encoding");
  });
});

describe("places", () => {
  it("of versions are in the order of keys' numbers and versions", () => {
    const place = fc.record({ id: fc.nat(2 ** 31), version: fc.nat({ max: 2 ** 40 }) });
    fc.assert(
      fc.property(place, place, (a, b) => {
        expect(placeOf(versionPlace(a.id, a.version))).toEqual(a);
        const order = Math.sign(a.id - b.id || a.version - b.version);
        expect(Buffer.compare(versionPlace(a.id, a.version), versionPlace(b.id, b.version))).toBe(order);
        const records = Math.sign(a.version - b.version || (a.id % 100) - (b.id % 100));
        expect(Buffer.compare(recordPlace(a.version, a.id % 100), recordPlace(b.version, b.id % 100))).toBe(records);
      }),
    );
  });

  it("of keys are in the order of their UTF-16 code units, and keep every one apart", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(stateKeyOf(stateKeyBytes(a))).toBe(a);
        expect(Buffer.compare(stateKeyBytes(a), stateKeyBytes(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(stateKeyBytes(a + b).subarray(0, stateKeyBytes(a).length)).toEqual(stateKeyBytes(a));
        expect(idempotencyPlace(a).equals(idempotencyPlace(b))).toBe(a === b);
      }),
    );
  });
});

describe("records and rows", () => {
  it("come back the same", () => {
    const record = recordOf("a/1", 3, 7, { cause: "run/1", idempotencyKey: "once" });
    const decoded = decodeRecord("a/1", 3, encodeRecord(record));
    expect(decoded).toEqual({ meta: metaOf(record.snapshot), patches: record.patches });
    const row = { id: 1, newest: 2 ** 40, oldest: 3, bytes: 4, checkpoint: 5, checkpointBytes: 6, replayBytes: 7 };
    const erased = { ...row, isErased: true };
    expect(decodeKeyRow(encodeKeyRow({ ...row, isErased: false }))).toEqual({ ...row, isErased: false });
    expect(decodeKeyRow(encodeKeyRow(erased))).toEqual(erased);
    expect(decodeKeyRow(Buffer.alloc(5))).toBeUndefined();
  });
});
