/** Policies in front of agents on real threads: one gate for all of them. */

import { describe, expect, it } from "vitest";
import { breakerState, createSystem, isAskError, lmdbJournal, type System } from "troupe";
import { deadly, narrow, touchy } from "../../fixtures/guarded-agents.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";
import { temporaryJournals } from "../../store/support/temporary-journals.ts";

const system = useSystem({ threads: 2 });

/** An actor of the agent on each thread, main thread included. */
function everywhere<T>(spawn: (thread: number) => Promise<T>): Promise<T[]> {
  return Promise.all([0, 1, 2].map(spawn));
}

/** Counts what asks came to, and tells when so many have come to something. */
class Outcomes {
  readonly codes: string[] = [];
  #watchers: (() => void)[] = [];

  add(ask: Promise<string>): void {
    void ask
      .then(
        () => "ok",
        (error: unknown) => (isAskError(error) ? error.code : String(error)),
      )
      .then((code) => {
        this.codes.push(code);
        for (const look of [...this.#watchers]) look();
      });
  }

  async reach(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => void (this.codes.length >= count && resolve());
      this.#watchers.push(look);
      look();
    });
  }

  get tally(): Record<string, number> {
    const tally: Record<string, number> = {};
    for (const code of this.codes) tally[code] = (tally[code] ?? 0) + 1;
    return tally;
  }
}

describe("a breaker on real threads", () => {
  it("opens for all threads, lets exactly its probes through when it is tried from all of them, and closes", async () => {
    using events = record(system().events$);
    const barrier = await system().spawn(latch, { placement: { thread: 0 } });
    const refs = await everywhere((thread) => system().spawn(touchy, { placement: { thread } }));
    await rejectionOf(refs[1]!.ask("execute", { label: "first", fails: true }, patiently));
    await events.first(({ type }) => type === "breaker-opened");

    const outcomes = new Outcomes();
    for (let n = 0; n < 60; n++) {
      outcomes.add(refs[n % 3]!.ask("execute", { label: `probe ${n}`, fails: false, latch: barrier }, patiently));
    }
    const [labels] = await Promise.all([barrier.ask("arrived", { count: 3 }, patiently), outcomes.reach(57)]);
    expect(labels).toHaveLength(3);
    expect(outcomes.tally).toEqual({ "breaker-open": 57 });
    await barrier.ask("open");
    await events.first(({ type }) => type === "breaker-closed");
    await outcomes.reach(60);
    expect(outcomes.tally).toEqual({ "breaker-open": 57, ok: 3 });
    expect(await refs[2]!.ask("execute", { label: "after", fails: false }, patiently)).toBe("after");

    const history = await system().store.history(breakerState, "touchy");
    expect(history.map(({ state }) => state.status)).toEqual(["open", "half-open", "closed"]);
    expect(history[0]?.state).toMatchObject({ why: { rule: "consecutive-failures", last: "first fails" } });
  });

  it("counts a call whose thread died, and gives its place in the bulkhead back", async () => {
    using events = record(system().events$);
    const ref = await system().spawn(deadly, { placement: "dedicated" });
    expect(await rejectionOf(ref.ask("execute", {}, patiently))).toMatchObject({ code: "thread-died" });
    expect(await events.first(({ type }) => type === "breaker-opened")).toMatchObject({
      agent: "deadly",
      why: "a call failed, with: its thread died",
    });
    const other = await system().spawn(deadly, { placement: "dedicated" });
    // the breaker looks first; with the place still taken, it would come to the same, but say so of the bulkhead
    expect(await rejectionOf(other.ask("execute", {}, patiently))).toMatchObject({ code: "breaker-open" });
    await system().stop(other);
  });
});

describe("a bulkhead on real threads", () => {
  it("lets in as many as it has places, whichever threads they are on, and has others wait or turns them away", async () => {
    const barrier = await system().spawn(latch, { placement: { thread: 0 } });
    const refs = await everywhere((thread) => system().spawn(narrow, { placement: { thread } }));
    const outcomes = new Outcomes();
    for (let n = 0; n < 9; n++) {
      outcomes.add(refs[n % 3]!.ask("execute", { label: `${n}`, fails: false, latch: barrier }, patiently));
    }
    await Promise.all([barrier.ask("arrived", { count: 2 }, patiently), outcomes.reach(3)]);
    expect(outcomes.tally).toEqual({ "bulkhead-full": 3 });
    expect(await barrier.ask("arrived", { count: 2 }, patiently)).toHaveLength(2);
    await barrier.ask("open");
    await outcomes.reach(9);
    expect(outcomes.tally).toEqual({ "bulkhead-full": 3, ok: 6 });
  });
});

describe("an open breaker", () => {
  const { newDirectory } = temporaryJournals();

  it("survives the process with a journal on disk", async () => {
    const directory = newDirectory();
    const start = (): Promise<System> => createSystem({ threads: 1, journal: lmdbJournal(directory) });
    {
      await using first = await start();
      using events = record(first.events$);
      const ref = await first.spawn(deadly, { placement: "dedicated" });
      await rejectionOf(ref.ask("execute", {}, patiently));
      await events.first(({ type }) => type === "breaker-opened");
    }
    await using second = await start();
    const ref = await second.spawn(deadly);
    expect(await rejectionOf(ref.ask("execute", {}, patiently))).toMatchObject({
      code: "breaker-open",
      details: { why: { last: "its thread died" } },
    });
  });
});
