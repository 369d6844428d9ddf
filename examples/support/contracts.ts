/** What the agents of the support desk tell each other. */

import * as v from "valibot";

const Cents = v.pipe(v.number(), v.integer(), v.minValue(0));

export const Ticket = v.object({ id: v.string(), from: v.string(), order: v.string(), text: v.string() });
export type Ticket = v.InferOutput<typeof Ticket>;

/** What a ticket is about: one specialist for each, and `other` for what no specialist knows. */
export const Topic = v.picklist(["billing", "delivery", "technical", "other"]);
export type Topic = v.InferOutput<typeof Topic>;

export const Triage = v.object({ topic: Topic });
export const Question = v.object({ text: v.string() });

export const Passage = v.object({ title: v.string(), text: v.string() });
export type Passage = v.InferOutput<typeof Passage>;
export const Search = v.object({ topic: Topic, text: v.string() });
export const Found = v.object({ passages: v.array(Passage) });

export const Prompt = v.object({ prompt: v.string() });
export const Completion = v.object({ text: v.string() });

/** What a specialist finds: what the answer is to say, where it is from, and how much to pay back. */
export const Findings = v.object({ facts: v.string(), sources: v.array(v.string()), refundCents: Cents });
export const Review = v.object({ order: v.string(), findings: v.optional(Findings) });
/** Without facts, a person has to answer. */
export const Reviewed = v.object({ facts: v.optional(v.string()), refundCents: Cents });

export const Approval = v.object({ isApproved: v.boolean() });
export const Refund = v.object({ order: v.string(), cents: Cents });
export const Letter = v.object({ ticket: v.string(), to: v.string(), text: v.string() });
