/**
 * An agent's side of coordination: carries out what the supervisor orders, decides for its own steps in relayed runs, and
 * answers direct calls. One participant does all steps of its agent, in all workflows.
 */

import { encodeError } from "../errors/error-codec.ts";
import { isTroupeError, TroupeError } from "../errors/troupe-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { MaybePromise } from "../store/maybe-promise.ts";
import type { AgentContext, AgentDefinition } from "./agent-definition.ts";
import { Cancellation } from "./cancellation.ts";
import { checkContract, type ContractSite } from "./contract.ts";
import { type Work, WorkSlots } from "./participant-work.ts";
import type { Payload, PayloadCodec } from "./payload-codec.ts";
import type {
  Abort,
  Attempt,
  Grant,
  NumberedMessage,
  OwnStep,
  Relay,
  Spent,
} from "./supervisor/coordination-protocol.ts";
import { undelivered } from "./supervisor/dispatch.ts";
import { emptyJoin, join, type JoinProposal, type JoinState } from "./supervisor/join.ts";
import type { Claim, CompensationStarted, Outcome, StepStarted } from "./supervisor/run-event.ts";
import type { WorkflowDefinition, WorkflowId } from "./workflow-definition.ts";

const never = Number.POSITIVE_INFINITY;

/** What a participant needs of the world around it. */
export interface ParticipantPorts {
  /**
   * Asks the supervisor whether the run's history accepts `event` and its agent may go ahead: `false` if not. Rejects when
   * no answer will come.
   */
  claim(run: string, event: Claim): Promise<Grant | false>;
  /** Tells the supervisor how something ended, and what that took. Throws or rejects when that can't be sent. */
  report(run: string, event: Outcome, spent: Spent): MaybePromise<void>;
  /** Finds the workflow of a relayed run. */
  workflow(id: WorkflowId): MaybePromise<WorkflowDefinition>;
  /** Makes the context that the agent's code gets. */
  context(work: Work): AgentContext;
  /** Makes actor refs of their plain forms in a value that it may change, bound to the work. Default: as the codec does. */
  revive?(value: unknown, work: Work): unknown;
  /** The agent's code didn't end after its signal had aborted, and is left behind: what it does from now on must have no effect. */
  onLeftBehind(work: Work, error: TroupeError): void;
  /**
   * The participant can't go on with a run: the supervisor can't be reached. Whoever runs the participant has to see to it
   * that the supervisor counts it as lost.
   */
  onError(error: unknown): void;
  /** What makes payloads of values; with refs revived. */
  readonly codec: PayloadCodec;
  readonly clock: Clock;
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
  readonly #inputSite: ContractSite;
  readonly #outputSite: ContractSite;
  readonly #slots: WorkSlots;
  readonly #work = new Set<Work>();
  readonly #joins = new Map<string, JoinState>();
  readonly #workflows = new Map<string, MaybePromise<WorkflowDefinition>>();
  /** The number of the newest message; what isn't above it has been here before. */
  #last = 0;
  #stopped: TroupeError | undefined;

  constructor(agent: AgentDefinition, ports: ParticipantPorts) {
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
        return this.#perform(message.run, message, this.#begin(message.run, message, false));
      case "compensate":
        return this.#compensate(message.run, message.own, this.#begin(message.run, message.own, true));
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
        return this.#release(message.run, message.workflow);
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
    const work: Work = {
      run: undefined,
      step: undefined,
      idempotencyKey,
      attempt: 1,
      deadline,
      began: undefined,
      tokens: 0,
      isCompensation: false,
      cancellation,
      isOver: false,
      isLeftBehind: false,
    };
    if (this.#stopped !== undefined) cancellation.abort(this.#stopped);
    this.#work.add(work);
    try {
      return await this.#slots.run(work, () => this.#call(work, input, onBegin));
    } finally {
      this.#end(work);
    }
  }

  /** Aborts all signals and starts no further work: what waits for its turn fails as `actor-stopped`. */
  stop(): void {
    const { name } = this.#agent;
    this.#stopped = new TroupeError("actor-stopped", `the agent ${name} was stopped`, { details: { agent: name } });
    this.#slots.close();
    for (const { cancellation } of this.#work) cancellation.abort(this.#stopped);
    this.#joins.clear();
  }

  async #perform(
    run: string,
    { step, input }: { readonly step: string; readonly input: Payload },
    work: Work,
  ): Promise<void> {
    let outcome: Outcome;
    const failed = (error: unknown): Outcome => ({
      type: "step-failed",
      step,
      error: encodeError(error),
      ...attemptIn(work),
    });
    try {
      const value = await this.#slots.run(work, () =>
        this.#within(work, failed, () => this.#call(work, this.#decode(work, input))),
      );
      const output = this.#ports.codec.encode(value, `the output of the step "${step}"`);
      outcome = { type: "step-finished", step, output, ...attemptIn(work) };
    } catch (error) {
      outcome = failed(error);
    } finally {
      this.#end(work);
    }
    await this.#report(work, outcome);
  }

  async #compensate(run: string, own: OwnStep, work: Work): Promise<void> {
    const { step } = own;
    let outcome: Outcome;
    const failed = (error: unknown): Outcome => ({
      type: "compensation-failed",
      step,
      error: encodeError(error),
      ...attemptIn(work),
    });
    try {
      await this.#slots.run(work, () => this.#within(work, failed, () => this.#undo(work, own)));
      outcome = { type: "compensation-finished", step, ...attemptIn(work) };
    } catch (error) {
      outcome = failed(error);
    } finally {
      this.#end(work);
    }
    await this.#report(work, outcome);
  }

  /**
   * Bounds the time of an attempt from when the agent's code begins. When the time is up, its signal aborts and its failure is
   * reported; the code keeps its slot until it ends. What it comes to then the run's history refuses.
   */
  async #within<T>(work: Work, failed: (error: unknown) => Outcome, run: () => Promise<T>): Promise<T> {
    const { clock } = this.#ports;
    const { timeout } = this.#agent.policies;
    work.began = clock.now();
    if (timeout === Number.POSITIVE_INFINITY) return run();
    work.deadline = Math.min(work.deadline, work.began + timeout);
    const timer = clock.setTimer(timeout, () => {
      const error = timedOut(work, timeout);
      work.cancellation.abort(error);
      void this.#report(work, failed(error), { isRunning: true });
    });
    try {
      return await run();
    } finally {
      timer.cancel();
    }
  }

  async #call(work: Work, input: unknown, onBegin?: (work: Work) => void): Promise<unknown> {
    work.cancellation.throwIfAborted();
    const { execute } = this.#agent; // called as it was written: a function, not a method
    const parsed = checkContract(this.#agent.input, input, this.#inputSite);
    onBegin?.(work);
    const output = await execute(parsed as never, this.#ports.context(work));
    return checkContract(this.#agent.output, output, this.#outputSite);
  }

  async #undo(work: Work, { input, output, isUnknown }: OwnStep): Promise<void> {
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

  #relay(message: Relay): MaybePromise<void> {
    return this.#withWorkflow(
      message.workflow,
      (workflow) => {
        const [state, proposals] = join(
          workflow,
          this.#joins.get(message.run) ?? emptyJoin,
          message,
          this.#ports.codec,
        );
        if (state === undefined || this.#stopped !== undefined) this.#joins.delete(message.run);
        else this.#joins.set(message.run, state);
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
        return work && this.#perform(run, proposal, work);
      }
      case "compensation-started": {
        const { own, ...event } = proposal;
        const work = await this.#claim(run, event);
        return work && this.#compensate(run, own, work);
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
    const idempotencyKey = isCompensation ? `${run}/${step}/compensation` : `${run}/${step}`;
    const cancellation = new Cancellation();
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

  /** Waits for the workflow as what was relayed before does: a join must not come to life after its release. */
  #release(run: string, workflow: WorkflowId): MaybePromise<void> {
    const forget = (): void => void this.#joins.delete(run);
    return this.#withWorkflow(workflow, forget, forget);
  }

  /** Calls `use` at once where the workflow is known; otherwise calls wait for it in their order. */
  #withWorkflow(
    id: WorkflowId,
    use: (workflow: WorkflowDefinition) => MaybePromise<void>,
    otherwise: (error: unknown) => MaybePromise<void>,
  ): MaybePromise<void> {
    const key = `${id.module}#${id.name}@${id.version}`;
    let workflow = this.#workflows.get(key);
    if (workflow === undefined) {
      workflow = this.#lookUp(id);
      this.#workflows.set(key, workflow);
      if (workflow instanceof Promise) {
        workflow.then(
          (found) => this.#workflows.set(key, found),
          () => this.#workflows.delete(key), // the next message tries again
        );
      }
    }
    return workflow instanceof Promise ? workflow.then(use, otherwise) : use(workflow);
  }

  #lookUp(id: WorkflowId): MaybePromise<WorkflowDefinition> {
    try {
      return this.#ports.workflow(id);
    } catch (error) {
      return Promise.reject(error);
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

/** What never began took nothing. */
const nothing: Spent = { took: 0, tokens: 0 };

function timedOut({ run, step, isCompensation }: Work, timeout: number): TroupeError {
  const what = isCompensation ? `the compensation of the step "${step}"` : `the step "${step}"`;
  return new TroupeError(
    "timed-out",
    `${what} of the run ${run} did not end within ${timeout} ms; it may have had effects, or may still`,
    { details: { run, step, timeout } },
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
    { details: { agent: name, ...(run === undefined ? {} : { run, step }) } },
  );
}

function attemptIn({ attempt }: Work): { readonly attempt?: number } {
  return attempt === 1 ? {} : { attempt };
}
