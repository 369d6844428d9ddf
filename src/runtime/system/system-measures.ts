/** The metrics of a system: what its threads, gates, store and runs are asked for, and what was counted since its start. */

import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import { homeHost } from "../../actors/address.ts";
import { AgentMeter } from "../../metrics/agent-meter.ts";
import { type Histogram, pointOf } from "../../metrics/histogram.ts";
import type { Metric, MetricPoint } from "../../metrics/metric.ts";
import { timeOfDay } from "../../async/time-of-day.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Vitals, VitalSigns } from "../../ports/vitals.ts";
import * as names from "../../traces/semantic-names.ts";
import type { Gates } from "../agents/gates.ts";
import type { HomeHost } from "../host/home-host.ts";
import { measuresOf } from "../host/measure-host.ts";
import type { EndedAttempts, SystemMeter } from "../telemetry/system-meter.ts";
import type { TelemetryStats } from "../telemetry/trace-collector.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";
import type { Platform } from "./platform.ts";
import type { HostMeasures } from "../transport/host-measures.ts";

/** What is asked how it stands. */
interface MeasuredParts {
  readonly home: Pick<HomeHost, "host" | "authority" | "deadLetterCounts">;
  readonly roster: Pick<ThreadRoster, "ids" | "thread">;
  readonly gates: Pick<Gates, "standing">;
  /** Absent where nothing is traced. */
  readonly traces: { readonly stats: TelemetryStats } | undefined;
}

export class SystemMeasures {
  readonly #meter: SystemMeter;
  readonly #parts: MeasuredParts;
  readonly #clock: Clock;
  readonly #vitals: VitalSigns | undefined;

  constructor(meter: SystemMeter, parts: MeasuredParts, { clock, vitals }: Pick<Platform, "clock" | "vitals">) {
    this.#meter = meter;
    this.#parts = parts;
    this.#clock = clock;
    this.#vitals = vitals?.();
  }

  async read(): Promise<readonly Metric[]> {
    const { home, roster, gates, traces } = this.#parts;
    const { position } = home.authority;
    const threads: (readonly [string, HostMeasures])[] = [
      [String(homeHost), measuresOf(home.host, position, this.#vitals)],
    ];
    const answers = await Promise.all(roster.ids.map(async (id) => [id, await measuresFrom(roster, id)] as const));
    for (const [id, measures] of answers) {
      if (measures === undefined) continue; // it died meanwhile
      this.#meter.measured(id, measures);
      threads.push([String(id), measures]);
    }
    return [
      ...ofThreads(threads, this.#meter.handledByGone, position),
      ...ofAgents(threads, this.#meter.gone),
      ...ofGates(gates),
      ...ofStore(this.#meter),
      ...ofRuns(this.#meter, timeOfDay(this.#clock)),
      counter("troupe.dead_letters", "Messages that nothing handled", "{message}", {
        points: [...home.deadLetterCounts].map(([reason, value]) => ({
          attributes: { "troupe.reason": reason },
          value,
        })),
      }),
      counter(
        "troupe.events",
        "What happened to the system, such as threads that died and actors that restarted",
        "{event}",
        {
          points: [...this.#meter.events].map(([type, value]) => ({ attributes: { "troupe.event": type }, value })),
        },
      ),
      ...(traces === undefined
        ? []
        : [
            counter("troupe.telemetry.spans", "Spans that were given to sinks, or had no place", "{span}", {
              points: Object.entries(traces.stats).map(([outcome, value]) => ({
                attributes: { [names.outcome]: outcome },
                value: Number(value),
              })),
            }),
          ]),
    ];
  }
}

/** @throws TroupeError (as a rejection) `invalid-options` for a system that measures nothing. */
export async function metricsOf(measures: SystemMeasures | undefined): Promise<readonly Metric[]> {
  if (measures !== undefined) return measures.read();
  throw new TroupeError(
    "invalid-options",
    "metrics: this system measures nothing. Start it with createSystem({ metrics: true }).",
  );
}

async function measuresFrom(
  roster: MeasuredParts["roster"],
  thread: (typeof roster.ids)[number],
): Promise<HostMeasures | undefined> {
  try {
    return await roster.thread(thread)?.control.measure();
  } catch (error) {
    if (isTroupeError(error, "thread-died")) return undefined;
    throw error;
  }
}

type Threads = readonly (readonly [thread: string, measures: HostMeasures])[];

function ofThreads(threads: Threads, handledByGone: number, position: number): readonly Metric[] {
  const each = (value: (measures: HostMeasures) => number): readonly MetricPoint[] =>
    threads.map(([thread, measures]) => ({ attributes: { [names.thread]: thread }, value: value(measures) }));
  const vital = (value: (vitals: Vitals) => number): readonly MetricPoint[] =>
    threads.flatMap(([thread, { vitals }]) =>
      vitals === undefined ? [] : { attributes: { [names.thread]: thread }, value: value(vitals) },
    );
  const alive = threads.flatMap(([thread, { vitals }]) => (vitals === undefined ? [] : ([[thread, vitals]] as const)));
  const delays = (["p50", "p99", "max"] as const).map((which) =>
    gauge(`nodejs.eventloop.delay.${which}`, "By how much event loops were late since they were asked last", "s", {
      points: vital(({ delay }) => delay[which] / 1_000),
    }),
  );
  return [
    gauge("troupe.threads", "Threads of the system, its own among them", "{thread}", {
      points: [{ attributes: {}, value: threads.length }],
    }),
    gauge(
      "nodejs.eventloop.utilization",
      "The share of its time in which an event loop worked, since the thread began",
      "1",
      {
        points: vital(({ active, idle }) => (active + idle === 0 ? 0 : active / (active + idle))),
      },
    ),
    counter("nodejs.eventloop.time", "How long event loops worked, and waited", "s", {
      points: alive.flatMap(([thread, { active, idle }]) =>
        Object.entries({ active, idle }).map(([state, ms]) => ({
          attributes: { [names.thread]: thread, "nodejs.eventloop.state": state },
          value: ms / 1_000,
        })),
      ),
    }),
    ...delays,
    gauge("v8js.memory.heap.used", "Bytes of the heap in use", "By", { points: vital(({ heapUsed }) => heapUsed) }),
    gauge("v8js.memory.heap.limit", "Bytes that the heap may take", "By", {
      points: vital(({ heapLimit }) => heapLimit),
    }),
    counter(
      "troupe.messages.handled",
      'Messages that actors handled; those of threads that are gone under "gone"',
      "{message}",
      {
        points: [...each(({ handled }) => handled), { attributes: { [names.thread]: "gone" }, value: handledByGone }],
      },
    ),
    gauge("troupe.mailbox.messages", "Messages that wait in mailboxes", "{message}", {
      points: each(({ waiting }) => waiting),
    }),
    gauge("troupe.actors", "Actors, Troupe's own among them", "{actor}", { points: each(({ actors }) => actors) }),
    gauge("troupe.replica.lag", "Commits that a thread has not seen yet", "{commit}", {
      points: each((measures) => Math.max(0, position - measures.position)),
    }),
  ];
}

function ofAgents(threads: Threads, gone: AgentMeter): readonly Metric[] {
  const all = new AgentMeter();
  all.merge(gone.counts);
  for (const [, { agents }] of threads) all.merge(agents);
  const tokens = (which: "inputTokens" | "outputTokens"): readonly MetricPoint[] => {
    const sums = new Map<string, number>();
    for (const count of all.counts) sums.set(count.agent, (sums.get(count.agent) ?? 0) + count[which]);
    return [...sums].map(([agent, value]) => ({ attributes: { [names.agentName]: agent }, value }));
  };
  return [
    histogram("gen_ai.invoke_agent.duration", "How long agents' code ran, by the error that it ended with", {
      points: all.counts.map(({ agent, failure, durations }) => [
        durations,
        { [names.agentName]: agent, ...(failure === undefined ? {} : { [names.errorType]: failure }) },
      ]),
    }),
    counter(names.inputTokens, "Tokens of input that agents used", "{token}", { points: tokens("inputTokens") }),
    counter(names.outputTokens, "Tokens of output that agents used", "{token}", { points: tokens("outputTokens") }),
  ];
}

const breakerStates = ["closed", "half-open", "open"] as const;

function ofGates({ standing }: MeasuredParts["gates"]): readonly Metric[] {
  const each = (value: (gate: (typeof standing)[number]) => number): readonly MetricPoint[] =>
    standing.map((gate) => ({ attributes: { [names.agentName]: gate.agent }, value: value(gate) }));
  return [
    gauge("troupe.breaker.state", "1 for the state that an agent's breaker is in", "{breaker}", {
      points: standing.flatMap(({ agent, breaker }) =>
        breakerStates.map((state) => ({
          attributes: { [names.agentName]: agent, "troupe.state": state },
          value: breaker === state ? 1 : 0,
        })),
      ),
    }),
    gauge("troupe.gate.waiting", "Calls that wait for an agent's limits", "{call}", {
      points: each(({ waiting }) => waiting),
    }),
    gauge("troupe.gate.in_flight", "Calls that went through an agent's gate and have not ended", "{call}", {
      points: each(({ inFlight }) => inFlight),
    }),
  ];
}

function ofStore({ versions, conflicts, retries, flushes }: SystemMeter): readonly Metric[] {
  const one = (value: number): readonly MetricPoint[] => [{ attributes: {}, value }];
  return [
    counter("troupe.store.versions", "Versions that were written", "{version}", { points: one(versions) }),
    counter("troupe.store.conflicts", "Commits that came second, and were refused or tried again", "{commit}", {
      points: one(conflicts),
    }),
    counter("troupe.store.retries", "Commits that were tried again as they had come second", "{commit}", {
      points: one(retries),
    }),
    histogram("troupe.store.flush.duration", "How long the journal took for a commit", { points: [[flushes, {}]] }),
  ];
}

function ofRuns({ open, ended, attempts }: SystemMeter, now: number): readonly Metric[] {
  const attemptsOf = (kind: EndedAttempts["kind"], name: string, description: string): Metric =>
    counter(name, description, "{attempt}", {
      points: [...attempts.values()]
        .filter((one) => one.kind === kind)
        .map(({ workflow, outcome, count }) => ({
          attributes: { [names.workflowName]: workflow, [names.outcome]: outcome },
          value: count,
        })),
    });
  return [
    gauge("troupe.runs", "Runs that have not ended", "{run}", {
      points: [...open].map(([state, { count }]) => ({ attributes: { "troupe.state": state }, value: count })),
    }),
    gauge("troupe.runs.oldest", "The age of the oldest run, since its start or since this process took it up", "s", {
      points: [...open].map(([state, { oldest }]) => ({
        attributes: { "troupe.state": state },
        value: Math.max(0, now - oldest) / 1_000,
      })),
    }),
    histogram("troupe.run.duration", "How long runs took that have ended", {
      points: [...ended.values()].map(({ workflow, status, durations }) => [
        durations,
        { [names.workflowName]: workflow, [names.runStatus]: status },
      ]),
    }),
    attemptsOf("step", "troupe.steps", "Steps that ended, and attempts at them after which there is another one"),
    attemptsOf(
      "compensation",
      "troupe.compensations",
      "Compensations that ended, and attempts at them after which there is another one",
    ),
  ];
}

interface Points {
  readonly points: readonly MetricPoint[];
}

function counter(name: string, description: string, unit: string, { points }: Points): Metric {
  return { kind: "counter", name, description, unit, points };
}

function gauge(name: string, description: string, unit: string, { points }: Points): Metric {
  return { kind: "gauge", name, description, unit, points };
}

function histogram(
  name: string,
  description: string,
  { points }: { readonly points: readonly (readonly [Histogram, Readonly<Record<string, string>>])[] },
): Metric {
  const all = points.map(([one, attributes]) => pointOf(one, attributes));
  return { kind: "histogram", name, description, unit: "s", points: all };
}
