/**
 * Invariants 3, 4 and 5 of the whole store: an authority, replicas and clients over channels that lag. The second half
 * breaks it on purpose, one guard at a time, and expects the same property to find out.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWrite } from "../../src/store/versions/commit.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import type { StoreAccess } from "../../src/store/versions/store-access.ts";
import { Play, scenarios, type Sabotage } from "./support/scenario.ts";

function property(sabotage?: Sabotage, slow?: { readonly slowReads: boolean }) {
  return fc.asyncProperty(scenarios, async (scenario) => {
    expect(await new Play(scenario, sabotage, slow).run()).toEqual([]);
  });
}

describe("whatever clients do and however messages lag", () => {
  it("nothing is lost, stale, doubled or out of order (invariants 3, 4, 5)", async () => {
    await fc.assert(property(), { numRuns: 200 });
  });

  it("neither with a journal that is slow to write, fails, and answers in any order", async () => {
    await fc.assert(property({}, { slowReads: false }), { numRuns: 150 });
  });

  it("neither with a journal that is slow to read as well", async () => {
    await fc.assert(property({}, { slowReads: true }), { numRuns: 100 });
  });
});

describe("the property above finds a store", () => {
  const sabotages: readonly [what: string, sabotage: Sabotage][] = [
    ["that doesn't look at causal tokens", { access: ignoringTokens }],
    ["that doesn't compare versions", { toAuthority: rebased }],
    ["whose updates get lost", { toReplica: (message) => (message.kind === "update" ? undefined : message) }],
    [
      "that claims to be further than what it sent",
      { toReplica: (message) => ({ ...message, position: message.position + 1 }) },
    ],
    ["that forgets idempotency keys", { journal: forgetful }],
    ["that commits patches other than those it was sent", { toAuthority: garbled }],
    ["that doesn't check what transactions only read", { toAuthority: withoutReads }],
  ];

  it.each(sabotages)("%s", async (_what, sabotage) => {
    const result = await fc.check(property(sabotage), { seed: 42, numRuns: 1_000, endOnFailure: true });
    expect(result.failed).toBe(true);
  });

  it("that keeps transactions by halves when the journal fails", async () => {
    const broken = property({ journal: splitting }, { slowReads: false });
    const breaches: string[] = [];
    for (let seed = 42; seed < 62 && !breaches.some((breach) => breach.includes("was kept by halves")); seed++) {
      const result = await fc.check(broken, { seed, numRuns: 1_000, endOnFailure: true });
      expect(result.failed).toBe(true);
      const { actual } = result.errorInstance as { actual: readonly string[] };
      breaches.push(...actual);
    }
    expect(breaches.join("\n")).toContain("was kept by halves");
  });
});

function overriding<T extends object>(target: T, overrides: Partial<T>): T {
  return new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(overrides, name)) return Reflect.get(overrides, name) as unknown;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

function ignoringTokens(access: StoreAccess): StoreAccess {
  return overriding(access, { snapshot: (key) => access.snapshot(key, 0) });
}

/** Passes every commit off as one that was computed from the newest version. */
const rebased: NonNullable<Sabotage["toAuthority"]> = (message, authority) => {
  if (message.kind !== "commit") return message;
  const newest = (key: string): number => {
    const head = authority.head(key);
    if (head instanceof Promise) throw new Error("needs a synchronous journal");
    return head?.version ?? 0;
  };
  const changes = message.request.changes.map((change) => ({ ...change, parent: newest(change.key) }));
  return { ...message, request: { ...message.request, changes } };
};

const garbled: NonNullable<Sabotage["toAuthority"]> = (message) =>
  message.kind === "commit"
    ? {
        ...message,
        request: {
          ...message.request,
          changes: message.request.changes.map((change) =>
            isWrite(change) ? { ...change, patches: change.patches.slice(1) } : change,
          ),
        },
      }
    : message;

function forgetful(journal: Journal): Journal {
  return overriding(journal, { committed: () => [] });
}

/** Leaves out the check that what a transaction only read is unchanged. */
const withoutReads: NonNullable<Sabotage["toAuthority"]> = (message) =>
  message.kind === "commit"
    ? { ...message, request: { ...message.request, changes: message.request.changes.filter(isWrite) } }
    : message;

/** Keeps what one commit made piece by piece. */
function splitting(journal: Journal): Journal {
  return overriding(journal, {
    append: async (records) => {
      await Promise.all(records.map(async (record) => journal.append([record])));
    },
  });
}
