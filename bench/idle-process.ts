/**
 * Actors that do nothing, in a process of its own, so that its memory and its processor time are theirs: given terms as JSON, prints a
 * line of JSON. It needs `--expose-gc`.
 */

import { createSystem } from "troupe";
import { parent, sink } from "./actors.ts";
import { loadNact } from "./peers/nact.ts";

export interface IdleTerms {
  readonly of: "troupe" | "nact";
  readonly threads: number;
  readonly actors: number;
  /** Seconds in which they do nothing. */
  readonly seconds: number;
}

export interface IdleResult {
  /** Bytes of resident memory for each actor. */
  readonly bytes: number;
  /** Processor time while they did nothing, as a share of a core. */
  readonly share: number;
}

/** How many collections in a row: the first ones make garbage of what waits to be finalized. */
const collections = 3;
/** So many are spawned and stopped first: their code is compiled then, and the heaps have grown. */
const warmUp = 2_000;

const terms = JSON.parse(process.argv[2] ?? "") as IdleTerms;
process.stdout.write(`${JSON.stringify(await (terms.of === "nact" ? nactIdles(terms) : troupeIdles(terms)))}\n`);

async function troupeIdles({ threads, actors, seconds }: IdleTerms): Promise<IdleResult> {
  await using system = await createSystem({ threads });
  const parents = await Promise.all(
    Array.from({ length: threads }, (_, i) => system.spawn(parent, { placement: { thread: i + 1 } })),
  );
  const collect = async (): Promise<void> => {
    for (let n = 0; n < collections; n++)
      await Promise.all([...parents.map((ref) => ref.ask("collect", undefined, { timeout: 60_000 })), collected()]);
  };
  const warm = await Promise.all(Array.from({ length: warmUp }, () => system.spawn(sink)));
  await Promise.all(warm.map((ref) => system.stop(ref)));
  await collect();
  const before = process.memoryUsage.rss();
  for (let spawned = 0; spawned < actors; spawned += 1_000)
    await Promise.all(Array.from({ length: 1_000 }, () => system.spawn(sink)));
  await collect();
  return { bytes: (process.memoryUsage.rss() - before) / actors, share: await shareOfCore(seconds) };
}

async function nactIdles({ actors, seconds }: IdleTerms): Promise<IdleResult> {
  const nact = await loadNact();
  if (nact === undefined) throw new Error("nact isn't installed");
  const system = nact.start();
  const spawn = (n: number): unknown => nact.spawnStateless(system, () => undefined, `sink-${n}`);
  for (let n = 0; n < warmUp; n++) nact.stop(spawn(n));
  for (let n = 0; n < collections; n++) await collected();
  const before = process.memoryUsage.rss();
  for (let n = 0; n < actors; n++) spawn(n);
  for (let n = 0; n < collections; n++) await collected();
  return { bytes: (process.memoryUsage.rss() - before) / actors, share: await shareOfCore(seconds) };
}

/** What waits to be finalized is, a turn after a collection. */
async function collected(): Promise<void> {
  (globalThis as { gc?: () => void }).gc?.();
  await new Promise((resolve) => setImmediate(resolve));
}

async function shareOfCore(seconds: number): Promise<number> {
  await passed(1);
  const before = process.cpuUsage();
  const start = performance.now();
  await passed(seconds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - start);
}

function passed(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
