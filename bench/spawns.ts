/** Actors by the thousand: what it costs to start them, and what they cost while they do nothing. */

import { spawn as startProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type ActorRef, createSystem, type System } from "troupe";
import { parent, sink } from "./actors.ts";
import { type Figure, measure, type Subject, type Topic } from "./harness.ts";
import type { IdleResult, IdleTerms } from "./idle-process.ts";
import { loadNact, type Nact } from "./peers/nact.ts";

/** How many a round, and how many at once by an actor: requests beyond the system's mailbox would be refused. */
const count = 5_000;
const atOnce = 1_000;

const program = fileURLToPath(new URL("./idle-process.ts", import.meta.url));

export const spawns: Topic = {
  name: "spawns",
  about:
    "Actors by the thousand: spawned at once, by code outside of any actor and by actors, on the spawner's thread and on another;\n" +
    "the memory of an idle one, and the processor time of an idle system. nact, if it is installed, has them on the main thread.",
  async run() {
    const nact = await loadNact();
    return [...(await spawning(nact)), ...(await idling(nact !== undefined))];
  },
};

/** What spawns {@link count} actors: returns the milliseconds it took. Stops them after that. */
interface Spawner {
  readonly name: string;
  readonly spawn: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

async function spawning(nact: Nact | undefined): Promise<Figure[]> {
  await using system = await createSystem({ threads: 2 });
  const own = await system.spawn(parent, { placement: { thread: 1 } });
  const spawners = [
    ...(nact === undefined ? [] : [byNact(nact)]),
    byMainThread("by the main thread, on its own", system, 0),
    byMainThread("by the main thread, on another", system, 1),
    byActor("by an actor, on its own thread", system, own, 1),
    byActor("by an actor, on another", system, own, 2),
  ];
  const common = { rounds: 3, ...(nact === undefined ? {} : { baseline: "nact" }) };
  return [
    ...(await measure({ ...common, bench: "spawn, at once", unit: "actors/s", subjects: spawners.map(rateOf) })),
    ...(await measure({ ...common, bench: "spawn, processor time", unit: "µs", subjects: spawners.map(costOf) })),
  ];
}

function byNact(nact: Nact): Spawner {
  let system: unknown;
  return {
    name: "nact",
    async spawn() {
      const root = (system = nact.start());
      const start = performance.now();
      for (let n = 0; n < count; n++) nact.spawnStateless(root, () => undefined, `sink-${n}`);
      return performance.now() - start;
    },
    async stop() {
      nact.stop(system);
    },
  };
}

function byMainThread(name: string, system: System, thread: number): Spawner {
  let refs: readonly ActorRef[] = [];
  return {
    name,
    async spawn() {
      const start = performance.now();
      refs = await Promise.all(Array.from({ length: count }, () => system.spawn(sink, { placement: { thread } })));
      return performance.now() - start;
    },
    async stop() {
      await Promise.all(refs.map((ref) => system.stop(ref)));
    },
  };
}

function byActor(name: string, system: System, by: ActorRef<typeof parent.protocol>, thread: number): Spawner {
  return {
    name,
    spawn: () => by.ask("spawn", { count, atOnce, thread }, { timeout: 60_000 }),
    async stop() {
      const children = await by.ask("disown");
      await Promise.all(children.map((address) => system.stop({ address })));
    },
  };
}

function rateOf({ name, spawn, stop }: Spawner): Subject {
  return {
    name,
    async run() {
      const took = await spawn();
      await stop();
      return (count * 1000) / took;
    },
  };
}

function costOf({ name, spawn, stop }: Spawner): Subject {
  return {
    name,
    async run() {
      const before = process.cpuUsage();
      await spawn();
      const { user, system } = process.cpuUsage(before);
      await stop();
      return (user + system) / count;
    },
  };
}

async function idling(hasNact: boolean): Promise<Figure[]> {
  const troupe: Subject = { name: "Troupe", run: () => bytesOf("troupe") };
  const memory = await measure({
    bench: "memory of an idle actor",
    unit: "bytes",
    rounds: 3,
    ...(hasNact ? { baseline: "nact" } : {}),
    subjects: hasNact ? [{ name: "nact", run: () => bytesOf("nact") }, troupe] : [troupe],
  });
  const time = await measure({
    bench: "an idle system, processor time",
    unit: "% of a core",
    rounds: 3,
    subjects: [{ name: "2 threads, 10,000 actors", run: idleShare }],
  });
  return [...memory, ...time];
}

async function bytesOf(of: IdleTerms["of"]): Promise<number> {
  return (await idle({ of, threads: 1, actors: 100_000, seconds: 0 })).bytes;
}

async function idleShare(): Promise<number> {
  return 100 * (await idle({ of: "troupe", threads: 2, actors: 10_000, seconds: 5 })).share;
}

async function idle(terms: IdleTerms): Promise<IdleResult> {
  const child = startProcess(process.execPath, ["--expose-gc", ...process.execArgv, program, JSON.stringify(terms)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, "close") as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`a process of idle actors ended with ${String(code)}`);
  return JSON.parse(out) as IdleResult;
}
