/** The same as tests: what you would write for your own actors. */

import { describe, expect, it } from "vitest";
import { isTroupeError } from "troupe";
import { simulate } from "troupe/testing";
import { carefulDesk, hastyDesk, patientDesk } from "./box-office.ts";
import { lastTickets } from "./last-tickets.ts";

describe("the last tickets", () => {
  it.each([carefulDesk, patientDesk])("are sold once by a $name", async (desk) => {
    const { runs } = await simulate(lastTickets(desk), { seed: 1, runs: 1000 });
    expect(runs).toBe(1000);
  });

  it("are sold twice by a hasty-desk, and the seed repeats it", async () => {
    const found: unknown = await simulate(lastTickets(hastyDesk), { seed: 1 }).catch((error: unknown) => error);
    if (!isTroupeError(found, "simulation-failed")) throw found;
    const { seed } = found.details;
    await expect(simulate(lastTickets(hastyDesk), { seed, runs: 1 })).rejects.toThrow(found.message);
  });
});
