import fc from "fast-check";
import { Immer, type Draft } from "immer";
import { expect, it } from "vitest";
import { applyPatches } from "../../../src/store/versions/apply-patches.ts";
import { MadeWrite, recordOfWrite, sealMade } from "../../../src/store/versions/made-state.ts";
import { seal } from "../../../src/store/versions/seal.ts";
import { plainState, shelf, steps, takeSteps } from "../support/arbitrary-state.ts";
import { expectSame, isDeeplyFrozen } from "../support/deeply.ts";
import { recordOf } from "../support/requests.ts";

const immer = new Immer({ autoFreeze: false });

it("freezes a made state deeply, whatever it shares with the one before, or with none", () => {
  fc.assert(
    fc.property(shelf, steps, (base, taken) => {
      sealMade(base);
      expect(isDeeplyFrozen(base)).toBe(true);
      const next = immer.produce(base, (draft: Draft<typeof base>) => takeSteps(draft, taken));
      sealMade(next, base);
      expect(isDeeplyFrozen(next)).toBe(true);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(plainState, plainState, (base, next) => {
      seal(base);
      sealMade(next, base);
      expect(isDeeplyFrozen(next)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

it("has patches for those who ask, which make the state of the one before", () => {
  fc.assert(
    fc.property(plainState, plainState, (base, next) => {
      sealMade(base);
      sealMade(next, base);
      const { patches } = recordOfWrite(recordOf("a/1", 2, 2).snapshot, new MadeWrite("a/1", 1, 1, base, next));
      expectSame(applyPatches(base, patches), next);
    }),
    { numRuns: 500 },
  );
});
