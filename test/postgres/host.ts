/**
 * One PostgreSQL for all tests of a run, which is started when the first of them asks for it: vitest runs this before the tests, in the
 * process that starts theirs. `TROUPE_POSTGRES` names another one, by its URL.
 */

import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newServer, type PostgresServer, programs } from "../../examples/credit/cells/postgres-server.ts";

/** What a test is answered. */
export type PostgresAnswer = { readonly url: string } | { readonly missing: string };

export default function setUp(): () => Promise<void> {
  const name = `troupe-postgres-of-${process.pid}`;
  const path = process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name);
  let server: Promise<PostgresServer> | undefined;
  const answer = async (): Promise<PostgresAnswer> => {
    const { TROUPE_POSTGRES: url } = process.env;
    if (url !== undefined) return { url };
    if (programs() === undefined)
      return {
        missing: "PostgreSQL isn't installed (Debian: apt-get install postgresql), and TROUPE_POSTGRES names none",
      };
    server ??= newServer();
    const { url: own, remove } = await server;
    process.once("exit", remove); // where the run is ended before its teardown
    return { url: own };
  };
  if (process.platform !== "win32") rmSync(path, { force: true });
  const host = createServer((socket) => {
    answer().then(
      (found) => socket.end(JSON.stringify(found)),
      (error: unknown) => socket.end(JSON.stringify({ missing: `PostgreSQL could not be started: ${String(error)}` })),
    );
  });
  host.listen(path).unref();
  process.env.TROUPE_POSTGRES_HOST = path;
  return async () => {
    host.close();
    (await server?.catch(() => undefined))?.remove();
  };
}
