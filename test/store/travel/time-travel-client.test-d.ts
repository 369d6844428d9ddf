import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import type { Store } from "../../../src/store/store.ts";
import type { Snapshot } from "../../../src/store/versions/snapshot.ts";
import { defineState } from "../../../src/store/versions/define-state.ts";
import type { Blame } from "../../../src/store/travel/blame.ts";
import type { StateDiff } from "../../../src/store/travel/state-diff.ts";

const account = defineState({ name: "account", version: 1, schema: v.object({ cents: v.number() }) });

declare const store: Store;

describe("types of time travel", () => {
  it("come from the schema", () => {
    type Version = Snapshot<{ cents: number }>;
    expectTypeOf(store.at(account, "1", { time: 5 })).resolves.toEqualTypeOf<Version>();
    expectTypeOf(store.revert(account, "1", 2)).resolves.toEqualTypeOf<Version>();
    expectTypeOf(store.fork(account, "1", 2, "2")).resolves.toEqualTypeOf<Version>();
    expectTypeOf(store.bisect(account, "1", ({ cents }) => cents > 0)).resolves.toEqualTypeOf<Version | undefined>();
    expectTypeOf(store.diff(account, "1", 1, 2)).resolves.toEqualTypeOf<StateDiff>();
    expectTypeOf(store.blame(account, "1", "/cents")).resolves.toEqualTypeOf<Blame>();
  });

  it("tell what makes no sense", () => {
    // @ts-expect-error a predicate says whether it holds
    void store.bisect(account, "1", ({ cents }) => cents);
    // @ts-expect-error there is no such field
    void store.bisect(account, "1", ({ euros }) => euros > 0);
    // @ts-expect-error times are numbers
    void store.at(account, "1", { time: new Date() });
    // @ts-expect-error there is no such order
    void store.history(account, "1", { order: "random" });
  });
});
