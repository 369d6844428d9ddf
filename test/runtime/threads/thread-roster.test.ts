/** The roster of threads over threads that open, die and fail to open as the test has it (invariants 6 and 9). */

import { describe, expect, it } from "vitest";
import { TroupeError } from "../../../src/errors/troupe-error.ts";
import type { ThreadExit } from "../../../src/ports/threads.ts";
import type { HostThread } from "../../../src/runtime/threads/host-threads.ts";
import { ThreadRoster } from "../../../src/runtime/threads/thread-roster.ts";
import { FakeClock } from "../../fixtures/fake-clock.ts";
import { rejectionOf } from "../../fixtures/real-threads.ts";

interface FakeThread extends HostThread {
  readonly number: number;
  die(): void;
}

/** All promises that can be settled have been. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Stage {
  readonly clock = new FakeClock();
  readonly threads = new Map<number, FakeThread>();
  readonly log: string[] = [];
  readonly links: string[] = [];
  readonly roster: ThreadRoster;
  /** What the next attempts to open fail with. */
  readonly failures: Error[] = [];
  /** What linking fails with. */
  linkFailure: Error | undefined;
  /** What the system refuses the next threads with that are opened. */
  openFailure: Error | undefined;
  /** The numbers of threads that never stop their actors. */
  readonly hung = new Set<number>();
  /** Set to hold openings. */
  gate: Promise<void> | undefined;
  onExit: () => void = () => undefined;

  constructor(pooled: number) {
    this.roster = new ThreadRoster({
      threads: {
        open: () => Promise.reject(new Error("the roster is given its own way to open")),
        connect: (a, b) => {
          if (this.linkFailure !== undefined) return Promise.reject(this.linkFailure);
          this.links.push([a, b].map((thread) => (thread as FakeThread).number).join("-"));
          return Promise.resolve();
        },
        close: () => Promise.resolve(void this.log.push("closed all")),
      },
      clock: this.clock,
      pooled,
      open: (id) => this.#open(id),
      onOpen: (id) => {
        if (this.openFailure !== undefined) throw this.openFailure;
        this.log.push(`opened ${id}`);
      },
      onExit: (id, exit, wasClosing) => {
        this.log.push(`${wasClosing ? "closed" : exit.kind} ${id}`);
        this.onExit();
      },
      onFailure: (error, retryAfter) => void this.log.push(`${(error as Error).message}, again in ${retryAfter}`),
    });
  }

  static async started(pooled: number): Promise<Stage> {
    const stage = new Stage(pooled);
    await stage.roster.start();
    stage.log.length = 0;
    return stage;
  }

  die(...ids: number[]): Promise<void> {
    for (const id of ids) this.threads.get(id)?.die();
    return settled();
  }

  async #open(number: number): Promise<HostThread> {
    await this.gate;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    let end: (exit: ThreadExit) => void = () => undefined;
    const exit = new Promise<ThreadExit>((resolve) => (end = resolve));
    void exit.then(() => this.threads.delete(number));
    const thread: FakeThread = {
      number,
      control: {
        spawn: () => Promise.resolve(),
        disconnect: () => Promise.resolve(),
        stats: () => Promise.resolve({ actors: 0, waiting: 0, followedKeys: 0 }),
        measure: () => Promise.reject(new Error("not measured")),
        vitals: () => Promise.resolve(undefined),
        peek: () => Promise.reject(new Error("not shown")),
        stopActors: () => (this.hung.has(number) ? new Promise(() => undefined) : Promise.resolve()),
        close: () => settled().then(() => end({ kind: "closed" })),
      },
      link: { send: () => undefined, receive: () => undefined, drain: () => undefined, close: () => undefined },
      exit,
      kill: () => Promise.resolve(thread.die()),
      die: () => end({ kind: "died", error: new TroupeError("thread-died", `thread ${number} died`) }),
    };
    this.threads.set(number, thread);
    return thread;
  }
}

/** A promise and the way to settle it. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
}

const place = (stage: Stage, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, () => stage.roster.place("pooled")));

describe("a pooled thread that dies", () => {
  it("is replaced at once, without being asked for, and linked with the others", async () => {
    const stage = await Stage.started(2);
    expect(stage.links).toEqual(["1-2"]);
    await place(stage, 2);
    await stage.die(1);
    expect(stage.log).toEqual(["died 1", "opened 3"]);
    expect([stage.roster.ids, stage.links.at(-1)]).toEqual([[2, 3], "2-3"]);
    expect(await stage.roster.place("pooled")).toBe(3);
  });

  it("gets no actor any more, from the moment that its death is reported", async () => {
    const stage = await Stage.started(2);
    await place(stage, 4);
    const placed: Promise<number>[] = [];
    stage.onExit = () => void placed.push(stage.roster.place("pooled"));
    await stage.die(1);
    expect(await Promise.all(placed)).toEqual([3]);
  });

  it("has its successor counted in while that is opened: actors spread over both", async () => {
    const stage = await Stage.started(2);
    await place(stage, 2);
    const { passed, open } = gate();
    stage.gate = passed;
    await stage.die(1);
    const placing = place(stage, 3);
    await settled();
    expect(stage.roster.ids).toEqual([2]);
    open();
    expect(await placing).toEqual([3, 2, 3]);
  });

  it("is all there was: who is placed meanwhile waits for the next", async () => {
    const stage = await Stage.started(1);
    await place(stage, 1);
    const { passed, open } = gate();
    stage.gate = passed;
    await stage.die(1);
    const placing = place(stage, 3);
    await settled();
    open();
    expect(await placing).toEqual([2, 2, 2]);
    expect(stage.log).toEqual(["died 1", "opened 2"]);
  });

  it("dedicated, is not replaced", async () => {
    const stage = await Stage.started(1);
    expect(await stage.roster.place("dedicated")).toBe(2);
    await stage.die(2);
    expect([stage.roster.ids, stage.log]).toEqual([[1], ["opened 2", "died 2"]]);
  });
});

describe("threads that can't be opened again", () => {
  it("are tried with growing pauses, each failure told, until one is up", async () => {
    const stage = await Stage.started(1);
    await place(stage, 1);
    stage.failures.push(...Array.from({ length: 8 }, (_, n) => new Error(`no ${n}`)));
    await stage.die(1);
    const pauses: number[] = [];
    for (let n = 0; n < 8; n++) {
      const pause = Number(/again in (\d+)$/.exec(stage.log.at(-1) ?? "")?.[1]);
      pauses.push(pause);
      stage.clock.pass(pause - 1);
      await settled();
      expect(stage.log).toHaveLength(n + 2); // not yet
      stage.clock.pass(1);
      await settled();
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(stage.log.at(-1)).toBe("opened 10");
    expect(await stage.roster.place("pooled")).toBe(10);
    await stage.die(10); // it was of use: the next one is opened at once
    expect(stage.log.slice(-2)).toEqual(["died 10", "opened 11"]);
  });

  it("are tried with pauses as well where they die with no actor ever on them", async () => {
    const stage = await Stage.started(1);
    await stage.die(1);
    expect(stage.log).toEqual(["died 1"]);
    stage.clock.pass(100);
    await settled();
    expect(stage.log).toEqual(["died 1", "opened 2"]);
    await stage.die(2);
    stage.clock.pass(199);
    await settled();
    expect(stage.roster.ids).toEqual([]);
    stage.clock.pass(1);
    await settled();
    expect(stage.roster.ids).toEqual([3]);
  });

  it("leave actors to the threads that are up", async () => {
    const stage = await Stage.started(2);
    await place(stage, 2);
    const { passed, open } = gate();
    stage.gate = passed;
    stage.failures.push(new Error("no"));
    await stage.die(1);
    const placing = place(stage, 2); // on the one that is opened, and on the one that is up
    open();
    expect(await placing).toEqual([2, 2]);
    expect(await place(stage, 2)).toEqual([2, 2]);
    expect(stage.log).toEqual(["died 1", "no, again in 100"]);
  });

  it("tell the callers that wait with no thread up; later callers wait for the next attempt", async () => {
    const stage = await Stage.started(1);
    await place(stage, 1);
    stage.failures.push(new Error("no 1"), new Error("no 2"));
    await stage.die(1);
    const first = rejectionOf(stage.roster.place("pooled"));
    stage.clock.pass(100);
    expect(await first).toMatchObject({ message: "no 2" });
    const second = stage.roster.place("pooled");
    stage.clock.pass(200);
    expect(await second).toBe(4);
  });

  it("count as such when they can't be linked", async () => {
    const stage = await Stage.started(2);
    await place(stage, 2);
    stage.linkFailure = new Error("no link");
    await stage.die(1);
    expect(stage.log).toEqual(["died 1", "opened 3", "closed 3", "no link, again in 100"]);
    stage.linkFailure = undefined;
    stage.clock.pass(100);
    await settled();
    expect(stage.roster.ids).toEqual([2, 4]);
  });

  it("count as such when the system refuses them, as one that has lost its journal does: they are gone", async () => {
    const stage = await Stage.started(2);
    await place(stage, 2);
    stage.openFailure = new Error("lost");
    await stage.die(2);
    expect(stage.log).toEqual(["died 2", "closed 3", "lost, again in 100"]);
    expect(stage.roster.ids).toEqual([1]);
  });

  it("fail the start, which isn't tried again", async () => {
    const stage = new Stage(2);
    stage.failures.push(new Error("no"));
    expect(await rejectionOf(stage.roster.start())).toMatchObject({ message: "no" });
    await settled();
    expect([stage.log, stage.clock.timers.size]).toEqual([["opened 2"], 0]);
  });
});

describe("closing", () => {
  const after =
    (stage: Stage) =>
    (ms: number): Promise<void> =>
      new Promise((resolve) => stage.clock.setTimer(ms, resolve));
  const closing = (stage: Stage): Promise<void> =>
    stage.roster.close(
      1_000,
      () => new Promise(() => undefined),
      () => undefined,
    );

  it("kills a thread that is late, and has the others close in their own time", async () => {
    const stage = await Stage.started(3);
    const threads = [1, 2, 3].map((id) => stage.threads.get(id)!);
    const exits = Promise.all(threads.map(async ({ exit }) => (await exit).kind));
    stage.hung.add(2);
    const closed = stage.roster.close(1_000, after(stage), () => stage.log.push("last words"));
    await settled();
    stage.clock.pass(1_000);
    await closed;
    expect(await exits).toEqual(["closed", "died", "closed"]);
    expect(stage.log).toEqual(["closed 2", "last words", "closed 1", "closed 3", "closed all"]);
  });

  it("replaces no thread", async () => {
    const stage = await Stage.started(2);
    await closing(stage);
    expect(stage.log).toEqual(["closed 1", "closed 2", "closed all"]);
    await settled();
    expect(stage.roster.ids).toEqual([]);
  });

  it("ends the pause before an attempt, and tells who waits", async () => {
    const stage = await Stage.started(1);
    await stage.die(1);
    const waiting = rejectionOf(stage.roster.place("pooled"));
    await closing(stage);
    expect(await waiting).toMatchObject({ code: "system-closed" });
    expect([stage.clock.timers.size, stage.log]).toEqual([0, ["died 1", "closed all"]]);
    expect(await rejectionOf(stage.roster.place("pooled"))).toMatchObject({ code: "system-closed" });
  });

  it("kills what is opened meanwhile, and tells who waits", async () => {
    const stage = await Stage.started(1);
    await place(stage, 1);
    const { passed, open } = gate();
    stage.gate = passed;
    await stage.die(1);
    const waiting = rejectionOf(stage.roster.place("pooled"));
    await closing(stage);
    open();
    expect(await waiting).toMatchObject({ code: "system-closed" });
    await settled();
    expect([stage.threads.size, stage.log]).toEqual([0, ["died 1", "closed all"]]);
  });
});
