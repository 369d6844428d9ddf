/** A participant's side of the relay: gathers the events of one run and decides for its own steps. Pure. */

import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import type { StepDefinition, WorkflowDefinition } from "../definition/workflow-definition.ts";
import type { Epoch } from "../history/coordination.ts";
import type { OwnStep, Relay } from "./coordination-protocol.ts";
import type { CompensationStarted, StepFailed, StepStarted } from "../history/run-event.ts";
import { startStep } from "./step-start.ts";

/** What a participant has gathered of one run. */
export interface JoinState {
  /** The outputs of steps by name, and the run's input as `input`. */
  readonly sources: Readonly<Record<string, Payload>>;
  /** The steps that what it has heard was about. */
  readonly steps: readonly string[];
  /** The steps it proposed already. A second proposal would be refused; this spares sending it. */
  readonly proposed: readonly string[];
}

/** What a participant wants done: to start its step or a compensation (with what the step gave), or to say that a step can't start. */
export type JoinProposal = StepStarted | StepFailed | (CompensationStarted & { readonly own: OwnStep });

/** A participant that has heard nothing of the run. */
export const emptyJoin: JoinState = { sources: {}, steps: [], proposed: [] };

/**
 * Takes in what was relayed and returns what the participant proposes now: each of its steps whose needs are met, or the
 * compensation of its step when that is the next one. Events that arrive twice change nothing.
 *
 * `undefined` for the state when there is nothing left to gather, since all that it heard of was proposed: whatever comes
 * later, such as a hand-over, brings along all that it is about.
 */
export function join(
  workflow: WorkflowDefinition,
  state: JoinState,
  message: Relay,
  codec: PayloadCodec,
): [JoinState | undefined, readonly JoinProposal[]] {
  const { epoch } = message;
  const sources: Record<string, Payload> = { ...state.sources };
  for (const event of message.events) {
    if (event.type === "run-started") sources["input"] = event.input;
    else if (event.type === "step-finished") sources[event.step] = event.output;
    else {
      const next = event.own.find(({ step }) => step === event.remaining[0]);
      return [
        undefined, // what was gathered was for going forward
        next === undefined ? [] : [undoing(next, epoch)],
      ];
    }
  }
  const ready = workflow.steps.filter(
    (step) => message.steps.includes(step.name) && !state.proposed.includes(step.name) && isJoined(step, sources),
  );
  const proposals = ready.map((step) => startStep(step, { by: "relay", epoch, sources: pick(sources, step) }, codec));
  const steps = [...new Set([...state.steps, ...message.steps])];
  const proposed = [...state.proposed, ...ready.map(({ name }) => name)];
  return [steps.every((name) => proposed.includes(name)) ? undefined : { sources, steps, proposed }, proposals];
}

function undoing(own: OwnStep, epoch: Epoch): JoinProposal {
  const { step, attempt } = own;
  const claim = { type: "compensation-started", step, by: "relay", epoch, own } as const;
  return attempt === undefined ? claim : { ...claim, attempt };
}

function isJoined(step: StepDefinition, sources: Readonly<Record<string, Payload>>): boolean {
  return Object.hasOwn(sources, "input") && step.after.every((name) => Object.hasOwn(sources, name));
}

function pick(sources: Readonly<Record<string, Payload>>, step: StepDefinition): Readonly<Record<string, Payload>> {
  const picked: Record<string, Payload> = { input: sources["input"] };
  for (const name of step.after) picked[name] = sources[name];
  return picked;
}
