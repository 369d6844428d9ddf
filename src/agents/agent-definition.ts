/** An agent: a name, a version, a contract, `execute` and `compensate`. Workflows are made of agents. */

import type * as v from "valibot";
import { schemaProblem } from "../contracts/check-schema.ts";
import { unknownOption } from "../contracts/unknown-option.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import type { IsCloneable } from "../values/cloneable.ts";
import type { ReadonlyParts } from "../values/readonly-parts.ts";
import type { ActorContext } from "../actors/actor-context.ts";
import { checkDefinition } from "../actors/actor-definition.ts";
import type { CallableAgent } from "../actors/callable-agent.ts";
import { type Placement, placementProblem } from "../actors/placement.ts";
import { type Policies, type PolicyOptions, resolvePolicies } from "./policies/policies.ts";
import type { ActiveSpan } from "../traces/active-span.ts";
import type { ActiveModelCall, ModelCall, TokenUsage, ToolCall } from "./model-call.ts";
import { readGiven } from "../contracts/read-given.ts";
import { shown } from "../values/shown.ts";

/**
 * What an agent's `execute` and `compensate` get besides their input. `Part` is what it emits; `never` for an agent that doesn't.
 *
 * @since 0.1.0
 */
export interface AgentContext<Part = never> extends ActorContext {
  /** The run that this is done for: as a step of it, or called by one. `undefined` outside of any run. */
  readonly run: string | undefined;
  /** The step's name in its workflow; `undefined` when the agent was called or asked. */
  readonly step: string | undefined;
  /** The tenant that this is done for: that of the run, or of the call. `undefined` for none. The agents that it calls have the same. */
  readonly tenant: string | undefined;
  /**
   * The same for every attempt at this step, compensation or call, and for no other: pass it to the outside world so that an
   * effect happens once (invariant 5).
   */
  readonly idempotencyKey: string;
  /**
   * Reports tokens that this call used, such as those billed by a language model: how many, or what of them were `input`, `output`, `cached`
   * ones, by which `model`, and their `cost`. The agent's rate limits on tokens count input and output. Calls add up; they count when the
   * attempt ends.
   *
   * @throws TroupeError `invalid-options` for anything but a whole number from 0, or such numbers by their names.
   * @example
   * context.useTokens({ model: "small-1", input: 812, cached: 640, output: 95, cost: 0.004 });
   */
  useTokens(tokens: number | TokenUsage): void;
  /**
   * Calls a model within a span of its own, by OpenTelemetry's conventions: `chat <model>`. What it says it `used` is on that span, and
   * reported as by {@link AgentContext.useTokens}. Without `telemetry`, it only runs `work` and reports.
   *
   * @throws TroupeError (as a rejection) `invalid-options` for a `call` that can't be used; whatever `work` throws.
   * @example
   * const text = await context.modelCall({ provider: "acme", model: "small-1", input: messages }, async (call) => {
   *   const answer = await client.answer(messages, { headers: { traceparent: call.traceparent ?? "" } });
   *   call.used({ input: answer.usage.input, output: answer.usage.output });
   *   return answer.text;
   * });
   */
  modelCall<T>(call: ModelCall, work: (call: ActiveModelCall) => T | Promise<T>): Promise<T>;
  /**
   * Calls a tool within a span of its own, by OpenTelemetry's conventions: `execute_tool <name>`. Without `telemetry`, it only runs `work`.
   *
   * @throws TroupeError (as a rejection) `invalid-options` for a `call` that can't be used; whatever `work` throws.
   * @example
   * const rate = await context.toolCall({ name: "rates", arguments: { currency } }, () => rates.of(currency));
   */
  toolCall<T>(call: ToolCall, work: (span: ActiveSpan) => T | Promise<T>): Promise<T>;
  /**
   * Emits a part of what `execute` makes, such as a token of a text: of a step, to the listeners of the run by `run.stream$` or `run.text`;
   * of a call, to its caller by `context.stream` or `system.stream`. Parts are a preview: they are not recorded, and while nothing listens
   * they go nowhere. The output is what counts.
   *
   * Resolves when there is room for the next part: 1,024 parts of an attempt may be on their way. Await it, so that the agent is no faster
   * than its listeners. For a caller that doesn't, another 1,024 parts wait; what comes beyond that is left out, and listeners are told how
   * many parts they miss. What is emitted after `execute` has ended goes nowhere.
   *
   * @throws TroupeError (as a rejection) `contract-violated` for a part that doesn't satisfy the agent's `emits`, `not-cloneable`,
   * `message-too-large`; `invalid-options` for an agent without `emits`, and in a compensation. What {@link ActorContext.signal} aborted
   * with.
   * @example
   * for await (const token of model(prompt, { signal: context.signal })) await context.emit(token);
   */
  // oxlint-disable-next-line typescript/no-misused-promises -- an actor need not wait for its listeners, an agent does
  emit(part: Part): Promise<void>;
}

/**
 * What an agent is defined with: its contract, the function that does the work, and how that is undone and guarded.
 *
 * @since 0.1.0
 */
export interface AgentOptions<
  IS extends v.GenericSchema,
  OS extends v.GenericSchema,
  ES extends v.GenericSchema = v.NeverSchema<undefined>,
> {
  readonly name: string;
  /** The contract's version, such as `"1.0.0"`; named in every violation. */
  readonly version: string;
  readonly input: IS &
    ([IsCloneable<v.InferInput<IS>>] extends [true]
      ? unknown
      : "the input has a part that can't cross to another actor");
  readonly output: OS &
    ([IsCloneable<v.InferOutput<OS>>] extends [true]
      ? unknown
      : "the output has a part that can't cross to another actor");
  /** What `execute` emits while it works, by `context.emit`. Default: nothing. */
  readonly emits?: ES &
    ([IsCloneable<v.InferOutput<ES>>] extends [true]
      ? unknown
      : "what it emits has a part that can't cross to another actor");
  /** Does the work. However often it is tried, its commits and its output take effect once (invariant 5). */
  execute(
    input: v.InferOutput<IS>,
    context: AgentContext<v.InferInput<ES>>,
  ): Promise<ReadonlyParts<v.InferInput<OS>>> | ReadonlyParts<v.InferInput<OS>>;
  /** Undoes what `execute` did, given its output and its input. */
  compensate?(output: v.InferOutput<OS>, context: AgentContext, input: v.InferOutput<IS>): Promise<void> | void;
  /**
   * Undoes what `execute` may have done in an attempt with an unknown outcome: the attempt timed out or its thread
   * died, and no later one succeeded. Define it when such an attempt may have had effects outside of the store. It must
   * cope with finding nothing to undo.
   */
  compensateUnknown?(input: v.InferOutput<IS>, context: AgentContext): Promise<void> | void;
  /** How many inputs it handles at a time. Default 1 (invariant 2). */
  readonly concurrency?: number;
  readonly placement?: Placement;
  /** What stands in front of its calls: breaker, bulkhead, rate limits, retry, timeout. Default: a breaker. */
  readonly policies?: PolicyOptions<v.InferInput<IS>>;
}

/**
 * An agent's definition. Worker threads load it by `module` and `name`.
 *
 * @since 0.1.0
 */
export interface AgentDefinition<In = unknown, Out = unknown, Part = unknown> extends CallableAgent<In, Out, Part> {
  readonly execute: (input: never, context: AgentContext) => unknown;
  readonly compensate: ((output: never, context: AgentContext, input: never) => unknown) | undefined;
  readonly compensateUnknown: ((input: never, context: AgentContext) => unknown) | undefined;
  readonly policies: Policies;
}

/**
 * Defines an agent. The module that calls this is what worker threads load: pass `import.meta.url` and export the agent.
 *
 * Guarantees: input and output satisfy the contract, checked on both sides of the boundary; a violation is a
 * `contract-violated` error that names agent, version, direction, path, expected and received.
 *
 * @throws TroupeError `invalid-options` for a name, version, concurrency, placement, policies or `execute` that can't be used, for an option that doesn't exist, and for an
 * input, output or `emits` that isn't a valibot schema, or is an asynchronous one.
 * @example
 * export const doubler = defineAgent(import.meta.url, {
 *   name: "doubler", version: "1.0.0",
 *   input: v.object({ n: v.number() }), output: v.object({ doubled: v.number() }),
 *   execute: ({ n }) => ({ doubled: 2 * n }),
 * });
 * @since 0.1.0
 */
export function defineAgent<
  const IS extends v.GenericSchema,
  const OS extends v.GenericSchema,
  const ES extends v.GenericSchema = v.NeverSchema<undefined>,
>(
  module: string,
  options: AgentOptions<IS, OS, ES>,
): AgentDefinition<v.InferInput<IS>, v.InferOutput<OS>, v.InferOutput<ES>> {
  return readGiven("defineAgent", () => agentOf(module, options));
}

const agentOptions = [
  ...["name", "version", "input", "output", "execute", "compensate", "compensateUnknown", "emits"],
  ...["concurrency", "placement", "policies"],
];

function agentOf<IS extends v.GenericSchema, OS extends v.GenericSchema, ES extends v.GenericSchema>(
  module: string,
  options: AgentOptions<IS, OS, ES>,
): AgentDefinition<v.InferInput<IS>, v.InferOutput<OS>, v.InferOutput<ES>> {
  checkDefinition("defineAgent", module, options.name);
  const { concurrency = 1, placement = "pooled" } = options;
  const wrong = unknownOption(options, agentOptions) ?? placementProblem(placement);
  if (wrong !== undefined) throw new TroupeError("invalid-options", `defineAgent ${options.name}: ${wrong}`);
  if (typeof options.version !== "string" || options.version === "") {
    throw new TroupeError("invalid-options", `defineAgent ${options.name}: version is a string such as "1.0.0"`);
  }
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new TroupeError(
      "invalid-options",
      `defineAgent ${options.name}: concurrency is a whole number from 1, not ${shown(concurrency)}`,
    );
  }
  if (typeof options.execute !== "function") {
    throw new TroupeError("invalid-options", `defineAgent ${options.name}: execute is the function that does the work`);
  }
  for (const undo of ["compensate", "compensateUnknown"] as const) {
    if (options[undo] === undefined || typeof options[undo] === "function") continue;
    throw new TroupeError(
      "invalid-options",
      `defineAgent ${options.name}: ${undo} is a function, not ${shown(options[undo])}`,
    );
  }
  for (const contract of ["input", "output", "emits"] as const) {
    if (contract === "emits" && options.emits === undefined) continue;
    const problem = schemaProblem(options[contract]);
    if (problem !== undefined)
      throw new TroupeError("invalid-options", `defineAgent ${options.name}: ${contract} ${problem}`);
  }
  const policies = resolvePolicies(`defineAgent ${options.name}`, options.policies);
  if (policies.idleTimeout !== Number.POSITIVE_INFINITY && options.emits === undefined) {
    throw new TroupeError(
      "invalid-options",
      `defineAgent ${options.name}: policies.idleTimeout is for an agent that emits. Say what it emits by emits, or use policies.timeout.`,
    );
  }
  return {
    kind: "agent",
    module,
    name: options.name,
    version: options.version,
    input: options.input,
    output: options.output,
    execute: options.execute.bind(options),
    compensate: options.compensate?.bind(options),
    compensateUnknown: options.compensateUnknown?.bind(options),
    concurrency,
    placement,
    emits: options.emits,
    policies,
  };
}
