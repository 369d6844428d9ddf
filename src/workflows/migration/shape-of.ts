/** What says where the steps of items and rounds are. */

import { partsIn } from "../steps/outline-index.ts";
import type { StepOutline } from "../steps/step-outline.ts";

/** Where the steps are that are in an item or a round, and what they come after: it is settled once one has begun. */
export function shapeOf(step: StepOutline): string {
  const parts = partsIn(step).flatMap(({ body }) =>
    body === undefined ? [] : [body.map((one) => [one.name, one.kind, one.after, one.needs, shapeOf(one)])],
  );
  return JSON.stringify(parts);
}
