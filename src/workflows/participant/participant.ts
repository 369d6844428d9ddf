/**
 * An agent's side of coordination: carries out what the supervisor orders, decides for its own steps in relayed runs, and
 * answers direct calls. One participant does all steps of its agent, in all workflows.
 */

import { encodeError } from "../../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { MaybePromise } from "../../async/maybe-promise.ts";
import { AgentCode, type AgentCodePorts } from "./agent-code.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { Cancellation } from "../../async/cancellation.ts";
import { type JoinPorts, ParticipantJoins } from "./participant-joins.ts";
import type { Work } from "./work-slots.ts";
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
import type { Claim, CompensationStarted, Outcome, StepStarted } from "../history/run-event.ts";

const never = Number.POSITIVE_INFINITY;

/** What a participant needs of the world around it. */
export interface ParticipantPorts extends AgentCodePorts, JoinPorts {
  /**
   * Asks the supervisor whether the run's history accepts `event` and its agent may go ahead: `false` if not. Rejects when
   * no answer will come.
   */
  claim(run: string, event: Claim): Promise<Grant | false>;
  /** Tells the supervisor how something ended, and what that took. Throws or rejects when that can't be sent. */
  report(run: string, event: Outcome, spent: Spent): MaybePromise<void>;
  /**
   * The participant can't go on with a run: the supervisor can't be reached. Whoever runs the participant has to see to it
   * that the supervisor counts it as lost.
   */
  onError(error: unknown): void;
}

/** A direct call: an agent asked outside of any run. */
export interface ExecuteOptions {
  /** The same for every attempt at this call. */
  readonly idempotencyKey: string;
  /** Aborted when the caller gives up: aborts the signal that the agent sees. Default: never. */
  readonly cancellation?: Cancellation;
  /** Until when the caller waits, in the clock's milliseconds. Default Infinity. */
  readonly deadline?: number;
  /** Called right before the agent's code runs: what fails before has had no effect. The work tells what it used. */
  readonly onBegin?: (work: Work) => void;
}

/**
 * Does the steps of one agent.
 *
 * Guarantees: at most `concurrency` calls of the agent's code at a time, in the order in which they became due (invariant
 * 2); each order is carried out once however often it arrives, and in a relayed run nothing is done that the run's history
 * did not accept (invariant 5); whatever the agent's code does is reported as one outcome.
 */
export class Participant {
  readonly #agent: AgentDefinition;
  readonly #ports: ParticipantPorts;
  readonly #code: AgentCode;
  readonly #joins: ParticipantJoins;
  readonly #work = new Set<Work>();
  /** The number of the newest message; what isn't above it has been here before. */
  #last = 0;
  #stopped: TroupeError | undefined;

  constructor(agent: AgentDefinition, ports: ParticipantPorts) {
    this.#agent = agent;
    this.#ports = ports;
    this.#code = new AgentCode(agent, ports);
    this.#joins = new ParticipantJoins(ports);
  }

  /** How many relayed runs it is gathering events for, and how much work is in flight or waits for its turn. */
  get load(): { readonly joins: number; readonly work: number } {
    return { joins: this.#joins.size, work: this.#work.size };
  }

  /**
   * Takes a message of the supervisor. Never throws. Where the message led to work, the promise resolves when the work is
   * done and reported: until then the message keeps its place in the mailbox, which bounds what waits here (invariant 7).
   */
  handle({ number, message }: NumberedMessage): MaybePromise<void> {
    if (number <= this.#last) return undefined;
    this.#last = number;
    switch (message.type) {
      case "perform":
        return this.#perform(message, this.#begin(message.run, message, false));
      case "compensate":
        return this.#compensate(message.own, this.#begin(message.run, message.own, true));
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
    }
  }

  /**
   * Executes the agent outside of any run, in its turn. Resolves to what the contract makes of the output.
   *
   * @throws TroupeError (as a rejection) `contract-violated`, `actor-stopped`; or whatever the agent throws.
   */
  async execute(
    input: unknown,
    { idempotencyKey, cancellation = new Cancellation(), deadline = never, onBegin }: ExecuteOptions,
  ): Promise<unknown> {
    const work = this.#add({
      run: undefined,
      step: undefined,
      idempotencyKey,
      attempt: 1,
      deadline,
      isCompensation: false,
      cancellation,
    });
    try {
      return await this.#code.execute(work, input, onBegin);
    } finally {
      this.#end(work);
    }
  }

  /** Aborts all signals and starts no further work: what waits for its turn fails as `actor-stopped`. */
  stop(): void {
    const { name } = this.#agent;
    this.#stopped = new TroupeError("actor-stopped", `the agent ${name} was stopped`, { details: { agent: name } });
    this.#code.stop();
    for (const { cancellation } of this.#work) cancellation.abort(this.#stopped);
    this.#joins.stop();
  }

  #perform({ step, input }: { readonly step: string; readonly input: Payload }, work: Work): Promise<void> {
    return this.#attempt(work, step, async (onLate) => {
      const value = await this.#code.perform(work, input, onLate);
      const output = this.#ports.codec.encode(value, `the output of the step "${step}"`);
      return { type: "step-finished", step, output, ...attemptIn(work) };
    });
  }

  #compensate(own: OwnStep, work: Work): Promise<void> {
    const { step } = own;
    return this.#attempt(work, step, async (onLate) => {
      await this.#code.compensate(work, own, onLate);
      return { type: "compensation-finished", step, ...attemptIn(work) };
    });
  }

  /**
   * Reports what an attempt came to. When its time is up before, that is reported as its failure; what its code comes to then
   * the run's history refuses.
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
      outcome = failed(error);
    } finally {
      this.#end(work);
    }
    await this.#report(work, outcome);
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
      case "step-failed":
        return this.#tell(run, proposal, nothing);
      case "step-started": {
        const work = await this.#claim(run, proposal);
        return work && this.#perform(proposal, work);
      }
      case "compensation-started": {
        const { own, ...event } = proposal;
        const work = await this.#claim(run, event);
        return work && this.#compensate(own, work);
      }
    }
  }

  /** The work, if it is ours to do. It is known before the answer is there, so that an abort that overtakes the answer finds it. */
  async #claim(run: string, event: StepStarted | CompensationStarted): Promise<Work | undefined> {
    const work = this.#begin(run, event, event.type === "compensation-started");
    try {
      const grant = await this.#ports.claim(run, event);
      if (grant !== false) {
        work.deadline = grant.deadline ?? work.deadline;
        return work;
      }
    } catch (error) {
      this.#ports.onError(error);
    }
    this.#end(work);
    return undefined;
  }

  #begin(
    run: string,
    { step, attempt = 1, deadline = never }: Pick<Attempt, "step" | "attempt" | "deadline">,
    isCompensation: boolean,
  ): Work {
    return this.#add({
      run,
      step,
      idempotencyKey: isCompensation ? `${run}/${step}/compensation` : `${run}/${step}`,
      attempt,
      deadline,
      isCompensation,
      cancellation: new Cancellation(),
    });
  }

  /** Field by field: a copy by spreading took 3 µs, as long as all else that supervisor and participant do for a step. */
  #add({ run, step, idempotencyKey, attempt, deadline, isCompensation, cancellation }: NewWork): Work {
    const work: Work = {
      run,
      step,
      idempotencyKey,
      attempt,
      deadline,
      began: undefined,
      tokens: 0,
      isCompensation,
      cancellation,
      isOver: false,
      isLeftBehind: false,
    };
    if (this.#stopped !== undefined) work.cancellation.abort(this.#stopped);
    this.#work.add(work);
    return work;
  }

  #end(work: Work): void {
    this.#work.delete(work);
    work.isOver = true;
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

  #report(work: Work, outcome: Outcome, more: Pick<Spent, "isRunning"> = {}): Promise<void> {
    const { run = "", began, tokens } = work;
    const took = began === undefined ? 0 : this.#ports.clock.now() - began;
    return this.#tell(run, outcome, { took, tokens, ...more });
  }

  /** An output that can't travel fails its step; when even that can't be told, the participant is of no use. */
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

/** A piece of work before it has begun. */
type NewWork = Omit<Work, "began" | "tokens" | "isOver" | "isLeftBehind">;

/** What never began took nothing. */
const nothing: Spent = { took: 0, tokens: 0 };

function attemptIn({ attempt }: Work): { readonly attempt?: number } {
  return attempt === 1 ? {} : { attempt };
}
