/** A system that waits for its journal with its threads open, and goes on where that of another process ended. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSystem, type Journal, lmdbJournal, memoryJournal, type System, type SystemOptions } from "troupe";
import { deferred } from "../../../src/async/deferred.ts";
import { counter, tally } from "../../fixtures/actors.ts";
import { losableJournal } from "../../fixtures/losable-journal.ts";
import { record, rejectionOf } from "../../fixtures/real-threads.ts";
import { begunIn, undertaking } from "../../fixtures/undertaking.ts";

const systems: System[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-standby-"));
});
afterEach(async () => {
  for (const system of systems.splice(0)) await system.close();
  rmSync(folder, { recursive: true });
});

async function standby(journal: SystemOptions["journal"], options: SystemOptions = {}): Promise<System> {
  const system = await createSystem({
    threads: 2,
    logger: false,
    ...options,
    journal: journal as Journal,
    standby: true,
  });
  systems.push(system);
  return system;
}

/** A journal that comes when the test says so; and the signal of the wait for it. */
function coming() {
  const there = deferred<Journal>();
  let signal: AbortSignal | undefined;
  const open = (given: AbortSignal): Promise<Journal> => {
    signal = given;
    given.addEventListener("abort", () => there.reject(given.reason));
    return there.promise;
  };
  return { ...there, open, signal: () => signal };
}

/** A journal that says whether it is closed. */
function closable(): { journal: Journal; isClosed: () => boolean } {
  const inner = memoryJournal();
  let isClosed = false;
  const close = async (): Promise<void> => {
    isClosed = true;
    await inner.close();
  };
  const journal = new Proxy(inner, {
    get: (target, name) => (name === "close" ? close : Reflect.get(target, name, target)) as unknown,
  });
  return { journal, isClosed: () => isClosed };
}

const active = (system: System): Promise<unknown> => {
  const roles = record(system.role$);
  return roles.first((role) => role === "active");
};

describe("a system on standby", () => {
  it("is there at once, refuses what it is asked, and says why", async () => {
    const system = await standby(coming().open);
    using roles = record(system.role$);
    expect(roles.values).toEqual(["standby"]);
    const refused = { code: "on-standby" };
    expect(await rejectionOf(system.spawn(counter))).toMatchObject(refused);
    expect(await rejectionOf(system.findRun("r"))).toMatchObject(refused);
    expect(await rejectionOf(system.stats())).toMatchObject(refused);
    for (const ask of [
      () => system.store,
      () => system.schedules,
      () => system.queues,
      () => system.coordination,
      () => system.runs(),
      () => system.run(undertaking, { id: "a", folder }),
    ])
      expect(ask).toThrow(expect.objectContaining({ ...refused, message: expect.stringContaining("role$") }));
    expect(system.inspector).toBeUndefined();
  });

  it("works once its journal is there, after setup, which can use it", async () => {
    const { open, resolve } = coming();
    const order: string[] = [];
    let workers = 0;
    const count = (): void => void workers++;
    process.on("worker", count);
    const system: System = await standby(open, {
      setup: async (ready) => {
        expect(ready).toBe(system);
        await ready.spawn(counter, { name: "one" });
        order.push("setup");
      },
    });
    system.role$.subscribe((role) => order.push(role));
    using events = record(system.events$);
    expect(workers).toBe(2);
    resolve(memoryJournal());
    await active(system);
    process.off("worker", count);
    expect(workers).toBe(2); // none was opened for the takeover
    expect(order).toEqual(["standby", "setup", "active"]);
    const one = await system.find(counter, "one");
    await one.ask("add", { by: 2 });
    await system.store.commit(tally, "a", (draft) => void draft.n++);
    expect((await system.stats()).threads.map(({ thread }) => thread)).toEqual([1, 2]);
    await system.close();
    await events.end;
    expect(await rejectionOf(system.spawn(counter))).toMatchObject({ code: "system-closed" });
  });

  it("goes on with the runs of the owner, which hands over when it is shut down and fails none", async () => {
    const kept = memoryJournal();
    const owner = await standby(kept);
    await active(owner);
    const run = owner.run(undertaking, { id: "a", folder, holdAt: "build" }, { id: "r" });
    using events = record(run.events$);
    await events.first(({ event }) => event.type === "step-started" && event.step === "build");
    const { open, resolve } = coming();
    const next = await standby(open, { workflows: [undertaking] });
    const told = rejectionOf(run.result);
    expect(await owner.shutdown()).toEqual({ unfinished: ["r"], notStarted: [] });
    expect(await told).toMatchObject({ code: "system-closed" });
    writeFileSync(join(folder, "open"), "");
    resolve(kept);
    await active(next);
    expect(await (await next.findRun(undertaking, "r")).result).toMatchObject({ id: "a" });
    expect(begunIn(folder).filter((line) => line.startsWith("dig "))).toHaveLength(1);
  });

  it("says when it has lost its journal, as any system does", async () => {
    const journal = losableJournal();
    const system = await standby(journal);
    using roles = record(system.role$);
    await roles.first((role) => role === "active");
    journal.lose();
    await roles.end;
    expect(roles.values.slice(-3)).toEqual(["active", "lost", "ended"]);
    expect(await rejectionOf(system.spawn(counter))).toMatchObject({ code: "ownership-lost" });
  });
});

describe("a system that is closed on standby", () => {
  it("ends its wait, and is over", async () => {
    const { open, signal } = coming();
    const system = await standby(open);
    using roles = record(system.role$);
    using events = record(system.events$);
    using letters = record(system.deadLetters$);
    await system.close();
    expect(signal()?.aborted).toBe(true);
    await Promise.all([roles.end, events.end, letters.end]);
    expect(roles.values).toEqual(["standby", "ended"]);
    expect(events.values).toEqual([]);
    expect(await rejectionOf(system.spawn(counter))).toMatchObject({ code: "system-closed" });
    await system.close();
  });

  it.each([
    ["shut down", (system: System) => system.shutdown()],
    ["drained", (system: System) => system.drain()],
  ])("is over as well when it is %s", async (_how, end) => {
    const system = await standby(coming().open);
    await end(system);
    using roles = record(system.role$);
    expect(roles.values).toEqual(["ended"]);
  });

  it("closes a journal that comes too late", async () => {
    const { promise, resolve } = deferred<Journal>();
    const system = await standby(promise);
    await system.close();
    const { journal, isClosed } = closable();
    resolve(journal);
    await promise;
    await new Promise((next) => void setImmediate(next));
    expect(isClosed()).toBe(true);
  });

  it("closes its journal where that has only just come", async () => {
    const { journal, isClosed } = closable();
    const { open, resolve } = coming();
    const system = await standby(open);
    using roles = record(system.role$);
    resolve(journal);
    await new Promise((next) => void setImmediate(next));
    await system.close();
    expect(isClosed()).toBe(true);
    expect(roles.values.at(-1)).toBe("ended");
  });

  it("closes its journal where it is closed amid its start", async () => {
    const { journal, isClosed } = closable();
    const { promise: held, resolve: go } = deferred<undefined>();
    const { promise: begun, resolve: begin } = deferred<undefined>();
    const system = await standby(journal, {
      setup: async () => {
        begin(undefined);
        await held;
      },
    });
    await begun;
    const closing = system.close();
    go(undefined);
    await closing;
    expect(isClosed()).toBe(true);
    using roles = record(system.role$);
    await roles.end;
    expect(roles.values).toEqual(["ended"]);
  });
});

describe("a standby that can't take over", () => {
  it.each([
    ["its journal can't be opened", async () => Promise.reject(new Error("no such role")), undefined],
    [
      "its setup throws",
      memoryJournal,
      () => {
        throw new Error("no such role");
      },
    ],
  ] as const)("ends and says why, where %s", async (_why, open, setup) => {
    const { promise: now, resolve: go } = deferred<undefined>();
    const system = await standby(async () => (await now, open()), setup === undefined ? {} : { setup });
    using roles = record(system.role$);
    using events = record(system.events$);
    go(undefined);
    await Promise.all([roles.end, events.end]);
    expect(roles.values).toEqual(["standby", "ended"]);
    expect(events.values.filter(({ type }) => type === "standby-failed")).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ message: "no such role" }) }),
    ]);
    expect(await rejectionOf(system.spawn(counter))).toMatchObject({ message: "no such role" });
    await system.close();
  });

  it("logs it as an error", async () => {
    const lines: unknown[] = [];
    const other = (): void => undefined;
    const error = (...said: readonly unknown[]): void => void lines.push(...said);
    const logger = { debug: other, info: other, warn: other, error };
    const system = await standby(async () => Promise.reject(new Error("no such role")), { logger });
    using roles = record(system.role$);
    await roles.end;
    expect(JSON.stringify(lines)).toContain("the standby ends: no such role");
  });
});

describe("a standby's options", () => {
  it.each([
    [{ standby: true }, /standby waits for a journal/],
    [{ standby: 1 }, /standby/],
    [{ journal: 7 }, /a promise of one, or a function/],
  ])("are refused where they make no sense: %o", async (options, why) => {
    const error = await rejectionOf(createSystem({ logger: false, ...options } as SystemOptions));
    expect(error).toMatchObject({ code: "invalid-options", message: expect.stringMatching(why) });
  });

  it("may have a function that opens the journal, also without standby", async () => {
    await using system = await createSystem({
      threads: 1,
      logger: false,
      journal: () => lmdbJournal(join(folder, "j")),
    });
    await system.store.commit(tally, "a", (draft) => void draft.n++);
    expect(await system.store.read(tally, "a")).toEqual({ n: 1 });
  });
});
