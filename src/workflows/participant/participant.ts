/**
 * An agent's side of coordination: carries out the supervisor's orders, decides for its own steps in relayed runs, and
 * answers direct calls. One participant handles all steps of its agent, in all workflows.
 */

import type { Address } from "../../actors/address.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import { AgentCode, type AgentCodePorts } from "./agent-code.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { limitsRequests } from "../../agents/policies/gate.ts";
import { deferred } from "../../async/deferred.ts";
import { Cancellation } from "../../async/cancellation.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import { Emission, type EmissionPorts, type SendParts } from "./emission.ts";
import { type JoinPorts, ParticipantJoins } from "./participant-joins.ts";
import { ineffective } from "./attempt-time.ts";
import { contextOf, newWork, type NewWork } from "./new-work.ts";
import type { Work } from "./work-slots.ts";
import { keyOfParts } from "../../store/versions/idempotency-key.ts";
import type { Payload } from "../../contracts/payload-codec.ts";
import type {
  Abort,
  Attempt,
  Grant,
  NumberedMessage,
  OwnStep,
  Relay,
  Spent,
} from "../coordination/coordination-protocol.ts";
import { undelivered } from "../coordination/dispatch.ts";
import type { JoinProposal } from "../coordination/join.ts";
import type { Parts } from "../definition/parts.ts";
import type { Claim, CompensationStarted, Outcome, StepStarted } from "../history/run-event.ts";

const never = Number.POSITIVE_INFINITY;

/** What a participant needs from its host. */
export interface ParticipantPorts extends AgentCodePorts, JoinPorts, EmissionPorts {
  /**
   * Asks the supervisor whether the run's history accepts `event` and its agent may go ahead: `false` if not. Rejects
   * if no answer can come.
   */
  claim(run: string, event: Claim): Promise<Grant | false>;
  /**
   * Tells the supervisor that the agent's code begins with an attempt at a step. Called only for an agent whose policies
   * limit requests. Throws or rejects when it can't be sent.
   */
  begun(run: string, step: string, attempt: number): MaybePromise<void>;
  /**
   * Sends parts of an attempt to the supervisor, before whatever is reported of the attempt later. Resolves, when they were taken, to whether
   * more are wanted.
   */
  emitted(parts: Parts): Promise<boolean>;
  /** Tells the supervisor an outcome and what the attempt used. Throws or rejects when it can't be sent. */
  report(run: string, event: Outcome, spent: Spent): MaybePromise<void>;
  /**
   * Called when the participant can't go on with a run, since it can't reach the supervisor. The host has to make sure
   * that the supervisor counts the participant as lost.
   */
  onError(error: unknown): void;
}

/** A direct call: an agent asked outside of any run. */
export interface ExecuteOptions {
  /** The same for every attempt at this call. */
  readonly idempotencyKey: string;
  /** Aborts the agent's signal when the caller stops waiting. Default: never. */
  readonly cancellation?: Cancellation;
  /** When the caller stops waiting, in the clock's milliseconds. Default Infinity. */
  readonly deadline?: number;
  /** The run that the call is made for. Default: none. */
  readonly run?: string | undefined;
  /** The tenant that was named for it. Default: none. */
  readonly tenant?: string | undefined;
  /** The actors that wait for the call, each for the next one, and the last for the agent. Default: none. */
  readonly askers?: readonly Address[] | undefined;
  /** Its place in a trace. Default: none. */
  readonly trace?: TraceContext | undefined;
  /** Sends what the code emits to the caller. Default: it goes nowhere. */
  readonly emitted?: SendParts | undefined;
  /**
   * Called right before the agent's code runs: a failure before that has had no effect. From then on, the work counts the
   * tokens that the code reports.
   */
  readonly onBegin?: (work: Work) => void;
}

/**
 * Performs the steps of one agent.
 *
 * Guarantees: at most `concurrency` calls of the agent's code at a time, in the order in which they became due
 * (invariant 2); each order is carried out once, however often it arrives, and in a relayed run only what the run's
 * history accepted (invariant 5); each attempt is reported as one outcome.
 */
export class Participant {
  readonly #agent: AgentDefinition;
  readonly #ports: ParticipantPorts;
  readonly #code: AgentCode;
  readonly #joins: ParticipantJoins;
  readonly #work = new Set<Work>();
  /** For an agent in whose limits an attempt counts from when it begins. */
  readonly #onBegin: ((work: Work) => void) | undefined;
  /** The number of the newest message; a message with a number up to it has arrived before. */
  #last = 0;
  /** Set once it is about to stop. */
  #stopped: { readonly reason: unknown } | undefined;

  constructor(agent: AgentDefinition, ports: ParticipantPorts) {
    this.#agent = agent;
    this.#ports = ports;
    this.#code = new AgentCode(agent, ports);
    this.#joins = new ParticipantJoins(ports);
    this.#onBegin = limitsRequests(agent.policies) ? (work) => void this.#begun(work) : undefined;
  }

  /** How many relayed runs it gathers events for, and how many pieces of work are in flight or wait for their turn. */
  get load(): { readonly joins: number; readonly work: number } {
    return { joins: this.#joins.size, work: this.#work.size };
  }

  /**
   * Takes a message from the supervisor. Never throws. If the message leads to work, the promise resolves when the work
   * is done and reported: until then the message keeps its place in the mailbox, which bounds what waits here
   * (invariant 7).
   */
  handle({ number, message }: NumberedMessage): MaybePromise<void> {
    if (number <= this.#last) return undefined;
    this.#last = number;
    switch (message.type) {
      case "perform":
        return this.#perform(message, granted(this.#begin(message.run, message, false), message));
      case "compensate":
        return this.#compensate(message.own, granted(this.#begin(message.run, message.own, true), message));
      case "relay":
        return this.#relay(message);
      case "due": {
        const { epoch, step, input, attempt } = message;
        return this.#propose(message.run, { type: "step-started", step, input, by: "relay", epoch, attempt });
      }
      case "abort":
        this.#abort(message);
        return undefined;
      case "release":
        return this.#joins.release(message);
      case "listen":
        for (const work of this.#work) if (work.run === message.run) work.emission?.listen();
        return undefined;
    }
  }

  /**
   * Executes the agent outside of any run, in its turn. Resolves to the output as parsed by the contract.
   *
   * @throws TroupeError (as a rejection) `contract-violated`, `actor-stopped`; or the agent's own error.
   */
  async execute(input: unknown, options: ExecuteOptions): Promise<unknown> {
    const { cancellation = new Cancellation(), deadline = never, emitted } = options;
    const work = this.#add({
      run: undefined,
      step: undefined,
      forRun: options.run,
      tenant: options.tenant,
      idempotencyKey: options.idempotencyKey,
      attempt: 1,
      deadline,
      isCompensation: false,
      cancellation,
      askers: options.askers,
      trace: options.trace,
      emitted,
    });
    if (emitted !== undefined) work.emission?.listen();
    try {
      return await this.#code.execute(work, input, options.onBegin);
    } finally {
      this.#end(work);
    }
  }

  /**
   * The participant is about to stop: aborts all signals and starts no further work. What fails from now on is not reported, since
   * the supervisor counts a participant that has stopped as lost, with all that it had in flight. The first call counts.
   */
  abort(reason: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { reason };
    for (const { cancellation } of this.#work) cancellation.abort(reason);
  }

  /** Lets go of everything. Work that waits for its turn fails as `actor-stopped`. */
  stop(): void {
    const { name } = this.#agent;
    this.abort(new TroupeError("actor-stopped", `the agent ${name} was stopped`, { details: { agent: name } }));
    this.#code.stop();
    this.#joins.stop();
  }

  #perform({ step, input }: { readonly step: string; readonly input: Payload }, work: Work): Promise<void> {
    return this.#attempt(work, step, async (onLate) => {
      const value = await this.#code.perform(work, input, onLate, this.#onBegin);
      const output = this.#ports.codec.encode(value, `the output of the step "${step}"`);
      return { type: "step-finished", step, output, ...attemptIn(work) };
    });
  }

  #compensate(own: OwnStep, work: Work): Promise<void> {
    const { step } = own;
    return this.#attempt(work, step, async (onLate) => {
      await this.#afterAttempts(work);
      await this.#code.compensate(work, own, onLate);
      return { type: "compensation-finished", step, ...attemptIn(work) };
    });
  }

  /**
   * Reports the outcome of an attempt. If it times out first, the timeout is reported as its failure, and the run's
   * history refuses the later outcome.
   */
  async #attempt(
    work: Work,
    step: string,
    carryOut: (onLate: (error: unknown) => void) => Promise<Outcome>,
  ): Promise<void> {
    const type = work.isCompensation ? "compensation-failed" : "step-failed";
    const failed = (error: unknown): Outcome => ({ type, step, error: encodeError(error), ...attemptIn(work) });
    let outcome: Outcome;
    try {
      outcome = await carryOut((error) => void this.#report(work, failed(error), { isRunning: true }));
    } catch (error) {
      if (this.#stopped !== undefined) return;
      work.refusal ??= ineffective(this.#agent.name, work, "has failed");
      outcome = failed(error);
    } finally {
      this.#end(work);
    }
    await this.#report(work, outcome);
  }

  /**
   * Waits until no attempt at the step goes on: one that has timed out may have code that still runs, and what that does would come after it was
   * undone.
   */
  async #afterAttempts({ run, step }: Work): Promise<void> {
    for (const other of this.#work) {
      if (other.run !== run || other.step !== step || other.isCompensation) continue;
      other.over ??= deferred();
      await other.over.promise;
    }
  }

  #relay(message: Relay): MaybePromise<void> {
    return this.#joins.relay(
      message,
      (proposals) => {
        const doing = proposals.map((proposal) => this.#propose(message.run, proposal));
        return doing.length === 0 ? undefined : Promise.all(doing).then(() => undefined);
      },
      async (error) => {
        for (const event of undelivered(message, encodeError(error)))
          await this.#tell(message.run, event as Outcome, nothing);
      },
    );
  }

  async #propose(run: string, proposal: JoinProposal): Promise<void> {
    switch (proposal.type) {
      case "step-started": {
        const work = await this.#claim(run, proposal);
        return work && this.#perform(proposal, work);
      }
      case "compensation-started": {
        const { own, ...event } = proposal;
        const work = await this.#claim(run, event);
        return work && this.#compensate(own, work);
      }
      default:
        return this.#tell(run, proposal, nothing);
    }
  }

  /**
   * Claims an attempt; returns its work if the claim was granted. The work is registered before the answer arrives, so
   * that an abort that overtakes the answer finds it.
   */
  async #claim(run: string, event: StepStarted | CompensationStarted): Promise<Work | undefined> {
    const work = this.#begin(run, event, event.type === "compensation-started");
    try {
      const grant = await this.#ports.claim(run, event);
      if (grant !== false) return granted(work, grant);
    } catch (error) {
      this.#ports.onError(error);
    }
    this.#end(work);
    return undefined;
  }

  #begin(run: string, { step, attempt = 1 }: Pick<Attempt, "step" | "attempt">, isCompensation: boolean): Work {
    return this.#add({
      run,
      step,
      forRun: run,
      tenant: undefined,
      idempotencyKey: isCompensation ? keyOfParts(run, step, "compensation") : keyOfParts(run, step),
      attempt,
      deadline: never,
      isCompensation,
      cancellation: new Cancellation(),
      askers: undefined,
      trace: undefined,
      emitted: (parts) => this.#ports.emitted({ run, step, attempt, ...parts }),
    });
  }

  #add(given: NewWork): Work {
    const work = newWork(given);
    const { isCompensation, cancellation } = work;
    const { emits } = this.#agent;
    if (emits !== undefined && !isCompensation) {
      const { emitted = nowhere } = given;
      work.emission = new Emission(this.#agent, emits, { cancellation, emitted }, this.#ports);
    }
    if (this.#stopped !== undefined) work.cancellation.abort(this.#stopped.reason);
    this.#work.add(work);
    return work;
  }

  #end(work: Work): void {
    this.#work.delete(work);
    work.emission?.end();
    work.isOver = true;
    work.over?.resolve();
  }

  #abort({ run, reason }: Abort): void {
    const why = reason === undefined ? "" : `: ${reason}`;
    for (const work of this.#work) {
      if (work.run !== run || work.isCompensation) continue;
      work.cancellation.abort(
        new TroupeError("run-cancelled", `the run ${run} was cancelled${why}`, { details: { run } }),
      );
    }
  }

  async #begun({ run, step, attempt }: Work): Promise<void> {
    if (run === undefined || step === undefined) return;
    try {
      await this.#ports.begun(run, step, attempt);
    } catch (error) {
      this.#ports.onError(error);
    }
  }

  #report(work: Work, outcome: Outcome, more: Pick<Spent, "isRunning"> = {}): Promise<void> {
    const { run = "", began, tokens, emission } = work;
    const emitted = emission?.flush() ?? 0;
    const took = began === undefined ? 0 : this.#ports.clock.now() - began;
    return this.#tell(run, outcome, { took, tokens, ...(emitted > 0 && { emitted }), ...more });
  }

  /**
   * Reports an outcome. An output that can't be sent fails its step; if that can't be reported either, the participant
   * counts as lost.
   */
  async #tell(run: string, outcome: Outcome, spent: Spent): Promise<void> {
    try {
      await this.#ports.report(run, outcome, spent);
    } catch (error) {
      if (outcome.type !== "step-finished" || !isTroupeError(error)) return this.#ports.onError(error);
      const { output: _, fallbackFor: __, ...failure } = outcome;
      await this.#tell(run, { ...failure, type: "step-failed", error: encodeError(error) }, spent);
    }
  }
}

function granted(work: Work, { deadline, isHeard, tenant, trace }: Grant): Work {
  work.deadline = deadline ?? work.deadline;
  work.tenant = tenant;
  work.trace = contextOf(trace);
  if (isHeard === true) work.emission?.listen();
  return work;
}

/** Where the parts of a call go whose caller wants none. */
const nowhere: SendParts = () => Promise.resolve(false);

/** What an attempt has used whose code never ran. */
const nothing: Spent = { took: 0, tokens: 0 };

function attemptIn({ attempt }: Work): { readonly attempt?: number } {
  return attempt === 1 ? {} : { attempt };
}
