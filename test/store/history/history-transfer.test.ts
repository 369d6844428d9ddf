/** A key's history out of one store and into another. */

import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { OwnedStore } from "../../../src/store/owned-store.ts";
import type { RetentionRule } from "../../../src/store/retention/retention.ts";
import { sealedCopy } from "../../../src/store/versions/seal.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { plainState, shelf, type Shelf, steps, takeSteps } from "../support/arbitrary-state.ts";
import { expectSame } from "../support/deeply.ts";
import { failure } from "../support/failure.ts";
import { fixedClock } from "../support/fixed-clock.ts";

const thing = defineState({ name: "thing", version: 1, schema: v.unknown(), initial: () => null });

class Place {
  readonly clock = fixedClock();
  readonly authority: StoreAuthority;
  readonly store: OwnedStore;

  constructor(rules: readonly RetentionRule[] = []) {
    this.authority = new StoreAuthority({ journal: memoryJournal(), clock: this.clock, retention: { rules } });
    this.store = new OwnedStore(this.authority, { author: "me", remembersReads: false });
  }

  async put(states: readonly unknown[], id = "1"): Promise<void> {
    for (const state of states) {
      this.clock.time += 1;
      await this.store.put(thing, id, state);
    }
  }

  async lines(id = "1"): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of this.store.exportHistory(thing, id)) lines.push(line);
    return lines;
  }
}

const withoutPosition = (line: string): string => line.replace(/"position":\d+,/, "");

/** Unrelated states, and states of which each was made of the one before. */
const histories = fc.oneof(
  fc.array(
    plainState.filter((state) => state !== undefined),
    { minLength: 1, maxLength: 8 },
  ),
  fc.tuple(shelf, fc.array(steps, { maxLength: 8 })).map(([first, changes]): unknown[] => {
    const states: Shelf[] = [first];
    for (const taken of changes) {
      const next = structuredClone(states.at(-1)!);
      takeSteps(next, taken);
      states.push(next);
    }
    return states;
  }),
);

describe("a history that is exported and imported", () => {
  it("is the same, and exports to the same bytes but for the positions", async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.boolean(), async (states, hasOthers) => {
        const [from, to] = [new Place(), new Place()];
        await from.put(states);
        if (hasOthers) await to.put(["something", "else"], "2");
        const lines = await from.lines();
        to.clock.time = 99_999;
        expect(await to.store.importHistory(lines)).toEqual({ key: "thing/1", versions: states.length });
        expect((await to.lines()).map(withoutPosition)).toEqual(lines.map(withoutPosition));
        const [before, after] = [await from.store.history(thing, "1"), await to.store.history(thing, "1")];
        for (const [i, { position: _, ...snapshot }] of after.entries()) {
          const { position: __, ...original } = before[i]!;
          expectSame(snapshot, original);
        }
        expect(after.map(({ position }) => position)).toEqual(states.map((_, i) => (hasOthers ? 3 : 1) + i));
      }),
      { numRuns: 200 },
    );
  });

  it("is written as the page on it says", async () => {
    const place = new Place();
    await place.store.put(thing, "1", { cents: 5n, tags: ["a"] }, { idempotencyKey: "once" });
    await place.put([{ cents: 5n, tags: ["a", "b"] }]);
    expect(await place.lines()).toEqual([
      '{"troupe":"history","format":1,"key":"thing/1","oldest":1,"newest":2}',
      '{"version":1,"parent":0,"author":"me","time":1000,"position":1,"schema":1,"idempotencyKey":"once",' +
        '"state":{"cents":{"$troupe":"bigint","value":"5"},"tags":["a"]}}',
      '{"version":2,"parent":1,"author":"me","time":1001,"position":2,"schema":1,"patches":[{"op":"add","path":["tags",1],"value":"b"}]}',
    ]);
  });

  it("has its idempotency keys (invariant 5), and goes on where it was", async () => {
    const [from, to] = [new Place(), new Place()];
    await from.store.put(thing, "1", "a", { idempotencyKey: "once" });
    from.clock.time = 5_000;
    await from.put(["b"]);
    await to.store.importHistory(await from.lines());
    expect(await to.store.put(thing, "1", "a", { idempotencyKey: "once" })).toMatchObject({ version: 1, state: "a" });
    expect(await to.store.put(thing, "1", "c")).toMatchObject({ version: 3, parent: 2, time: 5_001, state: "c" });
  });

  it("takes over no idempotency key of a commit that was made here (invariant 5)", async () => {
    const [from, to] = [new Place(), new Place()];
    await from.store.put(thing, "1", "a", { idempotencyKey: "once" });
    to.clock.time = 5_000;
    await to.store.put(thing, "2", "b", { idempotencyKey: "once" });
    await to.store.importHistory(await from.lines());
    expect(await to.store.put(thing, "2", "b", { idempotencyKey: "once" })).toMatchObject({ version: 1 });
    expect(await to.store.snapshot(thing, "1")).not.toHaveProperty("idempotencyKey");
  });

  it("takes lines with and without their breaks, and blank ones", async () => {
    const [from, to] = [new Place(), new Place()];
    await from.put(["a", "b"]);
    const [header, ...rest] = await from.lines();
    await to.store.importHistory(["\n", `${header}\r\n`, ...rest.map((line) => `${line}\n`), "  "]);
    expect(await to.store.read(thing, "1")).toBe("b");
  });

  it("goes through pages", async () => {
    const [from, to] = [new Place(), new Place()];
    await from.put(Array.from({ length: 200 }, (_, n) => ({ n })));
    expect(await to.store.importHistory(await from.lines())).toMatchObject({ versions: 200 });
    expect(await to.store.at(thing, "1", 130)).toMatchObject({ state: { n: 129 } });
  });

  it("is refused where the key is there", async () => {
    const [from, to] = [new Place(), new Place()];
    await from.put(["a"]);
    await to.put(["b"]);
    expect(await failure(to.store.importHistory(await from.lines()))).toMatchObject({
      code: "key-exists",
      message:
        "thing/1 is there already, up to version 1. Nothing was changed. Import it into a store that does not have the key.",
    });
    expect(await to.store.history(thing, "1")).toMatchObject([{ state: "b" }]);
  });

  it("is told to subscribers of watch", async () => {
    const [from, to] = [new Place(), new Place()];
    await from.put(["a", "b"]);
    const seen: unknown[] = [];
    to.store.watch(thing, "1").subscribe(({ state }) => seen.push(state));
    await to.store.importHistory(await from.lines());
    expect(seen).toEqual(["a", "b"]);
  });

  it("isn't there for a key without a version", async () => {
    expect(await failure(new Place().lines())).toMatchObject({ code: "no-such-key" });
  });

  it("can't begin in the middle", async () => {
    const from = new Place([{ keys: "*", keep: { last: 2 } }]);
    await from.put(["a", "b", "c", "d"]);
    await from.store.compact();
    const lines = await from.lines();
    expect(lines.map((line) => (JSON.parse(line) as { version?: number }).version)).toEqual([undefined, 3, 4]);
    expect(await failure(new Place().store.importHistory(lines, "old.jsonl"))).toMatchObject({
      code: "invalid-input",
      message:
        "old.jsonl:1: oldest: only a history from its first version on can be imported: what was before was erased, or retention dropped it. Nothing was imported.",
    });
  });
});

describe("lines that can't be imported", () => {
  const [header, first, second] = [
    '{"troupe":"history","format":1,"key":"thing/1","oldest":1,"newest":2}',
    '{"version":1,"parent":0,"author":"me","time":5,"position":1,"schema":1,"state":{"n":1}}',
    '{"version":2,"parent":1,"author":"me","time":6,"position":2,"schema":1,"patches":[{"op":"replace","path":["n"],"value":2}]}',
  ] as const;

  it("are none when nothing is wrong", async () => {
    expect(await new Place().store.importHistory([header, first, second])).toMatchObject({ versions: 2 });
  });

  it.each<[string, readonly string[], string]>([
    ["nothing", [], "f:1: there is nothing; expected a header"],
    ["no JSON", [header, "{", second], "f:2: is not JSON as export writes it: "],
    ["an unknown mark", [header, '{"$troupe":"date"}'], "f:2: is not JSON as export writes it: "],
    ["another kind of file", ['{"id":1}', first], "f:1: troupe: "],
    ["a later format", [header.replace('"format":1', '"format":2')], "f:1: format: "],
    ["a key of no family", [header.replace("thing/1", "thing")], "f:1: key: a key is a family's name"],
    ["no header", [first, second], "f:1: troupe: "],
    ["a missing version", [header, first], "f:2: ends after version 1, and the header says that version 2 is the last"],
    [
      "a version too many",
      [header.replace('"newest":2', '"newest":1'), first, second],
      "f:3: the header says that version 1",
    ],
    ["a gap", [header, second], "f:2: version 2 of parent 1 is where version 1 is due"],
    ["one twice", [header, first, first], "f:3: version 1 of parent 0 is where version 2 is due"],
    ["a wrong parent", [header, first.replace('"parent":0', '"parent":3')], "f:2: version 1 of parent 3"],
    ["no author", [header, first.replace('"author":"me",', "")], "f:2: author: "],
    ["no time", [header, first.replace('"time":5', '"time":"5"')], "f:2: time: "],
    [
      "an endless time",
      [header, first.replace('"time":5', '"time":{"$troupe":"number","value":"Infinity"}')],
      "f:2: time: ",
    ],
    ["a time beyond any date", [header, first.replace('"time":5', '"time":1e300')], "f:2: time: a time is in"],
    ["a time before the epoch", [header, first.replace('"time":5', '"time":-1')], "f:2: time: a time is in"],
    [
      "a time in the future",
      [header, first, second.replace('"time":6', '"time":61001')],
      "f:3: its time, 1970-01-01T00:01:01.001Z, is in the future: it is 1970-01-01T00:00:01.000Z",
    ],
    ["a position that is none", [header, first.replace('"position":1', '"position":0.5')], "f:2: position: "],
    [
      "positions that go back",
      [header, first.replace('"position":1', '"position":2'), second],
      "f:3: its position, 2, is not after that of the version before, 2",
    ],
    [
      "an empty idempotency key",
      [header, first.replace('"schema"', '"idempotencyKey":"","schema"')],
      "f:2: idempotencyKey: an idempotency key isn't empty",
    ],
    [
      "one idempotency key of two commits",
      [header, ...[first, second].map((line) => line.replace('"schema"', '"idempotencyKey":"once","schema"'))],
      "f:3: its idempotency key is that of version 1",
    ],
    ["time that goes back", [header, first, second.replace('"time":6', '"time":4')], "f:3: its time, 4, is before"],
    ["no state", [header, first.replace(',"state":{"n":1}', "")], "f:2: the state of version 1 is missing"],
    ["no patches", [header, first, second.replace(/,"patches".*/, "}")], "f:3: patches are missing"],
    [
      "patches that don't fit",
      [header, first, second.replace('["n"]', '["m"]')],
      "f:3: A patch (replace at m) doesn't fit",
    ],
    ["an unknown patch", [header, first, second.replace('"replace"', '"move"')], "f:3: patches.0.op: "],
    ["a list of lists", [header, "[]"], "f:2: "],
  ])("are refused whole, by file and line: %s", async (_what, lines, message) => {
    const place = new Place();
    const error = await failure(place.store.importHistory(lines, "f"));
    expect(error).toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining(message),
      details: { file: "f" },
    });
    expect((error as Error).message).toMatch(/\. Nothing was imported\.$/);
    expect(await place.store.ids(thing)).toEqual([]);
  });

  it("never do more than be refused, however they are broken", async () => {
    const place = new Place();
    await place.put([{ n: [1, 2] }, { n: [1, 2, { x: 5n }] }, { m: -0 }]);
    const lines = await place.lines();
    await fc.assert(
      fc.asyncProperty(fc.nat(lines.length - 1), fc.nat(400), fc.string({ maxLength: 3 }), async (line, at, text) => {
        const broken = lines.map((one, i) => (i === line ? one.slice(0, at) + text + one.slice(at + 1) : one));
        const other = new Place();
        const outcome = await other.store.importHistory(broken).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(outcome).toMatchObject({ code: "invalid-input" });
          expect(await other.authority.keys("")).toEqual([]);
        } else expect(await other.authority.keys("")).toHaveLength(1);
      }),
      { numRuns: 500 },
    );
  });
});

it("an export doesn't hold what is committed meanwhile", async () => {
  const place = new Place();
  await place.put(Array.from({ length: 70 }, (_, n) => n));
  const lines: string[] = [];
  for await (const line of place.store.exportHistory(thing, "1")) {
    lines.push(line);
    await place.put([sealedCopy({ n: lines.length })]);
  }
  expect(lines).toHaveLength(71);
  expect(lines.at(-1)).toContain('"version":70,');
});
