/** The simulator's leased journal is a journal as any other, to its owner; and no other process' word counts. */

import { expect, it } from "vitest";
import type { Journal } from "../../../../src/store/journal/journal.ts";
import { ChoicesOfRun } from "../../../../src/testing/simulator/schedules/choices.ts";
import { LinkFaults } from "../../../../src/testing/simulator/faults/link-faults.ts";
import type { Steps } from "../../../../src/testing/simulator/schedules/scheduler.ts";
import { seededRandom } from "../../../../src/testing/simulator/schedules/seeded-random.ts";
import { LeasedJournal } from "../../../../src/testing/simulator/world/leased-journal.ts";
import { testJournalContract } from "../../../store/support/journal-contract.ts";
import { failure } from "../../../store/support/failure.ts";
import { recordOf } from "../../../store/support/requests.ts";

function leased(): LeasedJournal {
  const choices = new ChoicesOfRun();
  const random = seededRandom(1);
  const faults = { delay: 0.5, maxDelay: 10, duplicate: 0, partition: 0, maxPartition: 0 };
  return new LeasedJournal({
    ...{ choices, random, connectionLoss: 0.3 },
    faults: new LinkFaults(choices, random, faults),
  });
}

/** Takes each step in a turn of its own, at once; but holds the watchdog's until it is let go. */
class Eager implements Steps {
  readonly now = 0;
  readonly #held: (() => void)[] = [];

  lane(name: string): ReturnType<Steps["lane"]> {
    return {
      add: (_delay, run) => {
        if (name === "journal watchdog") this.#held.push(run);
        else void Promise.resolve().then(run);
        return () => undefined;
      },
      drain: () => undefined,
    };
  }

  atEndOfTurn(task: () => void): void {
    task();
  }

  bark(): void {
    for (const run of this.#held) run();
  }
}

const reopened = new WeakMap<Journal, LeasedJournal>();
function openAgain(source: LeasedJournal): Journal {
  const journal = source.open({ steps: new Eager(), isAlive: true });
  reopened.set(journal, source);
  return journal;
}

testJournalContract(
  () => openAgain(leased()),
  (journal) => openAgain(reopened.get(journal) as LeasedJournal),
);

it("tells the owner that is cut off, by its watchdog, and takes nothing more from it", async () => {
  const source = leased();
  const steps = new Eager();
  const before = source.open({ steps, isAlive: true });
  await before.append([recordOf("a/1", 1, 1)]);
  source.cutOff();
  const late = failure((async () => before.append([recordOf("a/1", 2, 2)]))());
  expect(before.lost?.aborted).toBe(false);
  steps.bark();
  expect(before.lost?.reason).toMatchObject({ code: "ownership-lost", details: { epoch: 1 } });
  expect(await late).toBe(before.lost?.reason);
  const after = source.open({ steps: new Eager(), isAlive: true });
  await after.append([recordOf("a/1", 2, 2)]);
  expect(await after.head("a/1")).toMatchObject({ version: 2 });
});
