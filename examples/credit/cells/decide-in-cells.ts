/** The example with `--cells`: several processes share the work, and some of them are killed while a table shows who has which cell. */

import { fileURLToPath } from "node:url";
import type { CellsView } from "troupe/postgres";
import type { Application } from "../application.ts";
import { InputError } from "../input-error.ts";
import { newServer, programs } from "./postgres-server.ts";
import type { MemberProcess } from "./processes.ts";
import { type CellsOutcome, runCells } from "./run-cells.ts";

export interface CellsMode {
  readonly cells: number;
  readonly processes: number;
  /** Whether a process is killed every three seconds. */
  readonly kill: boolean;
  /** The URL of the database; without, one is started that is gone afterwards. */
  readonly journal: string | undefined;
}

const lease = 2_000;
const killEvery = 3_000;

/** Decides all applications, and returns the exit code. */
export async function decideInCells(
  mode: CellsMode,
  applications: readonly Application[],
  pace: string,
  screen: NodeJS.WriteStream,
): Promise<number> {
  const { cells, processes, kill } = mode;
  const server = mode.journal === undefined ? await ownServer() : undefined;
  const stopServer = (): void => server?.remove();
  process.once("exit", stopServer); // also where Ctrl-C ends it
  const end = (): never => process.exit(130);
  process.once("SIGINT", end);
  const schema = `credit_cells_${Date.now().toString(36)}`;
  const table = new CellsTable(screen, applications.length);
  if (mode.journal !== undefined)
    table.note(`its tables stay in the schema ${schema}, for: drop schema ${schema} cascade`);
  try {
    const outcome = await runCells({
      program: fileURLToPath(new URL("member.ts", import.meta.url)),
      nodeArguments: ["--import", "tsx"],
      url: mode.journal ?? (server?.url as string),
      schema,
      cells,
      lease,
      pace,
      processes,
      applications,
      inFlight: 64,
      ...(kill ? { ends: { every: killEvery, by: "SIGKILL" } as const } : {}),
      onView: (view, members, done) => table.show(view, members, done),
      onEnded: (member, owned) => table.note(`${member} was killed; it had ${owned} cells`),
    });
    table.end();
    console.log(inWords(outcome, mode));
    return outcome.wrong > 0 || outcome.failed.length > 0 ? 1 : 0;
  } finally {
    process.off("SIGINT", end);
    process.off("exit", stopServer);
    stopServer();
  }
}

async function ownServer(): ReturnType<typeof newServer> {
  if (programs() !== undefined) return newServer();
  throw new InputError(
    "--cells",
    "it needs a PostgreSQL: give its URL by --journal postgres://user@host/database, or install it (Debian: apt-get install postgresql)",
  );
}

function inWords(
  { decided, wrong, failed, ownedAgain, unevenness, seconds }: CellsOutcome,
  { cells }: CellsMode,
): string {
  const again = ownedAgain.map((ms) => (ms / 1_000).toFixed(1));
  return [
    `${decided} applications decided in ${cells} cells in ${seconds.toFixed(1)} s, ${wrong} rated wrong, ${failed.length} not decided`,
    ...failed,
    again.length === 0
      ? "no process was killed"
      : `${again.length} processes were killed; all their cells were owned again after ${again.join(", ")} s (the lease is ${lease / 1_000} s)`,
    `at the end, the processes' shares of the cells differ by ${unevenness}`,
  ].join("\n");
}

/** Who has which cell in which epoch: a table that is written over and over on a terminal, and a line for each change of owners elsewhere. */
class CellsTable {
  readonly #screen: NodeJS.WriteStream;
  readonly #total: number;
  #lines = 0;
  #notes: string[] = [];
  #last = "";

  constructor(screen: NodeJS.WriteStream, total: number) {
    this.#screen = screen;
    this.#total = total;
  }

  note(text: string): void {
    if (this.#screen.isTTY) this.#notes = [...this.#notes, text].slice(-3);
    else this.#screen.write(`${text}\n`);
  }

  show({ cells }: CellsView, members: readonly MemberProcess[], done: number): void {
    const named = new Map(members.flatMap(({ member }) => (member === undefined ? [] : [[member, member] as const])));
    for (const { owner } of cells) if (owner !== undefined && !named.has(owner)) named.set(owner, `${owner} (gone)`);
    const rows = [...named].map(([member, name]) => {
      const own = cells.filter(({ owner }) => owner === member).map(({ cell, epoch }) => `${cell}/${epoch}`);
      return `  ${name.padEnd(40)} ${own.join(" ")}`;
    });
    const free = cells.filter(({ owner }) => owner === undefined).map(({ cell }) => String(cell));
    if (free.length > 0) rows.push(`  ${"free".padEnd(40)} ${free.join(" ")}`);
    const owners = rows.join("\n");
    if (this.#screen.isTTY)
      this.#draw([
        `${done}/${this.#total} decided; cells as number/epoch`,
        ...rows,
        ...this.#notes.map((note) => `  ${note}`),
      ]);
    else if (owners !== this.#last) this.#screen.write(`${done}/${this.#total} decided\n${owners}\n`);
    this.#last = owners;
  }

  end(): void {
    this.#lines = 0;
  }

  #draw(lines: readonly string[]): void {
    const up = this.#lines === 0 ? "" : `\u001b[${this.#lines}A`;
    this.#screen.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join("")}\u001b[J`);
    this.#lines = lines.length;
  }
}
