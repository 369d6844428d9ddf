/** `testAgent`: one agent as a function, for unit tests. */

import * as v from "valibot";
import type { AgentDefinition } from "../agents/agent-definition.ts";
import type { StateAccess } from "../actors/actor-context.ts";
import type { CallableAgent } from "../actors/callable-agent.ts";
import { checkOptions } from "../contracts/check-options.ts";
import { tenantSchema } from "../contracts/tenant.ts";
import { checkContract } from "../contracts/contract.ts";
import { TroupeError } from "../errors/troupe-error.ts";
import { checkDefinition } from "../runtime/definitions/check-definition.ts";
import { AuthorityAccess } from "../store/authority/authority-access.ts";
import { StoreAuthority } from "../store/authority/store-authority.ts";
import { StoreClient } from "../store/client/store-client.ts";
import { memoryJournal } from "../store/journal/memory-journal.ts";
import { keyOfParts } from "../store/versions/idempotency-key.ts";
import { ValueCopier } from "../values/value-copier.ts";
import type { FakeAnswer } from "./simulator/fake-answer.ts";
import { FakeContext, type FakeTime, type SeenCall } from "./fake-context.ts";
import { seededRandom } from "./simulator/schedules/seeded-random.ts";

export type { SeenCall } from "./fake-context.ts";
export type { FakeAnswer } from "./simulator/fake-answer.ts";

/**
 * What stands in for the world of a tested agent.
 *
 * @since 0.1.0
 */
export interface AgentFakes {
  /** What `context.now()` says at first, in milliseconds since the epoch. Default: the beginning of 2026. */
  readonly now?: number;
  /** What `context.random()` returns. Default: numbers by chance, the same in each test. */
  readonly random?: () => number;
  /** The answers of the agents that the tested one calls. A call of an agent without an answer fails as `invalid-options`. Default: none. */
  readonly calls?: readonly FakeAnswer[];
  /** `context.run`. Default `"test"`. */
  readonly run?: string;
  /** `context.step`. Default: the agent's name. */
  readonly step?: string;
  /** `context.tenant`. Default: none. */
  readonly tenant?: string;
  /** `context.signal`. Default: one that never aborts. */
  readonly signal?: AbortSignal;
}

/**
 * An agent under test: a function from its input to its output, and what it has done.
 *
 * @since 0.1.0
 */
export interface TestedAgent<In, Out> {
  /** Calls `execute` once. Rejects with what it throws, and with `contract-violated` for an input or output that doesn't fit. */
  (input: In): Promise<Out>;
  /** Calls `compensate`, if the agent has it, with the output and the input of a call. */
  compensate(output: Out, input: In): Promise<void>;
  /** Calls `compensateUnknown`, if the agent has it, with the input of a call. */
  compensateUnknown(input: In): Promise<void>;
  /** The states that the agent reads and commits: put there what it is to find, and look there for what it did. */
  readonly store: StateAccess;
  /** The calls of other agents so far, in order. */
  readonly calls: readonly SeenCall[];
  /** What it has emitted so far, in order. */
  readonly parts: readonly unknown[];
  /** The tokens that it has reported so far. */
  readonly tokens: number;
  /** What `context.now()` says. It goes on only while the agent sleeps, and takes no real time. */
  readonly now: number;
}

const schema = v.strictObject({
  now: v.optional(v.pipe(v.number(), v.finite())),
  random: v.optional(v.function()),
  calls: v.optional(v.array(v.object({ agent: v.unknown(), answer: v.function() }))),
  run: v.optional(v.string()),
  step: v.optional(v.string()),
  tenant: v.optional(tenantSchema),
  signal: v.optional(v.instance(AbortSignal)),
});

const seed = 1;
const defaultNow = Date.UTC(2026, 0, 1);

/**
 * Calls one agent as a function: its code, with its contract checked, and a context whose time, chance, states and other agents are
 * the test's. No threads, no journal, no policies: an attempt is made once.
 *
 * Guarantees: nothing here takes real time or comes by chance; states are as in a system, with versions, conflicts and schemas.
 *
 * @throws TroupeError `invalid-options` for what is no agent, and for fakes that can't be used.
 * @example
 * const quote = testAgent(quoting, { calls: [answering(rates, ({ currency }) => ({ rate: currency === "EUR" ? 1 : 2 }))] });
 * assert.deepEqual(await quote({ cents: 500, currency: "USD" }), { cents: 1_000 });
 * @since 0.1.0
 */
export function testAgent<In, Out>(agent: AgentDefinition<In, Out>, fakes: AgentFakes = {}): TestedAgent<In, Out> {
  checkDefinition("testAgent", ["agent"], agent);
  checkOptions(`testAgent ${agent.name}`, schema, fakes);
  const { name, version, execute, compensate, compensateUnknown } = agent;
  const { random = byChance(), calls: answers = [], run = "test", step = name } = fakes;
  const { signal = new AbortController().signal, now = defaultNow, tenant } = fakes;
  const clock: FakeTime = { now };
  const copier = new ValueCopier(Number.POSITIVE_INFINITY);
  const time = { now: () => clock.now, jumped: () => 0 };
  const access = new AuthorityAccess(new StoreAuthority({ journal: memoryJournal(), clock: time }));
  const calls: SeenCall[] = [];
  const parts: unknown[] = [];
  let tokens = 0;
  const contextOf = (...more: readonly string[]): FakeContext =>
    new FakeContext({
      ...{ agent: name, version, run, step, tenant, signal, random, answers, copier, clock },
      emits: more.length === 0 ? agent.emits : undefined,
      idempotencyKey: keyOfParts(run, step, ...more),
      store: new StoreClient(access, { author: name }),
      onCall: (call) => calls.push(call),
      onTokens: (used) => (tokens += used),
      onPart: (part) => parts.push(part),
    });
  const parsed = (input: In): never => {
    const given = copier.copy(input, `the input of ${name}`);
    return checkContract(agent.input, given, { agent: name, version, direction: "input", side: "receiver" }) as never;
  };
  const tested = async (input: In): Promise<Out> => {
    const output = await execute(parsed(input), contextOf());
    const checked = checkContract(agent.output, output, { agent: name, version, direction: "output", side: "sender" });
    return copier.copy(checked, `the output of ${name}`) as Out;
  };
  const undoing = {
    async compensate(output: Out, input: In): Promise<void> {
      await compensate?.(
        copier.copy(output, `the output of ${name}`) as never,
        contextOf("compensation"),
        parsed(input),
      );
    },
    async compensateUnknown(input: In): Promise<void> {
      await compensateUnknown?.(parsed(input), contextOf("compensation"));
    },
  };
  return Object.defineProperties(Object.assign(tested, undoing), {
    store: { value: new StoreClient(access, { author: "test", remembersReads: false }) satisfies StateAccess },
    calls: { value: calls },
    parts: { value: parts },
    tokens: { get: () => tokens },
    now: { get: () => clock.now },
  }) as unknown as TestedAgent<In, Out>;
}

/**
 * What an agent answers when the tested one calls it, for {@link AgentFakes.calls}; and what it does in place of its own code, for
 * {@link SimulateOptions.agents}. The call rejects with what the answer throws. A caller by `stream` gets what the answer emits by its second
 * argument.
 *
 * @example
 * answering(creditScore, ({ customer }) => ({ score: customer === "anna" ? 700 : 300 }))
 * answering(writer, ({ name }, emit) => {
 *   emit("Dear ");
 *   emit(name);
 *   return { text: `Dear ${name}` };
 * })
 * @since 0.1.0
 */
export function answering<In, Out, Part>(
  agent: CallableAgent<In, Out, Part>,
  answer: (input: NoInfer<In>, emit: (part: NoInfer<Part>) => void) => Promise<NoInfer<Out>> | NoInfer<Out>,
): FakeAnswer {
  checkDefinition("answering", ["agent"], agent);
  if (typeof answer !== "function")
    throw new TroupeError("invalid-options", `answering ${agent.name}: the answer is a function of the input`);
  return { agent, answer };
}

function byChance(): () => number {
  const random = seededRandom(seed);
  return () => random.next();
}
