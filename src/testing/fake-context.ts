/** The context of an agent's code in a unit test: time, chance, states and other agents, without threads. */

import type { AgentContext, AgentDefinition } from "../agents/agent-definition.ts";
import { type Address, homeHost, makeAddress } from "../actors/address.ts";
import type { CallStream } from "../actors/call-stream.ts";
import type { CallableAgent } from "../actors/callable-agent.ts";
import { StreamedCall } from "../agents/streamed-call.ts";
import { checkContract } from "../contracts/contract.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { checkDefinition } from "../runtime/definitions/check-definition.ts";
import type { StoreClient } from "../store/client/store-client.ts";
import type { FakeAnswer } from "./simulator/fake-answer.ts";
import {
  type ActiveModelCall,
  checkModelCall,
  checkToolCall,
  checkUsage,
  type ModelCall,
  tokensOf,
  type TokenUsage,
  type ToolCall,
} from "../agents/model-call.ts";
import { type ActiveSpan, activeSpan, checkName } from "../traces/active-span.ts";
import type { ValueCopier } from "../values/value-copier.ts";
import { shown } from "../values/shown.ts";

/**
 * A call that the tested agent has made: the name of the agent that it called, and the input.
 *
 * @since 0.1.0
 */
export interface SeenCall {
  readonly agent: string;
  readonly input: unknown;
}

export interface FakeContextOptions {
  readonly agent: string;
  readonly version: string;
  /** What the agent emits; `undefined` for an agent that emits nothing, and for a compensation. */
  readonly emits: AgentDefinition["emits"];
  readonly run: string | undefined;
  readonly step: string | undefined;
  readonly tenant: string | undefined;
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  readonly random: () => number;
  readonly answers: readonly FakeAnswer[];
  readonly copier: ValueCopier;
  readonly store: StoreClient;
  readonly clock: FakeTime;
  readonly onCall: (call: SeenCall) => void;
  readonly onTokens: (tokens: number) => void;
  readonly onPart: (part: unknown) => void;
}

/** Time that goes on only while the tested agent sleeps. */
export interface FakeTime {
  now: number;
}

export class FakeContext implements AgentContext<unknown> {
  readonly run: string | undefined;
  readonly step: string | undefined;
  readonly tenant: string | undefined;
  readonly idempotencyKey: string;
  readonly self: Address;
  readonly thread = 0;
  readonly signal: AbortSignal;
  readonly deadline = Number.POSITIVE_INFINITY;
  readonly traceparent = undefined;
  readonly read: AgentContext["read"];
  readonly snapshot: AgentContext["snapshot"];
  readonly history: AgentContext["history"];
  readonly at: AgentContext["at"];
  readonly commit: AgentContext["commit"];
  readonly transact: AgentContext["transact"];
  readonly put: AgentContext["put"];
  readonly #options: FakeContextOptions;

  constructor(options: FakeContextOptions) {
    const { agent, run, step, tenant, idempotencyKey, signal, store } = options;
    this.#options = options;
    this.run = run;
    this.step = step;
    this.tenant = tenant;
    this.idempotencyKey = idempotencyKey;
    this.signal = signal;
    this.self = makeAddress(homeHost, agent);
    this.read = store.read.bind(store);
    this.snapshot = store.snapshot.bind(store);
    this.history = store.history.bind(store);
    this.at = store.at.bind(store);
    this.commit = store.commit.bind(store);
    this.transact = store.transact.bind(store);
    this.put = store.put.bind(store);
  }

  now(): number {
    return this.#options.clock.now;
  }

  timeLeft(): number {
    return Number.POSITIVE_INFINITY;
  }

  random(): number {
    return this.#options.random();
  }

  async sleep(ms: number): Promise<void> {
    if (typeof ms !== "number" || Number.isNaN(ms))
      throw new TroupeError("invalid-options", `sleep: ms is a number of milliseconds, not ${shown(ms)}`);
    this.signal.throwIfAborted();
    this.#options.clock.now += Math.max(0, ms);
  }

  async call<In, Out>(callee: CallableAgent<In, Out>, input: NoInfer<In>): Promise<Out> {
    checkDefinition("call", ["agent"], callee);
    return this.#answered(callee, input, () => undefined);
  }

  stream<In, Out, Part>(callee: CallableAgent<In, Out, Part>, input: NoInfer<In>): CallStream<Part, Out> {
    const { copier } = this.#options;
    checkDefinition("stream", ["agent"], callee);
    const stream = new StreamedCall<Part, Out>({ decode: (part) => part, left: () => undefined });
    let count = 0;
    const take = (...values: readonly unknown[]): void => {
      stream.take({ attempt: 1, index: count, values }, () => undefined);
      count += values.length;
    };
    const emit = (part: unknown): void => {
      if (callee.emits === undefined)
        throw new TroupeError("invalid-options", `emit: ${callee.name} emits nothing by its definition`);
      const { name: agent, version } = callee;
      const checked = checkContract(callee.emits, part, { agent, version, direction: "part", side: "sender" });
      take(copier.copy(checked, `a part of ${agent}`));
    };
    take(); // without values: the attempt begins
    this.#answered(callee, input, emit).then(
      (output) => stream.finish(output),
      (error: unknown) => stream.fail(error),
    );
    return stream;
  }

  async #answered<In, Out>(callee: CallableAgent<In, Out>, input: In, emit: (part: unknown) => void): Promise<Out> {
    const { agent: caller, answers, copier, onCall } = this.#options;
    this.signal.throwIfAborted();
    const { name: agent, version, input: schema, module } = callee;
    checkContract(schema, input, { agent, version, direction: "input", side: "sender" });
    const given = copier.copy(input, `the input of a call of ${agent}`);
    onCall({ agent, input: given });
    const known = answers.find((one) => one.agent.name === agent && one.agent.module === module);
    if (known === undefined) throw noAnswer(caller, agent);
    const answer = await known.answer(copier.copy(given, "an input") as never, emit as never);
    return copier.copy(answer, `the answer of ${agent}`) as Out;
  }

  useTokens(tokens: number | TokenUsage): void {
    this.#options.onTokens(tokensOf(checkUsage(tokens)));
  }

  async span<T>(name: string, work: (span: ActiveSpan) => T | Promise<T>): Promise<T> {
    checkName("span", name);
    return work(activeSpan(undefined, undefined));
  }

  async modelCall<T>(call: ModelCall, work: (call: ActiveModelCall) => T | Promise<T>): Promise<T> {
    checkModelCall(call);
    return work({ ...activeSpan(undefined, undefined), used: (usage) => this.useTokens(usage) });
  }

  async toolCall<T>(call: ToolCall, work: (span: ActiveSpan) => T | Promise<T>): Promise<T> {
    checkToolCall(call);
    return work(activeSpan(undefined, undefined));
  }

  async emit(part: unknown): Promise<void> {
    const { agent, version, emits, copier, onPart } = this.#options;
    if (emits === undefined)
      throw new TroupeError(
        "invalid-options",
        `emit: what runs here of ${agent} emits nothing: only execute does, by emits`,
      );
    this.signal.throwIfAborted();
    const checked = checkContract(emits, part, { agent, version, direction: "part", side: "sender" });
    onPart(copier.copy(checked, `a part of ${agent}`));
  }

  async spawn(): Promise<never> {
    throw notHere("spawn");
  }

  async find(): Promise<never> {
    throw notHere("find");
  }

  async stop(): Promise<void> {
    throw notHere("stop");
  }

  async watch(): Promise<void> {
    throw notHere("watch");
  }

  async unwatch(): Promise<void> {
    throw notHere("unwatch");
  }

  async link(): Promise<void> {
    throw notHere("link");
  }

  async unlink(): Promise<void> {
    throw notHere("unlink");
  }
}

function noAnswer(caller: string, agent: string): TroupeError {
  return new TroupeError(
    "invalid-options",
    `testAgent ${caller}: it calls the agent ${agent}, for which there is no answer. Give one: calls: [answering(${agent}, (input) => …)].`,
    { details: { agent } },
  );
}

function notHere(method: string): TroupeError {
  return new TroupeError(
    "invalid-options",
    `testAgent: there are no actors here, so context.${method} can't be used. Test such an agent by simulate, which has the whole runtime.`,
  );
}
