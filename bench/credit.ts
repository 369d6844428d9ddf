/** Decisions a second of the credit workflow, without artificial delays, under both coordinations. */

import { runMode } from "../examples/credit/run-mode.ts";
import { generateApplications } from "../examples/credit/generate-applications.ts";
import { decideSequentially } from "../examples/credit/oracle.ts";
import { summarize } from "../examples/credit/report.ts";
import { measure, type Subject } from "../src/bench/measure.ts";
import { perSecond, type Topic } from "./topic.ts";

const count = 20_000;

export const credit: Topic = {
  name: "credit",
  about:
    "Five agents on two threads: contracts on both sides, a versioned run history, a read of shared state by every agent and\n" +
    "one commit to it; 256 runs in flight. The oracle is the same rules as plain function calls on one thread: what the agents' own work costs.",
  async run() {
    const applications = generateApplications({ seed: 7, count });
    const mode = (name: "orchestrator" | "relay"): Subject => ({
      name,
      async run() {
        const { measurement } = await runMode({
          mode: name,
          applications,
          threads: 2,
          seed: undefined,
          inFlight: 256,
          onProgress: () => undefined,
          onWrong: ({ id }) => {
            throw new Error(`${name}: the rating of ${id} is wrong`);
          },
        });
        return summarize(measurement).decisionsPerSecond;
      },
    });
    return measure({
      bench: "credit workflow",
      unit: "decisions/s",
      baseline: "sequential oracle",
      rounds: 3,
      subjects: [
        {
          name: "sequential oracle",
          async run() {
            const start = performance.now();
            for (const application of applications) decideSequentially(application);
            return perSecond(count, start);
          },
        },
        mode("orchestrator"),
        mode("relay"),
      ],
    });
  },
};
