import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkTransactions } from "../../src/checkers/transactions/check-transactions.ts";
import type { AnomalyKind, Transaction } from "../../src/checkers/transactions/transaction.ts";

type Versions = Readonly<Record<string, number>>;

function transaction(name: string, reads: Versions, writes: Versions, more: Partial<Transaction> = {}): Transaction {
  return { name, process: name, reads, writes, ...more };
}

function kinds(history: readonly Transaction[]): readonly AnomalyKind[] {
  return checkTransactions(history).map(({ kind }) => kind);
}

const ofSessions = new Set(["non-monotonic-read", "own-write-unread", "non-monotonic-write", "write-before-read"]);

describe("checkTransactions", () => {
  it("finds a lost update, and names the version that is lost", () => {
    const history = [transaction("a", { stock: 3 }, { stock: 4 }), transaction("b", { stock: 3 }, { stock: 5 })];
    expect(checkTransactions(history)).toEqual([
      {
        kind: "lost-update",
        transactions: history,
        key: "stock",
        text: "b read stock at version 3 and wrote version 5: version 4, which a wrote, is lost",
      },
    ]);
  });

  it("finds a version that two wrote", () => {
    expect(checkTransactions([transaction("a", {}, { k: 1 }), transaction("b", {}, { k: 1 })])).toMatchObject([
      { kind: "same-version", key: "k", text: "a and b both wrote k as version 1" },
    ]);
  });

  it("finds a stale read, but only of what had ended before", () => {
    const writer = transaction("a", {}, { rating: 8 }, { began: 0, ended: 5 });
    const late = transaction("b", { rating: 7 }, {}, { began: 6 });
    expect(checkTransactions([writer, late])).toMatchObject([
      { kind: "stale-read", text: "b read rating at version 7; a had written version 8 before it began" },
    ]);
    expect(kinds([writer, { ...late, began: 5 }])).toEqual([]);
    expect(kinds([writer, transaction("b", { rating: 7 }, {})])).toEqual([]);
  });

  it("finds read skew: one part of a transfer was seen, and the other one was not", () => {
    const transfer = transaction("transfer", { from: 1, to: 1 }, { from: 2, to: 2 });
    const audit = transaction("audit", { from: 1, to: 2 }, {});
    expect(checkTransactions([transfer, audit])).toMatchObject([
      {
        kind: "read-skew",
        transactions: [audit, transfer],
        text: "audit read what was replaced by transfer (from, version 1); transfer wrote what was read by audit (to, version 2)",
      },
    ]);
  });

  it("finds write skew: two go off duty, as each saw the other one on", () => {
    const history = [
      transaction("ann", { ann: 1, bob: 1 }, { ann: 2 }),
      transaction("bob", { ann: 1, bob: 1 }, { bob: 2 }),
    ];
    expect(checkTransactions(history)).toMatchObject([{ kind: "write-skew", transactions: history }]);
  });

  it("finds what flows in a circle", () => {
    expect(kinds([transaction("a", { y: 1 }, { x: 1 }), transaction("b", { x: 1 }, { y: 1 })])).toEqual(["circular"]);
  });

  it.each<[AnomalyKind, readonly [Versions, Versions], readonly [Versions, Versions], string]>([
    ["non-monotonic-read", [{ k: 5 }, {}], [{ k: 4 }, {}], "2 read k at version 4; p had read version 5 in 1"],
    ["own-write-unread", [{}, { k: 5 }], [{ k: 4 }, {}], "2 read k at version 4; p had written version 5 in 1"],
    ["non-monotonic-write", [{}, { k: 5 }], [{}, { k: 4 }], "2 wrote k as version 4; p had written version 5 in 1"],
    ["write-before-read", [{ k: 5 }, {}], [{}, { k: 4 }], "2 wrote k as version 4; p had read version 5 in 1"],
  ])("finds the broken promise to a session that is called %s", (kind, first, second, text) => {
    const history = [transaction("1", ...first, { process: "p" }), transaction("2", ...second, { process: "p" })];
    expect(checkTransactions(history).filter((anomaly) => anomaly.kind === kind)).toMatchObject([{ text }]);
    expect(kinds([history[0] as Transaction, { ...(history[1] as Transaction), process: "q" }])).not.toContain(kind);
  });

  it.each([
    [{ k: -1 }, {}, "reads.k is a whole number from 0, not -1"],
    [{}, { k: 0 }, "writes.k is a whole number from 1, not 0"],
    [{}, { k: Number.NaN }, "writes.k is a whole number from 1, not NaN"],
  ])("refuses %j %j", (reads, writes, problem) => {
    expect(() => checkTransactions([transaction("a", reads, writes)])).toThrow(
      expect.objectContaining({ code: "invalid-options", message: `checkTransactions: a: ${problem}` }),
    );
  });

  it("finds an anomaly in a history without times and sessions if and only if no order explains it", () => {
    const keys = ["x", "y"];
    const versions = (lowest: number) =>
      fc.dictionary(fc.constantFrom(...keys), fc.integer({ min: lowest, max: lowest + 1 }), { noNullPrototype: true });
    const histories = fc.array(fc.record({ reads: versions(0), writes: versions(1) }), { maxLength: 5 });
    const seen = new Set<string>();
    fc.assert(
      fc.property(histories, (drawn) => {
        const history = drawn.map(({ reads, writes }, n) => transaction(String(n), reads, writes));
        const found = kinds(history).filter((kind) => !ofSessions.has(kind));
        for (const kind of found) seen.add(kind);
        expect(found.length === 0).toBe(isSerializable(history));
      }),
      { numRuns: 3000, examples: [[[skewed("x"), skewed("y")]]] },
    );
    for (const kind of ["same-version", "lost-update", "circular", "read-skew", "write-skew"])
      expect(seen).toContain(kind);
  });

  it("finds nothing in a history that was made one after the other", () => {
    const step = fc.record({
      process: fc.integer({ min: 0, max: 3 }),
      reads: fc.uniqueArray(fc.constantFrom("x", "y", "z")),
      writes: fc.uniqueArray(fc.constantFrom("x", "y", "z")),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const newest = new Map<string, number>();
        const version = (key: string): number => newest.get(key) ?? 0;
        const history = steps.map(({ process, reads, writes }, n) => {
          const seen = Object.fromEntries(reads.map((key) => [key, version(key)]));
          for (const key of writes) newest.set(key, version(key) + 1);
          const written = Object.fromEntries(writes.map((key) => [key, version(key)]));
          return transaction(String(n), seen, written, { process, began: 2 * n, ended: 2 * n + 1 });
        });
        expect(checkTransactions(history)).toEqual([]);
      }),
    );
  });

  it("judges 20,000 transactions", () => {
    const history = Array.from({ length: 20_000 }, (_, n) => {
      const key = `k${n % 20}`;
      const version = Math.floor(n / 20);
      return transaction(String(n), { [key]: version }, { [key]: version + 1 }, { began: 2 * n, ended: 2 * n + 1 });
    });
    expect(checkTransactions(history)).toEqual([]);
    const late = transaction("late", { k0: 500 }, { k1: 1001 }, {});
    expect(kinds([...history, late])).toEqual([]);
  });
});

/** Of two of these, each reads what the other one replaces. */
function skewed(key: string): Pick<Transaction, "reads" | "writes"> {
  return { reads: { x: 1, y: 1 }, writes: { [key]: 2 } };
}

/** Tries all orders. */
function isSerializable(history: readonly Transaction[]): boolean {
  const fits = (done: readonly Transaction[], left: readonly Transaction[]): boolean =>
    left.length === 0 ||
    left.some(
      (next, at) =>
        Object.entries(next.writes).every(([key, version]) => isNewest(done, left, next, key, version, false)) &&
        Object.entries(next.reads).every(([key, version]) => isNewest(done, left, next, key, version, true)) &&
        fits([...done, next], left.toSpliced(at, 1)),
    );
  return fits([], history);
}

/** All lower versions were written before, and no higher one was. */
function isNewest(
  done: readonly Transaction[],
  left: readonly Transaction[],
  self: Transaction,
  key: string,
  version: number,
  isRead: boolean,
): boolean {
  const written = (all: readonly Transaction[]): number[] =>
    all.flatMap((one) => (one === self ? [] : (one.writes[key] ?? [])));
  return (
    written(done).every((other) => (isRead ? other <= version : other < version)) &&
    written(left).every((other) => other > version)
  );
}
