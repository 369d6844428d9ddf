/** Messages between Troupe's own actors. */

import { messageName } from "./message-check.ts";
import type { MessageCheck } from "./target.ts";

/**
 * Isolates what a message between Troupe's own actors carries: the inputs and outputs of users, among others. Each of those was
 * accepted within `maxMessageBytes`, so together they are under no limit: a run that was accepted does not fail because a
 * compensation gets its input and its output at once.
 */
export const internalMessage: MessageCheck = (type, payload, copier, to) =>
  copier.copy(payload, messageName(type, to), Number.POSITIVE_INFINITY);
