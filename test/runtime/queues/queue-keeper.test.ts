/** The keeper of queues, with a store that is a map: what it holds of runs that its system doesn't go on with, and of releases that fail. */

import { expect, it } from "vitest";
import { memoryJournal } from "../../../src/index.ts";
import { QueueKeeper } from "../../../src/runtime/queues/queue-keeper.ts";
import { AuthorityAccess } from "../../../src/store/authority/authority-access.ts";
import { StoreAuthority } from "../../../src/store/authority/store-authority.ts";
import { StoreClient } from "../../../src/store/client/store-client.ts";
import { newRun, type RunState } from "../../../src/workflows/history/run-state.ts";
import { fixedClock } from "../../store/support/fixed-clock.ts";
import { FakeClock } from "../fake-clock.ts";

async function desk() {
  const authority = new StoreAuthority({ journal: memoryJournal(), clock: fixedClock(0) });
  const store = new StoreClient(new AuthorityAccess(authority), { author: "test" });
  const released: string[] = [];
  const left: string[] = [];
  let next = (run: string): boolean => released.push(run) > 0;
  const keeper: QueueKeeper = new QueueKeeper({
    ...{ clock: new FakeClock(), authority, store },
    release: (run) => next(run),
    fill() {
      for (let one = keeper.next(); one !== undefined; one = keeper.next()) one[1]();
    },
    leave: (run) => void left.push(run),
  });
  await keeper.set("q", { all: { concurrency: 1 } });
  return { keeper, released, left, fail: (how: typeof next) => (next = how) };
}

const stateOf = (since: number, isQueued: boolean, status: RunState["status"] = "running"): RunState => ({
  ...newRun,
  status,
  queue: { name: "q", key: "", since },
  ...(isQueued ? { isQueued } : {}),
});

it("keeps the place of a run that was released and is not gone on with, and has new ones come after all that are known", async () => {
  const { keeper, released } = await desk();
  keeper.leftAside("refused", stateOf(100, false));
  keeper.leftAside("not wanted", stateOf(5_000, true));
  keeper.observe("waits", stateOf(200, true));
  keeper.start();
  expect(released).toEqual([]);
  expect(keeper.join("new", { name: "q", key: "" }).since).toBe(5_001);
  keeper.observe("refused", stateOf(100, false, "cancelled"));
  expect(released).toEqual(["waits"]);
});

it("gives the place to the next one where a release doesn't come about, and keeps it where that is unknown", async () => {
  const { keeper, left, fail } = await desk();
  for (const [n, run] of ["first", "second", "third"].entries()) keeper.observe(run, stateOf(n, true));
  const asked: string[] = [];
  fail((run) => {
    asked.push(run);
    if (run === "second") throw new Error("the journal failed");
    return false;
  });
  keeper.start();
  expect(asked).toEqual(["first", "second"]);
  expect(left).toEqual(["first", "second"]);
  expect(await keeper.find("q")).toMatchObject({ waiting: 1, released: 1 });
});
