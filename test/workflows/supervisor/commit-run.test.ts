import { describe, expect, it } from "vitest";
import { commitRun } from "../../../src/workflows/supervisor/commit-run.ts";
import { newRun, type RunState, runState } from "../../../src/workflows/history/run-state.ts";
import type { SupervisorPorts } from "../../../src/workflows/supervisor/supervisor-ports.ts";
import { subjectOf } from "../../../src/store/client/change.ts";
import { recipeFailed } from "../../../src/store/client/recipe.ts";
import { MemoryRuns } from "../support/memory-runs.ts";

const subject = subjectOf(runState, "r");

/** Says of a recipe that throws only that it failed, as the real one does. */
class Store implements Pick<SupervisorPorts, "commit"> {
  readonly runs: MemoryRuns;
  readonly commit: SupervisorPorts["commit"];

  constructor(isAsync: boolean) {
    this.runs = new MemoryRuns(isAsync ? (commit) => setImmediate(commit) : undefined);
    this.commit = (of, next) =>
      this.runs.commit(of, (newest) => {
        try {
          return next(newest);
        } catch {
          throw recipeFailed(of.key, "threw");
        }
      });
  }

  /** What a commit rejects with or throws. */
  async refusal(next: (newest: RunState) => RunState): Promise<unknown> {
    try {
      return await commitRun(this, subject, next);
    } catch (error) {
      return error;
    }
  }
}

describe.each([false, true])("a run's next version (in a store that is asynchronous: %s)", (isAsync) => {
  it("is what is made of the newest", async () => {
    const store = new Store(isAsync);
    await commitRun(store, subject, () => ({ ...newRun, status: "running", length: 1 }));
    const second = await commitRun(store, subject, (newest) => ({ ...newest, length: newest.length + 1 }));
    expect(second).toMatchObject({ version: 2, state: { status: "running", length: 2 } });
  });

  it("is refused as it is refused, whatever the store says of it", async () => {
    const store = new Store(isAsync);
    const reason = new Error("not now");
    const refuse = (): RunState => {
      throw reason;
    };
    expect(await store.refusal(refuse)).toBe(reason);
    expect(store.runs.versions("r")).toEqual([]);
  });

  it("that can't be written fails with what the store says", async () => {
    const store = new Store(isAsync);
    store.runs.failure = new Error("disk full");
    expect(await store.refusal(() => newRun)).toBe(store.runs.failure);
  });
});
