/** Journals in streams of their own, on a server that a test file starts for itself. */

import { afterAll } from "vitest";
import { natsJournal, type NatsJournalOptions } from "../../src/adapters/nats/nats-journal.ts";
import type { Journal } from "../../src/store/journal/journal.ts";
import { newServers, type NatsServers, program } from "./server.ts";

let streams = 0;

/** True where the server is installed. Where it isn't, that is said aloud, and the tests are to be skipped. */
export function hasNats(): boolean {
  if (program() !== undefined) return true;
  process.stderr.write(
    "\nSKIPPED: the tests of the journal on JetStream, as nats-server isn't installed, and TROUPE_NATS_SERVER names none.\n\n",
  );
  return false;
}

/** The name of a stream that no other test has. */
export function newStream(): string {
  return `test_${process.pid}_${++streams}`;
}

/** Journals that don't outlive the file. @param count how many servers have each stream. */
export function natsJournals(count: 1 | 3 = 1) {
  const journals = new Map<Journal, NatsJournalOptions>();
  let started: Promise<NatsServers> | undefined;

  async function start(): Promise<NatsServers> {
    const made = await newServers(count);
    await made.ready();
    return made;
  }

  function servers(): Promise<NatsServers> {
    started ??= start();
    return started;
  }

  async function open(options: NatsJournalOptions = {}): Promise<Journal> {
    const all = { replicas: count, stream: newStream(), ...options };
    const journal = await natsJournal((await servers()).urls, all);
    journals.set(journal, all);
    return journal;
  }

  async function reopen(journal: Journal): Promise<Journal> {
    const options = journals.get(journal) ?? {};
    journals.delete(journal);
    await journal.close();
    return open(options);
  }

  async function clear(): Promise<void> {
    await Promise.all([...journals.keys()].map(async (journal) => journal.close()));
    journals.clear();
  }

  afterAll(async () => {
    await clear();
    await (await started)?.remove();
  });
  return { servers, open, reopen, clear, streamOf: (journal: Journal) => journals.get(journal)?.stream as string };
}
