/** `verifyWorkflow`: a model check of a workflow from its contracts. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { checkDefinition } from "../../runtime/definitions/check-definition.ts";
import { nodeRandom } from "../../runtime/platform/node-random.ts";
import { eventInWords } from "../../workflows/history/run-words.ts";
import type { RunRecord } from "../../workflows/history/run-history.ts";
import { anyOf, anyPartOf, everyStepOf } from "../../workflows/definition/steps-of-run.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { FakeAnswer } from "../simulator/fake-answer.ts";
import type { Problem } from "./observed-workflow.ts";
import { Plan } from "./plan.ts";
import { type PlayOptions, playRun } from "./play-run.ts";
import { smallest } from "./smallest.ts";
import { NoValue } from "./value-for.ts";

/**
 * How {@link verifyWorkflow} tries a workflow.
 *
 * @experimental
 * @since 0.1.0
 */
export interface VerifyOptions<Input = unknown> {
  /** How many runs are played, after the simplest one that there is. Default 1,000. */
  readonly runs?: number;
  /** The first run's seed; the others follow it. Default: another one each time. */
  readonly seed?: number;
  /** What agents answer in place of values made from their contracts, by {@link answering}. */
  readonly agents?: readonly FakeAnswer[];
  /** Makes the input of a run, by numbers in [0, 1). Default: values made from the workflow's schema. */
  readonly input?: (random: () => number) => Input;
  /**
   * Who undoes: `"stub"`, which does nothing, or the agents' `"own"` code, with outputs made from their contracts. What that does outside of
   * the store, it does. Default `"stub"`.
   */
  readonly compensations?: "stub" | "own";
  /** Steps that need not be reached, by path. Default: none. */
  readonly unreached?: readonly string[];
}

/**
 * What {@link verifyWorkflow} tried, if nothing was wrong.
 *
 * @experimental
 * @since 0.1.0
 */
export interface VerifyReport {
  readonly seed: number;
  /** How many runs were played. */
  readonly runs: number;
  /** How many of them ended in which way. */
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** How often each step finished, was skipped and was undone, by its path; the items of an each and the rounds of a loop together, as `check[]` and `improve#`. */
  readonly steps: Readonly<Record<string, StepCounts>>;
}

/**
 * How often a step came to what.
 *
 * @experimental
 * @since 0.1.0
 */
export interface StepCounts {
  readonly finished: number;
  readonly skipped: number;
  readonly undone: number;
}

const schema = v.strictObject({
  runs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  seed: v.optional(v.pipe(v.number(), v.safeInteger())),
  agents: v.optional(v.array(v.object({ agent: v.unknown(), answer: v.function() }))),
  input: v.optional(v.function()),
  compensations: v.optional(v.picklist(["stub", "own"])),
  unreached: v.optional(v.array(v.string())),
});

/**
 * Plays many runs of a workflow in the simulator, to find what is wrong with it. Its agents' code is not called: stubs answer from the agents'
 * contracts, with values at the edges first, and some fail, refuse or hang. Waits are answered early, soon, late, twice or not at all; the
 * coordination is switched, runs are cancelled, threads die and the process crashes.
 *
 * Guarantees: a workflow passes only if in all of these runs its functions neither threw nor came to another result from the same sources,
 * in another time and by another chance; what they gave fitted the contracts; each run ended; no step settled twice; and what had finished was
 * undone in exactly the reverse order. Over all of them, each step was done, and each wait ended. The same seed plays the same runs.
 *
 * What a stub answers is anything that its agent's contract allows. If your agent never answers that, say so in the contract, or by `agents`.
 *
 * @throws TroupeError (as a rejection) `verification-failed` with the smallest run found that breaks, as its history in words;
 * `invalid-options`, also for a schema that no values can be made for: it names the schema.
 * @example
 * await verifyWorkflow(creditDecision);
 * @experimental
 * @since 0.1.0
 */
export async function verifyWorkflow<Input, Output, Waits, Steps>(
  workflow: WorkflowDefinition<Input, Output, Steps, Waits>,
  options: VerifyOptions<Input> = {},
): Promise<VerifyReport> {
  checkDefinition("verifyWorkflow", ["workflow"], workflow);
  checkOptions("verifyWorkflow", schema, options);
  const { runs = 1_000, seed = Math.floor(nodeRandom().next() * 2 ** 31), unreached = [] } = options;
  const played: PlayOptions = {
    workflow,
    answers: options.agents ?? [],
    undoes: options.compensations === "own",
    input: options.input,
  };
  const seen = new Sightings(played.workflow);
  const unknown = unreached.find((path) => !seen.paths.includes(path));
  if (unknown !== undefined)
    throw new TroupeError(
      "invalid-options",
      `verifyWorkflow: unreached has ${unknown}, and the steps are ${seen.paths.join(", ")}`,
    );
  try {
    for (let at = 0; at <= runs; at++) {
      const one = seed + Math.max(0, at - 1);
      const plan = new Plan(one, at === 0 ? new Map() : undefined);
      const { problem, records } = await playRun(one, plan, played);
      if (problem !== undefined) throw await broken(one, plan, problem, records, played);
      seen.add(records);
    }
  } catch (error) {
    if (!(error instanceof NoValue)) throw error;
    throw new TroupeError(
      "invalid-options",
      `verifyWorkflow: ${error.message}. Give what makes it: agents: [answering(agent, …)] for an output, input for a run's input`,
    );
  }
  const missed = seen.missed().filter(({ path }) => !unreached.includes(path));
  if (missed.length > 0)
    throw notReached(
      played.workflow,
      missed.map(({ why }) => why),
      seed,
      runs + 1,
    );
  return { seed, runs: runs + 1, ...seen.report() };
}

/** The error for a run that breaks: that of the smallest one found which breaks in the same way. */
async function broken(
  seed: number,
  plan: Plan,
  found: Problem,
  history: readonly RunRecord[],
  options: PlayOptions,
): Promise<TroupeError> {
  let problem = found;
  let records = history;
  await smallest(plan.drawn, async (draws) => {
    const fewer = new Plan(seed, draws);
    const one = await playRun(seed, fewer, options);
    if (one.problem?.about !== problem.about) return undefined;
    ({ records } = one);
    problem = one.problem;
    return fewer.drawn;
  });
  const { name, version } = options.workflow;
  return new TroupeError(
    "verification-failed",
    `the workflow ${name}@${version} breaks: ${problem.message}\nThe smallest run found that does so:\n${storyOf(records)}\n` +
      `Play it again with verifyWorkflow(${name}, { seed: ${seed}, runs: 1 }).`,
    { details: { workflow: name, problem: problem.about, seed } },
  );
}

function storyOf(records: readonly RunRecord[]): string {
  if (records.length === 0) return "  (it ended before anything was recorded)";
  return records.map(({ event }, at) => `  ${eventInWords(event, records.slice(0, at))}`).join("\n");
}

function notReached(
  { name, version }: WorkflowDefinition,
  why: readonly string[],
  seed: number,
  runs: number,
): TroupeError {
  return new TroupeError(
    "verification-failed",
    `the workflow ${name}@${version} has steps that no run got to, of ${runs}: ${why.join("; ")}. If that needs values that a contract doesn't ` +
      "name, give them by agents: [answering(agent, …)] or input; if it is meant, name them in unreached.",
    { details: { workflow: name, problem: "not reached", seed } },
  );
}

/** What came of each step, over all runs. The items of an each are counted together, and so are the rounds of a loop. */
class Sightings {
  readonly #steps = new Map<string, { finished: number; skipped: number; undone: number; opened: number }>();
  readonly #ends = { completed: 0, failed: 0, cancelled: 0 };

  constructor(workflow: Pick<WorkflowDefinition, "steps">) {
    for (const { name, kind } of everyStepOf(workflow)) {
      this.#of(name);
      if (kind === "each" || kind === "loop") this.#of(anyPartOf(kind, name));
    }
  }

  get paths(): readonly string[] {
    return [...this.#steps.keys()];
  }

  add(records: readonly RunRecord[]): void {
    for (const { event } of records) {
      if (event.type === "step-finished") this.#of(anyOf(event.step)).finished++;
      else if (event.type === "step-skipped") this.#of(anyOf(event.step)).skipped++;
      else if (event.type === "compensation-finished") this.#of(anyOf(event.step)).undone++;
      else if (event.type === "wait-opened") this.#of(anyOf(event.step)).opened++;
      else if (event.type === "run-ended" && event.status in this.#ends) this.#ends[event.status as "completed"]++;
    }
  }

  /** The steps that were never done. */
  missed(): readonly { readonly path: string; readonly why: string }[] {
    return [...this.#steps].flatMap(([path, { finished, skipped, opened }]) => {
      if (finished > 0) return [];
      if (opened > 0) return [{ path, why: `the wait "${path}" opened and never ended` }];
      return [{ path, why: `"${path}" was ${skipped > 0 ? "always skipped" : "never begun, or always failed"}` }];
    });
  }

  report(): Pick<VerifyReport, "completed" | "failed" | "cancelled" | "steps"> {
    const steps = [...this.#steps].map(
      ([path, { finished, skipped, undone }]) => [path, { finished, skipped, undone }] as const,
    );
    return { ...this.#ends, steps: Object.fromEntries(steps) };
  }

  #of(path: string): { finished: number; skipped: number; undone: number; opened: number } {
    let counts = this.#steps.get(path);
    if (counts === undefined) this.#steps.set(path, (counts = { finished: 0, skipped: 0, undone: 0, opened: 0 }));
    return counts;
  }
}
