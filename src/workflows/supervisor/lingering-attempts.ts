/**
 * Attempts that timed out while their agent's code was running: each keeps its place with the agent until the code
 * ends.
 */

import type { Permit } from "../../agents/policies/permit.ts";
import type { RunEvent } from "../history/run-event.ts";
import { attemptOf } from "../history/run-progress.ts";

interface Lingering {
  readonly agentKey: string;
  readonly permit: Permit;
}

/** Owns the permits of attempts that timed out while their code still runs. */
export class LingeringAttempts {
  readonly #attempts = new Map<string, Lingering>();

  add(run: string, event: RunEvent, agentKey: string, permit: Permit): void {
    const key = keyOf(run, event);
    if (key !== undefined) this.#attempts.set(key, { agentKey, permit });
  }

  /**
   * Notes that the code of an attempt has ended, if the attempt is one of these. Its outcome doesn't matter any more.
   */
  end(run: string, event: RunEvent): void {
    if (this.#attempts.size === 0) return;
    const key = keyOf(run, event);
    if (key === undefined) return;
    this.#attempts.get(key)?.permit.release();
    this.#attempts.delete(key);
  }

  /** Notes that the participant of an agent is gone, and its code with it. */
  lose(agentKey: string): void {
    for (const [key, attempt] of this.#attempts) {
      if (attempt.agentKey !== agentKey) continue;
      attempt.permit.release();
      this.#attempts.delete(key);
    }
  }
}

function keyOf(run: string, event: RunEvent): string | undefined {
  if (event.type !== "step-failed" && event.type !== "step-finished") return undefined;
  return `${run}/${event.step}/${attemptOf(event)}`;
}
