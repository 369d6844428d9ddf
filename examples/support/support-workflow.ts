/** The workflow: triage, one specialist, a review, approval where it is much money, the refund, an answer by the model, the letter. */

import { defineWorkflow } from "troupe";
import { letter, refund, review } from "./back-office.ts";
import { Approval, Ticket, type Topic } from "./contracts.ts";
import { euros } from "./euros.ts";
import type { Model } from "./model.ts";
import { billing, delivery, technical, triage } from "./specialists.ts";

/** More than this is paid back only when a person says so. */
export const approvalAbove = 10_000;
const patience = 3 * 86_400_000;

/** With `model`, or what stands in for it, to write the answers. */
export const supportWorkflow = (module: string, name: string, model: Model) =>
  defineWorkflow(module, { name, version: "1.0.0", input: Ticket })
    .step("triage", triage, ({ input: { text } }) => ({ text }))
    .step("billing", billing, { after: ["triage"], when: isAbout("billing") }, ({ input }) => input)
    .step("delivery", delivery, { after: ["triage"], when: isAbout("delivery") }, ({ input }) => input)
    .step("technical", technical, { after: ["triage"], when: isAbout("technical") }, ({ input }) => input)
    .step("review", review, { after: ["billing", "delivery", "technical"] }, ({ input: { order }, ...found }) => ({
      order,
      findings: found.billing ?? found.delivery ?? found.technical,
    }))
    .waitFor(
      "approval",
      {
        after: ["review"],
        when: (given) => given.review.refundCents > approvalAbove,
        answer: Approval,
        timeout: patience,
        // where no person was asked, and where none answered in time
        otherwise: (given) => ({ isApproved: given.review.refundCents <= approvalAbove }),
      },
      ({ input, review: { refundCents } }) => `Pay back ${euros(refundCents)} for ${input.order}?`,
    )
    .step(
      "refund",
      refund,
      {
        after: ["review", "approval"],
        when: (given) => given.approval.isApproved && given.review.refundCents > 0,
      },
      ({ input: { order }, review: { refundCents } }) => ({ order, cents: refundCents }),
    )
    .step(
      "answer",
      model,
      {
        after: ["review", "approval", "refund"],
        when: (given) => given.review.facts !== undefined,
        otherwise: () => ({ text: "Thank you for writing to us. A person will answer you." }),
      },
      ({ input, review: { facts = "" }, refund: paid, approval: { isApproved } }) => ({
        prompt: `Question: ${input.text}\nFacts:\n${facts} ${onMoney(paid?.cents, isApproved)}`,
      }),
    )
    .step("letter", letter, { after: ["answer"] }, ({ input, answer: { text } }) => ({
      ticket: input.id,
      to: input.from,
      text,
    }));

const isAbout =
  (topic: Topic) =>
  (given: { readonly triage: { readonly topic: Topic } }): boolean =>
    given.triage.topic === topic;

function onMoney(paidCents: number | undefined, isApproved: boolean): string {
  if (paidCents !== undefined) return `You get ${euros(paidCents)} back.`;
  return isApproved ? "" : "In this case we can't pay anything back.";
}
