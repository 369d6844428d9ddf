/** What the agents of the support desk tell each other, and the states that they share: `order/<id>` and `letter/<ticket>`. */

import { defineState } from "troupe";
import * as v from "valibot";

export const euros = (cents: number): string => `${(cents / 100).toFixed(2)} EUR`;

const Cents = v.pipe(v.number(), v.integer(), v.minValue(0));

export const Ticket = v.object({
  id: v.string(),
  shop: v.string(),
  from: v.string(),
  order: v.string(),
  text: v.string(),
  documents: v.array(v.string()),
});

/** What a ticket is about: a specialist knows what is owed for the first two, and `other` is left to a person. */
export const Topic = v.picklist(["billing", "delivery", "technical", "other"]);

export const Refund = v.object({ order: v.string(), cents: Cents });
/** What the report of a day is about. */
export const Report = v.object({ day: v.string(), orders: v.array(v.string()) });
export const Letter = v.object({ ticket: v.string(), to: v.string(), text: v.string() });

export const Order = v.object({ item: v.string(), paid: Cents, refunded: Cents });
export type Order = v.InferOutput<typeof Order>;

export const orders = defineState({ name: "order", version: 1, schema: Order });
export const letters = defineState({ name: "letter", version: 1, schema: Letter });
