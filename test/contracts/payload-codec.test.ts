import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PayloadCodec } from "../../src/contracts/payload-codec.ts";
import { seal } from "../../src/store/versions/seal.ts";
import { transfer, type Transferred } from "../../src/values/cloneable.ts";

const codec = new PayloadCodec({ maxBytes: 1e6 });

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: false,
  key: fc.oneof(fc.string(), fc.constantFrom("@troupe", "value", "time")),
  values: [
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.string(),
    fc.constant(null),
    fc.constant(undefined),
    fc.constantFrom("date", "payload", "map", "bytes"),
  ],
});

describe("a payload", () => {
  it("is plain data that the store keeps, and gives the value again", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const expected = structuredClone(value);
        const payload = codec.encode(value, "it");
        expect(() => seal(payload)).not.toThrow();
        expect(codec.decode(payload)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("is a copy", () => {
    const value = { list: [1] };
    const payload = codec.encode(value, "it");
    value.list.push(2);
    expect(codec.decode(payload)).toEqual({ list: [1] });
  });

  it("of a plain value is that value, and decoding it costs nothing", () => {
    const payload = codec.encode({ n: 1, list: [{ deep: null }] }, "it");
    expect(payload).toEqual({ n: 1, list: [{ deep: null }] });
    expect(codec.decode(payload)).toBe(payload);
  });

  it("can be decoded when it is frozen, into something that belongs to the caller", () => {
    const payload = codec.encode({ when: new Date(7), bytes: new Uint16Array([1, 2, 65_535]) }, "it");
    seal(payload);
    const value = codec.decode(payload) as { when: Date; bytes: Uint16Array; more?: string };
    value.more = "mine";
    expect(value.when.setTime(8)).toBe(8);
    expect(value.bytes).toEqual(new Uint16Array([1, 2, 65_535]));
    expect((codec.decode(payload) as { when: Date }).when).toEqual(new Date(7));
  });

  it("keeps buffers and views as what they are", () => {
    const { buffer } = new Uint8Array([9, 8]);
    for (const value of [buffer, new DataView(buffer), new Float64Array([Math.PI]), new BigInt64Array([-5n])]) {
      const decoded = codec.decode(codec.encode(value, "it"));
      expect(Object.prototype.toString.call(decoded)).toBe(Object.prototype.toString.call(value));
      expect(decoded).toEqual(value);
    }
  });

  it("holds refs in their plain form and has them revived", () => {
    class Ref {
      [transfer](): Transferred {
        return { "@troupe": "ref", address: "1/x" };
      }
    }
    const ref = new Ref();
    const reviving = new PayloadCodec({ maxBytes: 1000, revive: (value) => ({ revived: value }) });
    expect(reviving.decode(reviving.encode({ ref, n: 1 }, "it"))).toEqual({
      revived: { ref: { "@troupe": "ref", address: "1/x" }, n: 1 },
    });
    expect(reviving.decode(reviving.encode(ref, "it"))).toEqual({ revived: { "@troupe": "ref", address: "1/x" } });
    expect(reviving.decode(reviving.encode({ n: 1 }, "it"))).toEqual({ n: 1 });
  });

  it("says what can't be one", () => {
    expect(() => codec.encode({ call: () => 1 }, 'the input mapped for the step "s"')).toThrow(
      expect.objectContaining({ code: "not-cloneable", message: expect.stringContaining("call") as string }),
    );
    expect(() => new PayloadCodec({ maxBytes: 10 }).encode("x".repeat(100), "it")).toThrow(
      expect.objectContaining({ code: "message-too-large" }),
    );
  });
});
