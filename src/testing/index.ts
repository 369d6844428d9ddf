/** The public test kit: `troupe/testing`. */

export type { Faults } from "./faults.ts";
export { simulate, type Scenario, type SimulateOptions, type SimulationReport } from "./simulate.ts";
export type { Life, World } from "./world.ts";
