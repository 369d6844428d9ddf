/** `@nats-io/*` behind one file: a connection to the servers, and streams as logs. */

import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { deferred } from "../../async/deferred.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { notOpenable, type Place } from "./failures.ts";

export interface Message {
  readonly sequence: number;
  readonly bytes: Buffer;
}

export interface ClusterOptions {
  readonly servers: readonly string[];
  /** Further options of `connect`. */
  readonly connection: Readonly<Record<string, unknown>>;
  /** Milliseconds that one request may take. */
  readonly patience: number;
}

/** Codes of the server: the stream isn't at the sequence that was expected; there is no such message; there is no such stream. */
const wrongSequence = new Set([10_071, 10_164]);
const noMessage = 10_037;
const noStream = 10_059;
/** Room for what the protocol and the journal put around a message's bytes. */
const around = 4_096;
/** No message is larger, whatever the servers take: a stream's group handles large ones one by one. */
const largest = 1_048_576;
const oldestVersion = [2, 11] as const;

/** The code of a server's answer; `undefined` for an error that is no answer. */
function codeOf(error: unknown): number | undefined {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === "number" && name !== "JetStreamStatusError" ? code : undefined;
}

/** True where the stream is at another sequence than an append expects: nothing of it is kept, now or later. */
export function isElsewhere(error: unknown): boolean {
  return wrongSequence.has(codeOf(error) ?? 0);
}

export class Cluster {
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #patience: number;
  readonly #breaks: Breaks;

  private constructor(
    connection: NatsConnection,
    client: JetStreamClient,
    manager: JetStreamManager,
    patience: number,
  ) {
    this.#connection = connection;
    this.#client = client;
    this.#manager = manager;
    this.#patience = patience;
    this.#breaks = new Breaks(connection);
  }

  /**
   * @throws TroupeError (as a rejection) `invalid-options` where the packages aren't installed; `journal-failed` for servers that are too old. Else
   * the reason why they can't be reached.
   */
  static async at({ servers, connection: further, patience }: ClusterOptions, place: Place): Promise<Cluster> {
    const { connect, jetstream, jetstreamManager } = await libraries();
    const connection = await connect({
      name: "troupe",
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      reconnectJitter: 100,
      pingInterval: Math.max(250, patience / 2),
      maxPingOut: 2,
      timeout: Math.max(1_000, patience),
      ...further,
      servers: [...servers],
    });
    try {
      const { version = "0" } = connection.info ?? {};
      const [major = 0, minor = 0] = version.split(".").map(Number);
      if (major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1]))
        throw notOpenable(place, `its server is of version ${version}, and 2.11 is the oldest`);
      const options = { timeout: patience };
      const manager = await jetstreamManager(connection, options);
      return new Cluster(connection, jetstream(connection, options), manager, patience);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** How many bytes a message has, at most. */
  get maxBytes(): number {
    return Math.min(this.#connection.info?.max_payload ?? largest, largest) - around;
  }

  log(stream: string): Log {
    const patience = this.#patience;
    return new Log({ stream, client: this.#client, manager: this.#manager, patience, breaks: this.#breaks });
  }

  /** Makes a stream where there is none. @param keeps how many messages it keeps; all by default. */
  async make(stream: string, replicas: number, keeps = -1): Promise<void> {
    const { DiscardPolicy, RetentionPolicy, StorageType } = await import("@nats-io/jetstream");
    await this.#manager.streams.add({
      name: stream,
      subjects: [subjectOf(stream)],
      num_replicas: replicas,
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: keeps === -1 ? DiscardPolicy.New : DiscardPolicy.Old,
      max_msgs: keeps,
      allow_direct: true,
    });
  }

  /** Says why a stream can't be of a journal; `undefined` where it can. */
  async misfit(stream: string): Promise<string | undefined> {
    const { config } = await this.#manager.streams.info(stream);
    if (config.storage !== "file") return `its stream ${stream} is in memory`;
    if (config.max_age !== 0) return `its stream ${stream} drops messages by their age`;
    if (config.retention !== "limits") return `its stream ${stream} drops messages that were read`;
    return undefined;
  }

  async has(stream: string): Promise<boolean> {
    try {
      await this.#manager.streams.info(stream);
      return true;
    } catch (error) {
      if (codeOf(error) === noStream) return false;
      throw error;
    }
  }

  /** Removes a stream, with its files, where there is one. */
  async remove(stream: string): Promise<void> {
    try {
      await this.#manager.streams.delete(stream);
    } catch (error) {
      if (codeOf(error) !== noStream) throw error;
    }
  }

  async streams(prefix: string): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const name of this.#manager.streams.names()) if (name.startsWith(prefix)) names.push(name);
    return names;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Ends the connection without waiting for anything that is under way. */
  cut(): void {
    void this.#connection.close();
  }
}

interface LogParts {
  readonly stream: string;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly patience: number;
  readonly breaks: Breaks;
}

/** Ends the wait for an answer that can't come any more, as the connection has broken: the library goes on waiting for it. */
class Breaks {
  #broken = deferred<never>();

  constructor(connection: NatsConnection) {
    void this.#watch(connection);
  }

  /** The answer, or a rejection if the connection breaks before. */
  async unlessBroken<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#broken.promise]);
  }

  async #watch(connection: NatsConnection): Promise<void> {
    this.#broken.promise.catch(() => undefined); // it may be that nothing waits
    for await (const { type } of connection.status()) {
      if (type !== "disconnect") continue;
      const { reject } = this.#broken;
      this.#broken = deferred<never>();
      this.#broken.promise.catch(() => undefined); // as above
      reject(new Error("the connection has broken"));
    }
  }
}

/** A stream with one subject. */
export class Log {
  readonly stream: string;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #patience: number;
  readonly #breaks: Breaks;

  constructor({ stream, client, manager, patience, breaks }: LogParts) {
    this.stream = stream;
    this.#client = client;
    this.#manager = manager;
    this.#patience = patience;
    this.#breaks = breaks;
  }

  /**
   * Appends a message where the stream's last sequence is `last`, and returns its own.
   *
   * @throws an error of which {@link isElsewhere} is true. After any other it isn't known whether the message is kept, or will be.
   */
  async append(bytes: Uint8Array, last: number): Promise<number> {
    const options = { timeout: this.#patience, expect: { lastSequence: last } };
    const answer = this.#client.publish(subjectOf(this.stream), bytes, options);
    answer.catch(() => undefined); // it may come after the connection has broken
    return (await this.#breaks.unlessBroken(answer)).seq;
  }

  /** The stream's last sequence, as its leader has it. A leader that was replaced and doesn't know may say an older one. */
  async last(): Promise<number> {
    return (await this.#manager.streams.info(this.stream)).state.last_seq;
  }

  /** One message as the leader has it. */
  async at(sequence: number): Promise<Message | undefined> {
    if (sequence === 0) return undefined;
    try {
      const message = await this.#manager.streams.getMessage(this.stream, { seq: sequence });
      return message === null ? undefined : { sequence: message.seq, bytes: Buffer.from(message.data) };
    } catch (error) {
      if (codeOf(error) === noMessage) return undefined;
      throw error;
    }
  }

  /**
   * Messages from a sequence on, ascending: some, or none where there are none. Any replica may answer, so the newest may be missing.
   */
  async read(from: number): Promise<readonly Message[]> {
    const found = await this.#manager.direct.getBatch(this.stream, { seq: from, batch: 64 });
    const timer = setTimeout(() => found.stop(new Error("no answer in time")), this.#patience);
    const messages: Message[] = [];
    try {
      for await (const { seq, data } of found) messages.push({ sequence: seq, bytes: Buffer.from(data) });
    } catch (error) {
      const isNone = (error as { readonly code?: unknown }).code === 404;
      if (messages.length === 0 && !isNone) throw error;
    } finally {
      clearTimeout(timer);
    }
    return messages;
  }

  /** Removes one message. */
  async forget(sequence: number): Promise<void> {
    await this.#manager.streams.deleteMessage(this.stream, sequence, false);
  }
}

function subjectOf(stream: string): string {
  return `${stream}.log`;
}

async function libraries() {
  try {
    // loaded with the first journal, as threads import the modules of definitions and open none
    const [{ connect }, { jetstream, jetstreamManager }] = await Promise.all([
      import("@nats-io/transport-node"),
      import("@nats-io/jetstream"),
    ]);
    return { connect, jetstream, jetstreamManager };
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new TroupeError(
      "invalid-options",
      "troupe/nats needs the packages @nats-io/transport-node and @nats-io/jetstream. Install them: npm install @nats-io/transport-node @nats-io/jetstream",
      { cause },
    );
  }
}
