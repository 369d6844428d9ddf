/** What a run has begun has to be in the new definition, at the same path and by the same agent, or there must be nothing left to undo of it. */

import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { messageOf } from "../../errors/caught.ts";
import { checkOutput } from "../coordination/decide.ts";
import {
  agentKey,
  openingAt,
  partsOf,
  type PlannedOpening,
  type PlannedStep,
  type WorkflowPlan,
} from "../coordination/workflow-plan.ts";
import { bodyOf, itemAt, stepAmong, wholeOf } from "../definition/steps-of-run.ts";
import { digestOf } from "../definition/workflow-fingerprint.ts";
import { isToBeUndone } from "../history/run-progress.ts";
import type { RunState } from "../history/run-state.ts";
import { placedSteps, type PlacedStep } from "../steps/run-steps.ts";
import { outlineOf } from "../steps/outline-index.ts";
import { hasFinished, isInFlight, type StepState } from "../steps/step-state.ts";
import { type StepOutline, toleratedOf } from "../steps/step-outline.ts";
import type { Findings } from "./findings.ts";
import { judgeLoop } from "./kept-loop.ts";
import { shapeOf } from "./shape-of.ts";

/** The run's input has to be one of the new definition. */
export function judgeInput(state: RunState, { workflow, contract }: WorkflowPlan, findings: Findings): void {
  const { name: agent, version, input: schema } = workflow;
  const site = { agent, version, direction: "input", side: "sender" } as const;
  findings.carry("the run's input", state.input, { schema, before: state.contract, now: contract, site }, (value) => {
    findings.input = { value };
  });
}

/** Judges each step of a run, with items and rounds. Returns the outlines of those that stay only to be undone. */
export function judgeSteps(
  state: RunState,
  to: WorkflowPlan,
  former: WorkflowPlan | undefined,
  findings: Findings,
): readonly StepOutline[] {
  return placedSteps(state.steps).flatMap((placed): readonly StepOutline[] => {
    const successor = successorOf(to, placed.step);
    if (successor === undefined) return judgeGone(state, to, placed, former, findings);
    judgeKept(state, placed, successor, former, findings);
    return [];
  });
}

/** What a step, an item or a round is in the new definition. */
export interface Successor {
  readonly step: PlannedStep | PlannedOpening;
  readonly about: StepOutline;
}

function successorOf(plan: WorkflowPlan, { name, who = "" }: StepState): Successor | undefined {
  const about = outlineOf(plan.outlines, name, who);
  const step = stepAmong(plan.step, name) ?? openingAt(plan, name) ?? partIn(plan, name, who);
  return step === undefined || about === undefined ? undefined : { step, about };
}

/** What does an item or a round: an agent, or a workflow. */
function partIn(plan: WorkflowPlan, path: string, who: string): Successor["step"] | undefined {
  const whole = wholeOf(path);
  const step = whole === undefined ? undefined : openingAt(plan, whole);
  if (whole === undefined || step === undefined) return undefined;
  const workflow = bodyOf(step);
  if (workflow !== undefined) {
    const { scope, after, needs, when, otherwise } = step;
    const map = (): undefined => undefined; // its input is known
    return { kind: "workflow", name: path, scope, after, needs, when, otherwise, workflow, map };
  }
  const parts = partsOf(plan, whole);
  const [only] = parts.values();
  return itemAt(path) === undefined ? parts.get(who) : only;
}

/** True for a step that has not begun, and holds nothing that its sender was told is accepted. */
function isUntouched({ status, wait, inbox }: StepState): boolean {
  return status === "pending" && wait?.told === undefined && (inbox === undefined || inbox.told === inbox.read);
}

/** True for a step whose input and output are still used. */
function isToUndo(step: StepState, about: StepOutline): boolean {
  return step.status === "compensating" || isToBeUndone(step, about);
}

/** A step that the definition has no more. */
function judgeGone(
  state: RunState,
  to: WorkflowPlan,
  { step, about }: PlacedStep,
  former: WorkflowPlan | undefined,
  findings: Findings,
): readonly StepOutline[] {
  const { name, status } = step;
  if (isUntouched(step) || (status === "skipped" && !isToUndo(step, about))) return [];
  if (isToUndo(step, about)) {
    const agent = to.workflow.retired?.find((one) => one.name === nameOfAgent(about));
    if (agent === undefined) {
      findings.refuse(
        `the new definition has no "${name}", which is still to be undone by ${String(about.agent)}: give it that agent in its retired`,
      );
      return [];
    }
    const outline: StepOutline = {
      name,
      agent: `${agent.name}@${agent.version}`,
      after: [],
      compensable: true,
      contract: digestOf(agent.output),
      ...(agent.compensateUnknown === undefined ? {} : { undoesUnknown: true }),
      isRetired: true,
    };
    judgeWork(state, { step, about }, { agent, about: outline }, former, findings);
    return [outline];
  }
  if (name === state.failed) findings.refuse(`the new definition has no "${name}", by which the run has failed`);
  else if (!isOver(status)) {
    const what = status === "pending" ? "has been told something" : "has begun, and is not over";
    findings.refuse(`the new definition has no "${name}", which ${what}`);
  }
  return [];
}

function isOver(status: StepState["status"]): boolean {
  return status === "finished" || status === "failed" || status === "closed" || status === "compensated";
}

function judgeKept(
  state: RunState,
  { step, about }: PlacedStep,
  successor: Successor,
  former: WorkflowPlan | undefined,
  findings: Findings,
): void {
  const { name, status } = step;
  const { step: now, about: nowAbout } = successor;
  if (isUntouched(step)) return;
  if (status === "skipped") {
    if (step.isGiven === true) judgeGiven(name, now, step.output, findings);
    return;
  }
  const [kind, nowKind] = [about.kind ?? "agent", nowAbout.kind ?? "agent"] as const;
  if (kind !== nowKind) {
    findings.refuse(`"${name}" has begun as ${kindText[kind]}, and is ${kindText[nowKind]} in the new definition`);
    return;
  }
  switch (now.kind) {
    case "agent":
      if ((about.isPivot === true) !== (nowAbout.isPivot === true))
        findings.refuse(
          `"${name}" has begun, and ${about.isPivot === true ? "is the point of no return" : "is not the point of no return"}: that can't change any more`,
        );
      judgeWork(state, { step, about }, { agent: now.agent, about: nowAbout }, former, findings);
      return;
    case "wait": {
      const { answer: schema } = now;
      const site = { agent: name, version: "wait", direction: "answer", side: "sender" } as const;
      const contract = { schema, before: about.contract, now: nowAbout.contract, site };
      const { wait = {} } = step;
      if (Object.hasOwn(wait, "answer"))
        findings.carry(`the answer to "${name}"`, wait.answer, contract, (answer) =>
          findings.change({ step: name, answer }),
        );
      if (hasFinished(step))
        findings.carry(`the answer to "${name}"`, step.output, contract, (output) =>
          findings.change({ step: name, output }),
        );
      return;
    }
    case "workflow": {
      const { name: agent, version, input: schema } = now.workflow;
      const site = { agent, version, direction: "input", side: "sender" } as const;
      const contract = { schema, before: about.contract, now: nowAbout.contract, site };
      findings.carry(`the input of "${name}"`, step.input, contract, (input) => findings.change({ step: name, input }));
      return;
    }
    case "each": {
      const { failed = 0, items: { count = 0 } = {} } = step.list ?? {};
      if (step.list !== undefined && step.list.next > 0 && shapeOf(about) !== shapeOf(nowAbout))
        findings.refuse(`"${name}" has begun, and its items have other steps in the new definition`);
      if (failed > toleratedOf(now.tolerate, count))
        findings.refuse(`${failed} items of "${name}" have failed, which is more than the new definition tolerates`);
      return;
    }
    case "loop":
      judgeLoop(state, { step, about }, { step: now, about: nowAbout }, findings);
      return;
    case "pause":
  }
}

const kindText = {
  agent: "a step of an agent",
  wait: "a wait",
  pause: "a pause",
  workflow: "a sub-workflow",
  each: "a list",
  loop: "a loop",
} as const;

/** What stood in for the output of a step that was skipped. */
function judgeGiven(name: string, now: Successor["step"], output: unknown, findings: Findings): void {
  try {
    checkOutput(now, findings.codec.decode(output));
  } catch (error) {
    findings.refuse(`what stands in for "${name}" does not satisfy the new contract: ${messageOf(error)}`);
  }
}

/** An agent's step, item or round: by the same agent, which takes what is recorded and can still undo what it could. */
function judgeWork(
  { status: run }: RunState,
  { step, about }: Pick<PlacedStep, "step" | "about">,
  now: { readonly agent: AgentDefinition; readonly about: StepOutline },
  former: WorkflowPlan | undefined,
  findings: Findings,
): void {
  const { name, status } = step;
  const { agent } = now;
  if (nameOfAgent(about) !== agent.name) {
    findings.refuse(
      `"${name}" was begun by ${String(about.agent)}, and is done by ${agent.name} in the new definition`,
    );
    return;
  }
  const canUndo =
    hasFinished(step) && step.isFallback !== true ? now.about.compensable : now.about.undoesUnknown === true;
  const isUndone = isToUndo(step, about);
  if (isUndone && !canUndo)
    findings.refuse(`"${name}" is still to be undone, which ${agent.name}@${agent.version} can't`);
  const { name: of, version } = agent;
  const site = { agent: of, version, side: "receiver" } as const;
  const isTriedAgain = status === "started" || status === "waiting";
  if (isTriedAgain || isUndone || isToUndo(step, now.about))
    findings.check(`the input of "${name}"`, step.input, agent.input, { ...site, direction: "input" });
  if (Object.hasOwn(step, "output") && (run === "running" || isUndone)) {
    const contract = {
      schema: agent.output,
      before: about.contract,
      now: now.about.contract,
      site: { ...site, direction: "output" as const },
    };
    findings.carry(`the output of "${name}"`, step.output, contract, (output) =>
      findings.change({ step: name, output }),
    );
  }
  if (isInFlight(step) && former !== undefined && !isSameWork(agentOf(former, name, step), agent))
    findings.refuse(`"${name}" is in flight, and its agent or its contract changes: it has to end first`);
}

function agentOf(former: WorkflowPlan, name: string, { who = "" }: StepState): AgentDefinition | undefined {
  const own = stepAmong(former.step, name);
  if (own !== undefined) return own.agent;
  const parts = partsOf(former, wholeOf(name) ?? "");
  const [only] = parts.values();
  return (parts.size === 1 ? only : parts.get(who))?.agent;
}

/** True where an attempt that one of two has begun comes to what the other takes. */
function isSameWork(one: AgentDefinition | undefined, other: AgentDefinition): boolean {
  if (one === other) return true;
  if (one === undefined || agentKey(one) !== agentKey(other) || one.version !== other.version) return false;
  return digestOf([one.input, one.output]) === digestOf([other.input, other.output]);
}

function nameOfAgent({ agent = "" }: StepOutline): string {
  return agent.slice(0, agent.indexOf("@"));
}
