/** What the supervisor needs from its host. */

import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Evolution, Subject } from "../../store/client/change.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Permit } from "../../agents/policies/permit.ts";
import type { NumberedMessage } from "../coordination/coordination-protocol.ts";
import type { Parts } from "../definition/parts.ts";
import type { Recorder } from "../../traces/recorder.ts";
import type { RunEvent } from "../history/run-event.ts";
import type { RunState } from "../history/run-state.ts";

/** Those who listen to what the attempts of runs emit. */
export interface Listeners {
  /** True while some code listens to the run. */
  isHeard(run: string): boolean;
  /** Takes parts of an attempt in flight. Returns whether some code listens. */
  take(parts: Parts): boolean;
}

/** How the places of attempts in their runs' traces are known. */
export interface RunTracing {
  /** The trace of a run that is recorded: by the time of its first version, and the place in a trace of who started it. */
  readonly traceOf: (run: string, startedAt: number, caller: string | undefined) => string | undefined;
  readonly recorder: Pick<Recorder, "begin">;
  /** When a run began: the time of its first version; `undefined` if that can't be read. Never fails. */
  startOf(run: string): MaybePromise<number | undefined>;
}

/** The store, the channel to participants, and the listeners. */
export interface SupervisorPorts {
  /**
   * Appends the next version of a key. `next` gets the newest state, which may be a draft, or the definition's initial
   * one, and returns the state to append. When `next` throws, nothing is appended, and this throws or rejects. `beside` changes another
   * key in the same commit.
   */
  commit<S>(subject: Subject<S>, next: (newest: S) => S, beside?: Evolution): MaybePromise<Snapshot<S>>;
  /** The newest version of a key. */
  newest<S>(subject: Subject<S>): MaybePromise<Snapshot<S> | undefined>;
  /**
   * Sends to the agent's participant, and starts that if there is none. First in, first out per agent. Returns when the
   * message is accepted; throws or rejects when it will certainly not be handled, and the supervisor then counts its
   * step as failed.
   */
  send(agent: AgentDefinition, message: NumberedMessage): MaybePromise<void>;
  /**
   * Called with every version of every run and the events that led to it, before any message that follows from it is sent. The last one has
   * the run's end.
   */
  onVersion(run: string, snapshot: Snapshot<RunState>, events: readonly RunEvent[]): void;
  /**
   * Called when a run's history can't be written any more, so that the run can't go on. The supervisor has dropped it.
   */
  onBroken(run: string, error: unknown): void;
  readonly listeners: Listeners;
  /** Resolves once the code that runs now, and the promises that it settled, have run. */
  endOfTurn(): Promise<void>;
  /**
   * Lets an attempt at a step go ahead, at once or when the agent's policies allow. Throws or rejects when they don't.
   * `caller` is the workflow's name, `input` the agent's input. The wait ends when `signal` aborts.
   */
  admit(
    agent: AgentDefinition,
    caller: string,
    call: {
      readonly input: unknown;
      readonly signal: AbortSignal | undefined;
      /** The run's. */
      readonly tenant: string | undefined;
    },
  ): MaybePromise<Permit>;
  /** Absent where nothing is recorded. */
  readonly tracing?: RunTracing | undefined;
  /** Encodes and decodes payloads. */
  readonly codec: PayloadCodec;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}
