/** Runs all applications in one mode, and measures. */

import { createSystem, type Run, type System } from "troupe";
import { applicant } from "./applicant.ts";
import type { Application } from "./application.ts";
import { type Decision, openFile } from "./contracts.ts";
import { creditDecision } from "./credit-decision.ts";
import type { Mode } from "./mode.ts";
import { decideSequentially } from "./oracle.ts";
import { paceVariable } from "./pace.ts";
import type { Measurement } from "./report.ts";
import { cachedCreditDecision, openLedger, threadsVariable } from "./stale-cache.ts";

export interface ModeOptions {
  readonly mode: Mode;
  readonly applications: readonly Application[];
  readonly threads: number;
  /** The seed of the artificial delays; `undefined` for none. */
  readonly seed: number | undefined;
  readonly inFlight?: number;
  readonly onProgress: (done: number) => void;
  readonly onWrong: (application: Application, got: Decision, expected: Decision) => void;
}

/** How many applications are in flight at a time, unless told otherwise. */
const defaultInFlight = 32;
/** In the mode `switching`, the coordination changes after so many decisions. */
const decisionsPerSwitch = 50;

/** Decides all applications on a system of its own. */
export async function runMode(options: ModeOptions): Promise<Measurement> {
  const { mode, applications, threads, seed, inFlight = defaultInFlight } = options;
  process.env[paceVariable] = seed === undefined ? "off" : String(seed);
  process.env[threadsVariable] = String(threads);
  await using system = await createSystem({
    threads,
    env: [paceVariable, threadsVariable],
    coordination: mode === "relay" ? "relay" : "orchestrator",
  });
  const decide = await decider(system, mode, applications, threads);
  const latenciesMs: number[] = [];
  let wrong = 0;
  let switching: Promise<void> = Promise.resolve();
  const versionsBefore = (await system.stats()).commits;
  const start = performance.now();

  const queue = applications.values();
  const work = async (): Promise<void> => {
    for (const application of queue) {
      const begun = performance.now();
      const decision = await decide(application).result;
      latenciesMs.push(performance.now() - begun);
      const expected = decideSequentially(application);
      if (decision.rating !== expected.rating) {
        wrong++;
        options.onWrong(application, decision, expected);
      }
      options.onProgress(latenciesMs.length);
      if (mode === "switching" && latenciesMs.length % decisionsPerSwitch === 0) {
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
  return { mode, wrong, seconds, latenciesMs, threads, versions };
}

/** Opens every applicant's file, and returns what decides on one. */
async function decider(
  system: System,
  mode: Mode,
  applications: readonly Application[],
  threads: number,
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
  await system.deploy(creditDecision);
  return ({ id }) => system.run(creditDecision, { applicantId: id });
}
