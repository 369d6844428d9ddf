/** Who sent what to whom, in order, and because of what: read off the spans of a run, or of what was recorded in a stretch of time. */

import * as names from "../../traces/semantic-names.ts";
import type { Span } from "../../traces/span.ts";
import { isExecution } from "./executions.ts";
import { spansOfRun } from "./spans-of-run.ts";
import type { Looking, View } from "./view.ts";

export interface SequenceMessage {
  /** From 1, in the order in which they began. */
  readonly number: number;
  readonly kind: "ask" | "tell" | "step" | "undo" | "commit" | "model" | "tool" | "wait";
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly start: number;
  /** Absent while it goes on. */
  readonly end?: number;
  readonly failure?: string;
  /** The number of the message during whose handling it was sent, if that is shown. */
  readonly cause?: number;
}

export interface SequenceData {
  readonly isLive: boolean;
  /** How many there are in all, and how many of them come before those that are shown. */
  readonly count: number;
  readonly before: number;
  /** Who takes part, in the order in which they first do. */
  readonly parties: readonly string[];
  readonly messages: readonly SequenceMessage[];
}

/** More have one lifeline together. */
const mostParties = 40;
const others = "others";
const outside = "outside";

export const sequence: View<SequenceData> = (query) => {
  const run = query.text("run");
  const party = query.text("actor");
  const since = query.optionalWhole("since", {}) ?? 0;
  const until = query.optionalWhole("until", {}) ?? Number.POSITIVE_INFINITY;
  const before = query.optionalWhole("before", {});
  const limit = query.whole("limit", { least: 1, most: 500, otherwise: 100 });
  return async (at) => {
    const spans = run === undefined ? [...at.spans.all()] : await spansOfRun(at, run);
    const all = drawn(spans, at, run).filter(
      ({ start, from, to }) =>
        start >= since && start <= until && (party === undefined || from === party || to === party),
    );
    const to = Math.min(before ?? all.length, all.length);
    const first = Math.max(0, to - limit);
    return {
      isLive: at.inspected.live !== undefined,
      count: all.length,
      before: first,
      ...numbered(all.slice(first, to), first),
    };
  };
};

interface Drawn extends Omit<SequenceMessage, "number" | "cause"> {
  readonly span: Span;
  readonly causes: () => Iterable<Span>;
}

function drawn(spans: readonly Span[], at: Looking, run: string | undefined): readonly Drawn[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const ancestors = function* (span: Span): Generator<Span> {
    for (let parent = parentOf(span, byId); parent !== undefined; parent = parentOf(parent, byId)) yield parent;
  };
  const parties = new Parties(spans, ancestors);
  const handled = new Set(spans.filter(isHandling).map(({ parentId }) => parentId));
  return spans
    .flatMap((span) => {
      const about = aboutOf(span, { at, run, parties, handled, byId });
      if (about === undefined) return [];
      const { start, end, failure } = span;
      const times = { start, ...(end === undefined ? {} : { end }), ...(failure === undefined ? {} : { failure }) };
      return [{ ...about, ...times, span, causes: () => ancestors(span) }];
    })
    .sort((one, other) => one.start - other.start);
}

interface Around {
  readonly at: Looking;
  readonly run: string | undefined;
  readonly parties: Parties;
  /** The spans in which a message was handled. */
  readonly handled: ReadonlySet<string | undefined>;
  readonly byId: ReadonlyMap<string, Span>;
}

type About = Pick<SequenceMessage, "kind" | "from" | "to" | "text">;

/** What is drawn of a span; `undefined` for one that is no message. */
function aboutOf(span: Span, { at, run, parties, handled, byId }: Around): About | undefined {
  const { name, attributes, kind } = span;
  const text = (attribute: string): string => String(attributes[attribute] ?? "");
  if (isHandling(span)) {
    const does = kind === "server" ? "ask" : "tell";
    return { kind: does, from: parties.senderOf(span), to: parties.ofHandling(span), text: text(names.messageType) };
  }
  const from = parties.around(span);
  const attempt = Number(attributes[names.attempt] ?? 1);
  const step = `${text(names.stepName)}${attempt > 1 ? `, attempt ${attempt}` : ""}`;
  const isUndoing = names.compensation in attributes;
  if (isExecution(span)) {
    if (byId.has(span.parentId ?? "")) return undefined; // its attempt is drawn
    const [of, to] = [runOf(run ?? text(names.runId)), agentParty(text(names.agentName))];
    return { kind: isUndoing ? "undo" : "step", from: of === "" ? from : of, to, text: step === "" ? "a call" : step };
  }
  if (isUndoing) return { kind: "undo", from: runOf(run), to: parties.ofStep(text(names.stepName)), text: step };
  if (names.stepName in attributes && names.agentName in attributes)
    return { kind: "step", from: runOf(run), to: agentParty(text(names.agentName)), text: step };
  if (attributes[names.spanType] === "MEMORY" && name.startsWith("commit ")) {
    const version = attributes[names.stateVersion];
    return {
      kind: "commit",
      from,
      to: "store",
      text: `${text(names.stateKey)}${version === undefined ? "" : `@${Number(version)}`}`,
    };
  }
  if (name === names.readWait) return { kind: "wait", from, to: "store", text: `waits for ${text(names.stateKey)}` };
  if (attributes[names.operation] === names.chat)
    return { kind: "model", from, to: text(names.requestModel), text: name };
  if (attributes[names.operation] === names.executeTool || names.toolName in attributes)
    return { kind: "tool", from, to: text(names.toolName), text: name };
  // one that was never handled
  const isSent = (kind === "client" || kind === "producer") && names.receiver in attributes;
  if (!isSent || handled.has(span.spanId) || (kind === "producer" && span.failure === undefined)) return undefined;
  const sent = at.content.text(names.messageType, text(names.messageType));
  return { kind: kind === "client" ? "ask" : "tell", from, to: text(names.receiver), text: sent };
}

function numbered(messages: readonly Drawn[], before: number): Pick<SequenceData, "parties" | "messages"> {
  const numbers = new Map(messages.map(({ span }, i) => [span.spanId, before + i + 1]));
  const parties = new Set<string>();
  const placed = (party: string): string => {
    if (parties.has(party) || parties.size < mostParties - 1) return (parties.add(party), party);
    return (parties.add(others), others);
  };
  const shown = messages.map(({ span, causes, from, to, ...message }) => {
    const cause = firstIn(causes(), numbers);
    const ends = { from: placed(from), to: placed(to) };
    return { number: numbers.get(span.spanId) ?? 0, ...message, ...ends, ...(cause === undefined ? {} : { cause }) };
  });
  return { parties: [...parties], messages: shown };
}

function firstIn(causes: Iterable<Span>, numbers: ReadonlyMap<string, number>): number | undefined {
  for (const { spanId } of causes) if (numbers.has(spanId)) return numbers.get(spanId);
  return undefined;
}

/** Who a span is about: actors by their addresses, agents by their names, whichever actor of them it was. */
class Parties {
  readonly #agents = new Map<string, string>();
  readonly #steps = new Map<string, string>();
  readonly #ancestors: (span: Span) => Iterable<Span>;

  constructor(spans: readonly Span[], ancestors: (span: Span) => Iterable<Span>) {
    this.#ancestors = ancestors;
    for (const { attributes } of spans) {
      const { [names.agentName]: agent, [names.actor]: address, [names.stepName]: step } = attributes;
      if (typeof agent !== "string") continue;
      if (typeof address === "string") this.#agents.set(address, agent);
      if (typeof step === "string") this.#steps.set(step, agent);
    }
  }

  ofHandling({ attributes }: Span): string {
    const address = String(attributes[names.actor]);
    const agent = this.#agents.get(address);
    return agent === undefined ? address : agentParty(agent);
  }

  /** In whose code it was begun. */
  around(span: Span): string {
    for (const outer of this.#ancestors(span)) {
      if (isHandling(outer)) return this.ofHandling(outer);
      const agent = outer.attributes[names.agentName];
      if (typeof agent === "string" && (isExecution(outer) || names.stepName in outer.attributes))
        return agentParty(agent);
    }
    return outside;
  }

  senderOf(span: Span): string {
    const from = this.around(span);
    const given = span.attributes[names.sender];
    if (from !== outside || typeof given !== "string") return from;
    const agent = this.#agents.get(given);
    return agent === undefined ? given : agentParty(agent);
  }

  ofStep(step: string): string {
    const agent = this.#steps.get(step);
    return agent === undefined ? step : agentParty(agent);
  }
}

function isHandling({ kind, attributes }: Span): boolean {
  return (kind === "server" || kind === "consumer") && names.actor in attributes && names.messageType in attributes;
}

function parentOf({ parentId }: Span, byId: ReadonlyMap<string, Span>): Span | undefined {
  return parentId === undefined ? undefined : byId.get(parentId);
}

function agentParty(name: string): string {
  return `agent ${name}`;
}

/** Empty for what is of no run. */
function runOf(run = ""): string {
  return run === "" ? "" : `run ${run}`;
}
