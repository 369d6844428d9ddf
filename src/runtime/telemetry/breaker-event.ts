/** A change of a breaker as an event of its system. */

import type { BreakerRecord } from "../../agents/policies/breaker-record.ts";
import { whyText } from "../../agents/policies/gate-errors.ts";
import type { Untimed } from "./system-events.ts";

/** The event of what an agent's breaker has become. */
export function breakerEvent(agent: string, breaker: BreakerRecord): Untimed {
  switch (breaker.status) {
    case "open":
      return { type: "breaker-opened", agent, why: whyText(breaker.why), retryAt: breaker.retryAt };
    case "half-open":
      return { type: "breaker-half-opened", agent, why: whyText(breaker.why) };
    case "closed":
      return { type: "breaker-closed", agent };
  }
}
