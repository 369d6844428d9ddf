/** The public test kit: `troupe/testing`. */

export type { ActorFailure } from "./simulator/actor-failure.ts";
export type { Faults } from "./simulator/faults/faults.ts";
export { interleave } from "./interleave/interleave.ts";
export type { AnyInterleaving, Interleaving, Task } from "./interleave/interleaving.ts";
export type { Race } from "./race/race.ts";
export { raceTest, type RaceTestOptions, type RunnerTest } from "./race/race-test.ts";
export { runOnThreads, type RunOnThreadsOptions, type ThreadsReport } from "./threads/run-on-threads.ts";
export type { Invariants } from "./simulator/invariants.ts";
export { simulate } from "./simulator/simulate.ts";
export type { Exhaustive, SearchOptions } from "./simulator/search-options.ts";
export type { SimulationReport } from "./simulator/simulation-report.ts";
export type { Scenario, SimulateOptions } from "./simulator/simulate-options.ts";
export { type StepCounts, verifyWorkflow, type VerifyOptions, type VerifyReport } from "./verify/verify-workflow.ts";
export type { StrategyName } from "./simulator/schedules/strategy.ts";
export type { Life, World } from "./simulator/world/world.ts";
export {
  type AgentFakes,
  answering,
  type FakeAnswer,
  type SeenCall,
  testAgent,
  type TestedAgent,
} from "./test-agent.ts";
export { againstModel, type TestedSubject } from "./against-model.ts";
export {
  checkLinearizability,
  type LinearizabilityOptions,
  type LinearizabilityReport,
} from "../checkers/check-linearizability.ts";
export { byKey } from "../checkers/models/by-key.ts";
export { counter, type CounterInput } from "../checkers/models/counter.ts";
export { keyValue, type KeyValueInput } from "../checkers/models/key-value.ts";
export { lock, type LockInput } from "../checkers/models/lock.ts";
export { queue, type QueueInput } from "../checkers/models/queue.ts";
export { register, type RegisterInput } from "../checkers/models/register.ts";
export type { Operation } from "../checkers/operation.ts";
export type { SequentialModel } from "../checkers/sequential-model.ts";
export { recordOperations, type Recording, type RecordingOptions } from "../checkers/record-operations.ts";
export { checkTransactions } from "../checkers/transactions/check-transactions.ts";
export type { Anomaly, AnomalyKind, Transaction } from "../checkers/transactions/transaction.ts";
export type { Violation } from "../checkers/violation.ts";
