/**
 * Invariants 3, 5 and 11: what was acknowledged survives SIGKILL at any point, exactly once. `npm run test:crash` kills more
 * often. Wants `npm run build` first.
 */

import { expect, it } from "vitest";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import { commits } from "./commits.ts";
import { crash } from "./crash-harness.ts";

it(
  "keeps every acknowledged commit exactly once, however often its process is killed",
  { timeout: 300_000 },
  async () => {
    const kills = Number(process.env["TROUPE_KILLS"] ?? 20);
    const random = seededRandom(Number(process.env["TROUPE_SEED"] ?? 1));
    const { acknowledged } = await crash(commits(), { kills, random: () => random.next() });
    expect(acknowledged).toBeGreaterThan(kills);
  },
);
