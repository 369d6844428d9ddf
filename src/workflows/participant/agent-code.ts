/**
 * An agent's code as its participant calls it: in its turn, between the checks of the contract, and each attempt within the
 * time that the agent's policies give it.
 */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AgentContext, AgentDefinition } from "../../agents/agent-definition.ts";
import { checkContract, type ContractSite } from "../../contracts/contract.ts";
import { type Work, WorkSlots } from "./work-slots.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import type { OwnStep } from "../coordination/coordination-protocol.ts";

/** What calls of an agent's code need of the world around them. */
export interface AgentCodePorts {
  /** Makes the context that the agent's code gets. */
  context(work: Work): AgentContext;
  /** Makes actor refs of their plain forms in a value that it may change, bound to the work. Default: as the codec does. */
  revive?(value: unknown, work: Work): unknown;
  /** The agent's code didn't end after its signal had aborted, and is left behind: what it does from now on must have no effect. */
  onLeftBehind(work: Work, error: TroupeError): void;
  /** What makes payloads of values; with refs revived. */
  readonly codec: PayloadCodec;
  readonly clock: Clock;
}

/**
 * Guarantees: at most `concurrency` calls at a time, in the order in which they were asked for (invariant 2). All calls reject
 * with what the agent throws, with `contract-violated`, or with the reason for which the work was aborted before it began, or
 * left behind.
 */
export class AgentCode {
  readonly #agent: AgentDefinition;
  readonly #ports: AgentCodePorts;
  readonly #inputSite: ContractSite;
  readonly #outputSite: ContractSite;
  readonly #slots: WorkSlots;

  constructor(agent: AgentDefinition, ports: AgentCodePorts) {
    this.#agent = agent;
    this.#ports = ports;
    const { name, version } = agent;
    this.#inputSite = { agent: name, version, direction: "input", side: "receiver" };
    this.#outputSite = { agent: name, version, direction: "output", side: "sender" };
    this.#slots = new WorkSlots({
      concurrency: agent.concurrency,
      clock: ports.clock,
      onLeftBehind: (work) => ports.onLeftBehind(work, leftBehind(agent, work)),
    });
  }

  /** A direct call. `onBegin` is called right before the agent's code runs. */
  execute(work: Work, input: unknown, onBegin: ((work: Work) => void) | undefined): Promise<unknown> {
    return this.#slots.run(work, () => this.#execute(work, input, onBegin));
  }

  /** An attempt at a step. `onLate` hears that its time is up. */
  perform(work: Work, input: Payload, onLate: (error: TroupeError) => void): Promise<unknown> {
    return this.#attempt(work, onLate, () => this.#execute(work, this.#decode(work, input)));
  }

  /** An attempt at a compensation. `onLate` hears that its time is up. */
  compensate(work: Work, own: OwnStep, onLate: (error: TroupeError) => void): Promise<void> {
    return this.#attempt(work, onLate, () => this.#compensate(work, own));
  }

  /** The participant stops: nothing is left behind any more. */
  stop(): void {
    this.#slots.close();
  }

  /**
   * Bounds the time of an attempt from when the agent's code begins. When the time is up, its signal aborts; the code keeps
   * its slot until it ends, or is left behind.
   */
  #attempt<T>(work: Work, onLate: (error: TroupeError) => void, call: () => Promise<T>): Promise<T> {
    const { clock } = this.#ports;
    const { timeout } = this.#agent.policies;
    return this.#slots.run(work, async () => {
      work.began = clock.now();
      if (timeout === Number.POSITIVE_INFINITY) return call();
      work.deadline = Math.min(work.deadline, work.began + timeout);
      const timer = clock.setTimer(timeout, () => {
        const error = timedOut(work, timeout);
        work.cancellation.abort(error);
        onLate(error);
      });
      try {
        return await call();
      } finally {
        timer.cancel();
      }
    });
  }

  async #execute(work: Work, input: unknown, onBegin?: (work: Work) => void): Promise<unknown> {
    work.cancellation.throwIfAborted();
    const { execute } = this.#agent; // called as it was written: a function, not a method
    const parsed = checkContract(this.#agent.input, input, this.#inputSite);
    onBegin?.(work);
    const output = await execute(parsed as never, this.#ports.context(work));
    return checkContract(this.#agent.output, output, this.#outputSite);
  }

  async #compensate(work: Work, { input, output, isUnknown }: OwnStep): Promise<void> {
    work.cancellation.throwIfAborted();
    const { compensate, compensateUnknown } = this.#agent;
    const parsed = checkContract(this.#agent.input, this.#decode(work, input), this.#inputSite) as never;
    const context = this.#ports.context(work);
    if (isUnknown === true) await compensateUnknown?.(parsed, context);
    else await compensate?.(this.#decode(work, output) as never, context, parsed);
  }

  #decode(work: Work, payload: Payload): unknown {
    const { codec, revive } = this.#ports;
    return codec.decode(payload, revive && ((value) => revive(value, work)));
  }
}

function timedOut({ run, step, isCompensation }: Work, timeout: number): TroupeError {
  const what = isCompensation ? `the compensation of the step "${step}"` : `the step "${step}"`;
  return new TroupeError(
    "timed-out",
    `${what} of the run ${run} did not end within ${timeout} ms; it may have had effects, or may still`,
    { details: { ...whereOf(run, step), timeout } },
  );
}

function leftBehind({ name, version }: AgentDefinition, { run, step, isCompensation }: Work): TroupeError {
  const what =
    run === undefined
      ? "a direct call"
      : `${isCompensation ? "the compensation of " : ""}the step "${step}" of the run ${run}`;
  return new TroupeError(
    "timed-out",
    `the agent ${name}@${version} goes on with ${what} long after its signal aborted, and is left behind: what it does has no effect ` +
      "any more, and its place is given to others. Pass context.signal on to what it waits for.",
    { details: { agent: name, ...whereOf(run, step) } },
  );
}

/** The step among the details of an error; of a direct call there is none. */
function whereOf(run: string | undefined, step: string | undefined): { readonly run?: string; readonly step?: string } {
  return run === undefined || step === undefined ? {} : { run, step };
}
