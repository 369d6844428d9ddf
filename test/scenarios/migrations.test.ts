/** Public reports of deploys that break or strand the runs that go on, re-enacted: eight kinds of change, each at every cut of a run's history. */

import { filter, firstValueFrom } from "rxjs";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import {
  type AgentDefinition,
  defineAgent,
  defineWorkflow,
  type Run,
  type StepStatus,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { noted, second, underBoth } from "./tasks.ts";
import { asked, confirmer, flight, hotel, insurer, next, quoter, trip } from "./trips.ts";

/** The same agent in a version of its own, in another module, as after a deploy. */
const later = <Output extends Record<string, unknown>>(output: v.GenericSchema<unknown, Output>, made: Output) =>
  defineAgent(import.meta.url, {
    name: "hotel",
    version: "2.0.0",
    input: v.object({ trip: v.string(), fails: v.optional(v.boolean(), false) }),
    output: output as never,
    async execute(_, context) {
      noted.begun.push(String(context.step));
      await context.sleep(second);
      noted.done.push(String(context.step));
      return made as never;
    },
    compensate: (_, context) => void noted.undone.push(String(context.step)),
  }) as AgentDefinition<{ trip: string; fails?: boolean }, Output>;

export const starred = later(v.object({ by: v.string(), stars: v.optional(v.number(), 3) }), {
  by: "hotel 2",
  stars: 5,
});
/** Its outputs are numbers. */
export const counted = later(v.object({ room: v.number() }), { room: 12 });

type Steps = Readonly<Record<string, StepStatus>>;
const hasBegun = (steps: Steps, ...names: string[]): boolean => names.some((name) => steps[name] !== "pending");
const parts = ["quoter", "hotel", "flight"];

interface Change {
  readonly what: string;
  readonly to: WorkflowDefinition;
  /** Why a run is refused where it stands so; `undefined` for one that can go on. */
  refused(steps: Steps): string | undefined;
  /** What a run comes to that changed where it stood so. */
  result(steps: Steps): readonly string[];
}

const begun = (version: string) =>
  defineWorkflow(import.meta.url, { ...next, version })
    .step("quote", quoter, ({ input }) => asked("quote", input))
    .step("hotel", hotel, { after: ["quote"] }, ({ input }) => asked("hotel", input));

/** Each has a version of its own, as all of them are in one process here. */
export const withMail = begun("2.0.1")
  .step("flight", flight, { after: ["hotel"] }, ({ input }) => asked("flight", input))
  .step("confirm", confirmer, { after: ["quote", "hotel", "flight"] }, () => ({ parts: ["early"] }))
  .step("mail", confirmer, { after: ["confirm"] }, ({ confirm }) => ({ parts: [...confirm, "mailed"] }));

export const withInsurance = begun("2.0.2")
  .step("insure", insurer, { after: ["quote"], when: () => true, otherwise: () => ({ by: "nobody" }) }, ({ input }) =>
    asked("insure", input),
  )
  .step("flight", flight, { after: ["hotel", "insure"] }, ({ input }) => asked("flight", input))
  .step("confirm", confirmer, { after: ["flight", "insure"] }, ({ insure }) => ({ parts: [insure.by] }));

export const withCheck = begun("2.0.3")
  .step("insure", insurer, { after: ["quote"] }, ({ input }) => asked("insure", input))
  .step("flight", flight, { after: ["hotel", "insure"] }, ({ input }) => asked("flight", input))
  .step("confirm", confirmer, { after: ["flight", "insure"] }, ({ insure }) => ({ parts: [insure.by] }));

export const withoutQuote = defineWorkflow(import.meta.url, { ...next, version: "2.0.4" })
  .step("hotel", hotel, ({ input }) => asked("hotel", input))
  .step("flight", flight, { after: ["hotel"] }, ({ input }) => asked("flight", input))
  .step("confirm", confirmer, { after: ["hotel", "flight"] }, ({ hotel: room, flight: seat }) => ({
    parts: [room.by, seat.by],
  }));

export const withoutHotel = defineWorkflow(import.meta.url, { ...next, version: "2.0.5" })
  .step("quote", quoter, ({ input }) => asked("quote", input))
  .step("flight", flight, { after: ["quote"] }, ({ input }) => asked("flight", input))
  .step("confirm", confirmer, { after: ["quote", "flight"] }, ({ quote, flight: seat }) => ({
    parts: [quote.by, seat.by],
  }));

export const withStars = defineWorkflow(import.meta.url, { ...next, version: "2.0.6" })
  .step("quote", quoter, ({ input }) => asked("quote", input))
  .step("hotel", starred, { after: ["quote"] }, ({ input }) => asked("hotel", input))
  .step("flight", flight, { after: ["hotel"] }, ({ input }) => asked("flight", input))
  .step("confirm", confirmer, { after: ["hotel", "flight"] }, ({ hotel: room }) => ({
    parts: [room.by, String(room.stars)],
  }));

export const withRooms = defineWorkflow(import.meta.url, { ...next, version: "2.0.7" })
  .step("quote", quoter, ({ input }) => asked("quote", input))
  .step("hotel", counted, { after: ["quote"] }, ({ input }) => asked("hotel", input))
  .step("flight", flight, { after: ["hotel"] }, ({ input }) => asked("flight", input))
  .step("confirm", confirmer, { after: ["hotel", "flight"] }, ({ hotel: room }) => ({ parts: [`room ${room.room}`] }));

export const turnedRound = defineWorkflow(import.meta.url, { ...next, version: "2.0.8" })
  .step("quote", quoter, ({ input }) => asked("quote", input))
  .step("flight", flight, { after: ["quote"] }, ({ input }) => asked("flight", input))
  .step("hotel", hotel, { after: ["flight"] }, ({ input }) => asked("hotel", input))
  .step("confirm", confirmer, { after: ["hotel"] }, () => ({ parts: ["turned"] }));

export const retiring = defineWorkflow(import.meta.url, { ...next, version: "2.1.0", retired: [hotel] })
  .step("quote", quoter, ({ input }) => asked("quote", input))
  .step("flight", flight, { after: ["quote"] }, ({ input }) => asked("flight", input))
  .step("confirm", confirmer, { after: ["quote", "flight"] }, ({ input, quote, flight: seat }) => ({
    parts: [quote.by, seat.by],
    fails: input.fails === "confirm",
  }));

const flow = (one: unknown): WorkflowDefinition => one as WorkflowDefinition;

const changes: readonly Change[] = [
  {
    what: "a step is added at the end",
    to: flow(withMail),
    refused: () => undefined,
    result: (steps) => [...(hasBegun(steps, "confirm") ? parts : ["early"]), "mailed"],
  },
  {
    what: "a step is added in between, with an otherwise for runs that are past it",
    to: flow(withInsurance),
    refused: () => undefined,
    result: (steps) => {
      if (hasBegun(steps, "confirm")) return parts;
      return hasBegun(steps, "flight") ? ["nobody"] : ["insurer"];
    },
  },
  {
    what: "a step is added in between, without one",
    to: flow(withCheck),
    refused: (steps) =>
      hasBegun(steps, "flight")
        ? `comes after "insure", which is new: the run has passed it, and it has no otherwise`
        : undefined,
    result: () => ["insurer"],
  },
  {
    what: "a step that can't be undone is removed",
    to: flow(withoutQuote),
    refused: ({ quote }) => (quote === "started" ? `no "quote", which has begun, and is not over` : undefined),
    result: (steps) => (hasBegun(steps, "confirm") ? parts : ["hotel", "flight"]),
  },
  {
    what: "a step that can be undone is removed",
    to: flow(withoutHotel),
    refused: ({ hotel: room }) =>
      room === "finished"
        ? `no "hotel", which is still to be undone by hotel@1.0.0: give it that agent in its retired`
        : room === "started"
          ? `no "hotel", which has begun, and is not over`
          : undefined,
    result: () => ["quoter", "flight"],
  },
  {
    what: "an agent says more",
    to: flow(withStars),
    refused: ({ hotel: room }) => (room === "started" ? `"hotel" is in flight, and its agent` : undefined),
    result: (steps) => {
      if (hasBegun(steps, "confirm")) return parts;
      return hasBegun(steps, "hotel") ? ["hotel", "3"] : ["hotel 2", "5"];
    },
  },
  {
    what: "an agent says something else",
    to: flow(withRooms),
    refused: ({ hotel: room }) =>
      room === "finished"
        ? `the output of "hotel" does not satisfy the new contract`
        : room === "started"
          ? `"hotel" is in flight, and its agent`
          : undefined,
    result: () => ["room 12"],
  },
  {
    what: "the order is turned round",
    to: flow(turnedRound),
    refused: (steps) =>
      hasBegun(steps, "hotel") && steps["flight"] !== "finished"
        ? `"hotel" has begun, and comes after "flight" in the new definition, which has not settled`
        : undefined,
    result: (steps) => (hasBegun(steps, "confirm") ? parts : ["turned"]),
  },
];

const statusesOf = async (run: Run): Promise<{ readonly version: number; readonly steps: Steps }> => {
  const { version, steps } = await run.view();
  return { version, steps: Object.fromEntries(Object.entries(steps).map(([name, { status }]) => [name, status])) };
};

/** Resolves when the run has had so many versions, or ended. */
const reached = (run: Run, versions: number): Promise<void> =>
  new Promise((resolve) => {
    run.events$.subscribe({
      next: ({ version }) => {
        if (version >= versions) resolve();
      },
      complete: () => resolve(),
    });
  });

const reports =
  "https://github.com/temporalio/sdk-rust/issues/443, https://github.com/temporalio/sdk-python/issues/135, " +
  "https://github.com/vercel/workflow/issues/1203, https://github.com/langchain-ai/langgraphjs/pull/2608, https://github.com/mastra-ai/mastra/pull/20283";

describe(`a deploy while runs go on: ${reports}`, () => {
  it.each(changes)("goes on, or is refused and says why, wherever a run is: $what", ({ to, refused, result }) =>
    underBoth(
      async ({ system }) => {
        const came = { ok: 0, refused: 0 };
        for (let cut = 1; ; cut++) {
          for (const list of Object.values(noted)) list.length = 0;
          const run = system.run(trip, { trip: "lisbon" }, { id: `trip-${cut}` });
          await reached(run, cut);
          const before = await statusesOf(run);
          if (before.steps["confirm"] === "finished") break;
          const dry = await system.migrate(to, { from: "1.0.0", dryRun: true });
          const untouched = await statusesOf(run);
          const { runs } = await system.migrate(to, { from: "1.0.0" });
          const [one] = runs;
          const outcome = await run.result;
          // each step is done once, whatever became of it
          expect(noted.done.toSorted()).toEqual(noted.begun.toSorted());
          expect(new Set(noted.begun).size).toBe(noted.begun.length);
          expect(one?.run).toBe(run.id);
          const change = (await run.history()).find(({ event }) => event.type === "definition-changed");
          if (untouched.version !== before.version || (change ?? untouched).version > before.version + 1) continue;
          expect(dry.runs, "the dry run said the same").toEqual(runs);
          const why = refused(before.steps);
          if (one?.outcome === "ok") {
            came.ok++;
            expect(why, JSON.stringify(before)).toBe(undefined);
            expect(outcome).toEqual(result(before.steps));
          } else {
            came.refused++;
            expect(one?.reasons.join("; ")).toContain(why ?? "no reason is expected");
            expect(change).toBe(undefined);
            expect(outcome).toEqual(parts);
          }
        }
        expect(came.ok).toBeGreaterThan(0);
      },
      { runs: 1 },
    ),
  );

  it("undoes what a retired agent has done, also after a crash: https://github.com/vercel/workflow/issues/1203", () =>
    underBoth(
      async ({ system, crash }) => {
        const run = system.run(trip, { trip: "lisbon", fails: "confirm" }, { id: "r" });
        await firstValueFrom(
          run.events$.pipe(filter(({ event }) => event.type === "step-finished" && event.step === "hotel")),
        );
        const { runs } = await system.migrate(retiring);
        expect(runs).toMatchObject([{ run: "r", outcome: "ok", removed: [] }]);
        const again = await (await crash()).findRun("r");
        await expect(again.result).rejects.toMatchObject({ code: "step-failed", details: { step: "confirm" } });
        expect(noted.undone).toEqual(["flight", "hotel"]);
      },
      { journal: "durable", system: { workflows: [flow(trip), flow(retiring)] } },
    ));
});
