/** The journal on NATS JetStream: one process owns it by a lease, and another one takes over when the lease ends. */

import * as v from "valibot";
import { checkOptions } from "../../contracts/check-options.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Journal } from "../../store/journal/journal.ts";
import { shown } from "../../values/shown.ts";
import { openNats } from "./open-nats.ts";

/**
 * How a journal on JetStream is opened.
 *
 * @since 0.1.0
 */
export interface NatsJournalOptions {
  /** The name with which those of its streams begin: letters, digits, `-` and `_`. Default `"troupe"`. */
  readonly stream?: string;
  /** On how many servers its streams are kept, where they are made. Default 3; 1 for a server that stands alone. */
  readonly replicas?: 1 | 3 | 5;
  /**
   * Milliseconds for which an owner keeps the journal that isn't heard of any more, by the clock of the process that waits. An owner renews that by
   * each commit, and at least four times in it. An owner that can't stops by itself when four fifths are over. Servers take 4 to 9 seconds to elect
   * another leader after one has died: an owner whose lease is shorter may end with it. Default 15,000; at least 1,000.
   */
  readonly lease?: number;
  /** Whether to wait while another process owns the journal, or the servers can't be reached. Default false: then it rejects. */
  readonly wait?: boolean;
  /** Ends the wait: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /**
   * The directory in which the copy is made that is read from, as large as the journal; of this machine or container alone, as copies of processes that were
   * killed are removed from it. Default: the system's for temporary files.
   */
  readonly directory?: string;
  /** Further options of `connect` of `@nats-io/transport-node`, such as `tls` and `authenticator`. */
  readonly connection?: Readonly<Record<string, unknown>>;
}

const schema = v.strictObject({
  stream: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/))),
  replicas: v.optional(v.picklist([1, 3, 5])),
  lease: v.optional(v.pipe(v.number(), v.finite(), v.minValue(1_000), v.maxValue(86_400_000))),
  wait: v.optional(v.boolean()),
  signal: v.optional(v.instance(AbortSignal)),
  directory: v.optional(v.pipe(v.string(), v.minLength(1))),
  connection: v.optional(v.record(v.string(), v.unknown())),
});

/**
 * Opens the journal in streams of NATS servers, at least version 2.11 with JetStream, and resolves when this process owns it and has read all of it.
 * The streams are made where there are none. Needs the packages `@nats-io/transport-node` and `@nats-io/jetstream`, which it loads.
 *
 * Guarantees: an acknowledged commit is kept by most of the servers that have the stream, and flushed by them if they have `sync_interval: always`; by
 * default they flush every two minutes, and JetStream doesn't tell a client which. One process owns a journal at a time, by a lease; each
 * message is kept only at the place in the stream that the owner expects for it, so nothing is kept of what an owner of before still sends. A connection that
 * breaks amid a commit doesn't lose it: the journal finds out what became of it before it answers. If ownership goes first, `lost` aborts, by the
 * monotonic clock before the lease ends. Commits that come while a message is under way share the next.
 *
 * Reads are of a copy on this machine's disk, which is made when the journal is opened and removed when it is closed; they are synchronous. So opening takes as
 * long as it takes to read the journal, but a process that waits for it has read it already.
 *
 * @param servers `nats://host:4222`, one or several; with `user:password@` or `token@`.
 * @throws TroupeError (as a rejection) `journal-in-use` with the owner, unless it waits; `journal-corrupt` for a message that isn't what was written;
 * `journal-failed` for servers that can't be reached or used; `invalid-options`, also where the packages aren't installed; the reason of `signal`.
 * @example
 * const journal = await natsJournal(["nats://n1.example", "nats://n2.example", "nats://n3.example"], { wait: true });
 * await using system = await createSystem({ journal });
 * @since 0.1.0
 */
export async function natsJournal(
  servers: string | readonly string[],
  options: NatsJournalOptions = {},
): Promise<Journal> {
  const all = typeof servers === "string" ? [servers] : servers;
  checkServers(all);
  checkOptions("natsJournal", schema, options);
  const { stream = "troupe", replicas = 3, lease = 15_000, wait = false, signal, directory, connection = {} } = options;
  return openNats(all, { stream, replicas, lease, wait, signal, directory, connection });
}

/** @throws TroupeError `invalid-options`, which doesn't repeat a text: that may hold a password. */
function checkServers(servers: unknown): void {
  const isServer = (server: unknown): boolean =>
    typeof server === "string" && URL.canParse(server) && /^(?:nats|tls):\/\//.test(server);
  if (Array.isArray(servers) && servers.length > 0 && servers.every(isServer)) return;
  const text = shown(servers);
  const given = text.includes("@") ? "what was given" : text;
  throw new TroupeError(
    "invalid-options",
    `natsJournal: servers are written like nats://host:4222, one or several of them, unlike ${given}`,
  );
}
