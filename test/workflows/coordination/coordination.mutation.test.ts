/** Breaks the coordination on purpose: the properties have to notice, or they prove nothing. */

import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as Openings from "../../../src/workflows/coordination/openings.ts";
import type * as RunWaits from "../../../src/workflows/history/run-waits.ts";
import type * as RunProgress from "../../../src/workflows/history/run-progress.ts";
import type * as GivenUp from "../../../src/workflows/history/given-up.ts";
import type * as RunItems from "../../../src/workflows/history/run-items.ts";
import type * as RunSteps from "../../../src/workflows/steps/run-steps.ts";
import type * as RunRounds from "../../../src/workflows/history/run-rounds.ts";
import type * as RunMachine from "../../../src/workflows/history/run-machine.ts";
import { placeOf, stepAt } from "../../../src/workflows/steps/run-places.ts";
import { withSteps } from "../../../src/workflows/steps/run-steps.ts";
import type { StepOutline } from "../../../src/workflows/steps/step-outline.ts";
import type { NetworkOptions } from "../support/run-network.ts";
import { expectAllSound, expectSound } from "../support/run-invariants.ts";
import { play, type Played, type Scenario, type ScenarioConstraints, scenarios } from "../support/run-scenario.ts";

const runs = { numRuns: 200, seed: 20_250_101, endOnFailure: true } as const;

/** The message of the first failure; `undefined` when the property held. */
async function failureOf(
  constraints: ScenarioConstraints,
  faults: Pick<NetworkOptions, "swallows" | "renumbers"> = {},
  judge: (scenario: Scenario, played: Played) => void = expectAllSound,
): Promise<string | undefined> {
  const property = fc.asyncProperty(scenarios(constraints), async (scenario) =>
    judge(scenario, await play(scenario, faults)),
  );
  const { errorInstance } = await fc.check(property, runs);
  return errorInstance === null || errorInstance === undefined ? undefined : (errorInstance as Error).message;
}

/** Judges those runs that have ended. */
function judgeEnded(scenario: Scenario, { runs: outcomes }: Played): void {
  for (const run of outcomes) if (run.status !== "unfinished") expectSound(scenario, run);
}

/** Lets loops of these scenarios, with messages, be judged by other rules. */
async function roundsBroken(
  broken: (rounds: typeof RunRounds) => Partial<typeof RunRounds>,
  judge = expectAllSound,
): Promise<string | undefined> {
  vi.resetModules();
  vi.doMock("../../../src/workflows/history/run-rounds.ts", async (original) => {
    const rounds = await original<typeof RunRounds>();
    return { ...rounds, ...broken(rounds) };
  });
  const failure = await failureOf({ loops: true, interventions: ["tell", "switch"] }, {}, judge);
  vi.doUnmock("../../../src/workflows/history/run-rounds.ts");
  return failure;
}

function withoutMax(step: StepOutline): StepOutline {
  return step.loop === undefined ? step : { ...step, loop: { ...step.loop, max: Number.POSITIVE_INFINITY } };
}

afterEach(() => {
  vi.doUnmock("../../../src/workflows/history/run-machine.ts");
  vi.resetModules();
});

describe("the properties", () => {
  it("hold without a fault", async () => {
    expect(await failureOf({ interventions: ["switch"] })).toBeUndefined();
  });

  it("notice a missing hand-over to the relay: runs never end", async () => {
    const swallows: NetworkOptions["swallows"] = ({ message }) => message.type === "relay" && message.handOver;
    expect(await failureOf({ interventions: ["switch"] }, { swallows })).toContain("every run ends");
  });

  it("notice a missing hand-over to a lost participant's successor: runs never end", async () => {
    const swallows: NetworkOptions["swallows"] = ({ message }) => message.type === "relay" && message.handOver;
    expect(await failureOf({ interventions: ["lose"] }, { swallows })).toContain("every run ends");
  });

  it("notice a missing hand-over to the orchestrator: runs never end", async () => {
    // what the orchestrator starts in the same version as the switch
    const swallows: NetworkOptions["swallows"] = ({ message }) => message.type === "perform" && message.handOver;
    expect(await failureOf({ interventions: ["switch"] }, { swallows })).toContain("every run ends");
  });

  it("notice participants who are not told that a sub-workflow has begun: runs never end", async () => {
    const swallows: NetworkOptions["swallows"] = ({ message }) =>
      message.type === "relay" && message.events.some(({ type }) => type === "step-started");
    expect(await failureOf({ depth: 1 }, { swallows })).toContain("every run ends");
  });

  it("notice a history that lets items begin beyond their bounds", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/history/run-items.ts", async (original) => {
      const items = await original<typeof RunItems>();
      const rangeToStart: typeof RunItems.rangeToStart = (...given) => {
        const range = items.rangeToStart(...given);
        return range && { ...range, to: range.items.count };
      };
      return { ...items, rangeToStart, isNextItem: (_: unknown, path: string) => path.endsWith("]") };
    });
    const failure = await failureOf({ eaches: true });
    vi.doUnmock("../../../src/workflows/history/run-items.ts");
    expect(failure).toMatch(/no more items are begun than are worked on at a time|items begin in order/);
  });

  it("notice a history that lets a loop go round again after its max", async () => {
    const failure = await roundsBroken((rounds) => ({
      isNextRound: (state, event) => {
        const steps = { ...state.steps, outline: state.steps.outline.map(withoutMax) };
        return rounds.isNextRound({ ...state, steps }, event);
      },
    }));
    expect(failure).toContain("there are no more rounds than there may be");
  });

  it("notice a round whose steps are not laid out anew where another one was", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/steps/run-steps.ts", async (original) => {
      const steps = await original<typeof RunSteps>();
      const newPart: typeof RunSteps.newPart = (root, ...given) =>
        steps
          .newPart(root, ...given)
          .map(([place, step]) => [place, /#([3-9])\/[^/]*$/.test(step.name) ? { ...step, status: "skipped" } : step]);
      return { ...steps, newPart };
    });
    const failure = await failureOf({ loops: true, bodies: true, depth: 1 });
    vi.doUnmock("../../../src/workflows/steps/run-steps.ts");
    expect(failure).toContain("every run ends");
  });

  it("notice a loop that ends although a message is unread", async () => {
    const failure = await roundsBroken((rounds) => ({
      isLastRound: (state, path, round) => rounds.betweenRounds(state, path)?.done === round,
    }));
    expect(failure).toContain("no message is unread when its loop ends");
  });

  it("notice a loop whose last round leaves a message unread", async () => {
    const failure = await roundsBroken((rounds) => ({
      isNextRound: (state, event) => {
        const steps = { ...state.steps, outline: state.steps.outline.map(withoutMax) };
        const { round = 0, loop = "" } = /^(?<loop>.*)#(?<round>\d+)$/.exec(event.step)?.groups ?? {};
        const max = state.steps.outline.find(({ name }) => name === loop)?.loop?.max ?? 0;
        return Number(round) <= max && rounds.isNextRound({ ...state, steps }, event);
      },
    }));
    expect(failure).toMatch(/every run ends|no message is unread/);
  });

  it("notice a loop that takes a message which no round can read", async () => {
    const failure = await roundsBroken(() => ({
      takesMessage: ({ status, steps }, { step }) =>
        status === "running" && steps.outline.some(({ name, loop }) => name === step && loop?.hasInbox === true),
    }));
    expect(failure).toMatch(/no message comes that no round can read|every run ends/);
  });

  it("notice rounds that read a message again", async () => {
    const again = (rounds: typeof RunRounds): Partial<typeof RunRounds> => ({
      betweenRounds: (state, path) => {
        const between = rounds.betweenRounds(state, path);
        const { messages = [] } = state.steps.segments.flat().find(({ name }) => name === path)?.inbox ?? {};
        return between && { ...between, unread: messages };
      },
    });
    const failure = await roundsBroken(again, judgeEnded); // some runs never end
    expect(failure).toContain("to deeply equal"); // what the oracle says
  });

  it("notice agents who are not told that a round has finished: runs never end", async () => {
    const swallows: NetworkOptions["swallows"] = ({ message }) =>
      message.type === "relay" && message.events.some((event) => event.type === "round-due" && event.between.done > 0);
    expect(await failureOf({ loops: true }, { swallows })).toContain("every run ends");
  });

  it("notice a missing hand-over of loops: runs never end", async () => {
    const swallows: NetworkOptions["swallows"] = ({ message }) =>
      message.type === "relay" && message.handOver && message.events.some(({ type }) => type === "round-due");
    expect(await failureOf({ loops: true, interventions: ["lose", "switch"] }, { swallows })).toContain(
      "every run ends",
    );
  });

  it("notice a sub-workflow that ends before its steps have", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/history/run-progress.ts", async (original) => {
      const progress = await original<typeof RunProgress>();
      const closeOf: typeof RunProgress.closeOf = (state, event) =>
        event.type === "step-finished" && event.step === "s0/s0"
          ? { type: "step-finished", step: "s0", output: undefined }
          : progress.closeOf(state, event);
      const isDone: typeof RunProgress.isDone = ({ status, left }) => status === "open" && left !== undefined;
      return { ...progress, closeOf, isDone };
    });
    const failure = await failureOf({ depth: 1 });
    vi.doUnmock("../../../src/workflows/history/run-progress.ts");
    expect(failure).toMatch(/settled|its sub-workflow is open|every run ends/);
  });

  it("notice an item that is over while a step of it is in flight", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/history/given-up.ts", async (original) => {
      const items = await original<typeof GivenUp>();
      const givenUpBy: typeof GivenUp.givenUpBy = (steps, event) => {
        const place = "step" in event && event.step !== undefined ? placeOf(steps, event.step) : undefined;
        const item = place === undefined ? undefined : items.givenUpAround(steps, place);
        return item === undefined ? items.givenUpBy(steps, event) : stepAt(steps, item);
      };
      return { ...items, isAtRest: () => true, givenUpBy };
    });
    const constraints = { fails: ["executing", "mapping"], depth: 1, eaches: true, bodies: true } as const;
    const failure = await failureOf(constraints);
    vi.doUnmock("../../../src/workflows/history/given-up.ts");
    expect(failure).toContain("nothing of an item is in flight when it is over");
  });

  it("notice steps of an item that start after it has failed", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/history/given-up.ts", async (original) => {
      const items = await original<typeof GivenUp>();
      const giveUp: typeof GivenUp.giveUp = (next, item, error) => {
        items.giveUp(next, item, error);
        const { steps } = next;
        next.steps = withSteps(steps, [[item, { ...stepAt(steps, item), status: "open" }]], steps.undoneFirst);
      };
      return { ...items, giveUp };
    });
    const constraints = { fails: ["executing"], depth: 1, eaches: true, bodies: true } as const;
    const failure = await failureOf(constraints);
    vi.doUnmock("../../../src/workflows/history/given-up.ts");
    expect(failure).toMatch(/every run ends|no more items fail/);
  });

  it("notice a missing release: participants remember runs for ever", async () => {
    const swallows: NetworkOptions["swallows"] = ({ message }) => message.type === "release";
    expect(await failureOf({ fails: ["executing"] }, { swallows })).toContain("to be +0");
  });

  it("notice a missing admissibility check: steps are done twice", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/history/run-machine.ts", async (original) => ({
      ...(await original<object>()),
      admits: () => true,
    }));
    expect(await failureOf({ interventions: ["switch"] })).toContain("twice");
  });

  it("notice a wait that takes an answer twice", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/history/run-waits.ts", async (original) => {
      const waits = await original<typeof RunWaits>();
      const takesAnswer: typeof RunWaits.takesAnswer = ({ status, steps }, name) =>
        status === "running" && steps.outline.some((step) => step.name === name && step.kind === "wait");
      return { ...waits, takesAnswer };
    });
    const failure = await failureOf({ interventions: ["tell"], waits: true });
    vi.doUnmock("../../../src/workflows/history/run-waits.ts");
    expect(failure).toMatch(/no wait is answered twice|it finishes with its answer, or given up/);
  });

  it("notice waits whose answer doesn't end them: runs never end", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/coordination/openings.ts", async (original) => {
      const { followOpenings, ...others } = await original<typeof Openings>();
      const forgetful: typeof Openings.followOpenings = (...given) =>
        given[2].type === "wait-opened" ? [] : followOpenings(...given);
      return { ...others, followOpenings: forgetful };
    });
    const failure = await failureOf({ interventions: ["tell"], waits: true });
    vi.doUnmock("../../../src/workflows/coordination/openings.ts");
    expect(failure).toMatch(/every run ends|it finishes with its answer, or given up/);
  });

  it("notice a recovery that forgets what was in flight: runs never end", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/history/run-machine.ts", async (original) => {
      const machine = await original<typeof RunMachine>();
      const apply: typeof RunMachine.apply = (state, event, events) => {
        const next = machine.apply(state, event, events);
        return event.type === "run-recovered" ? { ...next, steps: state.steps } : next;
      };
      return { ...machine, apply };
    });
    expect(await failureOf({ interventions: ["crash"] })).toContain("every run ends");
  });

  it("notice alarms that never ring: what is to be tried again never is", async () => {
    vi.resetModules();
    vi.doMock("../../../src/workflows/coordination/orchestrator.ts", async (original) => ({
      ...(await original<object>()),
      orchestrateDue: () => undefined,
    }));
    const judge = (scenario: Scenario, played: Played): void => expectAllSound(scenario, played);
    const failure = await failureOf({ fails: ["once"], retries: true }, {}, judge);
    vi.doUnmock("../../../src/workflows/coordination/orchestrator.ts");
    expect(failure).toMatch(/every run ends|it never ends/);
  });

  it("notice missing numbers: what arrives twice is done twice", async () => {
    // such a number also hides messages that come later, and then a run may never end
    expect(await failureOf({ repeats: true }, { renumbers: true }, judgeEnded)).toContain("twice");
  });
});
