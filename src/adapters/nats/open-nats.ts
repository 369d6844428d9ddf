/** Connects, makes the copy, follows the stream, and takes the lease. */

import { tmpdir } from "node:os";
import type { Journal } from "../../store/journal/journal.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { notOpenable, type Place, reasonOf } from "./failures.ts";
import { Follower } from "./follower.ts";
import { Generations } from "./generations.ts";
import { Cluster } from "./jetstream.ts";
import { LocalCopy } from "./local-copy.ts";
import { patience } from "./owned-log.ts";
import { ReplicatedJournal } from "./replicated-journal.ts";
import { takeOver, type TakeOptions } from "./take-over.ts";

export interface OpenOptions extends TakeOptions {
  readonly stream: string;
  readonly replicas: number;
  readonly directory: string | undefined;
  readonly connection: Readonly<Record<string, unknown>>;
}

/** Milliseconds after which servers that can't be reached are looked for again. */
const lookAgain = 250;

export async function openNats(servers: readonly string[], options: OpenOptions): Promise<Journal> {
  const { stream, replicas, directory = tmpdir(), signal } = options;
  const place = { name: `${servers.map(withoutPassword).join(",")}, stream ${stream}` };
  const cluster = await reached(servers, place, options);
  const cut = (): void => cluster.cut();
  signal?.addEventListener("abort", cut);
  let copy: LocalCopy | undefined;
  try {
    const generations = new Generations(cluster, place, stream, replicas);
    const current = await patiently(() => generations.current(), place, options);
    copy = await LocalCopy.in(directory);
    const follower = new Follower(cluster, place, copy, current);
    const taken = await takeOver({ place, copy, follower, generations }, options);
    await patiently(() => generations.moveTo(taken.log.stream), place, options);
    return new ReplicatedJournal({ cluster, place, generations, copy, taken });
  } catch (error) {
    cluster.cut();
    await copy?.remove();
    signal?.throwIfAborted();
    throw isTroupeError(error) ? error : notOpenable(place, reasonOf(error), error);
  } finally {
    signal?.removeEventListener("abort", cut);
  }
}

async function reached(servers: readonly string[], place: Place, options: OpenOptions): Promise<Cluster> {
  const { connection, lease } = options;
  return patiently(() => Cluster.at({ servers, connection, patience: patience(lease) }, place), place, options);
}

/** Does it again, where it is waited for the journal, until the servers can be reached and have a leader. */
async function patiently<T>(task: () => Promise<T>, place: Place, { wait, signal }: TakeOptions): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      signal?.throwIfAborted();
      if (isTroupeError(error)) throw error;
      if (!wait) throw notOpenable(place, reasonOf(error), error);
    }
    await new Promise<void>((resolve) => void setTimeout(resolve, lookAgain));
  }
}

function withoutPassword(server: string): string {
  return server.replace(/\/\/[^@/]*@/, "//");
}
