/**
 * A run's trace, read off its history: a span for the run, one for each step with its attempts as children, or with the steps that are in
 * it, and one for each attempt at a compensation. Pure: the same history gives the same spans, whatever process makes them, and a history that goes on gives the same ones
 * and more. So a crash tears no trace, and the trace of a run that ended long ago can still be made.
 */

import type { EncodedError } from "../../errors/error-codec.ts";
import { shownContent, type TraceOptions } from "../../traces/content.ts";
import { failureName } from "../../traces/failure-name.ts";
import * as names from "../../traces/semantic-names.ts";
import type { AttributeValue, Span, SpanEvent } from "../../traces/span.ts";
import { attemptSpanId, rootSpanId, spanIdOf, traceIdOf } from "../../traces/trace-ids.ts";
import { spanIdIn, traceIdIn } from "../../traces/traceparent.ts";
import type { Mutable } from "../../values/mutable.ts";
import { around, beside, isWithin, roundAt, roundPath } from "../definition/steps-of-run.ts";
import type { RunEvent, RunStarted } from "./run-event.ts";
import { outlineOf } from "../steps/outline-index.ts";
import type { StepOutline } from "../steps/step-outline.ts";
import { ToleratedItems } from "./tolerated-items.ts";
import type { RunRecord } from "./run-history.ts";

/** What became of an attempt of which no outcome was recorded: its process ended. */
const lost = "lost";

type Attributes = Record<string, AttributeValue>;

/** A span that is being made. */
type Draft = Mutable<Omit<Span, "attributes" | "events">> & { readonly attributes: Attributes; events: SpanEvent[] };

/**
 * The spans of a run, the root first and each before its children. Spans of what has not ended have no end.
 *
 * @param records all of the run's, from its start on, in order.
 */
export function spansOf(records: readonly RunRecord[], options: TraceOptions = {}): readonly Span[] {
  const [first] = records;
  const trace = first && traceFrom(first, options);
  if (trace === undefined) return [];
  for (const record of records.slice(1)) trace.take(record);
  return trace.spans;
}

/**
 * The trace of a run that begins with a record, and is told of the others as they come; `undefined` if that is not a run's first.
 *
 * @param traceId its id. Default: it is calculated.
 */
export function traceFrom(first: RunRecord, options: TraceOptions, traceId?: string): RunTrace | undefined {
  const { run, time, event } = first;
  return event.type === "run-started"
    ? new RunTrace(first, event, options, traceId ?? traceIdOf(run, time))
    : undefined;
}

/** The spans of a run as far as it has been told of. */
export class RunTrace {
  readonly spans: Draft[] = [];
  readonly #options: TraceOptions;
  readonly traceId: string;
  readonly #root: Draft;
  readonly #outline: readonly StepOutline[];
  /** By step. */
  readonly #steps = new Map<string, Draft>();
  /** The attempts in flight, and the compensations, by step: a step has at most one of both. */
  readonly #inFlight = new Map<string, Draft>();
  /** That of the event at hand. */
  #version = 1;
  readonly #tolerated: ToleratedItems;
  /** Which of its loop's agents does a round, by the path of the round. */
  readonly #doers = new Map<string, string>();
  readonly #settledAt = new Map<string, number>();
  #hasTurnedBack = false;

  constructor({ run, time }: RunRecord, started: RunStarted, options: TraceOptions, traceId: string) {
    const { workflow, input, steps, tenant, session, caller } = started;
    this.#options = options;
    this.traceId = traceId;
    this.#outline = steps;
    this.#tolerated = new ToleratedItems(steps);
    this.#root = this.#open(undefined, rootSpanId(traceId), `${names.invokeWorkflow} ${workflow.name}`, time, {
      [names.operation]: names.invokeWorkflow,
      [names.agentName]: workflow.name,
      [names.spanType]: "WORKFLOW",
      [names.runId]: run,
      [names.runTag]: run,
      [names.workflowName]: workflow.name,
      [names.workflowVersion]: workflow.version,
      [names.coordination]: started.coordination,
      [names.runStatus]: "running",
    });
    const { attributes } = this.#root;
    if (tenant !== undefined) attributes[names.tenant] = tenant;
    if (session !== undefined) attributes[names.session] = session;
    this.#show(attributes, names.inputValue, input);
    if (caller !== undefined)
      this.#root.links = [{ traceId: traceIdIn(caller), spanId: spanIdIn(caller), attributes: {} }];
  }

  /** Takes the record that follows. */
  take({ version, time, event }: RunRecord): void {
    this.#version = version;
    switch (event.type) {
      case "run-started":
        return; // there is only one
      case "step-started":
        this.#startAttempt(time, event);
        return;
      case "step-finished": {
        const { step, output, fallbackFor } = event;
        this.#endAttempt(time, step, fallbackFor, "finished");
        const span = this.#step(time, step);
        if (fallbackFor !== undefined) span.attributes[names.isFallback] = true;
        if (event.isExpired === true) span.attributes[names.outcome] = "expired";
        this.#show(span.attributes, names.outputValue, output);
        this.#settle(time, step, "finished");
        return;
      }
      case "step-failed": {
        const { step, error, retryAt } = event;
        this.#endAttempt(time, step, error, "failed");
        if (retryAt !== undefined && !this.#hasTurnedBack) {
          this.#tell(this.#step(time, step), "troupe.retry", time, { [names.retryAt]: iso(retryAt) });
          return;
        }
        this.#settle(time, step, "failed", failureName(error), error.message);
        if (this.#hasTurnedBack || this.#tolerated.around(step) !== undefined) this.#tolerated.end(step);
        else {
          const item = this.#tolerated.failsWith(step);
          if (item === undefined) this.#turnBack(time);
          else if (item !== step) this.#closeWithin(time, item);
        }
        return;
      }
      case "step-skipped":
        this.#settle(time, event.step, "skipped");
        return;
      case "wait-opened": {
        const span = this.#step(time, event.step);
        if (event.until !== undefined) span.attributes[names.until] = iso(event.until);
        if ("question" in event) this.#show(span.attributes, names.inputValue, event.question);
        return;
      }
      case "wait-answered":
      case "loop-told":
        this.#tell(this.#root, `troupe.${event.type}`, time, {
          [names.stepName]: event.step,
          ...this.#content(names.outputValue, event.type === "loop-told" ? event.message : event.answer),
          ...(event.by === undefined ? {} : this.#content(names.person, event.by)),
        });
        return;
      case "compensation-started":
        this.#startCompensation(time, event.step, {
          [names.decidedBy]: event.by,
          [names.epoch]: event.epoch,
          [names.attempt]: event.attempt ?? 1,
        });
        return;
      case "compensation-finished":
        this.#endAttempt(time, event.step, undefined, "finished");
        return;
      case "compensation-failed":
        if (event.epoch !== undefined) this.#startCompensation(time, event.step, { [names.epoch]: event.epoch });
        this.#endAttempt(time, event.step, event.error, "failed");
        return;
      case "cancel-requested":
        this.#tell(this.#root, "troupe.cancel-requested", time, {
          ...(event.isExpired === true ? { [names.outcome]: "expired" } : {}),
          ...(event.reason === undefined ? {} : this.#content(names.reason, event.reason)),
        });
        this.#turnBack(time);
        return;
      case "run-released":
        this.#tell(this.#root, `troupe.${event.type}`, time, {});
        return;
      case "definition-changed":
        this.#tell(this.#root, `troupe.${event.type}`, time, { [names.epoch]: event.epoch });
        return;
      case "coordination-switched":
      case "run-recovered":
        this.#tell(this.#root, `troupe.${event.type}`, time, {
          [names.coordination]: event.coordination,
          [names.epoch]: event.epoch,
        });
        if (event.type === "run-recovered") this.#lose(time);
        return;
      case "compensation-retried":
        this.#reopen();
        this.#tell(this.#root, "troupe.compensation-retried", time, {});
        return;
      case "undo-requested":
        this.#reopen();
        this.#tell(this.#root, "troupe.undo-requested", time, this.#content(names.reason, event.reason));
        return;
      case "run-resolved":
        this.#reopen();
        this.#tell(this.#root, "troupe.run-resolved", time, this.#content(names.reason, event.note));
        return;
      case "run-ended": {
        const { status, error, output } = event;
        this.#root.attributes[names.runStatus] = status;
        if (status === "completed") this.#show(this.#root.attributes, names.outputValue, output);
        this.#end(this.#root, time, status === "completed" ? undefined : failureOf(error, status), error?.message);
      }
    }
  }

  /** That of an item is the same for all items of its each, that of a round for all that the same agent does. */
  #outlineOf(step: string): StepOutline | undefined {
    return outlineOf(this.#outline, step, this.#doers.get(step));
  }

  #startAttempt(
    time: number,
    { step, input, by, epoch, attempt, items, who }: RunEvent & { readonly type: "step-started" },
  ): void {
    const span = this.#step(time, step);
    if (who !== undefined) this.#doers.set(step, who);
    const { agent, kind } = this.#outlineOf(step) ?? {};
    if (kind === "workflow") this.#show(span.attributes, names.inputValue, input);
    if (items !== undefined) this.#tolerated.begin(step, items.count);
    if (agent === undefined) return; // no agent attempts a sub-workflow, an each or a loop
    const [name, version] = nameAndVersion(agent);
    const attributes: Attributes = {
      [names.operation]: names.invokeAgent,
      [names.agentName]: name,
      [names.agentVersion]: version,
      [names.stepName]: step,
      [names.attempt]: attempt ?? 1,
      [names.decidedBy]: by,
      [names.epoch]: epoch,
    };
    this.#show(attributes, names.inputValue, input);
    const draft = this.#openAttempt(span, "attempt", step, `${names.invokeAgent} ${name}`, time, attributes);
    this.#inFlight.set(step, draft);
  }

  #startCompensation(time: number, step: string, attributes: Attributes): void {
    const undone = this.#step(time, step);
    const draft = this.#openAttempt(this.#root, "undo", step, `compensate ${step}`, time, {
      ...attributes,
      [names.spanType]: "TASK",
      [names.compensation]: true,
      [names.stepName]: step,
    });
    draft.links = [{ traceId: this.traceId, spanId: undone.spanId, attributes: {} }];
    this.#inFlight.set(step, draft);
  }

  #openAttempt(
    parent: Draft,
    kind: "attempt" | "undo",
    step: string,
    name: string,
    start: number,
    attributes: Attributes,
  ): Draft {
    return this.#open(parent, attemptSpanId(this.traceId, kind, step, this.#version), name, start, attributes);
  }

  #endAttempt(time: number, step: string, error: EncodedError | undefined, outcome: string): void {
    const draft = this.#inFlight.get(step);
    if (draft === undefined) return; // a wait, or a step that could not start
    this.#inFlight.delete(step);
    draft.attributes[names.outcome] = outcome;
    this.#end(draft, time, error && failureName(error), error?.message);
  }

  /** The process that had them in flight is gone. */
  #lose(time: number): void {
    const inFlight = [...this.#inFlight];
    this.#inFlight.clear();
    for (const [step, draft] of inFlight) {
      draft.attributes[names.outcome] = lost;
      this.#end(draft, time, lost);
      const isOver = this.#hasTurnedBack || this.#tolerated.around(step) !== undefined;
      if (isOver && this.#steps.get(step)?.end === undefined) this.#settle(time, step, "failed", lost);
    }
  }

  /** Steps that wait for another attempt get none, and open waits are closed. */
  #turnBack(time: number): void {
    this.#hasTurnedBack = true;
    for (const step of this.#steps.keys()) this.#closeIfIdle(time, step);
  }

  /** The same for the steps of an item that has failed with one of them. */
  #closeWithin(time: number, item: string): void {
    for (const step of this.#steps.keys()) if (isWithin(step, item)) this.#closeIfIdle(time, step);
  }

  /** What is in flight ends before what it is in. */
  #closeIfIdle(time: number, step: string): void {
    const span = this.#steps.get(step);
    if (span === undefined || span.end !== undefined) return;
    for (const other of this.#inFlight.keys()) {
      if (other === step || isWithin(other, step)) return;
    }
    this.#settle(time, step, "closed");
  }

  /** The span of a step, from when all that it comes after had settled, and what it is a part of had begun. */
  #step(time: number, step: string): Draft {
    const known = this.#steps.get(step);
    if (known !== undefined) return known;
    const { after = [] } = this.#outlineOf(step) ?? {};
    const parent = this.#around(step);
    let ready = parent.start;
    for (const other of [...after.map((name) => beside(step, name)), ...roundBefore(step)])
      ready = Math.max(ready, this.#settledAt.get(other) ?? 0);
    const start = Math.min(ready, time);
    const span = this.#open(parent, spanIdOf(this.traceId, "step", step), `step ${step}`, start, {
      [names.spanType]: "TASK",
      [names.stepName]: step,
      [names.queued]: time - start,
    });
    this.#steps.set(step, span);
    return span;
  }

  /** The span of what a step is in: the innermost that has one. */
  #around(step: string): Draft {
    for (let path = around(step); path !== ""; path = around(path)) {
      const span = this.#steps.get(path);
      if (span !== undefined) return span;
    }
    return this.#root;
  }

  #settle(time: number, step: string, status: string, failure?: string, message?: string): void {
    const span = this.#step(time, step);
    span.attributes[names.stepStatus] = status;
    this.#end(span, time, failure, message);
    this.#settledAt.set(step, time);
    const item = this.#hasTurnedBack ? undefined : this.#tolerated.around(step);
    const outer = around(step);
    if (this.#hasTurnedBack || (item !== undefined && outer !== item && step !== item)) this.#closeIfIdle(time, outer);
  }

  #open(parent: Draft | undefined, spanId: string, name: string, start: number, attributes: Attributes): Draft {
    const draft: Draft = { traceId: this.traceId, spanId, name, start, attributes, events: [], links: [] };
    if (parent !== undefined) draft.parentId = parent.spanId;
    this.spans.push(draft);
    return draft;
  }

  #end(draft: Draft, time: number, failure?: string, message?: string): void {
    draft.end = Math.max(draft.start, time);
    if (failure === undefined) return;
    draft.failure = failure;
    draft.attributes[names.errorType] = failure;
    this.#tell(draft, names.exception, draft.end, {
      [names.exceptionType]: failure,
      ...(message === undefined ? {} : this.#content(names.exceptionMessage, message)),
    });
  }

  /** The run had ended as one that waits for a person, and goes on. */
  #reopen(): void {
    const root = this.#root;
    delete root.end;
    delete root.failure;
    delete root.attributes[names.errorType];
    root.events = root.events.filter(({ name }) => name !== names.exception);
    root.attributes[names.runStatus] = "compensating";
  }

  #tell(draft: Draft, name: string, time: number, attributes: Attributes): void {
    draft.events.push({ name, time, attributes });
  }

  #show(attributes: Attributes, attribute: string, value: unknown): void {
    if (this.#options.content === "all") Object.assign(attributes, this.#content(attribute, value));
  }

  #content(attribute: string, value: unknown): Attributes {
    return shownContent(this.#options, attribute, value);
  }
}

/** Of an agent as outlines have it. `lastIndexOf` would leave the compiled code for it. */
function nameAndVersion(agent: string): readonly [name: string, version: string] {
  let at = agent.length - 1;
  while (at >= 0 && agent[at] !== "@") at--;
  return [agent.slice(0, at), agent.slice(at + 1)];
}

/** A round comes after the one before it. */
function roundBefore(step: string): readonly string[] {
  const at = roundAt(step);
  return at === undefined || at.round === 1 ? [] : [roundPath(at.loop, at.round - 1)];
}

function failureOf(error: EncodedError | undefined, status: string): string {
  return error === undefined ? status : failureName(error);
}

function iso(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}
