/** The workflows of the support desk: a ticket's way to its letter, in it that of a refund, and the report of a day. */

import { defineWorkflow } from "troupe";
import * as v from "valibot";
import { billing, bookkeeper, delivery, payer, postman, reader, sorter, writer } from "./agents.ts";
import { euros, Refund, Report, Ticket } from "./contracts.ts";

/** In cents: more than this is paid back only when a person says so. */
const approvalAbove = 10_000;

export const refunds = defineWorkflow(import.meta.url, { name: "refunds", version: "1.0.0", input: Refund })
  .waitFor(
    "approval",
    {
      when: ({ input }) => input.cents > approvalAbove,
      answer: v.object({ isApproved: v.boolean() }),
      timeout: 3 * 86_400_000,
      otherwise: ({ input }) => ({ isApproved: input.cents <= approvalAbove }),
    },
    ({ input: { order, cents } }) => `Pay back ${euros(cents)} for ${order}?`,
  )
  .step(
    "pay",
    payer,
    { after: ["approval"], when: ({ input, approval }) => approval.isApproved && input.cents > 0 },
    ({ input }) => input,
  );

export const desk = defineWorkflow(import.meta.url, { name: "desk", version: "1.0.0", input: Ticket })
  .step("triage", sorter, { fallback: () => "other" }, ({ input }) => input.text)
  .each("read", reader, { over: ({ input }) => input.documents, tolerate: "all" }, ({ item }) => item)
  .step(
    "billing",
    billing,
    { after: ["triage", "read"], when: ({ triage }) => triage === "billing" },
    ({ input: { order }, read }) => ({ order, claimed: read.reduce((sum, { output = 0 }) => sum + output, 0) }),
  )
  .step("delivery", delivery, { after: ["triage"], when: ({ triage }) => triage === "delivery" }, ({ input }) => input)
  .step("refund", refunds, { after: ["billing", "delivery"] }, ({ input: { order }, ...found }) => {
    return found.billing ?? found.delivery ?? { order, cents: 0 };
  })
  .loop(
    "answer",
    writer,
    {
      after: ["triage", "refund"],
      when: ({ triage }) => triage !== "other",
      otherwise: () => ({ text: "A person will answer you.", notes: [], isDone: true }),
      until: ({ last }) => last.isDone,
      max: 8,
      inbox: v.string(),
    },
    ({ input: { text }, refund, last, told }) => ({
      question: text,
      notes: [...(last?.notes ?? [`${euros(refund?.cents ?? 0)} are paid back.`]), ...told],
    }),
  )
  .step("letter", postman, { after: ["answer"] }, ({ input: { id: ticket, from: to }, answer: { text } }) => {
    return { ticket, to, text };
  });

export const report = defineWorkflow(import.meta.url, { name: "report", version: "1.0.0", input: Report })
  .step("books", bookkeeper, ({ input }) => input)
  .step("letter", postman, { after: ["books"] }, ({ books }) => books);
