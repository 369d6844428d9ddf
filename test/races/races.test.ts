/** The races that `simulate` is there to find: each is found where it is, and not where it isn't. */

import { describe, expect, it } from "vitest";
import { simulate } from "../../src/testing/index.ts";
import { strategyNames } from "../../src/testing/simulator/schedules/strategy.ts";
import { schedules } from "../schedules.ts";
import { memoryRaces } from "./memory-races.ts";
import { messageRaces } from "./message-races.ts";
import { noRaces } from "./no-races.ts";
import type { Race } from "./players.ts";
import { stateRaces } from "./state-races.ts";
import { workflowRaces } from "./workflow-races.ts";

/** So many schedules are looked at for a race; most show within ten. */
const most = 2_000;
/** Where more schedules are looked at, each of them finds nothing where nothing is. */
const strategies = schedules > 50 ? strategyNames : (["portfolio"] as const);

describe.each([...stateRaces, ...memoryRaces, ...messageRaces, ...workflowRaces])(
  "$name",
  ({ buggy, fixed, isRare, options }) => {
    it.skipIf(isRare)("is found", async () => {
      const error = await simulate(buggy, { seed: 1, runs: most, shrink: false, ...options }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: expect.stringMatching(/^simulation-failed$|^deadlock$/) });
    });

    it.each(strategies)("isn't there once it is mended: %s", async (strategy) => {
      const { runs } = await simulate(fixed, { seed: 1, runs: schedules, ...options, strategy });
      expect(runs).toBe(schedules);
    });
  },
);

it.each([["ask that timed out, and was handled all the same", 1621]])(
  "a schedule in which the mended form once failed: %s, by seed %d",
  async (name, seed) => {
    const { fixed, options } = messageRaces.find((race) => race.name === name) as Race;
    expect(await simulate(fixed, { seed, runs: 1, ...options })).toMatchObject({ runs: 1 });
  },
);

describe.each(strategies)("what looks like a race, by %s", (strategy) => {
  it.each(noRaces)("is none: %s", async (_what, scenario) => {
    const { runs } = await simulate(scenario, { seed: 1, runs: schedules, strategy });
    expect(runs).toBe(schedules);
  });
});
