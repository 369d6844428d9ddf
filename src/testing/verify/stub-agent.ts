/** Agents that answer from their contracts, in place of their code: some outputs are at the edges, some calls fail or hang. */

import type { AgentContext, AgentDefinition } from "../../agents/agent-definition.ts";
import { Refusal } from "../../errors/refusal.ts";
import type { FakeAnswer } from "../simulator/fake-answer.ts";
import { chance, type Draw, oneOf, type Plan } from "./plan.ts";
import { NoValue, valueFor } from "./value-for.ts";

export interface StubOptions {
  readonly plan: Plan;
  /** The answers that the test gives in place of agents. */
  readonly answers: readonly FakeAnswer[];
  /** True to have agents undo by their own code. */
  readonly undoes: boolean;
  /** Called where no output can be made by an agent's contract. */
  readonly onNoValue: (error: NoValue) => void;
}

/** What a stub emits is no part of its output. */
const ignored = (): void => undefined;

/** The message of what a stub throws. */
export const stubFailure = "it fails, to see what becomes of the run";

/** The same agent, by its name, contract and policies, which answers by the plan. */
export function stubOf(agent: AgentDefinition, { plan, answers, undoes, onNoValue }: StubOptions): AgentDefinition {
  const own = answers.find((one) => one.agent.name === agent.name && one.agent.module === agent.module)?.answer;
  const calls = new Map<string, number>();
  const decisionOf = (what: string, context: AgentContext): Draw => {
    const name = `${what} ${context.step ?? agent.name}`;
    const call = (calls.get(name) ?? 0) + 1;
    calls.set(name, call);
    return plan.of(`${name}, call ${call}`);
  };
  const undo = async (context: AgentContext): Promise<void> => {
    const draw = decisionOf("undo", context);
    // fewer failures than attempts: a compensation that fails for good needs a person, which is no fault of the workflow
    if (
      (calls.get(`undo ${context.step ?? agent.name}`) ?? 0) < agent.policies.compensationRetry.attempts &&
      chance(draw, 0.1)
    )
      throw new Error(stubFailure);
  };
  return {
    ...agent,
    async execute(input: never, context: AgentContext) {
      const draw = decisionOf("call", context);
      const { timeout } = agent.policies;
      const trouble = oneOf(plan.of("trouble"), [0, 0, 0.1, 0.3]); // of this run
      if (chance(draw, trouble)) {
        switch (oneOf(draw, ["fail", "refuse", "hang"])) {
          case "fail":
            throw new Error(stubFailure);
          case "refuse":
            throw new Refusal("refused", stubFailure);
          case "hang":
            if (timeout < Number.POSITIVE_INFINITY) await context.sleep(timeout + 1);
        }
      }
      if (chance(draw, 0.5)) await context.sleep(Math.floor(draw() * Math.min(100, timeout / 2)));
      if (own !== undefined) return own(input, ignored as never);
      try {
        return valueFor(agent.output, draw, `the output of ${agent.name}`);
      } catch (error) {
        if (error instanceof NoValue) onNoValue(error);
        throw error;
      }
    },
    compensate:
      agent.compensate && (undoes ? agent.compensate : (_output: never, context: AgentContext) => undo(context)),
    compensateUnknown:
      agent.compensateUnknown &&
      (undoes ? agent.compensateUnknown : (_input: never, context: AgentContext) => undo(context)),
  };
}
