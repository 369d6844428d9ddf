/** What the supervisor of runs sends to participants: numbered messages, and orders that the policies of their agents let go ahead. */

import { encodeError } from "../../errors/error-codec.ts";
import type { Grant } from "../coordination/coordination-protocol.ts";
import { type Dispatch, undelivered } from "../coordination/dispatch.ts";
import type { Proposal } from "../history/run-event.ts";
import { agentStepOf, participantsOf } from "../coordination/workflow-plan.ts";
import { allSteps } from "../steps/run-steps.ts";
import type { Attempts } from "./attempts.ts";
import type { OpenRun } from "./open-run.ts";
import type { SupervisorPorts } from "./supervisor-ports.ts";

export interface DispatcherOptions {
  readonly send: SupervisorPorts["send"];
  readonly attempts: Pick<Attempts, "goAhead">;
  /** Told what follows for a run of a message that could not be sent. */
  readonly onUndelivered: (run: OpenRun, event: Proposal) => void;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  #sent = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Sends a message that follows from a commit; an order only when its agent's policies let it go ahead. */
  dispatch(run: OpenRun, dispatch: Dispatch): void {
    const { agent, message } = dispatch;
    if (message.type !== "perform" && message.type !== "compensate") {
      this.send(run, dispatch);
      return;
    }
    const { attempts } = this.#options;
    const begun =
      message.type === "perform"
        ? attempts.goAhead(run, { ...message, type: "step-started" })
        : attempts.goAhead(run, { ...message.own, type: "compensation-started" });
    const order = (grant: Grant | false): void => {
      if (grant !== false) this.send(run, { agent, message: { ...message, ...grant } });
    };
    if (begun instanceof Promise) void begun.then(order);
    else order(begun);
  }

  /** Tells the attempts in flight that some code listens to their run. */
  listen(run: OpenRun): void {
    const started = allSteps(run.state.steps).flatMap(({ name, status }) =>
      status === "started" ? (agentStepOf(run.plan, run.state, name) ?? []) : [],
    );
    for (const { agent } of participantsOf(started))
      if (agent.emits !== undefined) this.send(run, { agent, message: { type: "listen", run: run.id } });
  }

  /** Sends a message, whatever the policies say. */
  send(run: OpenRun, { agent, message }: Dispatch): void {
    const { send, onUndelivered } = this.#options;
    const failed = (error: unknown): void => {
      for (const event of undelivered(message, encodeError(error))) onUndelivered(run, event);
    };
    try {
      const sent = send(agent, { number: ++this.#sent, message });
      if (sent instanceof Promise) sent.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
