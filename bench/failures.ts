/** A thread that fails: how long the others notice, and how long until its work is done again. */

import type { Worker } from "node:worker_threads";
import { type ActorDefinition, createSystem, type MessageSpec, type WorkflowDefinition } from "troupe";
import type * as v from "valibot";
import { type Figure, quantile } from "../src/bench/figure.ts";
import type { Topic } from "./topic.ts";

interface Says<In, Out> extends MessageSpec {
  readonly input: v.GenericSchema<In, In>;
  readonly reply: v.GenericSchema<Out, Out>;
}

/** What mortal.mjs exports. */
interface Mortals {
  readonly mortal: ActorDefinition<
    {
      readonly die: MessageSpec & { readonly input: v.GenericSchema<string, string> };
      readonly echo: Says<number, number>;
      readonly threadId: MessageSpec & { readonly reply: v.GenericSchema<number, number> };
    },
    never
  >;
  readonly work: WorkflowDefinition<{ n: number }, { n: number }>;
}

const { mortal, work } = (await import(new URL("./mortal.mjs", import.meta.url).href)) as Mortals;

const rounds = 5;
const stallTimeout = 1_000;
const heapMb = 64;
/** Milliseconds between two probes. */
const probeEvery = 10;
/** Milliseconds that are probed before and after. */
const margin = 200;

const ways = [
  { name: "nothing fails", way: "nothing" },
  { name: "process.exit", way: "exit" },
  { name: "throws outside of a handler", way: "throw" },
  { name: "unhandled rejection", way: "reject" },
  { name: "terminated from outside", way: "terminate" },
  { name: `heap overrun, ${heapMb} MB`, way: "heap" },
  { name: `endless loop, stallTimeout ${stallTimeout}`, way: "loop" },
  { name: `Atomics.wait, stallTimeout ${stallTimeout}`, way: "wait" },
] as const;

type Way = (typeof ways)[number]["way"];

/** Milliseconds: how long a probe waited at worst; and, from the moment of the failure, until each of these. */
interface Round {
  readonly wait: number;
  /** The system tells that the thread died. */
  readonly told: number;
  /** Its supervised actor, asked then, answers: on the thread that comes in the place of the dead one. */
  readonly actor: number;
  /** A run that is started then is done: its agent comes back on the thread that is left. */
  readonly run: number;
}

const figures = [
  { bench: "longest wait of a probe", of: ({ wait }: Round) => wait, at: 1 },
  { bench: "until the system tells", of: ({ told }: Round) => told, at: 0.5 },
  { bench: "until its supervised actor answers again", of: ({ actor }: Round) => actor, at: 0.5 },
  { bench: "until a run is done again, on the other", of: ({ run }: Round) => run, at: 0.5 },
  { bench: "actor again, from when the system tells", of: ({ actor, told }: Round) => actor - told, at: 0.5 },
] as const;

export const failures: Topic = {
  name: "failures",
  about:
    "One of two pooled threads fails. Meanwhile the main thread asks an actor on the other every 10 ms; a probe's wait counts from when it\n" +
    "was due. The longest wait is that of all rounds, the rest are medians. Not measured: more threads, large heaps, a busy machine.",
  run: measureFailures,
};

async function measureFailures(): Promise<Figure[]> {
  const measured = new Map<Way, Round[]>(ways.map(({ way }) => [way, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { way } of ways) {
      const one = await fail(way);
      if (round > 0) measured.get(way)?.push(one);
    }
  }
  return figures.flatMap(({ bench, of, at }) =>
    ways.flatMap(({ name, way }): Figure[] => {
      const values = (measured.get(way) ?? []).map(of);
      if (values.some(Number.isNaN)) return []; // nothing failed, so nothing is back
      const spread = (quantile(values, 0.75) - quantile(values, 0.25)) / quantile(values, 0.5);
      return [{ bench, subject: name, value: quantile(values, at), unit: "ms", baseline: null, ratio: null, spread }];
    }),
  );
}

async function fail(way: Way): Promise<Round> {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker): void => void workers.push(worker);
  process.on("worker", onWorker);
  await using system = await createSystem({
    threads: 2,
    stallTimeout,
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    askTimeout: 60_000,
  });
  const child = { name: "victim", actor: mortal, placement: { thread: 1 }, maxDeliveries: 1 } as const;
  await system.supervise({ name: "supervisor", children: [child] });
  const victim = await system.find(mortal, child.name);
  const other = await system.spawn(mortal, { placement: { thread: 2 } });
  const id = await victim.ask("threadId");
  await other.ask("echo", 0);
  await system.run(work, { n: 0 }).result;

  let start = Number.NaN;
  const since = (): number => performance.now() - start;
  const back = new Promise<Omit<Round, "wait">>((resolve, reject) => {
    system.events$.subscribe((event) => {
      if (event.type !== "thread-died") return;
      const told = since();
      const actor = victim.ask("echo", 1).then(since);
      const run = system.run(work, { n: 1 }).result.then(since);
      Promise.all([actor, run]).then(([one, two]) => resolve({ told, actor: one, run: two }), reject);
    });
  });

  const probe = startProbe((n) => other.ask("echo", n));
  await after(margin);
  start = performance.now();
  if (way === "terminate") void workers.find(({ threadId }) => threadId === id)?.terminate();
  else if (way !== "nothing") await victim.tell("die", way);
  const times =
    way === "nothing" ? { told: Number.NaN, actor: Number.NaN, run: Number.NaN } : await Promise.resolve(back);
  await after(margin);
  const wait = await probe.stop();
  process.off("worker", onWorker);
  return { wait, ...times };
}

/** Asks at each tick, whether the ask before is answered or not. */
function startProbe(ask: (n: number) => Promise<unknown>): { stop(): Promise<number> } {
  const asked: Promise<unknown>[] = [];
  let longest = 0;
  let due = performance.now() + probeEvery;
  const tick = (): void => {
    for (; due <= performance.now(); due += probeEvery) {
      const from = due;
      asked.push(ask(asked.length).then(() => (longest = Math.max(longest, performance.now() - from))));
    }
    timer = setTimeout(tick, due - performance.now());
  };
  let timer = setTimeout(tick, probeEvery);
  return {
    async stop() {
      clearTimeout(timer);
      await Promise.all(asked);
      return longest;
    },
  };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
