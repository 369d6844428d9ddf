/** Who knows what: triage says which specialist a ticket is for, and each drafts an answer from the corpus, by the model. */

import { defineAgent } from "troupe";
import { Draft, Found, Question, Search, Ticket, type Topic, Triage } from "./contracts.ts";
import { lookUp } from "./corpus.ts";
import type { Model } from "./model.ts";
import { type Order, orders } from "./states.ts";

const signs: readonly (readonly [Topic, RegExp])[] = [
  ["billing", /charged|refund|money|invoice|send .* back/i],
  ["delivery", /parcel|late|arrive/i],
  ["technical", /dark|crash|switch|app/i],
];

export const triage = defineAgent(import.meta.url, {
  name: "triage",
  version: "1.0.0",
  input: Question,
  output: Triage,
  execute: ({ text }) => ({ topic: signs.find(([, sign]) => sign.test(text))?.[0] ?? "other" }),
});

export const retrieval = defineAgent(import.meta.url, {
  name: "retrieval",
  version: "1.0.0",
  input: Search,
  output: Found,
  concurrency: 16,
  execute: ({ topic, text }) => ({ passages: lookUp(topic, text) }),
});

/** What a specialist would pay back for an order, in cents. */
const owed: Readonly<Record<Exclude<Topic, "other">, (order: Order) => number>> = {
  billing: ({ paidCents }) => paidCents,
  delivery: ({ paidCents }) => Math.round(paidCents / 10),
  technical: () => 0,
};

/** A specialist, defined in `module`, who asks `model`: a test has another one than the desk. */
export const specialist = (module: string, topic: keyof typeof owed, model: Model) =>
  defineAgent(module, {
    name: topic,
    version: "1.0.0",
    input: Ticket,
    output: Draft,
    concurrency: 16,
    async execute({ order: id, text: question }, context) {
      const order = await context.read(orders, id);
      const { passages } = await context.call(retrieval, { topic, text: question });
      const facts = passages.map(({ text }) => text).join(" ");
      const { text } = await context.call(model, { prompt: `Question: ${question}\nFacts:\n${facts}` });
      return { text, sources: passages.map(({ title }) => title), refundCents: owed[topic](order) };
    },
  });
