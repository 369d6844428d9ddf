/** Graceful shutdown: of a system, and of processes that are told to end by signals. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Coordination,
  createSystem,
  type Journal,
  lmdbJournal,
  memoryJournal,
  type Run,
  type System,
  type SystemOptions,
} from "troupe";
import { builtModule } from "../../compiled-modules.ts";
import { record, rejectionOf } from "../../fixtures/real-threads.ts";
import type { Terms } from "../../fixtures/shuts-down.ts";
import { begunIn, launching, tally, undertaking } from "../../fixtures/undertaking.ts";

const script = builtModule("test/fixtures/shuts-down.ts");
const everyStep = ["dig", "build", "paint"];

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "troupe-shutdown-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const open = (options: SystemOptions = {}): Promise<System> =>
  createSystem({ threads: 1, journal: lmdbJournal(join(folder, "journal")), ...options });

const letOn = (): void => writeFileSync(join(folder, "open"), "");

async function hasStarted(run: Run, step: string): Promise<void> {
  using events = record(run.events$);
  await events.first(({ event }) => event.type === "step-started" && event.step === step);
}

const held = (id: string): { id: string; folder: string; holdAt: string } => ({ id, folder, holdAt: "build" });

describe("shutdown", () => {
  it("takes nothing new, waits for what is in flight, gives up what waits, and closes", async () => {
    const system = await open({ maxRuns: 1 });
    using told = record(system.events$);
    const first = system.run(undertaking, held("a"), { id: "first" });
    const second = system.run(undertaking, held("b"), { id: "second" });
    await hasStarted(first, "build");
    const down = system.shutdown();
    for (const promise of [second.started, second.result]) {
      expect(await rejectionOf(promise)).toMatchObject({
        code: "system-closed",
        message: expect.stringContaining("it was not started") as string,
        details: { run: "second", isRecorded: false },
      });
    }
    expect(() => system.run(undertaking, held("c"))).toThrow(expect.objectContaining({ code: "system-closed" }));
    letOn();
    expect(await first.result).toMatchObject({ id: "a" });
    expect(await down).toEqual({ unfinished: [], notStarted: ["second"] });
    expect(await system.shutdown({ deadline: 1 })).toEqual({ unfinished: [], notStarted: ["second"] });
    expect(told.values.filter(({ type }) => type.startsWith("shutdown-"))).toEqual([
      { type: "shutdown-began", time: expect.any(Number) as number, deadline: 8_000 },
      { type: "shutdown-ended", time: expect.any(Number) as number, unfinished: [], notStarted: ["second"] },
    ]);
    expect(told.values.at(-1)?.type).toBe("shutdown-ended");
  });

  it.each<Coordination>(["orchestrator", "relay"])(
    "past its deadline leaves runs as they are, for the next system to go on with, under the %s",
    async (coordination) => {
      const system = await open({ coordination });
      const run = system.run(undertaking, held("a"), { id: "r" });
      await hasStarted(run, "build");
      expect(await system.shutdown({ deadline: 5 })).toEqual({ unfinished: ["r"], notStarted: [] });
      expect(await rejectionOf(run.result)).toMatchObject({
        code: "system-closed",
        details: { run: "r", isRecorded: true },
      });
      letOn();
      await using next = await open({ coordination });
      const again = await next.findRun("r");
      expect(await again.result).toMatchObject({ id: "a" });
      const events = (await again.history()).map(({ event }) => event.type);
      expect(events.filter((type) => type.endsWith("failed") || type === "cancel-requested")).toEqual([]);
      expect((await next.store.read(tally, "a")).entries).toEqual(everyStep);
    },
  );

  it("lets agents in flight start actors until they are done", async () => {
    const system = await open();
    const run = system.run(launching, held("a"));
    await hasStarted(run, "build");
    const down = system.shutdown();
    letOn();
    expect(await run.result).toMatchObject({ id: "a" });
    expect(await down).toEqual({ unfinished: [], notStarted: [] });
  });

  it("tells what is left also if the system is closed meanwhile, or was before", async () => {
    const system = await open();
    const run = system.run(undertaking, held("a"), { id: "r" });
    await hasStarted(run, "build");
    const down = system.shutdown();
    await system.close();
    expect(await down).toEqual({ unfinished: ["r"], notStarted: [] });

    const closed = await createSystem({ threads: 1 });
    const other = closed.run(undertaking, held("a"), { id: "o" });
    await hasStarted(other, "build");
    await closed.close();
    expect(await closed.shutdown()).toEqual({ unfinished: ["o"], notStarted: [] });
    expect(await rejectionOf(closed.drain())).toMatchObject({ code: "system-closed" });
  });

  it("counts a run as recorded exactly if the journal has taken its start", async () => {
    const journal = heldJournal();
    const system = await open({ journal });
    journal.hold();
    const kept = system.run(undertaking, held("a"), { id: "kept" });
    const lost = system.run(undertaking, held("b"), { id: "lost" });
    const down = system.shutdown({ deadline: 0 });
    const [keptAppend, lostAppend] = await journal.held(2);
    lostAppend?.reject(new Error("the disk is full"));
    keptAppend?.resolve();
    expect(await down).toEqual({ unfinished: ["kept"], notStarted: [] });
    await kept.started;
    expect(await rejectionOf(kept.result)).toMatchObject({ code: "system-closed", details: { isRecorded: true } });
    for (const promise of [lost.started, lost.result])
      expect(await rejectionOf(promise)).toMatchObject({ message: "the disk is full" });
  });

  it("refuses a deadline that is none", async () => {
    await using system = await createSystem({ threads: 1 });
    for (const deadline of [-1, Number.NaN]) {
      expect(await rejectionOf(system.shutdown({ deadline }))).toMatchObject({ code: "invalid-options" });
      expect(await rejectionOf(system.drain({ deadline }))).toMatchObject({ code: "invalid-options" });
    }
    await system.deploy(undertaking); // it is as open as before
    expect(await rejectionOf(createSystem({ shutdownOn: ["SIGKILL" as never] }))).toMatchObject({
      code: "invalid-options",
      message: expect.stringContaining("shutdownOn") as string,
    });
    expect(await rejectionOf(createSystem({ shutdownDeadline: -1 }))).toMatchObject({ code: "invalid-options" });
  });
});

/** What a program prints. */
interface Line {
  readonly type: string;
  readonly id?: string;
  readonly unfinished?: readonly string[];
  readonly notStarted?: readonly string[];
  readonly codes?: readonly string[];
}

/** The program as a process of its own. */
class Program {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly lines: Line[] = [];

  constructor(terms: Omit<Terms, "folder">) {
    const argument = JSON.stringify({ folder, ...terms } satisfies Terms);
    this.#child = spawn(process.execPath, [script, argument], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Reads on until `count` lines of a type were there. */
  async told(type: string, count = 1): Promise<Line> {
    for (;;) {
      const found = this.lines.filter((line) => line.type === type);
      if (found.length >= count) return found.at(-1)!;
      const next = await this.#lines.next();
      if (next.done === true) throw new Error(`it never told ${type}: ${JSON.stringify(this.lines)}`);
      this.lines.push(JSON.parse(next.value) as Line);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** How it ended: an exit code or a signal. */
  async end(): Promise<number | NodeJS.Signals> {
    const ended = once(this.#child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    if (this.#child.exitCode === null && this.#child.signalCode === null) await ended;
    for (let next = await this.#lines.next(); next.done !== true; next = await this.#lines.next())
      this.lines.push(JSON.parse(next.value) as Line);
    return this.#child.exitCode ?? this.#child.signalCode!;
  }
}

const shutdownOn = ["SIGTERM", "SIGINT"] as const;

async function expectDone(ids: readonly string[]): Promise<void> {
  await using system = await open();
  for (const id of ids) {
    const history = await (await system.findRun(id)).history();
    expect(history.at(-1)).toMatchObject({ event: { type: "run-ended", status: "completed" } });
    expect(history.map(({ event }) => event.type).filter((type) => type.endsWith("failed"))).toEqual([]);
    expect((await system.store.read(tally, id)).entries).toEqual(everyStep);
  }
}

describe("a process that is told to end", () => {
  it("does what it has begun, and ends by the signal", async () => {
    const program = new Program({ ids: ["a", "b", "c"], holdAt: "build", options: { shutdownOn, maxRuns: 2 } });
    await program.told("started", 2);
    program.signal("SIGTERM");
    await program.told("shutdown-began");
    letOn();
    expect(await program.end()).toBe("SIGTERM");
    const notStarted = program.lines.find(({ type }) => type === "not-started");
    expect(notStarted).toMatchObject({ code: "system-closed" });
    expect(program.lines).toContainEqual(
      expect.objectContaining({ type: "shutdown-ended", unfinished: [], notStarted: [notStarted?.id] }),
    );
    expect(program.lines.at(-1)).toEqual({ type: "exit", code: 143 });
    await expectDone(["a", "b", "c"].filter((id) => id !== notStarted?.id));
  });

  it("leaves what its deadline is too short for to the next process", async () => {
    const ids = ["a", "b"];
    const program = new Program({ ids, holdAt: "build", options: { shutdownOn, shutdownDeadline: 1 } });
    await program.told("started", 2);
    program.signal("SIGINT");
    expect(await program.end()).toBe("SIGINT");
    expect(program.lines).toContainEqual(
      expect.objectContaining({ type: "shutdown-ended", unfinished: ids, notStarted: [] }),
    );
    letOn();
    const next = new Program({ ids, options: {} });
    expect(await next.end()).toBe(0);
    expect(next.lines).toContainEqual({ type: "ends", codes: ["ok", "ok"] });
    await expectDone(ids);
  });

  it("ends by the signal where its code waits at the top level for what doesn't end any more", async () => {
    const terms = { ids: ["a"], holdAt: "build", options: { shutdownOn, shutdownDeadline: 1 }, waits: true };
    const program = new Program(terms);
    await program.told("started");
    program.signal("SIGINT");
    expect(await program.end()).toBe("SIGINT");
    expect(program.lines).toContainEqual(expect.objectContaining({ type: "shutdown-ended", unfinished: ["a"] }));
    letOn();
  });

  it("ends at once when it is told again", async () => {
    const program = new Program({ ids: ["a"], holdAt: "build", options: { shutdownOn, shutdownDeadline: 1e9 } });
    await program.told("started");
    program.signal("SIGTERM");
    await program.told("shutdown-began");
    program.signal("SIGINT");
    expect(await program.end()).toBe("SIGINT");
    expect(program.lines.map(({ type }) => type)).not.toContain("shutdown-ended");
    letOn();
    expect(await new Program({ ids: ["a"], options: {} }).end()).toBe(0);
    await expectDone(["a"]);
  });

  it("ends by itself where it listens to the signal, too: nothing is left open", async () => {
    const program = new Program({ ids: ["a"], holdAt: "build", options: { shutdownOn }, listens: true });
    await program.told("started");
    program.signal("SIGTERM");
    await program.told("shutdown-began");
    letOn();
    expect(await program.end()).toBe(0);
    expect(program.lines.map(({ type }) => type)).toContain("heard");
    await expectDone(["a"]);
  });

  it("ends when the last of its systems is shut down", async () => {
    const terms = { ids: ["a"], holdAt: "build", options: { shutdownOn }, hasOther: true };
    const program = new Program(terms);
    await program.told("started");
    program.signal("SIGTERM");
    await program.told("other-ended");
    letOn();
    expect(await program.end()).toBe("SIGTERM");
    expect(program.lines).toContainEqual(expect.objectContaining({ type: "shutdown-ended", unfinished: [] }));
    await expectDone(["a"]);
  });

  it("is shut down as soon as it has started", async () => {
    const program = new Program({ ids: ["a"], options: { shutdownOn }, endsAtStart: true });
    expect(await program.end()).toBe("SIGTERM");
  });

  it("ends by itself when it is done, with no listener on signals any more", async () => {
    letOn();
    const program = new Program({ ids: ["a"], options: { shutdownOn } });
    expect(await program.end()).toBe(0);
    await expectDone(["a"]);
  });

  it.each<Coordination>(["orchestrator", "relay"])(
    "again and again, in the middle of its work, does each of its runs once, under the %s",
    async (coordination) => {
      letOn();
      const ids = Array.from({ length: 24 }, (_, n) => `r${n}`);
      const options = { shutdownOn, shutdownDeadline: 1, coordination, maxRuns: 8 };
      let rounds = 0;
      for (let ended: unknown = "SIGTERM"; ended === "SIGTERM"; rounds++) {
        const program = new Program({ ids, options });
        // each time a little further, so that it comes to an end
        await program.told("started", Math.min(ids.length, 4 + 9 * rounds));
        if (rounds < 2) program.signal("SIGTERM");
        ended = await program.end();
        expect(["SIGTERM", 0]).toContain(ended);
      }
      await expectDone(ids);
      const begun = begunIn(folder);
      for (const id of ids) for (const step of everyStep) expect(begun).toContain(`${step} ${id}/${step}`);
    },
  );
});

/** A journal in memory that holds what is appended until a test lets it go. */
function heldJournal(): Journal & {
  hold(): void;
  held(count: number): Promise<readonly { resolve(): void; reject(error: unknown): void }[]>;
} {
  const inner = memoryJournal();
  const waiting: { resolve(): void; reject(error: unknown): void }[] = [];
  let isHolding = false;
  let enough: (() => void) | undefined;
  return Object.assign(Object.create(inner) as Journal, {
    append(records: Parameters<Journal["append"]>[0]) {
      if (!isHolding) return inner.append(records);
      return new Promise<void>((resolve, reject) => {
        waiting.push({ resolve: () => resolve(inner.append(records)), reject });
        enough?.();
      });
    },
    hold: () => void (isHolding = true),
    async held(count: number) {
      while (waiting.length < count) await new Promise<void>((resolve) => (enough = resolve));
      return waiting;
    },
  });
}
