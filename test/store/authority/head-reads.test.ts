import { expect, it } from "vitest";
import { HeadReads } from "../../../src/store/authority/head-reads.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { failure } from "../support/failure.ts";
import { recordOf } from "../support/requests.ts";

/** A journal that is elsewhere, with the keys `a/1` to `a/3`, and what is asked of it. */
function elsewhere(): { journal: Pick<Journal, "head" | "heads">; asked: string[] } {
  const inner = memoryJournal();
  for (const n of [1, 2, 3]) void inner.append([recordOf(`a/${n}`, 1, n)]);
  const asked: string[] = [];
  const journal: Pick<Journal, "head" | "heads"> = {
    async head(key) {
      asked.push(`head ${key}`);
      if (key === "a/bad") throw new Error("it is damaged");
      return inner.head(key);
    },
    async heads(keys) {
      asked.push(`heads ${keys.join(" ")}`);
      if (keys.includes("a/bad")) throw new Error("one is damaged");
      return inner.heads(keys);
    },
  };
  return { journal, asked };
}

it("asks a journal that answers at once for each key, and answers at once", () => {
  const journal = memoryJournal();
  void journal.append([recordOf("a/1", 1, 1)]);
  const heads = new HeadReads(journal);
  expect([heads.read("a/1"), heads.read("a/2")]).toEqual([journal.head("a/1"), undefined]);
});

it("asks one that is elsewhere once for all keys of a turn, but for the first ever", async () => {
  const { journal, asked } = elsewhere();
  const heads = new HeadReads(journal);
  const read = (n: number): Promise<unknown> => Promise.resolve(heads.read(`a/${n}`));
  const first = await Promise.all([1, 2, 3, 4].map(read));
  expect(first.slice(0, 3)).toMatchObject([{ key: "a/1" }, { key: "a/2" }, { key: "a/3" }]);
  expect(first[3]).toBeUndefined();
  await read(1);
  expect(asked).toEqual(["head a/1", "heads a/2 a/3 a/4", "head a/1"]);
});

it("has a key that can't be read fail alone", async () => {
  const { journal } = elsewhere();
  const heads = new HeadReads(journal);
  await heads.read("a/1");
  const bad = failure(Promise.resolve(heads.read("a/bad")));
  expect(await heads.read("a/2")).toMatchObject({ key: "a/2" });
  expect(await bad).toMatchObject({ message: "it is damaged" });
});
