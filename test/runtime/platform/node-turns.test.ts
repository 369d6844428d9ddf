import { expect, it } from "vitest";
import { nodeTurns } from "../../../src/runtime/platform/node-turns.ts";

it("runs scheduled tasks in their order, among the promises that settle meanwhile", async () => {
  const turns = nodeTurns();
  const ran: string[] = [];
  const before = Promise.resolve().then(() => ran.push("settled before"));
  turns.schedule(() => {
    ran.push("first");
    turns.schedule(() => ran.push("third"));
  });
  turns.schedule(() => ran.push("second"));
  const after = Promise.resolve().then(() => ran.push("settled after"));
  ran.push("now");
  await Promise.all([before, after]);
  expect(ran).toEqual(["now", "settled before", "first", "second", "third", "settled after"]);
});

it("lets the event loop have its turn when tasks never end", async () => {
  const turns = nodeTurns();
  let isOver = false;
  const again = (): void => {
    if (!isOver) turns.schedule(again);
  };
  turns.schedule(again);
  const hadItsTurn = await new Promise((resolve) => setImmediate(() => resolve(true)));
  isOver = true;
  expect(hadItsTurn).toBe(true);
});

it("makes what a task throws an uncaught error, and no rejection", async () => {
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  try {
    const error = new Error("a defect");
    const uncaught = new Promise((resolve) => {
      process.once("uncaughtException", (thrown, origin) => resolve([thrown, origin]));
    });
    const turns = nodeTurns();
    const ran: string[] = [];
    turns.schedule(() => {
      throw error;
    });
    turns.schedule(() => ran.push("already scheduled"));
    expect(await uncaught).toEqual([error, "uncaughtException"]);
    // a listener may keep the thread alive: it goes on then
    await new Promise<void>((resolve) => {
      turns.schedule(() => {
        ran.push("scheduled afterwards");
        resolve();
      });
    });
    expect(ran).toEqual(["already scheduled", "scheduled afterwards"]);
  } finally {
    for (const listener of listeners) process.on("uncaughtException", listener);
  }
});
