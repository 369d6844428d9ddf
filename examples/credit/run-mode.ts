/** Runs all applications in one mode, and measures. */

import {
  createSystem,
  type InspectorOptions,
  isTroupeError,
  type Run,
  type System,
  type TelemetryOptions,
} from "troupe";
import { applicant } from "./applicant.ts";
import type { Application } from "./application.ts";
import { type ChaosCounts, type ChaosOptions, watchChaos } from "./chaos-counts.ts";
import { type Decision, openFile } from "./contracts.ts";
import { creditDecision } from "./credit-decision.ts";
import type { Mode } from "./mode.ts";
import { decideSequentially } from "./oracle.ts";
import { paceVariable } from "./pace.ts";
import type { Measurement } from "./report.ts";
import { sabotagedCreditDecision } from "./sabotaged-agents.ts";
import { cachedCreditDecision, openLedger, threadsVariable } from "./stale-cache.ts";

export interface ModeOptions {
  readonly mode: Mode;
  readonly applications: readonly Application[];
  readonly threads: number;
  /** The seed of the artificial delays; `undefined` for none. */
  readonly seed: number | undefined;
  readonly inFlight?: number;
  /** What is done to the agents meanwhile; nothing unless given. Not for the mode `stale-cache`. */
  readonly chaos?: ChaosOptions | undefined;
  /** Where the traces go. Default: nothing is recorded. */
  readonly telemetry?: TelemetryOptions | undefined;
  /** The page that shows the modes, one after the other at the same address. */
  readonly inspector?: InspectorOptions | undefined;
  /** Called when all are decided, before the system closes. */
  readonly onDecided?: (() => Promise<void>) | undefined;
  readonly onProgress: (done: number) => void;
  readonly onWrong: (application: Application, got: Decision, expected: Decision) => void;
  /** A run failed, so its application is not decided. Default: ends everything. */
  readonly onUndecided?: (application: Application, error: Error) => void;
}

export interface ModeOutcome {
  readonly measurement: Measurement;
  /** By the application's id; those that are undecided are not there. */
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly chaos: ChaosCounts | undefined;
}

/** How many applications are in flight at a time, unless told otherwise. */
const defaultInFlight = 32;
/** In the mode `switching`, the coordination changes after so many decisions. */
const decisionsPerSwitch = 50;
/** In chaos, threads that stand still are found after so many milliseconds: no agent computes for nearly as long. */
const stallTimeout = 2_000;

/** Decides all applications on a system of its own. */
export async function runMode(options: ModeOptions): Promise<ModeOutcome> {
  const { mode, applications, threads, seed, inFlight = defaultInFlight } = options;
  process.env[paceVariable] = seed === undefined ? "off" : String(seed);
  process.env[threadsVariable] = String(threads);
  await using system = await createSystem({
    threads,
    env: [paceVariable, threadsVariable],
    loadTimeout: 60_000, // a busy machine is long in compiling TypeScript
    ...(options.inspector === undefined ? {} : { inspector: options.inspector }),
    coordination: mode === "relay" ? "relay" : "orchestrator",
    ...(options.telemetry && { telemetry: options.telemetry }),
    ...(options.chaos === undefined ? {} : { stallTimeout, logger: false }), // what chaos does is in the table
  });
  const chaos = options.chaos && (await watchChaos(system, options.chaos));
  const decide = await decider(system, options);
  const latenciesMs: number[] = [];
  const decisions = new Map<string, Decision>();
  let wrong = 0;
  let done = 0;
  let switching: Promise<void> = Promise.resolve();
  const versionsBefore = (await system.stats()).commits;
  const start = performance.now();

  const queue = applications.values();
  const decideOn = async (application: Application): Promise<void> => {
    const begun = performance.now();
    const run = decide(application);
    chaos?.follow(run);
    const decision = await run.result;
    latenciesMs.push(performance.now() - begun);
    decisions.set(application.id, decision);
    const expected = decideSequentially(application);
    if (decision.rating === expected.rating) return;
    wrong++;
    options.onWrong(application, decision, expected);
  };
  const work = async (): Promise<void> => {
    for (const application of queue) {
      try {
        await decideOn(application);
      } catch (error) {
        if (options.onUndecided === undefined || !isTroupeError(error)) throw error;
        options.onUndecided(application, error);
      }
      options.onProgress(++done);
      if (mode === "switching" && done % decisionsPerSwitch === 0) {
        switching = switching.then(() =>
          system.switchCoordination(system.coordination === "relay" ? "orchestrator" : "relay"),
        );
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  await switching;

  const seconds = (performance.now() - start) / 1000;
  const versions = (await system.stats()).commits - versionsBefore;
  const counts = await chaos?.counts();
  await options.onDecided?.();
  return {
    measurement: { mode, wrong, seconds, latenciesMs, threads, versions },
    decisions,
    chaos: counts,
  };
}

/** Opens every applicant's file, and returns what decides on one. */
async function decider(
  system: System,
  { mode, applications, threads, chaos }: ModeOptions,
): Promise<(application: Application) => Run<Decision>> {
  if (mode === "stale-cache") {
    const ledger = await openLedger(system, threads);
    await Promise.all(
      applications.map((application) =>
        ledger.ask("write", { applicantId: application.id, file: openFile(application) }),
      ),
    );
    await system.deploy(cachedCreditDecision);
    return ({ id }) => system.run(cachedCreditDecision, { applicantId: id });
  }
  await Promise.all(
    applications.map((application) => system.store.put(applicant, application.id, openFile(application))),
  );
  const workflow = chaos === undefined ? creditDecision : sabotagedCreditDecision;
  await system.deploy(workflow);
  return ({ id }) => system.run(workflow, { applicantId: id });
}
