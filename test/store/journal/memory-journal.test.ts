import { expect, it } from "vitest";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { testJournalContract } from "../support/journal-contract.ts";
import { recordOf } from "../support/requests.ts";

testJournalContract(() => memoryJournal());

it("answers everything synchronously, and hands out the very snapshots it got", () => {
  const journal = memoryJournal();
  const record = recordOf("a/1", 1, 1, { idempotencyKey: "once" });
  expect(journal.append([record])).toBeUndefined();
  expect(journal.head("a/1")).toBe(record.snapshot);
  expect(journal.at("a/1", 1)).toBe(record.snapshot);
  expect(journal.committed("once")).toEqual([record.snapshot]);
  expect(journal.records("a/1", 1, 1)).toEqual([record]);
  expect(journal.keys("a")).toEqual(["a/1"]);
  expect(journal.close()).toBeUndefined();
});

it("is a journal of its own each time", () => {
  void memoryJournal().append([recordOf("a/1", 1, 1)]);
  expect(memoryJournal().head("a/1")).toBeUndefined();
});

it("takes no options", () => {
  expect(() => memoryJournal({ durability: "sync" } as never)).toThrow(
    expect.objectContaining({ code: "invalid-options", message: expect.stringContaining("durability") as string }),
  );
});
