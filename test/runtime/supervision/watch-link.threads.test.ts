/** Watching and linking on real threads: every watcher hears of an actor's end, from any thread, however the actor ends. */

import { describe, expect, it } from "vitest";
import type { Failure } from "troupe";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";
import { guardian, saboteur } from "../../fixtures/supervised-actors.ts";

const system = useSystem();
let trees = 0;

const apart = async () => {
  const ref = await system().spawn(saboteur, { placement: "dedicated" });
  const watcher = await system().spawn(guardian);
  return { ref, watcher, thread: await ref.ask("thread") };
};

describe("a watcher", () => {
  it.each([
    ["stopped", async (ref) => system().stop(ref)],
    ["thread-died", async (ref) => ref.tell("exit")],
  ] as [string, (ref: Awaited<ReturnType<typeof apart>>["ref"]) => Promise<void>][])(
    "hears why an actor on another thread is gone: %s",
    async (reason, end) => {
      const { ref, watcher } = await apart();
      using events = record(watcher.events$);
      const outside = system().watch(ref);
      await watcher.ask("watch", ref);
      await end(ref);
      expect(await events.first()).toBe(`${ref.address} ${reason}`);
      expect(await outside).toEqual({ actor: ref.address, reason });
      await watcher.ask("watch", ref); // it is gone already
      expect((await events.take(2))[1]).toBe(`${ref.address} no-such-actor`);
      expect(await system().watch(ref)).toEqual({ actor: ref.address, reason: "no-such-actor" });
    },
  );

  it("hears nothing of what it no longer watches", async () => {
    const { ref, watcher } = await apart();
    await watcher.ask("watch", ref);
    await watcher.ask("unwatch", ref);
    await system().stop(ref);
    expect(await watcher.ask("heard")).toEqual([]);
  });

  it("needs a message to be told by", async () => {
    const { ref, watcher } = await apart();
    expect(await rejectionOf(watcher.ask("watchBy", { ref, message: "nothing" }))).toMatchObject({
      code: "handler-failed",
      cause: { code: "no-such-message", details: { actor: ref.address, message: "nothing" } },
    });
    await system().stop(ref);
  });

  it("does not take a restart for an end, and hears when its supervisor gives up", async () => {
    const name = `watched-${++trees}`;
    const child = { name: `${name}-a`, actor: saboteur, placement: "dedicated", maxDeliveries: 1 } as const;
    const intensity = { restarts: 1, within: 600_000 };
    await system().supervise({ name, intensity, children: [child] });
    const ref = await system().find(saboteur, child.name);
    const watcher = await system().spawn(guardian);
    using events = record(watcher.events$);
    await watcher.ask("watch", ref);
    await ref.tell("exit");
    expect(await ref.ask("add", 1, patiently)).toBe(1);
    expect(await watcher.ask("heard")).toEqual([]);
    await ref.tell("exit");
    expect(await events.first()).toBe(`${ref.address} thread-died`);
  });
});

describe("linked actors", () => {
  it("go down together, whichever goes first", async () => {
    for (const isFirst of [true, false]) {
      const { ref, watcher } = await apart();
      await watcher.ask("link", ref);
      const other = isFirst ? watcher : ref;
      const gone = system().watch(other);
      await (isFirst ? ref.tell("exit") : system().stop(watcher));
      expect(await gone).toEqual({ actor: other.address, reason: "linked-actor-died" });
    }
  });

  it("stay when they are unlinked", async () => {
    const { ref, watcher } = await apart();
    await watcher.ask("link", ref);
    await watcher.ask("unlink", ref);
    await system().stop(ref);
    expect(await watcher.ask("heard")).toEqual([]);
  });

  it.each(["restart", "resume"] as const)("have supervisors that decide otherwise: %s", async (decision) => {
    using told = record(system().events$);
    const seen: Failure[] = [];
    const name = `linked-${++trees}`;
    const handle = await system().supervise({
      name,
      decide: (_child, failure) => {
        seen.push(failure);
        return failure.kind === "linked-actor-died" ? decision : "restart";
      },
      children: [
        { name: `${name}-a`, actor: saboteur, maxDeliveries: 1 },
        { name: `${name}-b`, actor: guardian },
      ],
    });
    const a = await system().find(saboteur, `${name}-a`);
    const b = await system().find(guardian, `${name}-b`);
    await b.ask("link", a);
    await a.tell("fail", "once");
    expect(await a.ask("add", 1, patiently)).toBe(1);
    if (decision === "restart")
      await told.first((event) => event.type === "actor-restarted" && event.actor === b.address);
    expect(await b.ask("heard", undefined, patiently)).toEqual([]);
    expect(seen.map(({ kind }) => kind)).toEqual(["handler-failed", "linked-actor-died"]);
    expect(seen[1]).toMatchObject({ actor: a.address, reason: "failed" });
    const restarts = handle.state.children.map((child) => child.restarts);
    expect(restarts).toEqual(decision === "restart" ? [1, 1] : [1, 0]);
    await handle.stop();
  });
});
