/** Actors that stop themselves and others, on real threads and under many schedules. */

import { describe, expect, it } from "vitest";
import type { System } from "troupe";
import { simulate, type World } from "troupe/testing";
import { dismisser, leaver } from "../../fixtures/leavers.ts";
import { record, rejectionOf, useSystem } from "../../fixtures/real-threads.ts";

const system = useSystem();
const count = 6;
const leavesAt = 2;

/** Sends six messages, and returns those that were handled and those that became dead letters. */
async function leaving(where: System, mode: "drain" | "discard"): Promise<{ handled: number[]; dead: number[] }> {
  const handled: number[] = [];
  const dead: number[] = [];
  let end = (): void => undefined;
  const all = new Promise<void>((resolve) => (end = resolve));
  const one = (list: number[], n: number): void => {
    list.push(n);
    if (handled.length + dead.length === count) end();
  };
  const letters = where.deadLetters$.subscribe(({ payload }) => one(dead, (payload as { n: number }).n));
  const ref = await where.spawn(leaver, { placement: { thread: 1 } });
  ref.events$.subscribe((n) => one(handled, n));
  const gone = where.watch(ref);
  for (let n = 0; n < count; n++) {
    const told = ref.tell("put", { n, leave: n === leavesAt ? mode : undefined });
    told.catch(() => one(dead, n)); // refused: it had stopped when its sender looked for it
  }
  expect(await gone).toMatchObject({ reason: "stopped" });
  await all;
  letters.unsubscribe();
  return { handled, dead: dead.sort((a, b) => a - b) };
}

describe("an actor that stops itself", () => {
  it.each(["drain", "discard"] as const)(
    "handles the message in hand as its last one, or what waits before: %s",
    async (mode) => {
      const { handled, dead } = await leaving(system(), mode);
      expect(handled.slice(0, leavesAt + 1)).toEqual([0, 1, 2]);
      expect([...handled, ...dead]).toEqual([0, 1, 2, 3, 4, 5]);
      if (mode === "discard") expect(handled).toHaveLength(leavesAt + 1);
    },
  );

  it("does so under any schedule", async () => {
    const leaves = async ({ system: simulated }: World): Promise<void> => {
      const { handled, dead } = await leaving(simulated, "discard");
      expect([handled, dead]).toEqual([
        [0, 1, 2],
        [3, 4, 5],
      ]);
    };
    await expect(simulate(leaves, { runs: 100 })).resolves.toMatchObject({ runs: 100 });
  });

  it("still answers", async () => {
    const ref = await system().spawn(leaver);
    const gone = system().watch(ref);
    expect(await ref.ask("leave", "adieu")).toBe("adieu");
    expect(await gone).toMatchObject({ reason: "stopped" });
  });

  it("stops for good though it has a supervisor", async () => {
    await system().supervise({ name: "leavers", children: [{ name: "leaver-a", actor: leaver }] });
    const ref = await system().find(leaver, "leaver-a");
    const gone = system().watch(ref);
    expect(await ref.ask("leave", "adieu")).toBe("adieu");
    expect(await gone).toMatchObject({ actor: ref.address, reason: "stopped" });
    expect(await rejectionOf(ref.ask("leave", "again"))).toMatchObject({ outcome: "rejected" });
  });
});

describe("an actor that stops another one", () => {
  it("knows that it has stopped", async () => {
    const [whom, by] = [await system().spawn(leaver), await system().spawn(dismisser, { placement: { thread: 0 } })];
    using told = record(system().events$);
    expect(await by.ask("dismiss", { whom })).toBe(true);
    expect(told.values).toContainEqual(expect.objectContaining({ type: "actor-stopped", actor: whom.address }));
    expect(await by.ask("dismiss", { whom })).toBe(true); // it has stopped already
  });

  it("says how", async () => {
    const [whom, by] = [await system().spawn(leaver), await system().spawn(dismisser)];
    expect(await rejectionOf(by.ask("dismissAs", { whom, mode: "kill" }))).toMatchObject({
      code: "handler-failed",
      cause: { code: "invalid-options", message: 'stop: the mode is "discard" or "drain", not "kill"' },
    });
  });

  it("may be stopped by that one at the same time: neither waits for ever", async () => {
    const duel = async ({ system: simulated }: World): Promise<void> => {
      const a = await simulated.spawn(dismisser, { name: "duel-1", placement: { thread: 1 } });
      const b = await simulated.spawn(dismisser, { name: "duel-2", placement: { thread: 2 } });
      const gone = [simulated.watch(a), simulated.watch(b)];
      await Promise.allSettled([a.tell("duel", b.name), b.tell("duel", a.name)]);
      await Promise.race(gone);
    };
    // one is called off in the middle of its own, or finds none to stop
    const duels = simulate(duel, { runs: 100, expects: ({ actor }) => actor.includes("duel") });
    await expect(duels).resolves.toMatchObject({ runs: 100 });
  });
});
