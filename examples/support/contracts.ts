/** What the agents of the support desk tell each other, and the states that they share: `order/<id>` and `letter/<ticket>`. */

import { defineState } from "troupe";
import * as v from "valibot";

const Cents = v.pipe(v.number(), v.integer(), v.minValue(0));

export const Ticket = v.object({
  id: v.string(),
  shop: v.string(),
  from: v.string(),
  order: v.string(),
  text: v.string(),
  documents: v.array(v.string()),
});

/** What a ticket is about: one specialist for each, and `other` for what none of them knows. */
export const Topic = v.picklist(["billing", "delivery", "technical", "other"]);

export const Refund = v.object({ order: v.string(), cents: Cents });
export const Letter = v.object({ ticket: v.string(), to: v.string(), text: v.string() });

export const Order = v.object({ item: v.string(), paid: Cents, refunded: Cents });
export type Order = v.InferOutput<typeof Order>;

export const orders = defineState({ name: "order", version: 1, schema: Order });
export const letters = defineState({ name: "letter", version: 1, schema: Letter });
