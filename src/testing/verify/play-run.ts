/** Plays one run of a workflow in the simulator, as a plan has it, and says what was wrong with it. */

import { encodeError } from "../../errors/error-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { System } from "../../runtime/system/system.ts";
import { anyOf, everyStepOf, isInPart } from "../../workflows/definition/steps-of-run.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import type { RunEvent } from "../../workflows/history/run-event.ts";
import type { RunRecord } from "../../workflows/history/run-history.ts";
import type { Run } from "../../workflows/run.ts";
import type { FakeAnswer } from "../simulator/fake-answer.ts";
import { simulateOnce } from "../simulator/simulate.ts";
import type { Life } from "../simulator/world/world.ts";
import { historyProblem } from "./check-history.ts";
import { observedWorkflow, type Problem } from "./observed-workflow.ts";
import { below, chance, type Draw, oneOf, type Plan } from "./plan.ts";
import { stubFailure, stubOf } from "./stub-agent.ts";
import { NoValue, valueFor } from "./value-for.ts";

export interface PlayOptions {
  readonly workflow: WorkflowDefinition;
  readonly answers: readonly FakeAnswer[];
  readonly undoes: boolean;
  /** Gives a run's input in place of its schema. */
  readonly input: ((random: () => number) => unknown) | undefined;
}

/** A run as it was played. */
export interface Played {
  readonly problem: Problem | undefined;
  readonly records: readonly RunRecord[];
}

/** The name of the run. */
const id = "verified";

/** Troupe's own errors that are faults of a workflow. With the others, it says what stubs and the simulator did. */
const faults: ReadonlySet<unknown> = new Set([
  "contract-violated",
  "invalid-workflow",
  "too-many-items",
  "not-cloneable",
]);

export async function playRun(seed: number, plan: Plan, options: PlayOptions): Promise<Played> {
  const { workflow, input: inputOf } = options;
  let problem: Problem | undefined;
  const onNoValue = (error: NoValue): void => void (missing = error);
  const onProblem = (found: Problem): void => void (problem ??= found);
  let missing: NoValue | undefined;
  let records: readonly RunRecord[] = [];
  const decide = plan.of("faults");
  const dangers = {
    threadDeath: oneOf(decide, [0, 0, 0.005, 0.02]),
    processCrash: oneOf(decide, [0, 0, 0.002, 0.01]),
    duplicate: oneOf(decide, [0, 0.1]),
    delay: oneOf(decide, [0, 0.3]),
    swarm: false, // drawn above
  };
  const coordination = oneOf(plan.of("coordination"), ["orchestrator", "relay"] as const);
  try {
    const draw = plan.of("input");
    const input = inputOf === undefined ? valueFor(workflow.input, draw, "the input") : inputOf(draw);
    const observed = observedWorkflow(workflow, {
      onProblem,
      standIn: (agent) => stubOf(agent, { plan, ...options, onNoValue }),
    });
    await simulateOnce(
      async ({ survive }) => {
        records = await survive((life) => lived(life, observed, input, plan));
      },
      seed,
      { journal: "durable", faults: dangers, system: { coordination } },
    );
  } catch (error) {
    if (error instanceof NoValue) throw error;
    onProblem(problemOf(error));
  }
  if (missing !== undefined) throw missing;
  problem ??= historyProblem(records) ?? failureProblem(records);
  return { problem, records };
}

/** One life of the process: starts the run or goes on with it, and does to it what people and operators do. */
async function lived(
  { system, sleep }: Life,
  workflow: WorkflowDefinition,
  input: unknown,
  plan: Plan,
): Promise<readonly RunRecord[]> {
  const run = await begun(system, workflow, input);
  const records: RunRecord[] = [];
  const doing: Promise<void>[] = [];
  const steps = everyStepOf(workflow);
  const waits = new Map(steps.flatMap((step) => (step.kind === "wait" ? [[step.name, step]] : [])));
  const inboxes = new Map(
    steps.flatMap((step) => (step.kind === "loop" && step.inbox !== undefined ? [[step.name, step.inbox]] : [])),
  );
  const when = plan.of("when");
  const switchAt = chance(when, 0.2) ? below(when, 12) : -1;
  const cancelAt = chance(when, 0.1) ? below(when, 12) : -1;
  const answer = async (path: string): Promise<void> => {
    const wait = waits.get(anyOf(path));
    if (wait === undefined) return;
    const draw = plan.of(`answer ${path}`);
    await answered(run, path, () => valueFor(wait.answer, draw, `the answer to ${path}`), {
      draw,
      timeout: wait.timeout,
      sleep,
    });
  };
  const loops: string[] = [];
  const steer = async (at: number): Promise<void> => {
    for (const name of [...[...inboxes.keys()].filter((path) => !isInPart(path)), ...loops]) {
      const inbox = inboxes.get(anyOf(name));
      const draw = plan.of(`tell ${name}, ${at}`);
      if (inbox === undefined || !chance(draw, 0.2)) continue;
      await unlessOver(run.tell(name as never, valueFor(inbox, draw, `what ${name} is told`)));
    }
  };
  run.events$.subscribe((record) => {
    records.push(record);
    const { event } = record;
    if (records.length === switchAt) doing.push(system.switchCoordination(other(system.coordination)));
    if (records.length === cancelAt) doing.push(unlessOver(run.cancel("to see what becomes of the run")));
    if (event.type === "step-started" && isInPart(event.step) && inboxes.has(anyOf(event.step))) loops.push(event.step);
    if (event.type === "step-started") doing.push(steer(records.length));
    if (event.type === "wait-opened") doing.push(answer(event.step));
    if (event.type === "run-started")
      for (const path of waits.keys())
        if (!isInPart(path) && chance(plan.of(`early ${path}`), 0.15)) doing.push(answer(path));
  });
  await run.result.catch(() => undefined); // its events say it
  await Promise.all(doing);
  return records;
}

/** The run of this life: a new one, or the one that the journal has kept. */
async function begun(system: System, workflow: WorkflowDefinition, input: unknown): Promise<Run> {
  try {
    return await system.findRun(id);
  } catch (error) {
    if (!isTroupeError(error, "no-such-run")) throw error;
    return system.run(workflow, input, { id });
  }
}

interface Answering {
  readonly draw: Draw;
  readonly timeout: number | undefined;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Answers a wait soon, late, twice, or never where it gives up by itself. */
async function answered(
  run: Run,
  path: string,
  make: () => unknown,
  { draw, timeout, sleep }: Answering,
): Promise<void> {
  const manner = oneOf(draw, ["soon", "soon", "soon", "twice", "late", "never"]);
  if (manner === "never" && timeout !== undefined) return;
  if (manner === "late") await sleep(timeout === undefined ? 10_000 : timeout + 1);
  const answer = make();
  await unlessOver(run.tell(path as never, answer));
  if (manner === "twice") await unlessOver(run.tell(path as never, answer));
}

/** Waits, also where the run, the wait or the process is over already. */
async function unlessOver(doing: Promise<unknown>): Promise<void> {
  try {
    await doing;
  } catch (error) {
    if (isTroupeError(error, "not-admissible") || isTroupeError(error, "system-closed")) return;
    if (isTroupeError(error, "past-point-of-no-return") || isTroupeError(error, "process-crashed")) return;
    throw error;
  }
}

function other(coordination: System["coordination"]): System["coordination"] {
  return coordination === "relay" ? "orchestrator" : "relay";
}

/** What failed a step or a compensation that neither a stub nor the simulator had fail. */
function failureProblem(records: readonly RunRecord[]): Problem | undefined {
  for (const { event } of records) {
    if (event.type !== "step-failed" && event.type !== "compensation-failed") continue;
    if (isExpected(event)) continue;
    const what = event.type === "step-failed" ? `the step "${event.step}"` : `undoing the step "${event.step}"`;
    return { about: `${what} fails`, message: `${what} failed: ${event.error.message}` };
  }
  return undefined;
}

function isExpected({ error }: Extract<RunEvent, { type: "step-failed" | "compensation-failed" }>): boolean {
  return error.message.includes(stubFailure) || (error.kind === "troupe" && !faults.has(error.code));
}

/** What ended the simulation: a run that doesn't end, or an error that nothing accounts for. */
function problemOf(error: unknown): Problem {
  if (isTroupeError(error, "deadlock") || isTroupeError(error, "livelock")) {
    const why = "a step waits for what never comes, such as a wait without a timeout whose question nobody can answer";
    return { about: "does not end", message: `the run does not end: ${why}. ${encodeError(error.cause).message}` };
  }
  const { message } = encodeError(error instanceof Error && error.cause !== undefined ? error.cause : error);
  return { about: "fails", message };
}
