/** What stands in front of each agent of the desk: a ticket is worth waiting for. */

import { isTroupeError, type PolicyOptions } from "troupe";

/**
 * To call an agent again does no harm, since what it commits is applied once. A thread that dies fails all the calls on it, and opens
 * the breakers of their agents. It is replaced in a moment, so the breakers close soon, and runs wait for that.
 */
export const patient: PolicyOptions = {
  retry: {
    attempts: 10,
    backoff: { first: 50, max: 1_000 },
    errors: (error) => !isTroupeError(error, "contract-violated"),
  },
  breaker: { openFor: { first: 100, max: 2_000 } },
};
