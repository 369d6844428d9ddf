/** What another owner of a journal would say, said by a test. */

import { encodeEntry } from "../../src/adapters/nats/entry.ts";
import { Generations } from "../../src/adapters/nats/generations.ts";
import { Cluster, type Log } from "../../src/adapters/nats/jetstream.ts";

const place = { name: "the test's" };

/** Looks at the stream that a journal is written to. */
export async function streamOf<T>(urls: readonly string[], name: string, look: (log: Log) => Promise<T>): Promise<T> {
  const cluster = await Cluster.at({ servers: urls, connection: {}, patience: 2_000 }, place);
  try {
    return await look(cluster.log(await new Generations(cluster, place, name, 1).current()));
  } finally {
    await cluster.close();
  }
}

/** Takes the journal, whatever its lease says. */
export async function takeByForce(urls: readonly string[], name: string, position: number): Promise<void> {
  const owner = { name: "elsewhere:1:force", pid: 1, lease: 1_000 };
  await streamOf(urls, name, async (log) => {
    for (;;) {
      const last = await log.last();
      const entry = { kind: "taken", id: `force${last}`, epoch: 99, owner, after: last, position, time: 1 } as const;
      try {
        await log.append(encodeEntry(entry, Buffer.alloc(0)), last);
        return;
      } catch {
        // its owner has written meanwhile
      }
    }
  });
}
