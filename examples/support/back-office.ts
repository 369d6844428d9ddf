/** What is done with what a specialist found: it is reviewed, the money is paid back, and the letter is sent. */

import { defineAgent, Refusal } from "troupe";
import { Letter, Refund, Review, Reviewed } from "./contracts.ts";
import { patient } from "./patience.ts";
import { letters, orders } from "./states.ts";

/** Joins the branches: a ticket may have had no specialist, and none pays back more than there is left of the order. */
export const review = defineAgent(import.meta.url, {
  name: "review",
  version: "1.0.0",
  input: Review,
  output: Reviewed,
  policies: patient,
  concurrency: 16,
  async execute({ order: id, findings }, context) {
    if (findings === undefined) return { refundCents: 0 };
    const { paidCents, refundedCents } = await context.read(orders, id);
    return { facts: findings.facts, refundCents: Math.min(findings.refundCents, paidCents - refundedCents) };
  },
});

/** Pays back, never more than was paid; takes it back when the letter that says so can't be sent. */
export const refund = defineAgent(import.meta.url, {
  name: "refund",
  version: "1.0.0",
  input: Refund,
  output: Refund,
  policies: patient,
  async execute({ order: id, cents }, context) {
    await context.commit(orders, id, (order) => {
      if (order.refundedCents + cents > order.paidCents)
        throw new Refusal("refunded-already", `${id} was paid back meanwhile`);
      order.refundedCents += cents;
    });
    return { order: id, cents };
  },
  async compensate({ order: id, cents }, context) {
    await context.commit(orders, id, (order) => {
      order.refundedCents -= cents;
    });
  },
});

export const letter = defineAgent(import.meta.url, {
  name: "letter",
  version: "1.0.0",
  input: Letter,
  output: Letter,
  policies: patient,
  async execute(written, context) {
    // of RFC 2606: no server takes mail for it
    if (written.to.endsWith(".invalid")) throw new Refusal("undeliverable", `no mail reaches ${written.to}`);
    await context.put(letters, written.ticket, written);
    return written;
  },
});
