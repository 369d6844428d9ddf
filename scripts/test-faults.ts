/**
 * Has `verifyWorkflow` look for the fault of each faulty workflow, and prints how many runs and how much processor time that takes, with the
 * search for the smallest run: `npm run test:faults`. Ends with exit code 1 if one isn't found within 1,000 runs and 30 seconds.
 */

import { TroupeError } from "../src/index.ts";
import { verifyWorkflow } from "../src/testing/index.ts";
import { type Fault, faults } from "../test/testing/verify/faulty-workflows.ts";

const seed = 1;
const mostRuns = 1_000;
const mostSeconds = 30;

interface Found {
  readonly runs: number;
  /** Of processor time. */
  readonly seconds: number;
  /** Why it is not found as it has to be; absent if it is. */
  readonly wrong?: string;
}

const wide = Math.max(...faults.map(({ what }) => what.length));
console.log(`${"fault".padEnd(wide)}   runs  processor seconds`);
for (const fault of faults) {
  const { runs, seconds, wrong } = await look(fault);
  console.log(
    `${fault.what.padEnd(wide)}  ${String(runs).padStart(5)}  ${seconds.toFixed(2).padStart(17)}${wrong === undefined ? "" : `  ${wrong}`}`,
  );
  if (wrong !== undefined) process.exitCode = 1;
}

async function look({ workflow, says, own }: Fault): Promise<Found> {
  const compensations = own === true ? ("own" as const) : ("stub" as const);
  const start = process.cpuUsage();
  // the simplest run is played before these
  const error: unknown = await verifyWorkflow(workflow, { seed, runs: mostRuns - 1, compensations }).then(
    () => new Error("nothing was found"),
    (thrown: unknown) => thrown,
  );
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1_000_000;
  const runs = runsUntil(error);
  const wrong = says.test((error as Error).message)
    ? seconds > mostSeconds && `it took more than ${mostSeconds} s`
    : (error as Error).message;
  return { runs, seconds, ...(wrong === false ? {} : { wrong }) };
}

/** How many runs were played until one broke; all of them, if none did. */
function runsUntil(error: unknown): number {
  const { problem, seed: found } = error instanceof TroupeError ? error.details : {};
  return problem === undefined || problem === "not reached" ? mostRuns : Number(found) - seed + 2;
}
