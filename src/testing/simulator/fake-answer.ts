/** What stands in for an agent in a test. */

import type { CallableAgent } from "../../actors/callable-agent.ts";

/**
 * What an agent answers in a test. Made by `answering`.
 *
 * @since 0.1.0
 */
export interface FakeAnswer {
  readonly agent: CallableAgent;
  readonly answer: (input: never, emit: never) => unknown;
}
