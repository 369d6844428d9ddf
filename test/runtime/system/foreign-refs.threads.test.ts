/** A ref on an actor of one system, given to another one that has an actor at the same address. */

import { beforeAll, afterAll, describe, expect, it } from "vitest";
import * as v from "valibot";
import { actorRef, createSystem, defineActor, goneMessage, type RefOf, type System } from "troupe";
import { counter } from "../../fixtures/actors.ts";
import { insured } from "../../fixtures/journey.ts";
import { latch } from "../../fixtures/latch.ts";
import { record, rejectionOf } from "../../fixtures/real-threads.ts";

/** Runs on the thread of this test, so it can lay its hands on a ref that it wasn't sent. */
const meddler = defineActor(import.meta.url, {
  name: "meddler",
  protocol: {
    meddle: { input: v.picklist(["stop", "watch", "unwatch", "link", "unlink"]) },
    gone: { input: goneMessage },
    take: { input: v.object({ these: v.array(actorRef(latch)) }) },
  },
  placement: { thread: 0 },
  on: {
    meddle: (_draft, how, context) => (how === "watch" ? context.watch(foreign, "gone") : context[how](foreign)),
    gone: () => undefined,
    take: () => undefined,
  },
});

let x: System;
let y: System;
let foreign: RefOf<typeof latch>;

beforeAll(async () => {
  [x, y] = await Promise.all([createSystem({ threads: 1 }), createSystem({ threads: 1 })]);
  foreign = await x.spawn(latch, { name: "twin" });
  await y.spawn(latch, { name: "twin" });
});

afterAll(() => Promise.all([x.close(), y.close()]));

describe("the other system", () => {
  it.each(["stop", "watch"] as const)("refuses to %s it, and leaves its own actor alone", async (method) => {
    using told = record(y.events$);
    const own = await y.find(latch, "twin");
    expect(own.address).toBe(foreign.address);
    expect(await rejectionOf(y[method](foreign))).toMatchObject({
      code: "foreign-ref",
      message: `${method} ${foreign.address}: the ref is on an actor of another system. Give it to that system.`,
      details: { actor: foreign.address },
    });
    await own.ask("arrived", { count: 0 });
    expect(told.values.filter(({ type }) => type === "actor-stopped")).toEqual([]);
  });

  it.each(["stop", "watch", "unwatch", "link", "unlink"] as const)("has no actor that may %s it", async (how) => {
    const ref = await y.spawn(meddler);
    expect(await rejectionOf(ref.ask("meddle", how))).toMatchObject({
      code: "handler-failed",
      cause: { code: "foreign-ref", details: { actor: foreign.address } },
    });
  });

  it("sends it nowhere: its receiver would take it for a ref of its own system", async () => {
    const ref = await y.spawn(meddler);
    const these = [await y.find(latch, "twin"), foreign];
    for (const sent of [ref.ask("take", { these }), ref.tell("take", { these })])
      expect(await rejectionOf(sent)).toMatchObject({
        code: "not-cloneable",
        details: { path: ["these", 1], kind: "a ref on an actor of another system" },
      });
  });

  it("takes it into no run", async () => {
    const order = { id: "one", since: new Date(0), latch: foreign };
    expect(() => y.run(insured, order)).toThrow(
      expect.objectContaining({
        code: "not-cloneable",
        message: expect.stringContaining("its field latch is a ref on an actor of another system") as string,
      }),
    );
  });
});

it("its own system takes it, and an address alone is one of the system that it is given to", async () => {
  const ref = await x.spawn(counter);
  const gone = x.watch(ref);
  await x.stop(ref);
  expect(await gone).toMatchObject({ reason: "stopped" });
  const { address } = await y.spawn(counter);
  const goneThere = y.watch({ address });
  await y.stop({ address });
  expect(await goneThere).toMatchObject({ reason: "stopped" });
});
