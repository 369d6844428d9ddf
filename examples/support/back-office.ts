/** What is done with a draft: it is reviewed, the money is paid back, and the letter is sent. */

import { defineAgent, Refusal } from "troupe";
import { Letter, Refund, Review, Reviewed } from "./contracts.ts";
import { letters, orders } from "./states.ts";

/** Joins the branches: a ticket without a specialist gets an answer, too, and no draft pays back more than is left of the order. */
export const review = defineAgent(import.meta.url, {
  name: "review",
  version: "1.0.0",
  input: Review,
  output: Reviewed,
  concurrency: 16,
  async execute({ order: id, draft }, context) {
    if (draft === undefined) return { text: "Thank you for writing to us. A person will answer you.", refundCents: 0 };
    const { paidCents, refundedCents } = await context.read(orders, id);
    return { text: draft.text, refundCents: Math.min(draft.refundCents, paidCents - refundedCents) };
  },
});

/** Pays back, never more than was paid; takes it back when the letter that says so can't be sent. */
export const refund = defineAgent(import.meta.url, {
  name: "refund",
  version: "1.0.0",
  input: Refund,
  output: Refund,
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
  async execute(written, context) {
    // of RFC 2606: no server takes mail for it
    if (written.to.endsWith(".invalid")) throw new Refusal("undeliverable", `no mail reaches ${written.to}`);
    await context.put(letters, written.ticket, written);
    return written;
  },
});
