/** Who knows what: triage says which specialist a ticket is for, and each looks up what there is to say. */

import { defineAgent } from "troupe";
import { Findings, Found, Question, Search, Ticket, type Topic, Triage } from "./contracts.ts";
import { lookUp } from "./corpus.ts";
import { patient } from "./patience.ts";
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
  policies: patient,
  execute: ({ text }) => ({ topic: signs.find(([, sign]) => sign.test(text))?.[0] ?? "other" }),
});

export const retrieval = defineAgent(import.meta.url, {
  name: "retrieval",
  version: "1.0.0",
  input: Search,
  output: Found,
  policies: patient,
  concurrency: 16,
  execute: ({ topic, text }) => ({ passages: lookUp(topic, text) }),
});

/** What a specialist would pay back for an order, in cents. */
const owed: Readonly<Record<Exclude<Topic, "other">, (order: Order) => number>> = {
  billing: ({ paidCents }) => paidCents,
  delivery: ({ paidCents }) => Math.round(paidCents / 10),
  technical: () => 0,
};

const specialist = (topic: keyof typeof owed) =>
  defineAgent(import.meta.url, {
    name: topic,
    version: "1.0.0",
    input: Ticket,
    output: Findings,
    policies: patient,
    concurrency: 16,
    async execute({ order: id, text }, context) {
      const order = await context.read(orders, id);
      const { passages } = await context.call(retrieval, { topic, text });
      return {
        facts: passages.map((passage) => passage.text).join(" "),
        sources: passages.map(({ title }) => title),
        refundCents: owed[topic](order),
      };
    },
  });

export const billing = specialist("billing");
export const delivery = specialist("delivery");
export const technical = specialist("technical");
