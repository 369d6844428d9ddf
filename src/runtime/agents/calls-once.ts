/** The calls that steps of runs make of one agent: each finishes once, however often it is made. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { RunCall } from "../../agents/call-names.ts";
import type { PayloadCodec } from "../../contracts/payload-codec.ts";
import { toAskError } from "../../errors/ask-error.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { Sender } from "../messaging/target.ts";
import type { Messenger } from "../messaging/messenger.ts";
import { supervisorTarget } from "./supervisor-target.ts";
import type { CallAnswer, FindCall, RecordCall } from "./call-protocol.ts";
import type { CallResult } from "./direct-calls.ts";

export interface CallsOnceOptions {
  readonly agent: AgentDefinition;
  readonly messenger: Messenger;
  /** The agent's actor. */
  readonly sender: Sender;
  readonly codec: PayloadCodec;
}

/**
 * Guarantees: a call whose output is recorded is answered with that, and doesn't reach the agent's code; the output is recorded before
 * it is given, so that what a caller has seen is what a later attempt gets; the same call doesn't run twice at a time.
 */
export class CallsOnce {
  readonly #options: CallsOnceOptions;
  /** Ends with the call of that name in progress. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: CallsOnceOptions) {
    this.#options = options;
  }

  /** Answers the call with what is recorded, or makes it. */
  async answer(call: RunCall, make: () => Promise<CallResult>): Promise<CallResult> {
    const id = `${call.run}/${call.name}`;
    for (let before = this.#turns.get(id); before !== undefined; before = this.#turns.get(id)) await before;
    const turn = this.#answer(call, make);
    const over = turn.catch(() => undefined).finally(() => this.#turns.delete(id)); // its own caller has the error
    this.#turns.set(id, over);
    return turn;
  }

  async #answer({ run, name }: RunCall, make: () => Promise<CallResult>): Promise<CallResult> {
    const { agent, codec } = this.#options;
    try {
      const known = await this.#ask({ type: "find-call", run, name });
      if (known !== undefined) return { type: "output", output: codec.decode(known.output) };
      const result = await make();
      if (result.type !== "output") return result;
      const output = codec.encode(result.output, `the output of a call of ${agent.name}`);
      const of = `${agent.name}@${agent.version}`;
      const first = await this.#ask({ type: "record-call", run, name, agent: of, output });
      return first === undefined ? result : { type: "output", output: codec.decode(first.output) };
    } catch (error) {
      if (!isTroupeError(error)) throw error;
      return { type: "refusal", refusal: toAskError(error, "failed") };
    }
  }

  #ask({ type, ...message }: FindCall | RecordCall): Promise<CallAnswer> {
    const { messenger, sender } = this.#options;
    const timeout = Number.POSITIVE_INFINITY;
    return messenger.ask(sender, supervisorTarget, type, message, { timeout }) as Promise<CallAnswer>;
  }
}
