/** Invariants 5, 10, 11 and 13 for a workflow that is a step of another: it comes to what its steps written out by hand come to. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coordination, isTroupeError, type Run, type System } from "../../src/index.ts";
import { nested, parts, writtenOut } from "./parts.ts";
import { asMessage, mapFrames } from "./wire.ts";
import { book, type Order } from "./workflows.ts";
import { crashes, holdsOnThreads, holdsSimulated, isFoundBroken, type Scenario } from "./worlds.ts";

interface Parcels {
  readonly start: Coordination;
  readonly orders: readonly {
    readonly amount: number;
    readonly fails: (typeof parts)[number] | undefined;
    /** After how many rounds of doing nothing the wait is answered. */
    readonly answered: number;
  }[];
  readonly switches: readonly number[];
}

const rounds = fc.integer({ min: 0, max: 8 });

const parcels: fc.Arbitrary<Parcels> = fc.record({
  start: fc.constantFrom("orchestrator" as const, "relay" as const),
  orders: fc.array(
    fc.record({
      amount: fc.integer({ min: 1, max: 5 }),
      fails: fc.option(fc.constantFrom(...parts), { nil: undefined, freq: 2 }),
      answered: rounds,
    }),
    { minLength: 1, maxLength: 2 },
  ),
  switches: fc.array(rounds, { maxLength: 5 }),
});

const other = (coordination: Coordination): Coordination => (coordination === "relay" ? "orchestrator" : "relay");

async function idle(system: System, count: number): Promise<void> {
  for (let round = 0; round < count; round++) await system.stats();
}

/** What came of a run: by the names that the steps have when they are written out. */
interface Came {
  readonly status: string | undefined;
  readonly result: unknown;
  /** The steps that agents did, in order, and those that were undone. */
  readonly done: readonly string[];
  readonly undone: readonly string[];
}

const byHand = (path: string): string => path.replace("/", "-");

/** What may die while the runs go on: then a run that turns back may leave effects that are unknown to it. */
type Dying = "threads" | "process" | undefined;

async function cameOf(
  system: System,
  run: Run,
  dying: Dying,
  isDoneByAgents: (step: string) => boolean,
): Promise<Came> {
  const result = await run.result.catch((error: unknown) => {
    if (!isTroupeError(error, "step-failed")) throw error;
    return undefined;
  });
  const history = (await run.history()).map(({ event }) => event);
  const of = (type: "step-finished" | "compensation-finished"): string[] =>
    history.flatMap((event) => (event.type === type && isDoneByAgents(event.step) ? [event.step] : []));
  const [done, undone] = [of("step-finished"), of("compensation-finished")];
  const { entries } = await system.store.read(book, run.id);
  expect(new Set(done).size, "no step finishes twice").toBe(done.length);
  const effects = entries.filter((entry) => entry.startsWith("+")).toSorted();
  const known = done.map((step) => `+${step}`).toSorted();
  expect(new Set(effects).size, "each step has its effect once").toBe(effects.length);
  expect(effects).toEqual(dying === undefined || result !== undefined ? known : expect.arrayContaining<string>(known));
  expect(
    entries.filter((entry) => entry.startsWith("-")),
    "and is undone once",
  ).toEqual(undone.map((step) => `-${step}`));
  const end = history.at(-1);
  const status = end?.type === "run-ended" ? end.status : undefined;
  if (status === "failed") expect(undone, "in exactly the reverse order").toEqual(done.toReversed());
  return { status, result, done: done.map(byHand), undone: undone.map(byHand) };
}

const comesToTheSame =
  (dying?: Dying): Scenario<Parcels> =>
  async (system, { start, orders, switches }, scope) => {
    await system.switchCoordination(start);
    const playing = orders.flatMap(({ amount, fails, answered }, index) => {
      const play = async (begin: (order: Order) => Run, name: string, wait: string): Promise<Came> => {
        const id = `${scope}-${index}-${name}`;
        const order: Order = { order: id, amount, pauses: {}, ...(fails === undefined ? {} : { fails }) };
        const run: Run = await system.findRun(id).catch((error: unknown) => {
          if (!isTroupeError(error, "no-such-run")) throw error; // an earlier process started it
          return begin(order);
        });
        await idle(system, answered);
        await run.tell(wait, { amount: 10 }, { idempotencyKey: id }).catch((error: unknown) => {
          if (!isTroupeError(error, "not-admissible")) throw error;
        });
        return cameOf(system, run, dying, (step) => step !== wait && step !== "parcel");
      };
      return [
        Promise.all([
          play((order) => system.run(nested, order, { id: order.order }), "nested", "parcel/check"),
          play((order) => system.run(writtenOut, order, { id: order.order }), "written-out", "parcel-check"),
        ]).then(([whole, hand]) => {
          const settles = dying !== "threads" || (whole.status === "completed" && hand.status === "completed");
          if (!settles) return;
          expect(whole.status).toBe(hand.status);
          expect(withoutOrder(whole.result)).toEqual(withoutOrder(hand.result));
          if (whole.status === "completed") expect(whole.done.toSorted()).toEqual(hand.done.toSorted());
        }),
      ];
    });
    const switching = (async () => {
      for (const after of switches) {
        await idle(system, after);
        await system.switchCoordination(other(system.coordination));
      }
    })();
    await Promise.all([switching, ...playing]);
  };

/** The two runs have orders of their own. */
function withoutOrder(result: unknown): unknown {
  return result === undefined ? undefined : { ...(result as object), order: "" };
}

const durable = { journal: "durable", system: { workflows: [nested, writtenOut] } } as const;

describe("a sub-workflow comes to what its steps written out by hand come to", () => {
  it("on the simulator, with any sequence of switches", () => holdsSimulated(parcels, comesToTheSame()));

  it("on the simulator when threads die", () =>
    holdsSimulated(parcels, comesToTheSame("threads"), { faults: { threadDeath: 0.01 } }));

  it("on the simulator when the process crashes and another one goes on", () =>
    holdsSimulated(parcels, comesToTheSame("process"), { ...durable, faults: crashes }));

  it("on real threads", () => holdsOnThreads(parcels, comesToTheSame()));

  it("but not when its steps are not told that it has begun", async () => {
    const failure = await isFoundBroken(parcels, comesToTheSame(), {
      tamper: () => (batch) =>
        mapFrames(batch, (frame) => {
          const sent = asMessage(frame);
          if (sent?.type !== "coordinate") return frame;
          const { message } = sent.payload as { message: { events?: readonly { type: string }[] } };
          return message.events?.some(({ type }) => type === "step-started") === true ? undefined : frame;
        }),
    });
    expect(failure).toContain("nothing is left to run");
  });
});
