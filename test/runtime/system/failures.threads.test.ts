/** What an asker and a sender are told on real threads when a message is not handled (invariant 6), and what stays as it was. */

import { describe, expect, it } from "vitest";
import { createSystem, isAskError, isTroupeError } from "troupe";
import { counter, echo, gate, inspector, recorder } from "../../fixtures/actors.ts";
import { forwarder } from "../../fixtures/forwarder.ts";
import { latch } from "../../fixtures/latch.ts";
import { patiently, record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();

/** For messages that the types refuse. */
interface Untyped {
  tell(type: string, input?: unknown): Promise<void>;
  ask(type: string, input?: unknown): Promise<unknown>;
}
const untyped = (ref: unknown): Untyped => ref as Untyped;

class Account {
  cents = 1;
}

const cycle: { self?: unknown } = {};
cycle.self = cycle;

const unclonable: readonly [string, unknown, { path: unknown[]; kind: string }][] = [
  ["a function", { a: [{ f: () => 1 }] }, { path: ["value", "a", 0, "f"], kind: "the function f" }],
  [
    "an instance of a class",
    { account: new Account() },
    { path: ["value", "account"], kind: "an instance of Account" },
  ],
  ["a promise", [Promise.resolve(1)], { path: ["value", 0], kind: "an instance of Promise" }],
  ["a symbol", Symbol("s"), { path: ["value"], kind: "a symbol" }],
  ["a WeakMap", { w: new WeakMap() }, { path: ["value", "w"], kind: "an instance of WeakMap" }],
];

describe.each([0, 1])("an actor on thread %i", (thread) => {
  const placement = { thread };

  it.each(["failAfterAdding", "failAfterWaiting"] as const)(
    "whose handler %s throws tells the asker, and changes nothing",
    async (type) => {
      const ref = await system().spawn(counter, { placement });
      await ref.tell("add", { by: 1 });
      const error = await rejectionOf(ref.ask(type, { by: 5 }));
      expect(isAskError(error) && isTroupeError(error)).toBe(true);
      expect(error).toMatchObject({
        name: "AskError",
        outcome: "failed",
        code: "handler-failed",
        message: `${ref.address} failed to handle "${type}": no more`,
        details: { to: ref.address, type },
        cause: { name: "Error", message: "no more", code: "E_NO_MORE" },
      });
      const { cause } = error as Error & { cause: Error };
      expect(cause).toBeInstanceOf(Error);
      expect(cause.stack).toContain("fixtures/actors.");
      if (type === "failAfterAdding") expect(cause.cause).toMatchObject({ message: "the cause" });
      expect(await ref.ask("get")).toBe(1);
    },
  );

  it("whose handler throws at a tell leaves a dead letter and an event", async () => {
    using letters = record(system().deadLetters$);
    using events = record(system().events$);
    const ref = await system().spawn(counter, { placement });
    await ref.tell("add", { by: 1 });
    await ref.tell("failAfterAdding", { by: 5 });
    const letter = await letters.first(({ to }) => to === ref.address);
    expect(letter).toMatchObject({
      reason: "handler-failed",
      to: ref.address,
      type: "failAfterAdding",
      payload: { by: 5 },
      detail: "no more",
    });
    expect(letter.from).toBeUndefined();
    const failure = await events.first(({ type }) => type === "actor-failed");
    expect(failure).toMatchObject({
      actor: ref.address,
      message: "failAfterAdding",
      error: { message: "no more", code: "E_NO_MORE", cause: { message: "the cause" } },
    });
    expect(failure.time).toBeGreaterThan(0);
    expect(await ref.ask("get")).toBe(1);
  });

  it("gives a message that asks for a reply of another form the asker's error", async () => {
    const ref = await system().spawn(inspector, { placement });
    expect(await rejectionOf(ref.ask("badReply"))).toMatchObject({
      outcome: "failed",
      code: "handler-failed",
      cause: {
        code: "contract-violated",
        details: {
          agent: "inspector.badReply",
          direction: "reply",
          side: "sender",
          path: "ok",
          expected: "boolean",
          received: '"yes"',
        },
      },
    });
  });

  it("is not sent what its protocol refuses", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(counter, { placement });
    const expected = {
      outcome: "rejected",
      code: "contract-violated",
      details: {
        agent: "counter.add",
        version: "protocol",
        direction: "message",
        side: "sender",
        path: "by",
        expected: "number",
        received: '"x"',
        issues: 1,
      },
    };
    expect(await rejectionOf(untyped(ref).ask("add", { by: "x" }))).toMatchObject(expected);
    expect(await rejectionOf(untyped(ref).tell("add", { by: "x" }))).toMatchObject(expected);
    expect(await rejectionOf(untyped(ref).tell("add"))).toMatchObject({
      code: "contract-violated",
      details: { path: "", received: "undefined" },
    });
    for (const type of ["subtract", "toString", "constructor", "__proto__", ""]) {
      const unknown = { outcome: "rejected", code: "no-such-message", details: { name: "counter", type } };
      expect(await rejectionOf(untyped(ref).ask(type, { by: 1 }))).toMatchObject(unknown);
      expect(await rejectionOf(untyped(ref).tell(type, { by: 1 }))).toMatchObject(unknown);
    }
    expect(await ref.ask("get")).toBe(0);
    expect(letters.values).toEqual([]);
  });

  it.each(unclonable)("is not sent %s", async (_, value, details) => {
    const ref = await system().spawn(echo, { placement });
    expect(await rejectionOf(ref.tell("emit", { value }))).toMatchObject({ code: "not-cloneable", details });
    const asked = await rejectionOf(ref.ask("echo", { value }));
    expect(asked).toMatchObject({ name: "AskError", outcome: "rejected", code: "not-cloneable", details });
    await system().stop(ref);
  });

  it("is not sent a cycle", async () => {
    const ref = await system().spawn(echo, { placement });
    expect(await rejectionOf(ref.tell("emit", { value: cycle }))).toMatchObject({ code: "not-cloneable" });
  });

  it("is not sent, and does not send, more than the limit", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(echo, { placement });
    const maxBytes = 4 * 1024 * 1024;
    const tooLarge = { code: "message-too-large", details: { maxBytes } };
    expect(await rejectionOf(ref.tell("emit", { value: "x".repeat(maxBytes) }))).toMatchObject(tooLarge);
    expect(await rejectionOf(ref.ask("echo", { value: new Uint8Array(maxBytes) }))).toMatchObject({
      outcome: "rejected",
      ...tooLarge,
    });
    expect(await rejectionOf(ref.ask("inflate", { size: maxBytes }))).toMatchObject({
      outcome: "failed",
      code: "handler-failed",
      cause: tooLarge,
    });
    using events = record(ref.events$);
    await ref.tell("emitLong", { size: maxBytes });
    expect(await letters.first(({ type }) => type === "emitLong")).toMatchObject({ reason: "handler-failed" });
    expect(await ref.ask("inflate", { size: 1000 })).toHaveLength(1000);
    expect(events.values).toEqual([]);
  });

  it("that has stopped answers at once", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(counter, { placement });
    await system().stop(ref);
    expect(await rejectionOf(ref.ask("get", undefined, patiently))).toMatchObject({
      outcome: "rejected",
      code: "no-such-actor",
      details: { to: ref.address, type: "get" },
    });
    await ref.tell("add", { by: 3 });
    expect(await letters.first(({ type, to }) => type === "add" && to === ref.address)).toMatchObject({
      reason: "no-such-actor",
      payload: { by: 3 },
    });
  });

  it("that is stopped answers what waits, lets go of what it handles, and makes dead letters of the rest", async () => {
    using letters = record(system().deadLetters$);
    const ref = await system().spawn(gate, { placement });
    const barrier = await system().spawn(latch, { placement: { thread: 2 } });
    const holding = ref.ask("hold", { latch: barrier, label: "held" }, patiently);
    await barrier.ask("arrived", { count: 1 }, patiently);
    const waiting = rejectionOf(ref.ask("passed", undefined, patiently));
    await ref.tell("pass", { n: 1 });
    const stopping = system().stop(ref);
    const stopped = { outcome: "rejected", code: "actor-stopped", details: { to: ref.address, type: "passed" } };
    expect(await waiting).toMatchObject(stopped);
    expect(await letters.first(({ type }) => type === "pass")).toMatchObject({
      reason: "actor-stopped",
      payload: { n: 1 },
    });
    expect(await rejectionOf(ref.ask("passed", undefined, patiently))).toMatchObject(stopped);
    await barrier.tell("open");
    expect(await holding).toBe("held");
    await stopping;
  });

  it.each([1, 2])("is guarded by its own side from senders of thread %i that don't know its protocol", async (own) => {
    using letters = record(system().deadLetters$);
    using events = record(system().events$);
    const ref = await system().spawn(counter, { placement });
    const sender = await system().spawn(forwarder, { placement: { thread: own } });
    const bad = await sender.ask("ask", { to: ref, type: "add", input: { by: "x" } });
    const details = {
      agent: "counter.add",
      direction: "message",
      side: "receiver",
      path: "by",
      expected: "number",
      received: '"x"',
    };
    expect(bad).toMatchObject({ outcome: "rejected", code: "contract-violated", details });
    expect(await sender.ask("ask", { to: ref, type: "subtract" })).toMatchObject({
      outcome: "rejected",
      code: "no-such-message",
    });
    await sender.ask("tell", { to: ref, type: "add", input: { by: "x" } });
    await sender.ask("tell", { to: ref, type: "subtract", input: 1 });
    const mine = await letters.take(4, ({ to }) => to === ref.address);
    const from = sender.address;
    expect(mine).toMatchObject([
      { reason: "invalid-message", from, type: "add", payload: { by: "x" } },
      { reason: "no-such-message", from, type: "subtract" },
      { reason: "invalid-message", from, type: "add", payload: { by: "x" } },
      { reason: "no-such-message", from, type: "subtract", payload: 1 },
    ]);
    expect(mine[0]?.detail).toContain("expected number");
    expect(await sender.ask("ask", { to: ref, type: "get" })).toEqual({ reply: 0 });
    expect(events.values.filter(({ type }) => type === "actor-failed")).toEqual([]);
  });
});

describe("a closed system", () => {
  it("refuses everything at once", async () => {
    const closed = await createSystem({ threads: 1 });
    const here = await closed.spawn(counter, { placement: { thread: 0 } });
    const there = await closed.spawn(counter, { placement: { thread: 1 } });
    await closed.close();
    for (const ref of [here, there]) {
      expect(await rejectionOf(ref.ask("get", undefined, patiently))).toMatchObject({
        outcome: "rejected",
        code: "system-closed",
      });
      expect(await rejectionOf(ref.tell("add", { by: 1 }))).toMatchObject({ code: "system-closed" });
      expect(await record(ref.events$).end).toHaveProperty("error.code", "system-closed");
    }
    expect(await rejectionOf(closed.spawn(recorder))).toMatchObject({ code: "system-closed" });
    expect(await rejectionOf(closed.find(counter, "counter-1"))).toMatchObject({ code: "no-such-actor" });
    expect(await record(closed.events$).end).toEqual({});
    expect(await record(closed.deadLetters$).end).toEqual({});
    await closed.stop(here);
  });
});
