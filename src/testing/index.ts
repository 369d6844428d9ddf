/** The public test kit: `troupe/testing`. */

export type { Faults } from "./simulator/faults.ts";
export { simulate, type Scenario, type SimulateOptions, type SimulationReport } from "./simulate.ts";
export type { Life, World } from "./simulator/world.ts";
