/** The public test kit: `troupe/testing`. */

export type { Faults } from "./simulator/faults.ts";
export { simulate, type Scenario, type SimulateOptions, type SimulationReport } from "./simulator/simulate.ts";
export { type StepCounts, verifyWorkflow, type VerifyOptions, type VerifyReport } from "./verify/verify-workflow.ts";
export type { Life, World } from "./simulator/world.ts";
export {
  type AgentFakes,
  answering,
  type FakeAnswer,
  type SeenCall,
  testAgent,
  type TestedAgent,
} from "./test-agent.ts";
