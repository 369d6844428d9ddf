/** The two worlds that each invariant is shown in: the simulator, under many schedules, and real threads, under a few. */

import * as fc from "fast-check";
import { createSystem, type System, type SystemOptions } from "../../src/index.ts";
import { schedules } from "../schedules.ts";
import type { Faults, World } from "../../src/testing/index.ts";
import type { Omitted } from "../../src/testing/simulator/world/leased-journal.ts";
import type { JournalSource } from "../../src/testing/simulator/world/simulated-journal.ts";
import { simulateOnce } from "../../src/testing/simulator/simulate.ts";
import type { SimulateOptions } from "../../src/testing/simulator/simulate-options.ts";
import type { Tamper } from "../../src/testing/simulator/world/simulated-platform.ts";

/** Checks one case of an invariant on a system; throws when it doesn't hold. `scope` makes its keys and names its own. */
export type Scenario<P> = (system: System, parameters: P, scope: string) => Promise<void>;

/** The same with all that the simulator's world has. */
export type WorldScenario<P> = (world: World, parameters: P) => Promise<void>;

/** A break is looked for longer: some show under one schedule in a few hundred only, and the search ends there. */
const searched = Math.max(10_000, 10 * schedules);
/** A schedule each. */
export const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** Crashes of the process, several in a row as well. */
export const crashes = { processCrash: 0.01, maxProcessCrashes: 4 } satisfies Faults;

/** A journal on another machine, which other processes take over, several times in a row as well. */
export const takenOver = {
  journal: "leased",
  faults: { ownershipLoss: 0.01, maxOwnershipLosses: 3, connectionLoss: 0.1 },
} satisfies SimulatedOptions;

/** Cases on real threads: each takes as long as many schedules. */
const realCases = Math.max(12, Math.ceil(schedules / 20));

export interface SimulatedOptions extends Pick<SimulateOptions, "faults" | "system" | "journal" | "expects"> {
  readonly numRuns?: number;
  /** Where the search begins: for a break that is rare, near a schedule that shows it. Default: anywhere. */
  readonly seed?: number;
  /** Breaks the system, to see the property fail; made anew for each schedule. */
  readonly tamper?: (system: () => System) => Tamper;
  readonly journals?: () => JournalSource;
  /** What a leased journal doesn't do, to see the property fail. */
  readonly omitted?: Omitted;
}

/**
 * Holds under many schedules of the simulator, first those of `examples`: parameters and seed of what failed once. fast-check
 * prints both of a failure. Where the process may crash, the scenario is begun again in the next one.
 */
export async function holdsSimulated<P>(
  parameters: fc.Arbitrary<P>,
  scenario: Scenario<P>,
  options: SimulatedOptions = {},
  examples: [P, number][] = [],
): Promise<void> {
  const inWorld: WorldScenario<P> =
    options.faults?.processCrash === undefined && options.faults?.ownershipLoss === undefined
      ? (world, given) => scenario(world.system, given, "case")
      : (world, given) => world.survive(({ system }) => scenario(system, given, "case"));
  await holdsInWorld(parameters, inWorld, options, examples);
}

/** The same for a scenario that needs more of the world than a system. */
export async function holdsInWorld<P>(
  parameters: fc.Arbitrary<P>,
  scenario: WorldScenario<P>,
  { numRuns = schedules, seed: first, tamper, journals, omitted, ...options }: SimulatedOptions = {},
  examples: [P, number][] = [],
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(parameters, seeds, async (given, seed) => {
      let world: World | undefined;
      const sabotage = { tamper: tamper?.(() => (world as World).system), journals: journals?.(), omitted };
      const play = (played: World): Promise<void> => scenario((world = played), given);
      await simulateOnce(play, seed, options, sabotage);
    }),
    { numRuns, endOnFailure: true, examples, ...(first === undefined ? {} : { seed: first }) },
  );
}

/** Holds on real worker threads. */
export async function holdsOnThreads<P>(
  parameters: fc.Arbitrary<P>,
  scenario: Scenario<P>,
  options: SystemOptions = {},
): Promise<void> {
  await using system = await createSystem({ threads: 2, ...options });
  let cases = 0;
  await fc.assert(
    fc.asyncProperty(parameters, (given) => scenario(system, given, `case-${++cases}`)),
    { numRuns: realCases, endOnFailure: true },
  );
}

/** Fails under some schedule: the mechanism that the mutation breaks is what the property stands on. */
export async function isFoundBroken<P>(
  parameters: fc.Arbitrary<P>,
  scenario: Scenario<P>,
  options: SimulatedOptions,
): Promise<string> {
  return howItFails(holdsSimulated(parameters, scenario, { numRuns: searched, ...options }));
}

/** The same for a scenario that needs more of the world than a system. */
export async function isFoundBrokenInWorld<P>(
  parameters: fc.Arbitrary<P>,
  scenario: WorldScenario<P>,
  options: SimulatedOptions,
): Promise<string> {
  return howItFails(holdsInWorld(parameters, scenario, { numRuns: searched, ...options }));
}

async function howItFails(holding: Promise<void>): Promise<string> {
  try {
    await holding;
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${String(error.cause)}` : String(error);
  }
  throw new Error("the property holds although its mechanism is broken");
}
