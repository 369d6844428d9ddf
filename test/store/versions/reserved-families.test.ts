import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { breakerState, defineState } from "../../../src/index.ts";
import { mailState } from "../../../src/actors/outbox-state.ts";
import { recoveryState } from "../../../src/runtime/workflows/unfinished-runs.ts";
import { isReservedFamily } from "../../../src/store/versions/reserved-families.ts";
import { coordinationState } from "../../../src/workflows/history/coordination.ts";
import { runState } from "../../../src/workflows/history/run-state.ts";

const own = [runState, mailState, breakerState, coordinationState, recoveryState].map(({ name }) => name);

describe("a family of Troupe's own", () => {
  it.each(own)("is reserved: %s", (name) => {
    expect(isReservedFamily(name)).toBe(true);
    expect(() => defineState({ name, version: 1, schema: v.number(), initial: () => 0 })).toThrow(
      expect.objectContaining({
        code: "invalid-options",
        details: { name },
        message: expect.stringContaining(
          `defineState: Troupe keeps states of its own under the name ${name}`,
        ) as string,
      }),
    );
  });

  it("leaves all other names to applications", () => {
    for (const name of ["runs", "my-run", "Run", "mailbox"])
      expect(defineState({ name, version: 1, schema: v.number(), initial: () => 0 }).name).toBe(name);
  });
});
