/** The states that the agents share: `order/<id>` and `letter/<ticket>`. */

import { defineState } from "troupe";
import * as v from "valibot";
import { Letter } from "./contracts.ts";

export const Order = v.object({ item: v.string(), paidCents: v.number(), refundedCents: v.number() });
export type Order = v.InferOutput<typeof Order>;

export const orders = defineState({ name: "order", version: 1, schema: Order });

/** The letters that were sent. */
export const letters = defineState({ name: "letter", version: 1, schema: Letter });
