import { describe, expect, it } from "vitest";
import {
  billing,
  bookkeeper,
  delivery,
  payer,
  postman,
  reader,
  retrieval,
  sorter,
  writer,
} from "../../../examples/support/agents.ts";
import { letters, orders } from "../../../examples/support/contracts.ts";
import { model } from "../../../examples/support/model.ts";
import { refusalOf } from "../../../src/index.ts";
import { answering, testAgent } from "../../../src/testing/index.ts";

const order = { item: "a lamp", paid: 4_990, refunded: 0 };

/** The code of the refusal that a call ends with. */
const refused = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => refusalOf(error)?.code,
  );

it.each([
  ["billing", "billing"],
  ["delivery", "delivery"],
  ["Something about a parcel, I guess.", "other"],
])("the sorter makes of the model's %s the topic %s", async (says, topic) => {
  const sorted = testAgent(sorter, { calls: [answering(model, () => says)] });
  expect(await sorted("My parcel is late.")).toBe(topic);
  expect(sorted.calls).toEqual([{ agent: "model", input: "In one word, what is this about? My parcel is late." }]);
});

it("the reader finds the amount in a document, and refuses one without", async () => {
  expect(await testAgent(reader)("Price: 360.05 EUR")).toBe(36_005);
  expect(await refused(testAgent(reader)("A photo of the lamp"))).toBe("illegible");
});

it("retrieval finds the passages that have a word", async () => {
  expect(await testAgent(retrieval)("Parcel")).toHaveLength(2);
  expect(await testAgent(retrieval)("watches")).toEqual([]);
});

describe("a specialist says what is owed", () => {
  it.each([
    [billing, 3_000, 3_000],
    [billing, 9_000, 4_990],
    [delivery, undefined, 499],
  ])("never more than there is left of the order", async (agent, claimed, cents) => {
    const ask = testAgent(agent);
    await ask.store.put(orders, "order-1", order);
    expect(await ask({ order: "order-1", claimed })).toEqual({ order: "order-1", cents });
    await ask.store.put(orders, "order-1", { ...order, refunded: 4_980 });
    expect((await ask({ order: "order-1", claimed })).cents).toBe(Math.min(cents, 10));
  });
});

describe("the payer", () => {
  it("pays back, and takes back", async () => {
    const paid = testAgent(payer);
    await paid.store.put(orders, "order-1", order);
    const input = { order: "order-1", cents: 990 };
    const output = await paid(input);
    expect(await paid.store.read(orders, "order-1")).toEqual({ ...order, refunded: 990 });
    await paid.compensate(output, input);
    expect(await paid.store.read(orders, "order-1")).toEqual(order);
  });

  it("refuses to pay back more than was paid", async () => {
    const paid = testAgent(payer);
    await paid.store.put(orders, "order-1", { ...order, refunded: 4_000 });
    expect(await refused(paid({ order: "order-1", cents: 991 }))).toBe("refunded-already");
    expect(await paid.store.read(orders, "order-1")).toMatchObject({ refunded: 4_000 });
  });
});

describe("the writer", () => {
  const says = (text: string) =>
    answering(model, (_prompt, emit) => {
      emit(text.slice(0, 4));
      emit(text.slice(4));
      return text;
    });

  it("has looked up what the model asks for, and goes on", async () => {
    const write = testAgent(writer, { calls: [says("LOOK UP lamp"), answering(retrieval, () => ["Switch it on."])] });
    expect(await write({ question: "Why is it dark?", notes: ["Be brief."] })).toEqual({
      text: "LOOK UP lamp",
      notes: ["Be brief.", "The handbook says: Switch it on."],
      isDone: false,
    });
  });

  it("is done with what else the model says, and emits it as it comes", async () => {
    const write = testAgent(writer, { calls: [says("Dear customer")] });
    expect(await write({ question: "Why?", notes: [] })).toEqual({ text: "Dear customer", notes: [], isDone: true });
    expect(write.parts).toEqual(["Dear", " customer"]);
  });
});

it("the bookkeeper adds up what has been paid back", async () => {
  const write = testAgent(bookkeeper);
  await write.store.put(orders, "order-1", { ...order, refunded: 990 });
  await write.store.put(orders, "order-2", { ...order, refunded: 1_000 });
  const { ticket, text } = await write({ day: "2026-01-31", orders: ["order-1", "order-2"] });
  expect({ ticket, text }).toEqual({
    ticket: "report-2026-01-31",
    text: "19.90 EUR were paid back until 2026-01-31.",
  });
});

describe("the postman", () => {
  const written = { ticket: "ticket-1", to: "customer-1@example.com", text: "So it is." };

  it("sends a letter", async () => {
    const sent = testAgent(postman);
    await sent(written);
    expect(await sent.store.read(letters, "ticket-1")).toEqual(written);
  });

  it("refuses an address that no mail reaches", async () => {
    expect(await refused(testAgent(postman)({ ...written, to: "customer@example.invalid" }))).toBe("undeliverable");
  });
});
