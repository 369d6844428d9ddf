/** A run: its steps as they stand, what it waits for, its events, the spans of its trace, and why. */

import type { Snapshot } from "../../store/versions/snapshot.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import type { RunRecord } from "../../workflows/history/run-history.ts";
import { type Pending, pendingOf } from "../../workflows/history/run-pending.ts";
import { isOpen, type RunState } from "../../workflows/history/run-state.ts";
import { beside } from "../../workflows/definition/steps-of-run.ts";
import { placedSteps } from "../../workflows/steps/run-steps.ts";
import { eventInWords, pendingInWords, whyInWords } from "../../workflows/history/run-words.ts";
import { viewOf } from "../../workflows/history/run-view.ts";
import { type Content, type Shown, shownAsIs, type ShownError } from "../source/content.ts";
import { attemptsIn, type ShownAttempt } from "./attempts.ts";
import { usageIn } from "./executions.ts";
import { readsIn, type ShownRead } from "./reads.ts";
import { codec, readRun, withLive } from "./spans-of-run.ts";
import { refusalsInWords } from "../../traces/refusals.ts";
import { staleReads } from "./stale-reads.ts";
import type { Looking, View } from "./view.ts";

export interface ShownStep {
  readonly name: string;
  readonly agent?: string;
  readonly kind?: string;
  readonly after: readonly string[];
  readonly status: string;
  readonly attempt?: number;
  readonly input?: Shown;
  readonly output?: Shown;
  readonly question?: Shown;
  readonly error?: ShownError;
  /** Why it is as it is, in words, and what it waits for. */
  readonly why?: string;
  readonly pending?: string;
  /** True for a wait that takes an answer now. */
  readonly takesAnswer?: true;
}

export interface ShownRecord {
  /** From 1, in the order in which they happened. */
  readonly number: number;
  readonly version: number;
  readonly time: number;
  readonly type: string;
  readonly step?: string;
  readonly text: string;
  readonly error?: ShownError;
}

export interface ShownSpan extends Pick<Span, "name" | "start" | "attributes"> {
  readonly id: string;
  readonly parent?: string;
  readonly end?: number;
  readonly failure?: string;
}

export type RunCommand = "cancel" | "retry-compensation" | "resolve" | "undo";

export interface RunData {
  readonly run: string;
  readonly workflow: string;
  readonly status: string;
  readonly coordination: string;
  readonly pinned: boolean;
  readonly epoch: number;
  readonly tenant?: string;
  readonly version: number;
  readonly started: number;
  readonly changed: number;
  readonly input: Shown;
  readonly output?: Shown;
  readonly error?: ShownError;
  readonly traceId?: string;
  /** What may be done to it here. */
  readonly can: readonly RunCommand[];
  readonly steps: readonly ShownStep[];
  /** In words: reads that had to wait, and for what. */
  readonly waited: readonly string[];
  /** In words: proposals that its history refused, of what was recorded. */
  readonly refused: readonly string[];
  /** True where a file can be made of it here. */
  readonly canRecord: boolean;
  /** What its steps read, in their order, of what was recorded. */
  readonly reads: readonly ShownRead[];
  /** In the order in which they began. */
  readonly attempts: readonly ShownAttempt[];
  /** What was used in all and in which step, of what was recorded; absent where nothing was. */
  readonly usage?: ReturnType<typeof usageIn>;
  /** How many events there are, and the newest of them that come before `before`, in their order. */
  readonly eventCount: number;
  readonly events: readonly ShownRecord[];
  readonly spans: readonly ShownSpan[];
  /** How many spans there are. */
  readonly spanCount: number;
}

const mostSteps = 500;
const mostSpans = 1_000;
const mostRefusals = 50;

export const run: View<RunData> = (query) => {
  const id = query.required("id");
  const before = query.optionalWhole("before", { least: 1 });
  const limit = query.whole("limit", { least: 1, most: 1_000, otherwise: 300 });
  return async (at) => {
    const { first, newest, records } = await readRun(at, id);
    const { state } = newest;
    const [started] = records;
    const end = records.at(-1)?.event;
    const spans = withLive(records, at);
    const usage = usageIn(spans);
    return {
      run: id,
      workflow: `${state.workflow.name}@${state.workflow.version}`,
      status: state.status,
      coordination: state.coordination,
      pinned: state.pinned,
      epoch: state.epoch,
      ...(state.tenant === undefined ? {} : { tenant: state.tenant }),
      version: newest.version,
      started: first.time,
      changed: newest.time,
      input: at.content.shown(names.inputValue, codec.decode(state.input)),
      ...(end?.type === "run-ended" && "output" in end ? { output: shownAsIs(end.output) } : {}),
      ...(end?.type === "run-ended" && end.error !== undefined ? { error: end.error } : {}),
      ...(spans[0] === undefined ? {} : { traceId: spans[0].traceId }),
      can: commandsOf(at, state),
      steps: stepsOf(at, id, newest, records),
      waited: await staleReads(at, spans),
      refused: refusalsInWords(spans, mostRefusals),
      canRecord: at.inspected.kind === "system" || at.inspected.kind === "journal",
      reads: await readsIn(at.inspected.reader(), spans),
      attempts: attemptsIn(spans),
      ...(usage.parts.length === 0 ? {} : { usage }),
      eventCount: started === undefined ? 0 : records.length,
      events: eventsOf(records, Math.min(before ?? Number.POSITIVE_INFINITY, records.length + 1), limit),
      spans: spans.slice(0, mostSpans).map(shownSpan),
      spanCount: spans.length,
    };
  };
};

function shownSpan({ spanId, parentId, name, start, end, failure, attributes }: Span): ShownSpan {
  return {
    id: spanId,
    ...(parentId === undefined ? {} : { parent: parentId }),
    name,
    start,
    ...(end === undefined ? {} : { end }),
    ...(failure === undefined ? {} : { failure }),
    attributes,
  };
}

function commandsOf({ inspected: { live }, isReadOnly }: Looking, state: RunState): readonly RunCommand[] {
  if (live === undefined || isReadOnly) return [];
  if (isOpen(state)) return ["cancel"];
  if (state.status === "compensation-failed") return ["retry-compensation", "resolve"];
  return state.status === "completed" ? ["undo"] : [];
}

function stepsOf(
  at: Looking,
  id: string,
  newest: Snapshot<RunState>,
  records: readonly RunRecord[],
): readonly ShownStep[] {
  const { content, isReadOnly, inspected } = at;
  const { steps: views, outputs } = viewOf(id, newest, codec);
  const pending = new Map(pendingOf(newest.state, codec).map((one) => [one.step, one]));
  return placedSteps(newest.state.steps)
    .slice(0, mostSteps)
    .map(({ step, about }) => {
      const view = views[step.name];
      const waits = pending.get(step.name);
      const why = whyInWords(step.name, records);
      const error = step.undoError ?? step.error;
      return {
        name: step.name,
        ...(about.agent === undefined ? {} : { agent: about.agent }),
        ...(about.kind === undefined ? {} : { kind: about.kind }),
        after: about.after.map((other) => beside(step.name, other)),
        status: step.status,
        ...(view?.attempt === undefined ? {} : { attempt: view.attempt }),
        ...(step.input === undefined || about.kind === "wait"
          ? {}
          : { input: content.shown(names.inputValue, codec.decode(step.input)) }),
        ...(Object.hasOwn(outputs, step.name) ? { output: content.shown(names.outputValue, outputs[step.name]) } : {}),
        ...(view !== undefined && "question" in view
          ? { question: content.shown(names.inputValue, view.question) }
          : {}),
        ...(error === undefined ? {} : { error: content.encoded(error) }),
        ...(why === undefined ? {} : { why }),
        ...(waits === undefined ? {} : { pending: pendingInWords(shownPending(waits, content)) }),
        ...(waits?.for === "answer" && inspected.live !== undefined && !isReadOnly ? { takesAnswer: true } : {}),
      };
    });
}

function shownPending(pending: Pending, content: Content): Pending {
  if (pending.for === "answer") return { ...pending, question: content.value(names.inputValue, pending.question) };
  if (pending.for !== "time" || pending.error === undefined) return pending;
  return { ...pending, error: content.text(names.exceptionMessage, pending.error) };
}

function eventsOf(records: readonly RunRecord[], before: number, limit: number): readonly ShownRecord[] {
  const from = Math.max(0, before - 1 - limit);
  return records.slice(from, before - 1).map(({ version, time, event }, i) => ({
    number: from + i + 1,
    version,
    time,
    type: event.type,
    ...("step" in event && event.step !== undefined ? { step: event.step } : {}),
    text: eventInWords(event, records.slice(0, from + i)),
    ...("error" in event && event.error !== undefined ? { error: event.error } : {}),
  }));
}
