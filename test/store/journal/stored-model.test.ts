/**
 * Invariants 3, 5 and 11: the store and a plain map of arrays agree after any sequence of commands, over every journal, with
 * closing and opening again as one of the commands. A journal that forgets is found out.
 */

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TroupeError } from "../../../src/errors/troupe-error.ts";
import { diffStates } from "../../../src/store/versions/diff-states.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { seal } from "../../../src/store/versions/seal.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { hasNats, natsJournals } from "../../nats/journals.ts";
import { postgresJournals, sharedPostgres } from "../../postgres/shared-postgres.ts";
import { plainState } from "../support/arbitrary-state.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";
import { temporaryJournals } from "../support/temporary-journals.ts";

/** What each key held, oldest first; and which version an idempotency key made. */
interface Model {
  readonly chains: Map<string, { readonly states: unknown[]; oldest: number }>;
  readonly done: Map<string, readonly [key: string, version: number]>;
}

interface Real {
  journal: Journal;
  authority: StoreAuthority;
  readonly reopen: (journal: Journal) => Journal | Promise<Journal>;
}

type Command = fc.AsyncCommand<Model, Real>;

const key = fc.constantFrom("a/1", "a/2", "b/1");
const version = fc.nat(8);

function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name };
}

function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected);
}

const commit = fc
  .record({ key, value: plainState, stale: fc.nat(9), name: fc.option(fc.nat(5), { nil: undefined }) })
  .map(({ key: of, value, stale, name }) =>
    command(`commit ${of}${name === undefined ? "" : ` as ${name}`}`, async ({ chains, done }, { authority }) => {
      const states = chains.get(of)?.states ?? [];
      const parent = stale === 9 ? states.length + 1 : stale === 8 ? Math.max(0, states.length - 1) : states.length;
      const state = { value };
      seal(state);
      const whole = { op: "replace", path: [], value: state } as const;
      const patches = states.length === 0 ? [whole] : diffStates(states.at(-1), state);
      const idempotencyKey = name === undefined ? undefined : `${of}#${name}`;
      const original = idempotencyKey === undefined ? undefined : done.get(idempotencyKey);
      const outcome = await authority.commit({
        changes: [{ key: of, parent, patches, schema: 1, state }],
        author: "test",
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      if (original !== undefined) {
        same(outcome.kind, "duplicate");
        const [snapshot] = "snapshots" in outcome ? outcome.snapshots : [];
        same([snapshot?.key, snapshot?.version], original);
      } else if (parent === states.length) {
        same(outcome.kind, "committed");
        if (chains.has(of)) states.push(state);
        else chains.set(of, { states: [state], oldest: 1 });
        if (idempotencyKey !== undefined) done.set(idempotencyKey, [of, parent + 1]);
      } else same(outcome.kind, "conflict");
    }),
  );

/** Two keys in one commit. */
const together = fc.record({ value: plainState }).map(({ value }) =>
  command("commit to two keys", async ({ chains }, { authority }) => {
    const state = { value };
    seal(state);
    const changes = ["a/1", "b/1"].map((of) => {
      const parent = chains.get(of)?.states.length ?? 0;
      const whole = { op: "replace", path: [], value: state } as const;
      return { key: of, parent, patches: [whole], schema: 1, state };
    });
    same((await authority.commit({ changes, author: "test" })).kind, "committed");
    for (const of of ["a/1", "b/1"]) {
      const chain = chains.get(of);
      if (chain === undefined) chains.set(of, { states: [state], oldest: 1 });
      else chain.states.push(state);
    }
  }),
);

const readHead = key.map((of) =>
  command(`head ${of}`, async ({ chains }, { authority }) => {
    const head = await authority.head(of);
    same(head?.state, chains.get(of)?.states.at(-1));
    same(head?.version, chains.get(of)?.states.length);
  }),
);

const readAt = fc.tuple(key, version).map(([of, at]) =>
  command(`at ${of} ${at}`, async ({ chains }, { authority }) => {
    const chain = chains.get(of);
    const isKept = chain !== undefined && at >= chain.oldest;
    same((await authority.at(of, at))?.state, isKept ? chain.states[at - 1] : undefined);
  }),
);

const readHistory = fc
  .tuple(key, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }))
  .map(([of, from, to]) =>
    command(`history ${of} ${from} to ${to}`, async ({ chains }, { authority }) => {
      const { states = [], oldest = 1 } = chains.get(of) ?? {};
      const range = { from, to, limit: 99, order: "oldest-first" } as const;
      const reading = Promise.resolve().then(() => authority.history(of, range));
      if (from < oldest || to < oldest - 1) {
        same(((await failure(reading)) as TroupeError).code, "no-such-version");
        return;
      }
      same(
        (await reading).map(({ state }) => state),
        states.slice(from - 1, to),
      );
    }),
  );

const readCommitted = fc.tuple(key, fc.nat(5)).map(([of, name]) =>
  command(`committed ${of} as ${name}`, async ({ done }, { authority }) => {
    const found = await authority.committed(of, `${of}#${name}`);
    same(found && [found.key, found.version], done.get(`${of}#${name}`));
  }),
);

const readKeys = fc.constantFrom("", "a/", "c").map((prefix) =>
  command(`keys ${prefix}`, async ({ chains }, { authority }) => {
    const keys = [...chains.keys()].filter((of) => of.startsWith(prefix)).toSorted();
    same(await authority.keys(prefix), keys);
    const heads = await Promise.all(keys.map(async (of) => authority.head(of)));
    for (const since of [1, Math.floor(authority.position / 2), authority.position]) {
      const later = heads.flatMap((head) => (head !== undefined && head.position > since ? [head.key] : []));
      same(await authority.keys(prefix, since), later);
    }
  }),
);

const trim = fc.tuple(key, version).map(([of, to]) =>
  command(`trim ${of} to ${to}`, async ({ chains, done }, { journal }) => {
    await journal.trim(of, to);
    const chain = chains.get(of);
    if (chain === undefined) return;
    chain.oldest = Math.max(chain.oldest, Math.min(to, chain.states.length));
    for (const [name, [made, at]] of done) if (made === of && at < chain.oldest) done.delete(name);
  }),
);

const compact = fc.constant(command("compact", async (_model, { journal }) => journal.compact()));

const reopen = fc.constant(
  command("reopen", async (_model, real) => {
    real.journal = await real.reopen(real.journal);
    real.authority = new StoreAuthority({ journal: real.journal, clock: fixedClock() });
  }),
);

const commands = fc.commands(
  [commit, commit, commit, together, readHead, readAt, readHistory, readCommitted, readKeys, trim, compact, reopen],
  { maxCommands: 40, size: "max" },
);

const { open, reopen: openAgain, newDirectory, clear } = temporaryJournals();
const postgres = await sharedPostgres();
const journals = postgresJournals(postgres);
const onJetStream = natsJournals();

function property(make: () => Journal | Promise<Journal>, again: Real["reopen"], tidy = clear) {
  return fc.asyncProperty(commands, async (sequence) => {
    const journal = await make();
    const real = { journal, authority: new StoreAuthority({ journal, clock: fixedClock() }), reopen: again };
    await fc.asyncModelRun(() => ({ model: { chains: new Map(), done: new Map() }, real }), sequence);
    await tidy();
  });
}

describe("the store agrees with a map of arrays after any commands (invariants 3, 5, 11)", () => {
  it("in memory", async () => {
    await fc.assert(
      property(memoryJournal, (journal) => journal),
      { numRuns: 200 },
    );
  });

  it("on disk, closed and opened again in between", async () => {
    await fc.assert(property(open, openAgain), { numRuns: 60 });
  });

  it("on disk, relaxed", async () => {
    await fc.assert(
      property(() => open(newDirectory(), { durability: "relaxed" }), openAgain),
      { numRuns: 40 },
    );
  });

  it.skipIf(postgres === undefined)("in PostgreSQL, closed and opened again in between", async () => {
    await fc.assert(
      property(() => journals.open(), journals.reopen, journals.clear),
      { numRuns: 60 },
    );
  });

  it.skipIf(!hasNats())("on JetStream, closed and opened again in between", async () => {
    await fc.assert(
      property(() => onJetStream.open(), onJetStream.reopen, onJetStream.clear),
      { numRuns: process.env["TROUPE_KILLS"] === undefined ? 10 : 60 }, // each opening is a dozen requests
    );
  });
});

describe("that property finds a journal", () => {
  const sabotages: readonly [what: string, sabotage: (journal: Journal) => Partial<Journal>][] = [
    ["that forgets idempotency keys", () => ({ committed: () => [] })],
    ["whose old versions are the newest", (journal) => ({ at: (of) => journal.head(of) })],
    ["that trims too much", (journal) => ({ trim: (of, to) => journal.trim(of, to + 1) })],
    ["that leaves a key out", (journal) => ({ keys: async (prefix) => (await journal.keys(prefix)).slice(1) })],
    [
      "that forgets what changed at last",
      (journal) => ({ keys: (prefix, since) => journal.keys(prefix, since && since + 1) }),
    ],
  ];

  it.each(sabotages)("%s", async (_what, sabotage) => {
    const broken = (): Journal => {
      const journal = memoryJournal();
      const overrides = sabotage(journal);
      return new Proxy(journal, {
        get: (target, name) => Reflect.get({ ...target, ...overrides }, name) ?? Reflect.get(target, name),
      });
    };
    const result = await fc.check(
      property(broken, (journal) => journal),
      { seed: 7, numRuns: 300, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });
});
