/**
 * Invariants 5, 10 and 11, by the credit example: applications are each decided once, and rightly, however often the process is
 * killed meanwhile. `npm run test:crash` decides all 1,000 and kills more often. Wants `npm run build` first.
 */

import { expect, it } from "vitest";
import type { Coordination } from "../../src/workflows/history/coordination.ts";
import { seededRandom } from "../../src/testing/simulator/schedules/seeded-random.ts";
import { crash } from "./crash-harness.ts";
import { credit, type CreditSightings } from "./credit.ts";

const isDeep = process.env["TROUPE_KILLS"] !== undefined;
const kills = Number(process.env["TROUPE_KILLS"] ?? 2);
const applications = isDeep ? 1_000 : 150;

it.each<Coordination>(isDeep ? ["orchestrator", "relay"] : ["relay"])(
  `decides each application once, and rightly, under the %s and ${kills} kills`,
  { timeout: 300_000 + 15_000 * kills },
  async (coordination) => {
    const random = seededRandom(Number(process.env["TROUPE_SEED"] ?? 1));
    const seen: CreditSightings = { decided: 0, recovered: 0, again: 0 };
    let killed = 0;
    let batches = 0;
    for (; killed < kills; batches++) {
      const options = {
        kills: kills - killed,
        random: () => random.next(),
        maxAcks: 0.6 * applications,
        duringStart: true,
      };
      killed += (await crash(await credit(coordination, applications, seen), options)).kills;
    }
    expect(seen.decided).toBe(applications * batches);
    expect(seen.recovered).toBeGreaterThan(kills);
    expect(seen.again).toBeGreaterThan(0);
  },
);
