/** The two worlds that each invariant is shown in: the simulator, under many schedules, and real threads, under a few. */

import * as fc from "fast-check";
import { createSystem, type System, type SystemOptions } from "../../src/index.ts";
import type { Faults } from "../../src/testing/faults.ts";
import { simulateOnce, type SimulateOptions } from "../../src/testing/simulate.ts";
import { LateJournal } from "./late-journal.ts";
import type { Tamper } from "../../src/testing/simulated-platform.ts";

/** Checks one case of an invariant on a system; throws when it doesn't hold. `scope` makes its keys and names its own. */
export type Scenario<P> = (system: System, parameters: P, scope: string) => Promise<void>;

/** Every invariant is shown under at least so many schedules. */
export const schedules = 1000;
/** Cases on real threads. */
const realCases = 20;

export interface SimulatedOptions {
  readonly faults?: Faults;
  readonly system?: SimulateOptions["system"];
  readonly numRuns?: number;
  /** Whether commits take a while to be durable, as on a disk. */
  readonly isLate?: boolean;
  /** Breaks the system, to see the property fail; made anew for each schedule. */
  readonly tamper?: (system: () => System) => Tamper;
}

/**
 * Holds under many schedules of the simulator, first those of `examples`: parameters and seed of what failed once. fast-check
 * prints both of a failure.
 */
export async function holdsSimulated<P>(
  parameters: fc.Arbitrary<P>,
  scenario: Scenario<P>,
  { faults, system, numRuns = schedules, tamper, isLate = false }: SimulatedOptions = {},
  examples: [P, number][] = [],
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(parameters, fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (given, seed) => {
      let current: System | undefined;
      const tampering = tamper?.(() => current as System);
      const late = isLate ? new LateJournal() : undefined;
      await simulateOnce(
        async (world) => {
          current = world.system;
          if (late !== undefined) late.world = world;
          await scenario(world.system, given, "case");
        },
        seed,
        {
          ...(faults === undefined ? {} : { faults }),
          system: { ...system, ...(late === undefined ? {} : { journal: late.journal }) },
        },
        tampering,
      );
    }),
    { numRuns, endOnFailure: true, examples },
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
  try {
    await holdsSimulated(parameters, scenario, options);
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${String(error.cause)}` : String(error);
  }
  throw new Error("the property holds although its mechanism is broken");
}
