/** What the supervisor needs of the world around it. */

import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Subject } from "../../store/client/change.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Permit } from "../../agents/policies/permit.ts";
import type { NumberedMessage } from "../coordination/coordination-protocol.ts";
import type { RunState } from "../history/run-state.ts";

/** The store, the way to participants, and those who listen. */
export interface SupervisorPorts {
  /**
   * Appends the next version of a key. `next` gets the newest state (a draft of it will do), or the definition's initial
   * one, and returns the state to append. When `next` throws, nothing is appended, and this throws or rejects.
   */
  commit<S>(subject: Subject<S>, next: (newest: S) => S): MaybePromise<Snapshot<S>>;
  /**
   * Sends to the participant that does the agent's steps, and starts it where it isn't there. First in, first out per
   * agent. Returns when the message is accepted; throws or rejects when it is certain that it will not be handled: the
   * supervisor then takes the step that it was about as failed.
   */
  send(agent: AgentDefinition, message: NumberedMessage): MaybePromise<void>;
  /** Hears of every version of every run, before anything that follows from it is sent. The last one says how the run ended. */
  onVersion(run: string, snapshot: Snapshot<RunState>): void;
  /** A run's history can't be written any more, so the run can't go on. The supervisor has let go of it. */
  onBroken(run: string, error: unknown): void;
  /**
   * Lets an attempt at a step go ahead, at once or when the agent's policies allow. Throws or rejects when they don't.
   * `caller` is the workflow's name, `input` what the agent is to be given. The wait ends when
   * `signal` aborts.
   */
  admit(agent: AgentDefinition, caller: string, input: unknown, signal: AbortSignal | undefined): MaybePromise<Permit>;
  /** What makes payloads of values. */
  readonly codec: PayloadCodec;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}
