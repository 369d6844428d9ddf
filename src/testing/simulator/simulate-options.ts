/** The options of `simulate`. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import type { SystemOptions } from "../../runtime/system/system-options.ts";
import type { Journal } from "../../store/journal/journal.ts";
import type { ActorFailure } from "./actor-failure.ts";
import type { FakeAnswer } from "./fake-answer.ts";
import type { Faults } from "./faults/faults.ts";
import { checkSearch, exhaustiveWithout, searchEntries, type SearchOptions } from "./search-options.ts";
import type { World } from "./world/world.ts";

/**
 * The code under test: sets actors up, lets them race, and throws if something that must hold does not.
 *
 * @since 0.1.0
 */
export type Scenario = (world: World) => Promise<void>;

/**
 * Which schedules {@link simulate} tries, and what may go wrong in them.
 *
 * @since 0.1.0
 */
export interface SimulateOptions extends SearchOptions {
  readonly faults?: Faults;
  /**
   * Which thread an actor is on that may be on any. `"drawn"`: in half of the runs, any by chance; actors that share a thread see each
   * other's commits at once, so both matter. `"spread"`: always the least loaded, as in production. Default `"drawn"`.
   */
  readonly placement?: "drawn" | "spread";
  /**
   * What a crash of the process leaves. `"memory"`: nothing. `"durable"`: all acknowledged commits, and the first few of those
   * that were under way, how many by chance; commits then take some virtual time. `"leased"`: the same, of a journal on another machine
   * that one process owns at a time: reads take time too, connections break (`faults.connectionLoss`), and another process may take the
   * journal over while the one before lives on (`faults.ownershipLoss`). Default `"memory"`.
   */
  readonly journal?: "memory" | "durable" | "leased";
  /** The system's options; `threads` is 2 and `logger` false unless given. If they have a `journal`, the process can't crash. */
  readonly system?: Omit<
    SystemOptions,
    "env" | "resourceLimits" | "stallTimeout" | "shutdownOn" | "standby" | "journal"
  > & { readonly journal?: Journal | Promise<Journal> };
  /**
   * What agents do in place of their own code, by {@link answering}: in steps of runs, and when they are called. Contract, policies and
   * placement stay theirs, so that an answer that throws is tried again as their `retry` says, and its output is checked. Their
   * compensations do nothing. Default: all run their own code.
   */
  readonly agents?: readonly FakeAnswer[];
  /**
   * Whether a failure is meant to happen. What a handler or a behaviour throws fails the run, unless its asker is told: else an assertion
   * in a handler that was told would go unseen. A refusal is no failure. Default: none is meant to happen.
   */
  readonly expects?: (failure: ActorFailure) => boolean;
  /**
   * Whether a failing schedule is shrunk, which takes up to 500 runs. Leave it to one of the two where a property of fast-check has its inputs
   * shrunk, since each of those would have its schedules shrunk. Default true.
   */
  readonly shrink?: boolean;
}

/** Of faults and journal, `simulate` says itself what is wrong; of the system's options, the system. */
const schema = v.strictObject({
  ...searchEntries,
  faults: v.optional(v.unknown()),
  placement: v.optional(v.picklist(["drawn", "spread"])),
  journal: v.optional(v.unknown()),
  system: v.optional(v.record(v.string(), v.unknown())),
  agents: v.optional(v.array(v.object({ agent: v.unknown(), answer: v.function() }))),
  expects: v.optional(v.function()),
  shrink: v.optional(v.boolean()),
});

/**
 * The seed of the first run, and how many there are.
 *
 * @throws TroupeError `invalid-options`
 */
export function checkSimulate(options: SimulateOptions): { readonly seed: number; readonly runs: number } {
  checkOptions("simulate", schema, options);
  for (const name of ["faults", "placement"] as const)
    if (options.exhaustive !== undefined && options[name] !== undefined) throw exhaustiveWithout("simulate", name);
  return checkSearch("simulate", options);
}
