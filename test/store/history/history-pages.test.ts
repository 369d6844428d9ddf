import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { historyPages } from "../../../src/store/history/history-pages.ts";
import { ledger } from "../support/definitions.ts";
import { fixedClock } from "../support/fixed-clock.ts";

/** A client of a key with `count` versions, of which those from `oldest` on are kept; every third is by the author `odd`. */
function filled(count: number, oldest = 1): StoreClient {
  const journal = memoryJournal();
  const authority = new StoreAuthority({ journal, clock: fixedClock() });
  const access = new AuthorityAccess(authority);
  const clients = ["odd", "even", "even"].map((author) => new StoreClient(access, { author }));
  for (let n = 1; n <= count; n++) void clients[n % 3]!.commitNow(ledger, "1", (draft) => void (draft.total = n));
  void journal.trim("ledger/1", oldest);
  return clients[0]!;
}

async function versionsIn(pages: AsyncIterable<readonly { readonly version: number }[]>): Promise<readonly number[]> {
  const versions: number[] = [];
  for await (const page of pages) {
    expect(page.length).toBeGreaterThan(0);
    expect(page.length).toBeLessThanOrEqual(64);
    versions.push(...page.map(({ version }) => version));
  }
  return versions;
}

describe("pages of a history", () => {
  it("are together what one long page is", async () => {
    const options = fc.record(
      {
        from: fc.integer({ min: 1, max: 220 }),
        to: fc.integer({ min: 0, max: 220 }),
        limit: fc.integer({ min: 1, max: 220 }),
        order: fc.constantFrom("oldest-first" as const, "newest-first" as const),
        author: fc.constantFrom("odd", "even", "nobody"),
      },
      { requiredKeys: [] },
    );
    const clients = [0, 1, 64, 65, 128, 200].map((count) => filled(count));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...clients), options, async (client, chosen) => {
        const pages = historyPages((asked) => client.history(ledger, "1", asked), chosen);
        const versions = await versionsIn(pages);
        expect(versions).toEqual((await client.history(ledger, "1", chosen)).map(({ version }) => version));
      }),
    );
  });

  it.each([1, 2, 63, 64, 65, 128])("end with the oldest that is kept, where %d are", async (count) => {
    const client = filled(count + 10, 11);
    const read = (asked: object) => client.history(ledger, "1", asked);
    const all = Array.from({ length: count }, (_, i) => 11 + i);
    expect(await versionsIn(historyPages(read, { order: "oldest-first" }))).toEqual(all);
    expect(await versionsIn(historyPages(read, { order: "newest-first" }))).toEqual(all.toReversed());
  });
});
