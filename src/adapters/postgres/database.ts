/** `pg` behind one file: connections to one database, of which all can be cut at once. */

import { Socket } from "node:net";
import type pg from "pg";
import type { Client, ClientConfig, Pool } from "pg";
import { TroupeError } from "../../errors/troupe-error.ts";

type Library = Pick<typeof pg, "Client" | "Pool">;

/** A statement and the values of its parameters. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** What a statement answers with: objects by the names of their columns. */
export type Rows = readonly Readonly<Record<string, unknown>>[];

/** One connection, for one statement at a time. */
export interface Connection {
  query(statement: Statement): Promise<Rows>;
  /** Ends it at once, whatever is under way. */
  cut(): void;
}

/** How many connections read at a time. With the one that writes, a journal has three at most. */
export const readers = 2;

/** Connects to one database. Uses no session's state and no named statements, so it may be behind a pooler of transactions. */
export class Database {
  readonly #pg: Library;
  readonly #url: string;
  readonly #patience: number;
  readonly #sockets = new Set<Socket>();
  #pool: Pool | undefined;
  #isCut = false;

  private constructor(library: Library, url: string, patience: number) {
    this.#pg = library;
    this.#url = url;
    this.#patience = patience;
  }

  /**
   * @param patience milliseconds that a connection may take to be made.
   * @throws TroupeError (as a rejection) `invalid-options` where `pg` isn't installed.
   */
  static async at(url: string, patience: number): Promise<Database> {
    try {
      // loaded with the first journal, as threads import the modules of definitions and open none
      const { default: library } = await import("pg");
      return new Database(library, url, patience);
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw cause;
      throw new TroupeError("invalid-options", "troupe/postgres needs the package pg. Install it: npm install pg", {
        cause,
      });
    }
  }

  /** Makes a connection of its own. */
  async connect(): Promise<Connection> {
    const socket = this.#newSocket();
    const client: Client = new this.#pg.Client({ ...this.#config(), stream: () => socket });
    client.on("error", () => undefined); // what is under way rejects; what comes next, too
    await client.connect();
    return {
      query: async ({ text, values = [] }) => (await client.query(text, [...values])).rows as Rows,
      cut: () => socket.destroy(),
    };
  }

  /**
   * Runs a statement on any of the connections that read.
   *
   * @param within milliseconds for its answer, after which it rejects and the connection is replaced: one that a network has forgotten never answers. Default: as long as it takes.
   */
  async query({ text, values = [] }: Statement, within?: number): Promise<Rows> {
    if (this.#isCut) throw new Error("its connections are cut");
    this.#pool ??= this.#newPool();
    const limit = within === undefined ? {} : { query_timeout: within };
    return (await this.#pool.query({ text, values: [...values], ...limit })).rows as Rows;
  }

  /** Runs statements, separated by semicolons, in one transaction. */
  async script(text: string): Promise<void> {
    this.#pool ??= this.#newPool();
    await this.#pool.query(text);
  }

  /** Cuts all connections; what is under way rejects. No other can be made. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends the connections that read, once what is under way has ended. */
  async end(): Promise<void> {
    await this.#pool?.end();
    this.cut();
  }

  #newPool(): Pool {
    const pool = new this.#pg.Pool({ ...this.#config(), max: readers, idleTimeoutMillis: 0 });
    pool.on("error", () => undefined); // an idle connection has broken, and is replaced when needed
    return pool;
  }

  #config(): ClientConfig {
    return {
      connectionString: this.#url,
      connectionTimeoutMillis: this.#patience,
      application_name: "troupe",
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      stream: () => this.#newSocket(),
    };
  }

  #newSocket(): Socket {
    if (this.#isCut) throw new Error("its connections are cut");
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}
