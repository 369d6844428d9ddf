import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { defineAgent } from "../../../src/agents/agent-definition.ts";
import { Cancellation } from "../../../src/async/cancellation.ts";
import { PayloadCodec } from "../../../src/contracts/payload-codec.ts";
import type { Parts } from "../../../src/workflows/definition/parts.ts";
import { Emission, partsWindow } from "../../../src/workflows/participant/emission.ts";
import { stillClock } from "../support/example-workflow.ts";

const emits = v.union([v.number(), v.date()]);
const agent = defineAgent("test:agents", {
  name: "talker",
  version: "1.0.0",
  input: v.null(),
  output: v.null(),
  emits,
  execute: () => null,
});

/** An emission whose messages the test answers. */
function desk() {
  const sent: (Pick<Parts, "index" | "values"> & { answer(isWanted: boolean): void; fail(error: Error): void })[] = [];
  const later: (() => void)[] = [];
  const cancellation = new Cancellation();
  const emission = new Emission(
    agent,
    emits,
    { cancellation, emitted: (parts) => new Promise((answer, fail) => sent.push({ ...parts, answer, fail })) },
    {
      later: (task) => later.push(task),
      codec: new PayloadCodec({ maxBytes: 1e6 }),
      clock: stillClock,
    },
  );
  const endTurn = (): void => {
    for (const task of later.splice(0)) task();
  };
  /** The numbers of the parts sent, message by message; of one without parts, how many were emitted. */
  const numbers = (): unknown[] =>
    sent.map(({ index, values }) => (values.length === 0 ? `${index}` : [index, values.length]));
  return { emission, sent, endTurn, numbers, cancellation };
}

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  await new Promise(setImmediate);
  return settled;
}

describe("an emission", () => {
  it("sends nothing while nothing listens, and counts", async () => {
    const { emission, endTurn, numbers } = desk();
    for (let n = 0; n < 3000; n++) await emission.emit(n);
    endTurn();
    emission.end();
    expect(numbers()).toEqual([]);
  });

  it("sends what it gathers in a turn, in order and numbered from 0", async () => {
    const { emission, endTurn, sent } = desk();
    emission.listen();
    for (let n = 0; n < 3; n++) await emission.emit(n);
    endTurn();
    await emission.emit(new Date(7));
    emission.end();
    expect(sent.map(({ answer: _, fail: __, ...parts }) => parts)).toMatchObject([
      { index: 0, values: [0, 1, 2] },
      { index: 3, values: [{ value: { time: 7 } }] },
    ]);
  });

  it("numbers what was emitted before some code listened", async () => {
    const { emission, endTurn, numbers } = desk();
    for (let n = 0; n < 5; n++) await emission.emit(n);
    emission.listen();
    await emission.emit(5);
    endTurn();
    expect(numbers()).toEqual([[5, 1]]);
  });

  it("says at its end how many there were, when the last of them were not sent", async () => {
    const { emission, numbers } = desk();
    for (let n = 0; n < 5; n++) await emission.emit(n);
    emission.listen();
    emission.end();
    expect(numbers()).toEqual(["5"]);
  });

  it("has its caller wait while as many are on their way as may be", async () => {
    const { emission, sent, endTurn } = desk();
    emission.listen();
    for (let n = 0; n < partsWindow - 1; n++) await emission.emit(n);
    const last = emission.emit(partsWindow);
    expect(await isSettled(last)).toBe(false);
    endTurn();
    expect(sent.reduce((sum, { values }) => sum + values.length, 0)).toBe(partsWindow);
    sent[0]?.answer(true);
    expect(await isSettled(last)).toBe(true);
  });

  it("leaves out what is emitted by a caller that doesn't wait, and leaves a hole in the numbers", async () => {
    const { emission, sent, endTurn } = desk();
    emission.listen();
    for (let n = 0; n < 2 * partsWindow + 10; n++) void emission.emit(n);
    endTurn();
    for (let at = 0; at < sent.length; at++) {
      sent[at]?.answer(true);
      await new Promise(setImmediate);
    }
    await emission.emit(-1);
    endTurn();
    expect(sent.at(-1)).toMatchObject({ index: 2 * partsWindow + 10, values: [-1] });
    expect(sent.reduce((sum, { values }) => sum + values.length, 0)).toBe(2 * partsWindow + 1);
    let next = 0;
    for (const { index, values } of sent.slice(0, -1)) {
      expect(index).toBe(next);
      next += values.length;
    }
  });

  it("stops sending when it hears that nothing is wanted, and no caller waits then", async () => {
    const { emission, sent, endTurn } = desk();
    emission.listen();
    for (let n = 0; n < partsWindow; n++) void emission.emit(n);
    const waiting = emission.emit(0);
    endTurn();
    for (const { answer } of sent) answer(false);
    expect(await isSettled(waiting)).toBe(true);
    const before = sent.length;
    await emission.emit(1);
    endTurn();
    emission.end();
    expect(sent.length).toBe(before);
  });

  it("goes on sending when some code listens again before that is heard", async () => {
    const { emission, sent, endTurn } = desk();
    emission.listen();
    await emission.emit(0);
    endTurn();
    emission.listen();
    sent[0]?.answer(false);
    await new Promise(setImmediate);
    await emission.emit(1);
    endTurn();
    expect(sent.map(({ index }) => index)).toEqual([0, 1]);
  });

  it("goes on without its listeners when they are out of reach", async () => {
    const { emission, sent, endTurn } = desk();
    emission.listen();
    await emission.emit(0);
    endTurn();
    sent[0]?.fail(new Error("closed"));
    await new Promise(setImmediate);
    expect(emission.isHeard).toBe(false);
  });

  it("refuses parts that its contract doesn't have, and counts them not", async () => {
    const { emission, endTurn, numbers } = desk();
    emission.listen();
    await expect(emission.emit("one")).rejects.toMatchObject({
      code: "contract-violated",
      details: { agent: "talker", direction: "part", side: "sender" },
    });
    await emission.emit(1);
    endTurn();
    expect(numbers()).toEqual([[0, 1]]);
  });

  it("refuses parts, and ends each wait, when the attempt is aborted", async () => {
    const { emission, cancellation } = desk();
    emission.listen();
    for (let n = 0; n < partsWindow - 1; n++) await emission.emit(n);
    const waiting = emission.emit(0);
    const error = new Error("enough");
    cancellation.abort(error);
    await expect(waiting).rejects.toBe(error);
    await expect(emission.emit(1)).rejects.toBe(error);
  });

  it("sends nothing after its end", async () => {
    const { emission, endTurn, numbers } = desk();
    emission.listen();
    emission.end();
    await emission.emit(1);
    endTurn();
    expect(numbers()).toEqual([]);
  });
});
