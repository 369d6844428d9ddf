import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import {
  allRuns,
  type RecoveryState,
  recoveryState,
  UnfinishedRuns,
} from "../../../src/runtime/workflows/unfinished-runs.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import type { CommitRecord } from "../../../src/store/versions/commit.ts";
import type { Journal } from "../../../src/store/journal/journal.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { defineFamily } from "../../../src/store/versions/define-state.ts";
import { stateKey } from "../../../src/store/versions/state-key.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { fixedClock } from "../../store/support/fixed-clock.ts";

/** Runs, as far as it matters here. */
const runs = defineFamily({
  name: "run",
  version: 1,
  schema: v.object({ isOpen: v.boolean() }),
  initial: () => ({ isOpen: true }),
});

const others = defineFamily({ name: "runner", version: 1, schema: v.number(), initial: () => 0 });

/** A journal that remembers its appends, to be cut off after any of them. */
function cuttable(kept: readonly (readonly CommitRecord[])[] = []) {
  const journal = memoryJournal();
  const appended = [...kept];
  for (const records of kept) void journal.append(records);
  const append: Journal["append"] = (records) => {
    appended.push(records);
    return journal.append(records);
  };
  const recorded = new Proxy(journal, {
    get: (target, name) => (name === "append" ? append : (Reflect.get(target, name) as unknown)),
  });
  return { journal: recorded, appended };
}

type Cuttable = ReturnType<typeof cuttable>;
type Options = ConstructorParameters<typeof UnfinishedRuns>[0];

/** A process on a journal that looks after its runs. */
class Life {
  readonly looksAfter = new Set<string>();
  readonly errors: unknown[] = [];
  readonly store: StoreClient;
  readonly unfinished: UnfinishedRuns;
  readonly #authority: StoreAuthority;

  constructor({ journal }: Pick<Cuttable, "journal">, change: Partial<Options> = {}) {
    this.#authority = new StoreAuthority({ journal, clock: fixedClock(1) });
    this.store = new StoreClient(new AuthorityAccess(this.#authority), { author: "supervisor" });
    const { looksAfter } = this;
    this.unfinished = new UnfinishedRuns({
      authority: this.#authority,
      store: this.store,
      open: {
        get ids() {
          return [...looksAfter];
        },
        get size() {
          return looksAfter.size;
        },
      },
      onError: (error) => void this.errors.push(error),
      ...change,
    });
  }

  /** Returns what it had to look at. */
  async start(refuses: (run: string) => boolean = () => false): Promise<readonly string[]> {
    const found = await this.unfinished.find();
    for (const run of found) {
      if (!(await this.isOpen(run))) this.unfinished.ended(run);
      else if (refuses(run)) this.unfinished.leave(run);
      else this.looksAfter.add(run);
    }
    this.unfinished.found();
    return found;
  }

  async run(run: string): Promise<void> {
    this.looksAfter.add(run);
    await this.store.put(runs, run, { isOpen: true });
  }

  async end(run: string): Promise<void> {
    await this.store.put(runs, run, { isOpen: false });
    this.looksAfter.delete(run);
    this.unfinished.ended(run);
  }

  async isOpen(run: string): Promise<boolean> {
    const head = await this.#authority.stored(stateKey(runs, run));
    return (head?.state as { isOpen: boolean } | undefined)?.isOpen === true;
  }

  async note(): Promise<RecoveryState> {
    return this.store.read(recoveryState, allRuns);
  }
}

describe("unfinished runs", () => {
  it("are found, in whatever order runs start, end, break and are refused, and wherever the journal was cut off (invariant 11)", async () => {
    const names = Array.from({ length: 60 }, (_, n) => `r${n}`);
    const step = fc.oneof(
      { weight: 30, arbitrary: fc.record({ type: fc.constant("next" as const), run: fc.nat(59) }) },
      { weight: 4, arbitrary: fc.record({ type: fc.constant("breaks" as const), run: fc.nat(59) }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant("closes" as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ type: fc.constant("crashes" as const), loses: fc.nat(30), refuses: fc.nat(3) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 200 }), async (taken) => {
        let disk = cuttable();
        let life = new Life(disk);
        await life.start();
        for (const one of taken) {
          switch (one.type) {
            case "next": {
              const run = names[one.run] as string;
              if (life.looksAfter.has(run)) await life.end(run);
              else if (!(await life.isOpen(run))) await life.run(run); // one that has ended goes on, as when it is undone again
              break;
            }
            case "breaks": {
              const run = names[one.run] as string;
              if (life.looksAfter.delete(run)) life.unfinished.leave(run);
              break;
            }
            case "closes":
              await life.unfinished.note();
              break;
            case "crashes": {
              disk = cuttable(disk.appended.slice(0, Math.max(0, disk.appended.length - one.loses)));
              life = new Life(disk);
              const isOpen = await Promise.all(names.map((run) => life.isOpen(run)));
              const found = await life.start((run) => run.length % 4 === one.refuses);
              expect(found).toEqual(expect.arrayContaining(names.filter((_, n) => isOpen[n])));
            }
          }
          expect(life.errors).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("are all that a start looks at after a process that has noted them, but for the last that ended", async () => {
    const disk = cuttable();
    const life = new Life(disk);
    expect(await life.start()).toEqual([]);
    await life.store.put(others, "1", 1);
    for (let n = 0; n < 500; n++) await life.run(`r${n}`);
    for (let n = 0; n < 500; n++) if (n % 100 !== 0) await life.end(`r${n}`);
    const crashed = await new Life(disk).start();
    expect(crashed).toEqual(expect.arrayContaining(["r0", "r100", "r200", "r300", "r400"]));
    expect(crashed.length).toBeLessThan(5 + 2 * 16);
    await life.unfinished.note();
    expect((await new Life(disk).start()).toSorted()).toEqual(["r0", "r100", "r200", "r300", "r400"]);
  });

  it("are noted by the first process that knows how it is done", async () => {
    const disk = cuttable();
    const before = new Life(disk);
    for (let n = 0; n < 50; n++) {
      await before.run(`r${n}`);
      await before.end(`r${n}`);
    }
    expect(await new Life(disk).start()).toHaveLength(50);
    expect(await new Life(disk).start()).toEqual([]);
  });

  it("are noted as seldom as a note is long", async () => {
    const life = new Life(cuttable());
    await life.start();
    for (let n = 0; n < 100; n++) await life.run(`r${n}`);
    const notes = async (): Promise<number> => (await life.store.history(recoveryState, allRuns)).length;
    for (let n = 0; n < 49; n++) await life.end(`r${n}`);
    expect(await notes()).toBe(0);
    await life.end("r49");
    await life.end("r50");
    expect(await notes()).toBe(1);
    expect((await life.note()).runs).toHaveLength(50);
  });

  it("are noted by one note at a time, and by none once the process closes", async () => {
    const writing: (() => void)[] = [];
    const put = (() => new Promise((resolve) => writing.push(resolve as () => void))) as unknown as StoreClient["put"];
    const life = new Life(cuttable(), { store: { put } });
    await life.start();
    for (let n = 0; n < 17; n++) life.unfinished.ended(`r${n}`);
    expect(writing).toHaveLength(1);
    let isClosed = false;
    const closing = life.unfinished.close().then(() => (isClosed = true));
    for (let n = 0; n < 17; n++) life.unfinished.ended(`r${n}`);
    await Promise.resolve();
    expect(writing).toHaveLength(1);
    writing[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect([writing.length, isClosed]).toEqual([2, false]);
    writing[1]?.();
    await closing;
    for (let n = 0; n < 17; n++) life.unfinished.ended(`r${n}`);
    expect(writing).toHaveLength(2);
  });

  it("are not noted by a process that doesn't know all of them, or where none has ended", async () => {
    const life = new Life(cuttable());
    await life.run("r");
    await life.end("r");
    await life.unfinished.note();
    expect((await life.note()).position).toBe(0);
    life.unfinished.found();
    await life.unfinished.note();
    const { position } = await life.note();
    expect(position).toBe(2);
    await life.unfinished.note();
    expect((await life.note()).position).toBe(position);
  });

  it("tell when they can't be noted, and are found as before", async () => {
    const disk = cuttable();
    const full = new Error("the disk is full");
    const life = new Life(disk, { store: { put: () => Promise.reject(full) } });
    await life.start();
    await life.run("r");
    await life.run("s");
    await life.end("s");
    await life.unfinished.note();
    expect(life.errors).toEqual([full]);
    expect(await new Life(disk).start()).toEqual(["r", "s"]);
  });

  it("that are refused stay in the notes of later processes", async () => {
    const disk = cuttable();
    const life = new Life(disk);
    await life.start();
    await life.run("refused");
    await life.run("other");
    await life.end("other");
    await life.unfinished.note();
    const next = new Life(disk);
    expect(await next.start((run) => run === "refused")).toEqual(["refused"]);
    await next.run("more");
    await next.end("more");
    await next.unfinished.note();
    expect((await next.note()).runs).toEqual(["refused"]);
  });
});
