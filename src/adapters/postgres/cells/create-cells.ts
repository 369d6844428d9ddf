/** Systems in any number of processes that share the work of one journal in PostgreSQL. */

import { hostname } from "node:os";
import { isTroupeError } from "../../../errors/troupe-error.ts";
import { nodeClock } from "../../../runtime/platform/node-clock.ts";
import { nodeSignals } from "../../../runtime/platform/node-signals.ts";
import { checkMayCreate } from "../../../runtime/system/create-system.ts";
import { logTargetOf } from "../../../runtime/system/log-options.ts";
import { shutdownOnSignal } from "../../../runtime/system/shutdown-on-signal.ts";
import type { System } from "../../../runtime/system/system.ts";
import { checkSystemOptions } from "../../../runtime/system/system-options.ts";
import { type Access, Database } from "../database.ts";
import { notOpenable, reasonOf } from "../failures.ts";
import type { Taken } from "../lease.ts";
import { placeOf, reached } from "../open-postgres.ts";
import { patience } from "../owned-head.ts";
import { partInto } from "../partition.ts";
import { checkUrl } from "../postgres-options.ts";
import { prepareTables, quoted } from "../schema.ts";
import { StoredJournal } from "../stored-journal.ts";
import { SharedCells } from "./cells.ts";
import type { Cells, CellsOptions } from "./cells-interface.ts";
import { checkCellsOptions } from "./cells-options.ts";
import { CellsTables } from "./cells-tables.ts";
import { Submissions } from "./submissions.ts";

/** Connections of a process, whatever number of cells it has: those that write and keep leases, those that read, and those for runs of any cell. */
const writing = 3;
const reading = 2;
const outside = 2;
/** Milliseconds that a submission may wait for a connection. */
const patienceOutside = 30_000;
/** About how many bytes the newest versions of all its cells take in memory, at most. */
const cacheBytes = 32 * 1024 * 1024;

/**
 * Shares the work of one journal in PostgreSQL among processes. Its keys are parted into cells; each cell is a system of its own, with an order of commits of its own, and has one
 * owner at a time, by a lease. The processes share the cells evenly, as they come and go: one that has too many gives them back one at a time, and
 * no run fails by it. Runs are submitted from any process and go on in whichever has their cell; those of a process that dies go on
 * elsewhere when its leases have ended.
 *
 * Guarantees: within a cell, all that a system guarantees. Between cells, nothing: no messages, no transactions, no tokens, no limits in common. Of one cell there is one owner in each
 * epoch. A process has seven connections at most, however many cells it has.
 *
 * Resolves when the tables are there; cells are taken from then on.
 *
 * @throws TroupeError (as a rejection) `invalid-options`, also where the journal is parted into another number of cells or is used as a whole; `journal-format`,
 * `journal-failed` for a database that can't be reached or used.
 * @example
 * await using cells = await createCells({ journal: "postgres://app@db.example/app", workflows: [creditDecision], shutdownOn: ["SIGTERM"] });
 * const run = await cells.submit(creditDecision, application, { id: `application-${application.id}` });
 * @since 0.1.0
 */
export async function createCells(options: CellsOptions): Promise<Cells> {
  checkMayCreate("createCells");
  checkCellsOptions(options);
  checkUrl("createCells", options.journal);
  const {
    journal: url,
    schema = "troupe",
    lease = 10_000,
    cells = 64,
    owns = true,
    shutdownOn = [],
    ...others
  } = options;
  const { setup, ...given } = others;
  checkSystemOptions("createCells", given);
  // loaded with the first call, as threads import this module with those of definitions
  const { startCell, workersOfCells } = await import("../../../runtime/system/start-system.ts");
  const workers = await workersOfCells(given);
  const databases = await Promise.all([
    Database.at(url, patience(lease), writing),
    Database.at(url, patience(lease), reading),
    Database.at(url, patienceOutside, outside),
  ]);
  const [writes, reads, outsiders] = databases;
  const place = placeOf(url, schema);
  try {
    await reached(outsiders, place, { wait: false, signal: undefined });
    await prepareTables(outsiders, schema, place);
    await partInto(outsiders, schema, place, cells);
  } catch (error) {
    for (const database of databases) database.cut();
    throw isTroupeError(error) ? error : notOpenable(place, reasonOf(error), error);
  }
  const start = async (taken: Taken): Promise<System> => {
    const database = joined(writes.share(), reads.share());
    const journal = new StoredJournal({
      database,
      schema,
      place: placeOf(url, schema, taken.cell),
      lease,
      taken,
      cacheBytes: cacheBytes / cells,
    });
    return startCell(
      { ...given, ...(setup === undefined ? {} : { setup: (system) => setup(system, taken.cell) }) },
      journal,
      workers,
    );
  };
  const shared = new SharedCells({
    member: `${hostname()}:${process.pid}:${crypto.randomUUID().slice(0, 8)}`,
    cells,
    lease,
    owns,
    workflows: options.workflows,
    maxMessageBytes: options.maxMessageBytes ?? 4 * 1024 * 1024,
    tables: new CellsTables(writes, quoted(schema), lease),
    submissions: new Submissions(outsiders, quoted(schema)),
    log: options.logger === false ? undefined : logTargetOf(options.logger, process.env["TROUPE_LOG"], nodeClock()),
    start,
    end: async () => void (await Promise.all([workers.close(), ...databases.map(async (database) => database.end())])),
  });
  if (shutdownOn.length > 0) {
    const ending = {
      events$: shared.events$ as never,
      shutdown: () => shared.close().then(() => ({ unfinished: [], notStarted: [] })),
    };
    shutdownOnSignal(Promise.resolve(ending), shutdownOn, nodeSignals());
  }
  return shared;
}

/** What a cell writes goes over other connections than what it reads: a lease must not wait behind reads. */
function joined(writes: Access, reads: Access): Access {
  return {
    connect: () => writes.connect(),
    query: (...given) => reads.query(...given),
    cut() {
      writes.cut();
      reads.cut();
    },
    async end() {
      await Promise.all([writes.end(), reads.end()]);
    },
  };
}
