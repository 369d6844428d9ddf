/**
 * The calls of an agent's code: in turn, with input and output checked against the contract, each attempt within the
 * timeout of the agent's policies.
 */

import { caught } from "../../errors/caught.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { OpenSpan } from "../../traces/recorder.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AgentContext, AgentDefinition } from "../../agents/agent-definition.ts";
import { checkContract, type ContractSite } from "../../contracts/contract.ts";
import { attemptDetails, attemptName, beginAttempt, ineffective } from "./attempt-time.ts";
import { type Work, WorkSlots } from "./work-slots.ts";
import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import type { OwnStep } from "../coordination/coordination-protocol.ts";

/** What calls of an agent's code need from their host. */
export interface AgentCodePorts {
  /** Makes the context that the agent's code gets. */
  context(work: Work): AgentContext;
  /**
   * Replaces the plain forms of actor refs in a value, which it may change, by refs bound to the work. Default: as the
   * codec does.
   */
  revive?(value: unknown, work: Work): unknown;
  /** Begins the span of a run of the agent's code; `undefined` where nothing is recorded. */
  record?(work: Work): OpenSpan | undefined;
  /** Told of each run of the agent's code that has ended: how many milliseconds it took, and what it threw. Absent where nothing is measured. */
  readonly measure?: ((work: Work, took: number, failure?: { readonly thrown: unknown }) => void) | undefined;
  /**
   * Called when the agent's code didn't end after its signal aborted, and is left behind. What it does from now on must
   * have no effect.
   */
  onLeftBehind(work: Work, error: TroupeError): void;
  /** Resolves when whatever was committed before, by any attempt on any thread, has landed or failed, and what is read next sees it. */
  settled(): Promise<void>;
  /** Encodes values as payloads, and decodes them with refs revived. */
  readonly codec: PayloadCodec;
  readonly clock: Clock;
}

/**
 * Calls the code of one agent. It owns the slots and timeouts of the calls; the participant owns their bookkeeping.
 * Guarantees: at most `concurrency` calls at a time, in the order in which they were requested (invariant 2). A call
 * rejects with what the agent throws, with `contract-violated`, or with the reason for which the work was aborted
 * before it began or was left behind.
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
      onLeftBehind: (work) => {
        work.refusal = ineffective(agent.name, work, "was left behind");
        work.span?.lose();
        ports.onLeftBehind(work, leftBehind(agent, work));
      },
    });
  }

  /** A direct call. `onBegin` is called right before the agent's code runs. */
  execute(work: Work, input: unknown, onBegin: ((work: Work) => void) | undefined): Promise<unknown> {
    return this.#slots.run(work, () => this.#execute(work, input, onBegin));
  }

  /** Makes an attempt at a step. Calls `onBegin` right before the agent's code runs, and `onLate` when its time is up. */
  perform(
    work: Work,
    input: Payload,
    onLate: (error: TroupeError) => void,
    onBegin: ((work: Work) => void) | undefined,
  ): Promise<unknown> {
    return this.#attempt(work, onLate, () => this.#execute(work, this.#decode(work, input), onBegin));
  }

  /** Makes an attempt at a compensation. Calls `onLate` when its time is up. */
  compensate(work: Work, own: OwnStep, onLate: (error: TroupeError) => void): Promise<void> {
    return this.#attempt(work, onLate, () => this.#compensate(work, own));
  }

  /** The participant stops: from now on no code is left behind. */
  stop(): void {
    this.#slots.close();
  }

  #attempt<T>(work: Work, onLate: (error: TroupeError) => void, call: () => Promise<T>): Promise<T> {
    return this.#slots.run(work, async () => {
      const timer = beginAttempt(this.#agent, work, this.#ports.clock, onLate);
      if (timer === undefined) return call();
      try {
        return await call();
      } finally {
        timer.cancel();
      }
    });
  }

  async #execute(work: Work, input: unknown, onBegin?: (work: Work) => void): Promise<unknown> {
    work.cancellation.throwIfAborted();
    const { execute } = this.#agent; // `defineAgent` has bound it, so it is called without a receiver
    const parsed = checkContract(this.#agent.input, input, this.#inputSite);
    onBegin?.(work);
    const span = this.#record(work);
    const { measure, clock } = this.#ports;
    const began = clock.now();
    try {
      const output = await execute(parsed as never, this.#ports.context(work));
      const checked = checkContract(this.#agent.output, output, this.#outputSite);
      span?.end();
      measure?.(work, clock.now() - began);
      return checked;
    } catch (thrown) {
      const error = caught(thrown);
      span?.fail(error);
      measure?.(work, clock.now() - began, { thrown: error });
      throw error;
    }
  }

  async #compensate(work: Work, { input, output, isUnknown }: OwnStep): Promise<void> {
    work.cancellation.throwIfAborted();
    const { compensate, compensateUnknown } = this.#agent;
    const parsed = checkContract(this.#agent.input, this.#decode(work, input), this.#inputSite) as never;
    await this.#ports.settled();
    const span = this.#record(work);
    const context = this.#ports.context(work);
    try {
      if (isUnknown === true) await compensateUnknown?.(parsed, context);
      else await compensate?.(this.#decode(work, output) as never, context, parsed);
      span?.end();
    } catch (thrown) {
      span?.fail(thrown);
      throw thrown;
    }
  }

  /** From now on, what the work does is in the span of its code. */
  #record(work: Work): OpenSpan | undefined {
    work.span = this.#ports.record?.(work);
    if (work.span !== undefined) work.trace = work.span;
    return work.span;
  }

  #decode(work: Work, payload: Payload): unknown {
    const { codec, revive } = this.#ports;
    return codec.decode(payload, revive && ((value) => revive(value, work)));
  }
}

function leftBehind(agent: AgentDefinition, work: Work): TroupeError {
  return new TroupeError(
    "timed-out",
    `the agent ${agent.name}@${agent.version} goes on with ${attemptName(work)} long after its signal aborted, and is left behind: ` +
      "what it does has no effect any more, and its place is given to others. Pass context.signal on to what it waits for.",
    { details: attemptDetails(agent.name, work) },
  );
}
