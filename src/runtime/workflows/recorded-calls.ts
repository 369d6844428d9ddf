/** The outputs of calls that steps of runs have made: each is recorded once, while its run is open. */

import { callId, listId, type RecordedCall, recordedCall } from "../../agents/recorded-call.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type { StoreClient } from "../../store/client/store-client.ts";
import type { CallAnswer } from "../agents/call-protocol.ts";

export class RecordedCalls {
  readonly #store: StoreClient;
  readonly #isOpen: (run: string) => boolean;

  /** @param isOpen true for a run that hasn't ended. What comes later is not recorded: the run may be forgotten by then. */
  constructor(store: StoreClient, isOpen: (run: string) => boolean) {
    this.#store = store;
    this.#isOpen = isOpen;
  }

  /** What a call came to; `undefined` if it is not recorded. */
  async find(run: string, name: string): Promise<CallAnswer> {
    const known = await this.#store.snapshot(recordedCall, callId(run, name));
    return known && { output: known.state.output };
  }

  /** Records what a call came to. Returns what it came to before, if it did: then that counts. */
  async record(run: string, name: string, agent: string, output: Payload): Promise<CallAnswer> {
    if (!this.#isOpen(run)) return undefined;
    const keys = [
      [recordedCall, listId(run)],
      [recordedCall, callId(run, name)],
    ] as const;
    let known: RecordedCall | undefined;
    await this.#store.transact(keys, ([end, call]): [RecordedCall, RecordedCall] => {
      known = call.agent === "" ? undefined : { ...call };
      return known === undefined
        ? [
            { ...end, before: name },
            { agent, output, before: end.before },
          ]
        : [end, known];
    });
    return known && { output: known.output };
  }
}
