/** What becomes of the open runs when the participant of an agent is gone. */

import { type EncodedError, encodeError } from "../../errors/error-codec.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { chain, type MaybePromise } from "../../async/maybe-promise.ts";
import { handOver } from "../coordination/relay.ts";
import { agentKey } from "../coordination/workflow-plan.ts";
import type { RunEvent } from "../history/run-event.ts";
import type { Alarms } from "./alarms.ts";
import type { Attempts } from "./attempts.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { lostAttempts } from "./lost-attempts.ts";
import type { OpenRun } from "./open-run.ts";

export interface LossesPorts {
  readonly attempts: Pick<Attempts, "participantLost">;
  readonly dispatcher: Pick<Dispatcher, "send">;
  readonly alarms: Pick<Alarms, "arm">;
  /** Records an event if the run's history accepts it. Called in the run's turn. */
  record(run: OpenRun, event: RunEvent): MaybePromise<boolean>;
}

/** Has lost attempts fail, and successors told what they need. A run that is parked has no attempts, and is handed over when it goes on. */
export class Losses {
  readonly #ports: LossesPorts;
  /** The number of each agent's last loss, from 1. */
  readonly #last = new Map<string, number>();
  #count = 0;

  constructor(ports: LossesPorts) {
    this.#ports = ports;
  }

  /** How many losses there have been. */
  get count(): number {
    return this.#count;
  }

  /** The participant of an agent is gone. Its attempts fail in the runs that are not parked. */
  note(agent: AgentDefinition, error: unknown, awake: readonly OpenRun[]): void {
    const key = agentKey(agent);
    const encoded = encodeError(error);
    this.#last.set(key, ++this.#count);
    this.#ports.attempts.participantLost(key);
    for (const run of awake) {
      // orders that follow from commits still on their way to the journal go to its successor
      const { taken } = run;
      void run.unattended(() => this.#lose(run, key, encoded, taken));
    }
  }

  /** Hands over what was lost while a run was parked. @param count how many losses there had been before. */
  madeUp(run: OpenRun, count: number): void {
    for (const { key } of run.plan.participants) if ((this.#last.get(key) ?? 0) > count) this.#handOver(run, key);
  }

  #lose(run: OpenRun, key: string, error: EncodedError, taken: ReadonlySet<string>): MaybePromise<unknown> {
    const { record, alarms } = this.#ports;
    let judged: MaybePromise<unknown> = undefined;
    for (const event of lostAttempts(run, key, error, taken)) judged = chain(judged, () => record(run, event));
    return chain(judged, () => {
      if (run.state.coordination !== "relay" || !run.plan.participants.some((own) => own.key === key)) return;
      run.forgetTold();
      this.#handOver(run, key);
      alarms.arm(run);
    });
  }

  /** Tells the successor what it needs to go on with a run that is relayed. */
  #handOver(run: OpenRun, key: string): void {
    const { id, plan, state } = run;
    if (state.coordination !== "relay") return;
    for (const dispatch of handOver({ run: id, plan, state }, key)) this.#ports.dispatcher.send(run, dispatch);
  }
}
