import fc from "fast-check";
import { expect, it } from "vitest";
import { CommittedParts } from "../../../src/store/authority/idempotency.ts";
import { metaOf, type Snapshot } from "../../../src/store/versions/snapshot.ts";
import { recordOf } from "../support/requests.ts";

const key = fc.constantFrom("a/1", "a/2", "a/3");
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("commit" as const),
      under: fc.constantFrom("x", "y", "z"),
      keys: fc.uniqueArray(key, { minLength: 1 }),
    }),
    fc.record({ kind: fc.constant("erase" as const), key }),
  ),
  { maxLength: 30 },
);

/** What a journal has: all that was committed and not erased. */
class PlainJournal {
  readonly #newest = new Map<string, number>();
  kept: Snapshot[] = [];

  append(keys: readonly string[], idempotencyKey: string | undefined): readonly Snapshot[] {
    const position = this.kept.length + 1;
    const made = keys.map((name) => {
      const version = (this.#newest.get(name) ?? 0) + 1;
      this.#newest.set(name, version);
      const { snapshot } = recordOf(name, version, position);
      return idempotencyKey === undefined ? snapshot : { ...snapshot, idempotencyKey };
    });
    this.kept.push(...made);
    return made;
  }

  erase(name: string): Snapshot {
    const [tombstone] = this.append([name], undefined) as [Snapshot];
    this.kept = this.kept.filter((snapshot) => snapshot.key !== name || snapshot === tombstone);
    return tombstone;
  }

  committed(idempotencyKey: string): readonly Snapshot[] {
    return this.kept.filter((snapshot) => snapshot.idempotencyKey === idempotencyKey);
  }
}

it("remembers what the journal knows, also when keys are erased, and when it has forgotten some", () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (all, isCrowded) => {
      const journal = new PlainJournal();
      const parts = new CommittedParts(journal);
      const commit = (under: string, keys: readonly string[]): void => {
        const before = parts.of(under) as ReturnType<typeof metaOf>[];
        parts.add(under, before, journal.append(keys, under));
      };
      for (const [i, step] of all.entries()) {
        if (step.kind === "commit") commit(step.under, step.keys);
        else parts.erased(metaOf(journal.erase(step.key)));
        for (const under of ["x", "y", "z"]) expect(parts.of(under)).toEqual(journal.committed(under).map(metaOf));
        if (isCrowded && i === 10) for (let other = 0; other < 1_000; other++) commit(`other-${other}`, ["a/1"]);
      }
    }),
    { numRuns: 200 },
  );
});
