/** `pg` behind one file: connections to one database, of which all can be cut at once. */

import { Socket } from "node:net";
import type pg from "pg";
import type { Client, ClientConfig, Pool, PoolClient } from "pg";
import { TroupeError } from "../../errors/troupe-error.ts";
import { failedHow } from "./failures.ts";

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

/** How a journal reaches its database. */
export interface Access {
  /** Makes a connection of its own. */
  connect(): Promise<Connection>;
  /**
   * Runs a statement on any of the connections that read.
   *
   * @param within milliseconds for its answer, after which it rejects and the connection is replaced: one that a network has forgotten never answers. Default: as long as it takes.
   */
  query(statement: Statement, within?: number): Promise<Rows>;
  /** Cuts all that is under way, which rejects. No other connection can be made. */
  cut(): void;
  /** Ends it, once what is under way has ended. */
  end(): Promise<void>;
}

/** How many connections read at a time. With the one that writes, a journal has three at most. */
export const readers = 2;

/** Connects to one database. Uses no session's state and no named statements, so it may be behind a pooler of transactions. */
export class Database implements Access {
  readonly #pg: Library;
  readonly #url: string;
  readonly #patience: number;
  readonly #connections: number;
  readonly #sockets = new Set<Socket>();
  #pool: Pool | undefined;
  #isCut = false;

  private constructor(library: Library, url: string, patience: number, connections: number) {
    this.#pg = library;
    this.#url = url;
    this.#patience = patience;
    this.#connections = connections;
  }

  /**
   * @param patience milliseconds that a connection may take to be made.
   * @param connections how many there are at most, besides those that {@link Database.connect} makes.
   * @throws TroupeError (as a rejection) `invalid-options` where `pg` isn't installed.
   */
  static async at(url: string, patience: number, connections = readers): Promise<Database> {
    try {
      // loaded with the first journal, as threads import the modules of definitions and open none
      const { default: library } = await import("pg");
      return new Database(library, url, patience, connections);
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw cause;
      throw new TroupeError("invalid-options", "troupe/postgres needs the package pg. Install it: npm install pg", {
        cause,
      });
    }
  }

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

  async query({ text, values = [] }: Statement, within?: number): Promise<Rows> {
    if (this.#isCut) throw new Error("its connections are cut");
    const limit = within === undefined ? {} : { query_timeout: within };
    return (await this.#clients().query({ text, values: [...values], ...limit })).rows as Rows;
  }

  /** Runs statements, separated by semicolons, in one transaction. */
  async script(text: string): Promise<void> {
    await this.#clients().query(text);
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * The access of one of several journals. Its statements go over the connections that all of them share, also those that write: none
   * of them uses a session's state. It is cut, and ended, by itself.
   */
  share(): Access {
    const underway = new Set<PoolClient>();
    let isCut = false;
    const run = async ({ text, values = [] }: Statement, within?: number, own = underway): Promise<Rows> => {
      if (isCut) throw new Error("its connections are cut");
      const client = await this.#clients().connect();
      if (isCut) {
        client.release();
        throw new Error("its connections are cut");
      }
      for (const set of [underway, own]) set.add(client);
      try {
        const limit = within === undefined ? {} : { query_timeout: within };
        const { rows } = await client.query({ text, values: [...values], ...limit });
        client.release();
        return rows as Rows;
      } catch (error) {
        client.release(failedHow(error) === "unknown"); // true for one that may still be at work, or has broken
        throw error;
      } finally {
        for (const set of [underway, own]) set.delete(client);
      }
    };
    return {
      query: run,
      async connect() {
        const own = new Set<PoolClient>();
        return { query: (statement) => run(statement, undefined, own), cut: () => own.forEach(breakOff) };
      },
      cut() {
        isCut = true;
        underway.forEach(breakOff);
      },
      async end() {
        isCut = true;
      },
    };
  }

  async end(): Promise<void> {
    await this.#pool?.end();
    this.cut();
  }

  #clients(): Pool {
    if (this.#pool !== undefined) return this.#pool;
    this.#pool = new this.#pg.Pool({ ...this.#config(), max: this.#connections, idleTimeoutMillis: 0 });
    this.#pool.on("error", () => undefined); // an idle connection has broken, and is replaced when needed
    this.#pool.on("connect", (client) => client.on("error", () => undefined)); // one in use has: what is under way rejects
    return this.#pool;
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

/** What is under way on it rejects, and the pool replaces it. */
function breakOff(client: PoolClient): void {
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream.destroy();
}
