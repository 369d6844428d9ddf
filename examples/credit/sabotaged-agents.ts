/** The same five agents and workflow, but that some of their calls meet a fault, as the saboteur says. */

import type { AgentContext, AgentDefinition } from "troupe";
import { approval, creditScore, fraudDetection, incomeVerification, riskAssessment } from "./agents.ts";
import { creditWorkflow } from "./credit-workflow.ts";
import type { Fault } from "./faults.ts";
import { saboteur, saboteurName } from "./saboteur.ts";

/** Milliseconds that a slow call takes longer: ten times what an agent takes, and less than its time is. */
const slowness = 150;

function sabotaged<In extends { readonly applicantId: string }, Out, Part>(
  agent: AgentDefinition<In, Out, Part>,
): AgentDefinition<In, Out, Part> {
  return {
    ...agent,
    module: import.meta.url,
    name: `sabotaged-${agent.name}`,
    async execute(input: never, context) {
      const step = `${agent.name} ${(input as In).applicantId}`;
      const boss = await context.find(saboteur, saboteurName);
      const fault = await boss.ask("begin", { step });
      const meet = async (moment: Fault["moment"]): Promise<void> => {
        if (fault?.moment !== moment) return;
        await boss.ask("strike", { step, kind: fault.kind });
        await strike(fault, context);
      };
      await meet("before");
      const output: unknown = await agent.execute(input, context);
      await meet("after");
      return output;
    },
  };
}

/** Returns only for a call that is merely slow. */
async function strike({ kind, way }: Fault, context: AgentContext): Promise<void> {
  switch (kind) {
    case "kill":
      return kill(way);
    case "stall":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return;
    case "throw":
      throw new Error("sabotage");
    case "hang":
      return context.sleep(3_600_000); // until its time is up
    case "slow":
      return context.sleep(slowness);
  }
}

/** Never resolves: the thread is gone before. */
function kill(way: number): Promise<never> {
  const error = new Error("sabotage");
  if (way < 1 / 3) process.exit(1);
  else if (way < 2 / 3)
    setImmediate(() => {
      throw error;
    });
  else void Promise.reject(error);
  return new Promise(() => undefined);
}

export const sabotagedCreditScore = sabotaged(creditScore);
export const sabotagedIncomeVerification = sabotaged(incomeVerification);
export const sabotagedFraudDetection = sabotaged(fraudDetection);
export const sabotagedRiskAssessment = sabotaged(riskAssessment);
export const sabotagedApproval = sabotaged(approval);

export const sabotagedCreditDecision = creditWorkflow(import.meta.url, "sabotaged-credit-decision", {
  creditScore: sabotagedCreditScore,
  incomeVerification: sabotagedIncomeVerification,
  fraudDetection: sabotagedFraudDetection,
  riskAssessment: sabotagedRiskAssessment,
  approval: sabotagedApproval,
});
