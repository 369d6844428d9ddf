/** What the supervisor sends after a commit of a run, and what it proposes when a message can't be delivered. Pure. */

import type { EncodedError } from "../../errors/error-codec.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import {
  agentStepOf,
  isOpened,
  loopersOf,
  participantsOf,
  type PlannedParticipant,
  scopeAt,
  type WorkflowPlan,
} from "./workflow-plan.ts";
import type { Relay, ToParticipant } from "./coordination-protocol.ts";
import { forward, handOver, ownStep, type RelayedRun } from "./relay.ts";
import type { Proposal, RunEvent } from "../history/run-event.ts";
import { stepOf } from "../history/run-progress.ts";
import { isOpen } from "../history/run-state.ts";
import { allSteps } from "../steps/run-steps.ts";

/** A message and the participant it is for. */
export interface Dispatch {
  readonly agent: AgentDefinition;
  readonly message: ToParticipant;
}

/** The messages that follow from the events of one commit, in the order to send them. `run.state` is the state after it. */
export function dispatchesOf(run: RelayedRun, events: readonly RunEvent[]): Dispatch[] {
  const isHandOver = handsOver(events[0]);
  const dispatches: Dispatch[] = [];
  for (const event of events) dispatches.push(...follow(run, event, isHandOver));
  return dispatches;
}

/** True for an event after which the deciders of a run are told all that they need. */
export function handsOver(event: RunEvent | undefined): boolean {
  switch (event?.type) {
    case "coordination-switched":
    case "definition-changed":
    case "run-released":
    case "run-recovered":
      return true;
    case "run-started":
      return event.fork !== undefined;
    default:
      return false;
  }
}

/** Has the participants of a run forget it that take no part in it by the definition that it follows now. */
export function releaseFormer(run: RelayedRun, former: WorkflowPlan): Dispatch[] {
  const now = new Set(run.plan.participants.map(({ key }) => key));
  return release(
    { ...run, plan: former },
    former.participants.filter(({ key }) => !now.has(key)),
  );
}

function follow(run: RelayedRun, event: RunEvent, isHandOver: boolean): readonly Dispatch[] {
  const { state } = run;
  const isRelayed = state.coordination === "relay";
  switch (event.type) {
    case "step-started":
      if (isOpened(run.plan, event.step)) return isRelayed && isOpen(state) ? forward(run, event) : [];
      return event.by === "orchestrator" ? order(run, event.step, event.type, isHandOver) : [];
    case "compensation-started":
      return event.by === "orchestrator" ? order(run, event.step, event.type, isHandOver) : [];
    case "cancel-requested":
      return [...abortAll(run, event.reason), ...(isRelayed ? forward(run, event) : [])];
    case "coordination-switched":
      return isRelayed ? handOver(run) : releaseAll(run);
    case "run-started":
      if (!isRelayed) return [];
      return event.fork === undefined ? forward(run, event) : handOver(run);
    case "run-recovered":
      return isRelayed ? handOver(run) : []; // its participants know nothing yet
    case "run-released":
      return isRelayed ? handOver(run) : [];
    case "definition-changed":
      return isRelayed ? handOver(run) : []; // by the new definition, its participants know nothing yet
    case "run-ended":
      if (!isRelayed) return [];
      // once all steps have started, no participant gathers events any more, but for a loop that ended last
      return state.status === "completed" ? release(run, loopersOf(run.plan)) : releaseAll(run);
    case "step-failed": {
      if (!isRelayed) return [];
      // of an item that was given up, participants may still wait for what doesn't come, also where the run ends with it
      const begun = scopeAt(run.plan, event.step);
      const released = begun === undefined ? [] : release(run, run.plan.participants, event.step);
      return isOpen(state) ? [...released, ...forward(run, event)] : released;
    }
    default:
      return isRelayed && isOpen(state) ? forward(run, event) : [];
  }
}

function order(
  { run, plan, state }: RelayedRun,
  name: string,
  type: "step-started" | "compensation-started",
  isHandOver: boolean,
): Dispatch[] {
  const planned = agentStepOf(plan, state, name);
  const step = stepOf(state, name);
  if (planned === undefined || step === undefined) return [];
  const { agent } = planned;
  const of = { run, epoch: state.epoch, handOver: isHandOver };
  if (type === "compensation-started")
    return [{ agent, message: { type: "compensate", ...of, own: ownStep(name, step) } }];
  const { input, attempt } = step;
  return [
    { agent, message: { type: "perform", ...of, step: name, input, ...(attempt === undefined ? {} : { attempt }) } },
  ];
}

function abortAll({ run, plan, state }: RelayedRun, reason: string | undefined): Dispatch[] {
  const started = allSteps(state.steps).flatMap(({ name, status }) =>
    status === "started" ? (agentStepOf(plan, state, name) ?? []) : [],
  );
  const message = { type: "abort", run, ...(reason === undefined ? {} : { reason }) } as const;
  return participantsOf(started).map(({ agent }) => ({ agent, message }));
}

function releaseAll(run: RelayedRun): Dispatch[] {
  return release(run, run.plan.participants);
}

function release({ run, plan }: RelayedRun, participants: readonly PlannedParticipant[], part?: string): Dispatch[] {
  const of = part === undefined ? {} : { part };
  return participants.map(({ agent }) => ({ agent, message: { type: "release", run, workflow: plan.id, ...of } }));
}

/**
 * What to propose when a message could not be delivered: the participant will never act on it, so the step that it was
 * about has failed. A lost abort or release has no consequences.
 */
export function undelivered(message: ToParticipant, error: EncodedError): readonly Proposal[] {
  switch (message.type) {
    case "perform":
      return [{ type: "step-failed", step: message.step, error, ...attemptIn(message) }];
    case "compensate":
      return [{ type: "compensation-failed", step: message.own.step, error, ...attemptIn(message.own) }];
    case "relay":
      return unrelayed(message, error);
    case "due":
      return [{ type: "step-failed", step: message.step, error, epoch: message.epoch }];
    default:
      return [];
  }
}

function attemptIn({ attempt }: { readonly attempt?: number }): { readonly attempt?: number } {
  return attempt === undefined ? {} : { attempt };
}

function unrelayed({ steps, events, epoch }: Relay, error: EncodedError): readonly Proposal[] {
  const turn = events.find((event) => event.type === "run-compensating");
  if (turn === undefined) return steps.map((step) => ({ type: "step-failed", step, error, epoch }));
  const [next] = turn.remaining;
  return next !== undefined && steps.includes(next) ? [{ type: "compensation-failed", step: next, error, epoch }] : [];
}
