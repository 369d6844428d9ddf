/**
 * A participant's side of the relay: gathers the events of one run and decides for its own steps. It knows no threads.
 * The cost of a message depends on the steps that it concerns, not on the length of the run.
 */

import type { Payload, PayloadCodec } from "../../contracts/payload-codec.ts";
import { everyStepOf, nameOf, type OfRun, stepAmong } from "../definition/steps-of-run.ts";
import type { AgentStep, EachStep, LoopStep, WorkflowDefinition } from "../definition/workflow-definition.ts";
import type { Epoch } from "../history/coordination.ts";
import type { OwnStep, Relay, RelayedEvent } from "./coordination-protocol.ts";
import type { CompensationStarted, StepFailed, StepFinished, StepSkipped, StepStarted } from "../history/run-event.ts";
import type { ItemsOf } from "../steps/step-outline.ts";
import { decide, inputOf } from "./decide.ts";
import { decideItems, listOf, type MadeList } from "./lists.ts";
import type { StepSources } from "./pure-calls.ts";
import { decideRound } from "./rounds.ts";

/**
 * A participant's proposal: to start its step, to start a compensation (with the data it needs), or to record that a
 * step is skipped or can't start, or that a loop ends.
 */
export type JoinProposal =
  | StepStarted
  | StepSkipped
  | StepFinished
  | StepFailed
  | (CompensationStarted & { readonly own: OwnStep });

/** The steps of a workflow that agents do, once, for each item or in rounds, also those of its sub-workflows, items and rounds, by path: `check[]/score`. */
export type StepsByName = ReadonlyMap<string, OfRun<AgentStep | EachStep | LoopStep>>;

/** The index in which a {@link Join} looks up its steps; made once per workflow. */
export function stepsByName(workflow: Pick<WorkflowDefinition, "steps">): StepsByName {
  return new Map(
    everyStepOf(workflow).flatMap((step) =>
      step.kind === "agent" || step.kind === "each" || step.kind === "loop" ? [[step.name, step] as const] : [],
    ),
  );
}

/**
 * The events that a participant has gathered of one run, or of one item or round of it that is a workflow, and the proposals that follow. It owns no attempts: those are
 * the participant's.
 */
export class Join {
  readonly #steps: StepsByName;
  /** The outputs of steps that have settled, by path, and the inputs of the run and its sub-workflows. */
  readonly #sources = new Map<string, Payload>();
  /** The steps that were skipped and have no output; made for the first one, as a join is made for each run. */
  #absent: Set<string> | undefined;
  /** For each step that was relayed and not yet proposed: how many of its sources are missing. */
  readonly #missing = new Map<string, number>();
  /** The steps that wait for a source, by the source. */
  readonly #waiting = new Map<string, string[]>();
  /**
   * The steps that it has proposed, and the last epoch for which that holds. A second proposal would be refused; this saves
   * sending it. But that a step can't start is recorded only in the epoch in which it was found out, so a later epoch's decider
   * proposes it again.
   */
  readonly #proposed = new Map<string, Epoch>();
  /** The lists of eaches of which items are still to start, and up to which item they were proposed. */
  readonly #lists = new Map<string, { readonly items: ItemsOf; upTo: number }>();
  /** The loops that go on: what their rounds are decided from is needed as long. */
  readonly #loops = new Set<string>();

  constructor(steps: StepsByName) {
    this.#steps = steps;
  }

  /** True if it decides by these steps. */
  isOf(steps: StepsByName): boolean {
    return this.#steps === steps;
  }

  /**
   * True when every relayed step was proposed and every loop has ended, so that this join can be dropped: a later message, such as a hand-over,
   * carries all data that it needs.
   */
  get isOver(): boolean {
    return this.#missing.size === 0 && this.#lists.size === 0 && this.#loops.size === 0;
  }

  /**
   * Takes in relayed events and returns the proposals that follow: each of the participant's steps whose sources are
   * complete, or the compensation of its step when that is next. Events that arrive twice change nothing.
   */
  take(message: Relay, codec: PayloadCodec): readonly JoinProposal[] {
    const { epoch } = message;
    const parts: JoinProposal[] = [];
    const told = message.steps.flatMap((name) => stepAmong(this.#steps, name) ?? []);
    for (const { kind, name } of told) if (kind === "loop") this.#loops.add(name);
    for (const event of message.events) {
      if (event.type === "run-started") this.#give(inputOf(""), event.input);
      else if (event.type === "step-started") this.#give(inputOf(event.step), event.input);
      else if (event.type === "items-due") parts.push(...this.#itemsDue(event, message, codec));
      else if (event.type === "round-due") parts.push(...this.#roundDue(event, epoch, codec));
      else if (event.type === "step-settled") {
        if (event.isAbsent === true) (this.#absent ??= new Set()).add(event.step);
        this.#loops.delete(event.step);
        this.#give(event.step, event.output);
      } else {
        this.#missing.clear(); // the run goes backward, so none of these steps will start
        this.#lists.clear();
        this.#loops.clear();
        const next = event.own.find(({ step }) => step === event.remaining[0]);
        return next === undefined ? [] : [undoing(next, epoch)];
      }
    }
    const own = told.filter((step) => step.kind === "agent");
    for (const step of own) this.#hearOf(step, epoch);
    const ready = own.filter(({ name }) => this.#missing.get(name) === 0);
    const proposals = ready.map((step) => {
      this.#missing.delete(step.name);
      const proposal = decide(step, { by: "relay", epoch, sources: this.#sourcesOf(step) }, codec);
      this.#proposed.set(step.name, proposal.type === "step-failed" ? epoch : Number.POSITIVE_INFINITY);
      return proposal;
    });
    return parts.length === 0 ? proposals : [...proposals, ...parts];
  }

  /** The items of an each that are due and were not proposed. A list is forgotten once all of its items were. */
  #itemsDue(
    { step: name, items, from, to, withSources }: RelayedEvent & { readonly type: "items-due" },
    { epoch, handOver }: Relay,
    codec: PayloadCodec,
  ): readonly JoinProposal[] {
    const step = stepAmong(this.#steps, name);
    if (step?.kind !== "each") return [];
    const known = this.#lists.get(name) ?? (withSources === true ? { items, upTo: 0 } : undefined);
    if (known === undefined) return []; // all of its items were proposed, and claims of them are on their way
    const first = handOver ? from : Math.max(from, known.upTo);
    known.upTo = Math.max(first, to);
    if (known.upTo < items.count) this.#lists.set(name, known);
    else this.#lists.delete(name);
    if (first >= to) return [];
    const list = (): MadeList => listOf(step, known.items, () => this.#sourcesOf(step), codec);
    return decideItems(step, { from: first, to }, { by: "relay", epoch }, list, codec);
  }

  /** All agents of a loop decide the same: the one that does the next round starts it, and one of them ends the loop. */
  #roundDue(
    { step: name, between, as, ends }: RelayedEvent & { readonly type: "round-due" },
    epoch: Epoch,
    codec: PayloadCodec,
  ): readonly JoinProposal[] {
    const step = stepAmong(this.#steps, name);
    // without its sources, this participant succeeds one that was lost, and the hand-over that brings them is on its way
    if (step?.kind !== "loop" || !sourcesOf(step).every((path) => this.#sources.has(path))) return [];
    const decision = decideRound(step, between, { by: "relay", epoch, sources: this.#sourcesOf(step) }, codec);
    const isOwn = decision.type === "step-started" ? as.includes(decision.who) : ends === true;
    return isOwn ? [decision] : [];
  }

  #give(source: string, payload: Payload): void {
    this.#sources.set(source, payload);
    for (const name of this.#waiting.get(source) ?? []) this.#missing.set(name, (this.#missing.get(name) ?? 0) - 1);
    this.#waiting.delete(source);
  }

  #hearOf(step: OfRun<AgentStep>, epoch: Epoch): void {
    const { name } = step;
    if (this.#missing.has(name) || (this.#proposed.get(name) ?? Number.NEGATIVE_INFINITY) >= epoch) return;
    let missing = 0;
    for (const source of sourcesOf(step)) {
      if (this.#sources.has(source)) continue;
      missing++;
      const waiting = this.#waiting.get(source);
      if (waiting === undefined) this.#waiting.set(source, [name]);
      else waiting.push(name);
    }
    this.#missing.set(name, missing);
  }

  #sourcesOf(step: OfRun): StepSources {
    const payloads: Record<string, Payload> = {};
    for (const path of sourcesOf(step)) payloads[nameOf(path)] = this.#sources.get(path);
    return { payloads, absent: this.#absent };
  }
}

function undoing(own: OwnStep, epoch: Epoch): JoinProposal {
  const { step, attempt } = own;
  const claim = { type: "compensation-started", step, by: "relay", epoch, own } as const;
  return attempt === undefined ? claim : { ...claim, attempt };
}

/** The paths of what a step is decided from. */
function sourcesOf({ scope, after }: OfRun): readonly string[] {
  return [inputOf(scope), ...after];
}
