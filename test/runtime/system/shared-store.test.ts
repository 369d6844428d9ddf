/** `system.store` is shared by all code outside of actors: what one flow read must not vouch for another (invariant 3). */

import { expect, it } from "vitest";
import { isConflictError } from "../../../src/index.ts";
import { simulate } from "../../../src/testing/index.ts";
import { tally } from "../../fixtures/actors.ts";

it("refuses a commit that was decided on a version which isn't the newest, when told which it was", async () => {
  await simulate(
    async ({ system }) => {
      const { store } = system;
      await store.put(tally, "k", { n: 0 });
      const before = await store.snapshot(tally, "k");
      await store.commit(tally, "k", (draft) => void (draft.n = 10)); // another flow, meanwhile
      const lost = await store
        .commit(tally, "k", (draft) => void (draft.n = before!.state.n + 1), { expectedVersion: before!.version })
        .catch((error: unknown) => error);
      expect(isConflictError(lost)).toBe(true);
      expect(lost).toMatchObject({ details: { base: 1, mine: { n: 1 }, theirs: { version: 2, state: { n: 10 } } } });
      expect(await store.read(tally, "k")).toEqual({ n: 10 });
    },
    { runs: 1, seed: 1 },
  );
});

it("takes a commit decided on the newest version, and on none where there is none", async () => {
  await simulate(
    async ({ system: { store } }) => {
      const first = await store.commit(tally, "k", (draft) => void (draft.n = 1), { expectedVersion: 0 });
      const second = await store.commit(tally, "k", (draft) => void (draft.n = 2), { expectedVersion: first.version });
      expect(second).toMatchObject({ version: 2, state: { n: 2 } });
      await expect(store.commit(tally, "k", () => undefined, { expectedVersion: 1 })).rejects.toMatchObject({
        code: "conflict",
      });
      await expect(store.commit(tally, "k", (draft) => void draft.n++, { expectedVersion: -1 })).rejects.toMatchObject({
        code: "invalid-options",
      });
    },
    { runs: 1, seed: 1 },
  );
});
