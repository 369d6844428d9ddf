/** The workflow of the bench of waits: a question, and nothing else. */

import { defineWorkflow } from "troupe";
import * as v from "valibot";

export const approval = defineWorkflow(import.meta.url, {
  name: "approval",
  version: "1.0.0",
  input: v.object({ order: v.number() }),
}).waitFor(
  "approval",
  { answer: v.object({ approved: v.boolean() }), timeout: 30 * 86_400_000, otherwise: () => ({ approved: false }) },
  ({ input }) => ({ title: `Send order ${input.order}?` }),
);
