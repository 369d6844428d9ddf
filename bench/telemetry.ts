/** What it costs to see everything: runs and messages with and without traces and an inspector. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createSystem, type System, type SystemOptions, type WorkflowDefinition } from "troupe";
import { sink } from "./actors.ts";
import type { Figure } from "../src/bench/figure.ts";
import { measure, type Subject } from "../src/bench/measure.ts";
import { perSecond, type Topic } from "./topic.ts";
import { idling, teller, waiting } from "./telemetry-actors.ts";
import { versionCosts } from "./telemetry-versions.ts";

const rounds = 7;
const warmUp = 200;
const tells = 50_000;

/** Takes spans and keeps none: what a backend costs is its exporter's. */
const traces = { take: (): void => undefined };
const reader = fileURLToPath(new URL("telemetry-reader.ts", import.meta.url));

interface Watched {
  readonly name: string;
  readonly options: Pick<SystemOptions, "telemetry" | "inspector">;
  /** The view that a page in another process has open, of a system that has had some runs. */
  readonly view?: (run: string) => string;
}

const inspector = { port: 0, onOpen: () => undefined };
const without = "no telemetry";
const every: Watched = { name: "every run traced", options: { telemetry: { traces, sample: 1 } } };
const watched: readonly Watched[] = [
  { name: without, options: {} },
  { name: "traces, default sample", options: { telemetry: { traces } } },
  every,
  { name: "inspector, no page", options: { inspector } },
  { name: "inspector, overview open", options: { inspector }, view: () => "overview" },
  { name: "inspector, a run open", options: { inspector }, view: (run) => `run?id=${run}` },
];

export const telemetry: Topic = {
  name: "telemetry",
  about:
    "Runs of three steps whose agents do nothing, or wait 20 ms, and messages of an actor to one on another thread: without telemetry\n" +
    "and with it. Runs and messages a second of processor time on all threads, then by the clock. The page is another process and is\n" +
    "not counted. Not measured: what an exporter costs to encode and to send.",
  async run(against) {
    if (against !== undefined) return versionCosts(against);
    return [
      ...(await costs("run, idle agents", { workflow: idling, count: 3_000, inFlight: 32 }, watched)),
      ...(await costs("run, agents of 20 ms", { workflow: waiting, count: 300, inFlight: 16 }, [
        { name: without, options: {} },
        every,
      ])),
      ...(await tellCosts()),
    ];
  },
};

interface Load {
  readonly workflow: WorkflowDefinition;
  readonly count: number;
  readonly inFlight: number;
}

/** How many were done a second: of the processor's time on all threads, and by the clock. */
interface Rate {
  readonly processor: number;
  readonly clock: number;
}

async function bothRates(
  bench: string,
  unit: string,
  subjects: readonly { readonly name: string; readonly rate: () => Promise<Rate> }[],
): Promise<Figure[]> {
  const taken: Rate[] = [];
  const as = (run: (rate: () => Promise<Rate>) => Promise<number>): Subject[] =>
    subjects.map(({ name, rate }) => ({ name, run: () => run(rate) }));
  const group = { baseline: without, rounds };
  const processor = await measure({
    ...group,
    bench,
    unit: `${unit}/s of CPU`,
    subjects: as(async (rate) => {
      const measured = await rate();
      taken.push(measured);
      return measured.processor;
    }),
  });
  // the same rounds again, in their order
  const clock = await measure({
    ...group,
    bench: `${bench}, by the clock`,
    unit: `${unit}/s`,
    subjects: as(() => Promise.resolve(taken.shift()?.clock ?? Number.NaN)),
  });
  return [...processor, ...clock];
}

async function rateOf(count: number, work: () => Promise<unknown>): Promise<Rate> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const clock = perSecond(count, start);
  const { user, system } = process.cpuUsage(before);
  return { clock, processor: (count * 1e6) / (user + system) };
}

function costs(bench: string, load: Load, of: readonly Watched[]): Promise<Figure[]> {
  return bothRates(
    bench,
    "runs",
    of.map((one) => ({ name: one.name, rate: () => runRate(load, one) })),
  );
}

/** A system of its own for each: one keeps the histories of its runs. */
async function runRate({ workflow, count, inFlight }: Load, { options, view }: Watched): Promise<Rate> {
  await using system = await createSystem({ threads: 1, ...options });
  await runs(system, workflow, warmUp, inFlight);
  const page = view && (await openPage(system, view(await oneRun(system, workflow))));
  try {
    return await rateOf(count, () => runs(system, workflow, count, inFlight));
  } finally {
    page?.kill();
  }
}

async function oneRun(system: System, workflow: WorkflowDefinition): Promise<string> {
  const run = system.run(workflow, { n: 0 });
  await run.result;
  return run.id;
}

async function runs(system: System, workflow: WorkflowDefinition, count: number, inFlight: number): Promise<void> {
  let left = count;
  const next = async (): Promise<void> => {
    while (left-- > 0) await system.run(workflow, { n: 0 }).result;
  };
  await Promise.all(Array.from({ length: inFlight }, next));
}

async function openPage(system: System, view: string): Promise<ChildProcess> {
  const page = spawn(process.execPath, [...process.execArgv, reader, system.inspector?.url ?? "", view], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(page, "exit").then(() => Promise.reject(new Error(`the page of ${view} ended`)));
  await Promise.race([once(page.stdout, "data"), ended]);
  ended.catch(() => undefined); // it is killed when the round is over
  return page;
}

function tellCosts(): Promise<Figure[]> {
  const rate = (options: Watched["options"]) => async (): Promise<Rate> => {
    await using system = await createSystem({ threads: 2, ...options });
    await system.spawn(sink, { name: "sink", placement: { thread: 2 } });
    const actor = await system.spawn(teller, { placement: { thread: 1 } });
    await actor.ask("tell", warmUp);
    return await rateOf(tells, () => actor.ask("tell", tells, { timeout: 120_000 }));
  };
  return bothRates("tell", "messages", [
    { name: without, rate: rate({}) },
    { name: "sender is not traced", rate: rate({ telemetry: { traces, sample: 0 } }) },
    { name: "sender is traced", rate: rate({ telemetry: { traces, sample: 1 } }) },
  ]);
}
