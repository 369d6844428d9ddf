/**
 * Invariant 11, the part about what disks do: whatever bits flip and wherever a file ends, another process that opens the
 * journal and reads all of it gets an error or what was written. Wants `npm run build` first.
 */

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answers, DamagedJournals } from "../support/damaged-journals.ts";

const pageBytes = 4096;
/** Each is a process, as LMDB may end the one that reads. `npm run test:crash` takes more. */
const numRuns = Number(process.env["TROUPE_KILLS"] ?? 0) > 0 ? 300 : 20;
const journals = new DamagedJournals();
let whole: Answers;

beforeAll(async () => {
  await journals.make();
  const answers = await journals.read(journals.bytes, false);
  if (typeof answers === "string") throw new Error(answers);
  whole = answers;
});

afterAll(() => journals.close());

/** What is wrong with the answers: a death, an answer that differs, an error that doesn't say that something is damaged. */
function faults(answers: Answers | string): readonly string[] {
  if (typeof answers === "string") return [answers];
  const { opened } = answers;
  if (opened !== undefined) return isTold(opened.error) ? [] : [`opening failed with ${opened.error}`];
  return Object.entries(whole).flatMap(([what, expected]) => {
    const answer = answers[what];
    if (answer === undefined) return [`${what}: no answer`];
    if (answer.error !== undefined) return isTold(answer.error) ? [] : [`${what}: ${answer.error}`];
    return isDeepStrictEqual(answer, expected) ? [] : [`${what}: ${JSON.stringify(answer)}`];
  });
}

function isTold(code: string | undefined): boolean {
  return code === "journal-corrupt" || code === "journal-format";
}

function errorsIn(answers: Answers | string): number {
  return typeof answers === "string" ? 0 : Object.values(answers).filter(({ error }) => error !== undefined).length;
}

describe("a journal's data file", () => {
  it("is read without an error when it is whole", () => {
    expect(errorsIn(whole)).toBe(0);
    expect(Object.keys(whole).length).toBeGreaterThan(300);
  });

  it("with a flipped bit anywhere gives an error or the data (invariant 11)", async () => {
    const pages = journals.bytes.length / pageBytes;
    // the fields that LMDB trusts stand at the beginning of pages
    const offset = fc.oneof(fc.nat(150), fc.nat(pageBytes - 1));
    const flip = fc.record({ page: fc.nat(pages - 1), offset, bit: fc.nat(7), readOnly: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(flip, async ({ page, offset: within, bit, readOnly }) => {
        const bytes = Buffer.from(journals.bytes);
        const at = page * pageBytes + within;
        bytes[at] = bytes[at]! ^ (1 << bit);
        expect(faults(await journals.read(bytes, readOnly))).toEqual([]);
      }),
      { numRuns },
    );
  });

  it("with several bytes overwritten gives an error or the data (invariant 11)", async () => {
    const spot = fc.record({ at: fc.nat(journals.bytes.length - 1), value: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(spot, { minLength: 2, maxLength: 12 }), async (spots) => {
        const bytes = Buffer.from(journals.bytes);
        for (const { at, value } of spots) bytes[at] = value;
        expect(faults(await journals.read(bytes, false))).toEqual([]);
      }),
      { numRuns },
    );
  });

  it("cut off anywhere gives an error or the data (invariant 11)", async () => {
    const length = fc.oneof(fc.nat(3 * pageBytes), fc.nat(journals.bytes.length - 1));
    await fc.assert(
      fc.asyncProperty(length, fc.boolean(), async (end, readOnly) => {
        expect(faults(await journals.read(journals.bytes.subarray(0, end), readOnly))).toEqual([]);
      }),
      { numRuns },
    );
  });

  it.each([
    ["empty", Buffer.alloc(0)],
    ["a text", Buffer.from("not a journal\n".repeat(1_000))],
    ["all zeros", Buffer.alloc(10 * pageBytes)],
  ])("that is %s is refused with an error", async (_what, bytes) => {
    for (const readOnly of [false, true])
      expect(await journals.read(bytes, readOnly)).toEqual({ opened: { error: "journal-corrupt" } });
  });

  it("is found out by this property: it sees data that no checksum covers", async () => {
    const text = "at 133";
    const at = journals.bytes.lastIndexOf(text);
    const bytes = Buffer.from(journals.bytes);
    bytes.write("at 134", at);
    const answers = await journals.read(bytes, false);
    expect(faults(answers)).toEqual([]);
    const trusting = JSON.parse(JSON.stringify(whole).replace(text, "at 134")) as Answers;
    expect(faults(trusting)).not.toEqual([]);
  });
});
