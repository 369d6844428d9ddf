/** How a process becomes the owner of a journal: the statement that takes the head, and the wait for it. */

import { hostname } from "node:os";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { Access, Rows, Statement } from "./database.ts";
import { isUnreachable, notOpenable, type Place, reasonOf } from "./failures.ts";

/** Where the journal was when this process took it, and the fence of its writes. */
export interface Taken {
  readonly cell: number;
  readonly owner: string;
  readonly epoch: number;
  readonly session: number;
  readonly position: number;
  readonly time: number;
  readonly nextId: number;
  /** By the monotonic clock, from before the statement was sent. */
  readonly at: number;
}

export interface LeaseOptions {
  /** In milliseconds. */
  readonly lease: number;
  readonly wait: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Milliseconds between two looks of a process that waits for the lease. It looks before the lease ends, since an owner that closes gives it up. */
const lookEvery = 200;

const milliseconds = "interval '1 millisecond'";

/** Takes the head, where no other process holds it. The times are the database's. */
export function take(schema: string, cell: number, owner: string, lease: number): Statement {
  return {
    text: `with taken as (
      update ${schema}.head set epoch = epoch + 1, session = session + 1, owner = $1, pid = $2,
        lease_until = clock_timestamp() + $3::float8 * ${milliseconds}
      where cell = $4 and (owner is null or owner = $1 or lease_until < clock_timestamp())
      returning epoch, session, position, time, next_id
    ), noted as (
      insert into ${schema}.epochs (cell, epoch, position, owner, began) select $4, epoch, position, $1, clock_timestamp() from taken
    )
    select epoch::float8, session::float8, position::float8, time, next_id::float8 from taken`,
    values: [owner, process.pid, lease, cell],
  };
}

/** Resolves when this process owns the journal. @throws TroupeError `journal-in-use`, unless it waits. */
export async function takeLease(
  database: Access,
  schema: string,
  place: Place,
  { cell, lease, wait, signal }: LeaseOptions & { readonly cell: number },
): Promise<Taken> {
  const owner = `${hostname()}:${process.pid}:${crypto.randomUUID().slice(0, 8)}`;
  const seen = { epoch: 0, position: 0 };
  for (;;) {
    signal?.throwIfAborted();
    const at = performance.now();
    try {
      const [row] = await database.query(take(schema, cell, owner, lease));
      if (row !== undefined) return takenBy(owner, cell, at, checked(row as unknown as HeadColumns, seen, place));
      const [held] = await database.query({ text: holder(schema), values: [cell] });
      if (held !== undefined && wait) checked(held as unknown as Seen, seen, place);
      else if (held !== undefined) throw inUse(held, place);
    } catch (error) {
      if (error instanceof TroupeError) throw error;
      if (!wait || !isUnreachable(error)) throw notOpenable(place, reasonOf(error), error);
    }
    await pause(lookEvery, signal);
  }
}

/** What {@link take} answers with. */
export type HeadColumns = Pick<Taken, "epoch" | "session" | "position" | "time"> & { readonly next_id: number };

/** @param at when the statement was sent, by the monotonic clock. */
export function takenBy(owner: string, cell: number, at: number, row: HeadColumns): Taken {
  const { epoch, session, position, time, next_id: nextId } = row;
  return { cell, owner, epoch, session, position, time, nextId, at };
}

interface Seen {
  readonly epoch: number;
  readonly position: number;
}

/**
 * Returns the row, and notes how far the journal was.
 *
 * @throws TroupeError `journal-failed` where the database has gone back while this process waited: what the owner acknowledged is lost.
 */
function checked<T extends Seen>(row: T, seen: { epoch: number; position: number }, place: Place): T {
  if (row.epoch < seen.epoch || row.position < seen.position) {
    const why = `its database has gone back, from position ${seen.position} of epoch ${seen.epoch} to position ${row.position} of epoch ${row.epoch}. An asynchronous standby may have been promoted. What was acknowledged in between is lost; open it again to go on from there`;
    throw notOpenable(place, why);
  }
  seen.epoch = row.epoch;
  seen.position = row.position;
  return row;
}

function holder(schema: string): string {
  return `select owner, pid, epoch::float8, position::float8,
    extract(epoch from lease_until)::float8 * 1000 as until from ${schema}.head where cell = $1 and owner is not null`;
}

function inUse(row: Rows[number], { name }: Place): TroupeError {
  const { owner, pid, until } = row as { readonly owner: string; readonly pid: number; readonly until: number };
  return new TroupeError(
    "journal-in-use",
    `The journal ${name} is owned by ${owner}, whose lease ends at ${new Date(until).toISOString()} unless it is renewed. Close the system there, or wait for the journal with wait: true.`,
    { details: { directory: name, pid, owner, until } },
  );
}

/** @throws the signal's reason (as a rejection). */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal?.addEventListener("abort", over);
  });
  signal?.throwIfAborted();
}
