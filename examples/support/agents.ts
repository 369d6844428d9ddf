/** Who works at the support desk. */

import { defineAgent, Refusal } from "troupe";
import * as v from "valibot";
import { euros, Letter, letters, type Order, orders, Refund, Report, Topic } from "./contracts.ts";
import handbook from "./handbook.json" with { type: "json" };
import { model } from "./model.ts";

/** Says what a text is about: in one word of the model's. */
export const sorter = defineAgent(import.meta.url, {
  name: "sorter",
  version: "1.0.0",
  input: v.string(),
  output: Topic,
  concurrency: 8,
  async execute(text, context) {
    return v.parse(v.fallback(Topic, "other"), await context.call(model, `In one word, what is this about? ${text}`));
  },
});

/** Finds the amount in a document of the customer's, in cents. */
export const reader = defineAgent(import.meta.url, {
  name: "reader",
  version: "1.0.0",
  input: v.string(),
  output: v.number(),
  execute(document) {
    const [, amount] = /(\d+\.\d\d) EUR/.exec(document) ?? [];
    if (amount === undefined) throw new Refusal("illegible", `there is no amount in: ${document}`);
    return Math.round(Number(amount) * 100);
  },
});

/** Knows what is owed for an order, given what the customer's documents claim; never more than there is left of it. */
const specialist = (name: string, owed: (order: Order, claimed: number) => number) =>
  defineAgent(import.meta.url, {
    name,
    version: "1.0.0",
    input: v.object({ order: v.string(), claimed: v.optional(v.number(), 0) }),
    output: Refund,
    async execute({ order: id, claimed }, context) {
      const order = await context.read(orders, id);
      return { order: id, cents: Math.min(owed(order, claimed), order.paid - order.refunded) };
    },
  });
export const billing = specialist("billing", (_order, claimed) => claimed);
export const delivery = specialist("delivery", ({ paid }) => Math.round(paid / 10));

/** Pays back, and takes it back when the letter that says so can't be sent. */
export const payer = defineAgent(import.meta.url, {
  name: "payer",
  version: "1.0.0",
  input: Refund,
  output: Refund,
  async execute(refund, context) {
    await context.commit(orders, refund.order, (order) => {
      order.refunded += refund.cents;
      if (order.refunded > order.paid) throw new Refusal("refunded-already", `${refund.order} was paid back meanwhile`);
    });
    return refund;
  },
  async compensate(refund, context) {
    await context.commit(orders, refund.order, (order) => void (order.refunded -= refund.cents));
  },
});

/** Writes to the lead what has been paid back. */
export const bookkeeper = defineAgent(import.meta.url, {
  name: "bookkeeper",
  version: "1.0.0",
  input: Report,
  output: Letter,
  async execute({ day, orders: ids }, context) {
    const found = await Promise.all(ids.map((id) => context.read(orders, id)));
    const cents = found.reduce((sum, { refunded }) => sum + refunded, 0);
    return { ticket: `report-${day}`, to: "lead@example.com", text: `${euros(cents)} were paid back until ${day}.` };
  },
});

/** Looks up the passages of the handbook that have a word. */
export const retrieval = defineAgent(import.meta.url, {
  name: "retrieval",
  version: "1.0.0",
  input: v.string(),
  output: v.array(v.string()),
  execute: (word) => handbook.filter((passage) => passage.toLowerCase().includes(word.toLowerCase())),
});

/** One round of an answer: the model either has something looked up, or has written the letter. */
export const writer = defineAgent(import.meta.url, {
  name: "writer",
  version: "1.0.0",
  input: v.object({ question: v.string(), notes: v.array(v.string()) }),
  output: v.object({ text: v.string(), notes: v.array(v.string()), isDone: v.boolean() }),
  emits: v.string(),
  concurrency: 8,
  async execute({ question, notes }, context) {
    const stream = context.stream(model, `Answer: ${question}\nNotes:\n${notes.join("\n")}`);
    for await (const item of stream) if (item.kind === "part") await context.emit(item.value);
    const text = await stream.result;
    const [, word] = /^LOOK UP (.*)/.exec(text) ?? [];
    if (word === undefined) return { text, notes, isDone: true };
    const passages = await context.call(retrieval, word);
    return { text, notes: [...notes, ...passages.map((passage) => `The handbook says: ${passage}`)], isDone: false };
  },
});

export const postman = defineAgent(import.meta.url, {
  name: "postman",
  version: "1.0.0",
  input: Letter,
  output: Letter,
  async execute(letter, context) {
    if (letter.to.endsWith(".invalid")) throw new Refusal("undeliverable", `no mail reaches ${letter.to}`);
    await context.put(letters, letter.ticket, letter);
    return letter;
  },
});
