import { describe, expect, it } from "vitest";
import { letter, refund, review } from "../../../examples/support/back-office.ts";
import { lookUp } from "../../../examples/support/corpus.ts";
import { billing, delivery, retrieval, technical, triage } from "../../../examples/support/specialists.ts";
import { letters, orders } from "../../../examples/support/states.ts";
import { refusalOf } from "../../../src/index.ts";
import { answering, testAgent } from "../../../src/testing/index.ts";

const order = { item: "a lamp", paidCents: 4_990, refundedCents: 0 };
const ticket = { id: "ticket-1", from: "customer-1@example.com", order: "order-1", text: "I was charged twice." };

/** The code of the refusal that a call ends with. */
const refused = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => refusalOf(error)?.code,
  );

it.each([
  ["I was charged twice for my lamp.", "billing"],
  ["I want to send the armchair back", "billing"],
  ["My parcel is late.", "delivery"],
  ["My lamp stays dark.", "technical"],
  ["Do you hire?", "other"],
])("%s is about %s", async (text, topic) => {
  expect(await testAgent(triage)({ text })).toEqual({ topic });
});

it("looks up the passages of a topic that share words, the best first", () => {
  expect(lookUp("delivery", "My parcel is late.").map(({ title }) => title)).toEqual(["Late parcels", "Tracking"]);
  expect(lookUp("billing", "My parcel is late.")).toEqual([]);
  expect(lookUp("other", "My parcel is late.")).toEqual([]);
});

describe("a specialist", () => {
  it.each([
    [billing, 4_990],
    [delivery, 499],
    [technical, 0],
  ])("has things looked up, and says what is owed", async (agent, refundCents) => {
    const ask = testAgent(agent, {
      calls: [answering(retrieval, ({ topic }) => ({ passages: [{ title: `On ${topic}`, text: "This is so." }] }))],
    });
    await ask.store.put(orders, "order-1", order);
    expect(await ask(ticket)).toEqual({ facts: "This is so.", sources: [`On ${agent.name}`], refundCents });
    expect(ask.calls).toEqual([{ agent: "retrieval", input: { topic: agent.name, text: "I was charged twice." } }]);
  });
});

describe("the review", () => {
  it("leaves a ticket that had no specialist to a person", async () => {
    expect(await testAgent(review)({ order: "order-1" })).toEqual({ refundCents: 0 });
  });

  it("leaves no more to pay back than there is left of the order", async () => {
    const reviewed = testAgent(review);
    await reviewed.store.put(orders, "order-1", { ...order, refundedCents: 4_000 });
    const findings = { facts: "So it is.", sources: [], refundCents: 4_990 };
    expect(await reviewed({ order: "order-1", findings })).toEqual({ facts: "So it is.", refundCents: 990 });
  });
});

describe("the refund", () => {
  it("pays back, and takes back", async () => {
    const paid = testAgent(refund);
    await paid.store.put(orders, "order-1", order);
    const input = { order: "order-1", cents: 990 };
    const output = await paid(input);
    expect(await paid.store.read(orders, "order-1")).toEqual({ ...order, refundedCents: 990 });
    await paid.compensate(output, input);
    expect(await paid.store.read(orders, "order-1")).toEqual(order);
  });

  it("refuses to pay back more than was paid", async () => {
    const paid = testAgent(refund);
    await paid.store.put(orders, "order-1", { ...order, refundedCents: 4_000 });
    expect(await refused(paid({ order: "order-1", cents: 991 }))).toBe("refunded-already");
    expect(await paid.store.read(orders, "order-1")).toMatchObject({ refundedCents: 4_000 });
  });
});

describe("the letter", () => {
  const written = { ticket: "ticket-1", to: "customer-1@example.com", text: "So it is." };

  it("is sent", async () => {
    const sent = testAgent(letter);
    await sent(written);
    expect(await sent.store.read(letters, "ticket-1")).toEqual(written);
  });

  it("refuses an address that no mail reaches", async () => {
    expect(await refused(testAgent(letter)({ ...written, to: "customer@example.invalid" }))).toBe("undeliverable");
  });
});
