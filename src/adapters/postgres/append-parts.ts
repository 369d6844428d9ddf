/** What an append writes, and the statement that writes many appends at once. */

import type { KeyRow } from "../../store/journal/records/key-row.ts";
import { idempotencyPlace } from "../../store/journal/records/entry-key.ts";
import type { VersionEntries } from "../../store/journal/records/version-entries.ts";
import type { Snapshot } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import type { RowOf } from "./key-rows.ts";
import type { KeySpace } from "./key-space.ts";
import { moving } from "./moved.ts";
import type { Move } from "./owned-head.ts";

/** A version to be written. */
export interface NewVersion {
  readonly id: number;
  readonly slot: number;
  readonly snapshot: Snapshot;
  readonly entries: VersionEntries;
}

/** A key of which all before a version is to be removed. */
export interface ErasedBefore {
  readonly id: number;
  readonly before: number;
}

/** What one commit writes. */
export interface AppendParts {
  readonly versions: readonly NewVersion[];
  /** The rows of its keys afterwards; `undefined` for a key that is forgotten. */
  readonly rows: ReadonlyMap<StateKey, RowOf>;
  readonly erased: readonly ErasedBefore[];
  readonly position: number;
  readonly time: number;
  readonly nextId: number;
}

/** The parts of the statement, whose parameters are those of {@link valuesOf}. The rows come as columns, and all bytes as one value. */
function parts(schema: string): string {
  return `, new_versions as (
    insert into ${schema}.versions (id, version, position, slot, once, record, whole)
    select v.id, v.version, v.position, v.slot,
      case when v.once_length > 0 then substring($9::bytea from v.once_at for v.once_length) end,
      substring($9::bytea from v.record_at for v.record_length),
      case when v.whole_length > 0 then substring($9::bytea from v.whole_at for v.whole_length) end
    from moved, unnest($10::bigint[], $11::bigint[], $12::bigint[], $13::int[], $14::int[], $15::int[], $16::int[], $17::int[], $18::int[], $19::int[])
      as v(id, version, position, slot, once_at, once_length, record_at, record_length, whole_at, whole_length)
  ), new_rows as (
    insert into ${schema}.keys as k (key, id, newest, oldest, position, checkpoint, checkpoint_bytes, replay_bytes, erased)
    select substring($9::bytea from r.at for r.length), r.id, r.newest, r.oldest, r.position, r.checkpoint, r.checkpoint_bytes, r.replay_bytes, r.erased
    from moved, unnest($20::int[], $21::int[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[], $29::boolean[])
      as r(at, length, id, newest, oldest, position, checkpoint, checkpoint_bytes, replay_bytes, erased)
    on conflict (key) do update set newest = excluded.newest, oldest = greatest(k.oldest, excluded.oldest),
      position = excluded.position, checkpoint = greatest(k.checkpoint, excluded.checkpoint),
      checkpoint_bytes = excluded.checkpoint_bytes, replay_bytes = excluded.replay_bytes, erased = excluded.erased
  )`;
}

/** Removes what is erased. Tombstones go by themselves: a statement doesn't see what it writes, nor changes a row twice. */
function erasingParts(schema: string): string {
  return `, gone_versions as (
    delete from ${schema}.versions v using moved, unnest($30::bigint[], $31::bigint[]) as e(id, before)
    where v.id = e.id and v.version < e.before
  ), gone_rows as (
    delete from ${schema}.keys k using moved, unnest($32::bigint[]) as f(id) where k.id = f.id
  )`;
}

const types =
  "bigint, bigint, bigint, bigint, double precision, bigint, double precision, integer, bytea, bigint[], bigint[], bigint[], int[], int[], int[], int[], int[], int[], int[], int[], int[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], boolean[]";

/**
 * Makes the function that appends: the same statement, whose plan the server keeps for each of its own connections, also behind a pooler of transactions. To plan it
 * takes as long as to carry it out.
 */
export function appendFunction(schema: string): string {
  return `create function ${schema}.append(${types}) returns int language plpgsql as $append$
    declare kept int;
    begin
      ${moving(schema, parts(schema), "into kept")};
      return kept;
    end $append$`;
}

export interface AppendTexts {
  readonly appending: string;
  readonly erasing: string;
}

export function appendTexts(schema: string): AppendTexts {
  const parameters = types.split(", ").map((_, i) => `$${i + 1}`);
  return {
    appending: `select ${schema}.append(${parameters.join(", ")}) as kept`,
    erasing: moving(schema, parts(schema) + erasingParts(schema)),
  };
}

/** One move for a group of appends, in their order. */
export function moveOf(group: readonly AppendParts[], { appending, erasing }: AppendTexts, space: KeySpace): Move {
  const bytes = new Bytes();
  const columns = Array.from({ length: 20 }, (): (number | boolean)[] => []);
  let at = 0;
  const column = (value: number | boolean): void => void columns[at++]?.push(value);
  const place = (part: Uint8Array | undefined): void => {
    column(bytes.length + 1);
    column(part?.length ?? 0);
    if (part !== undefined) bytes.add(part);
  };
  for (const { versions } of group) {
    for (const { id, slot, snapshot, entries } of versions) {
      at = 0;
      for (const value of [space.stored(id), snapshot.version, snapshot.position, slot]) column(value);
      place(snapshot.idempotencyKey === undefined ? undefined : idempotencyPlace(snapshot.idempotencyKey));
      place(entries.record);
      place(entries.checkpoint);
    }
  }
  const rows = new Map(
    group.flatMap((append) => [...append.rows].map(([key, row]) => [key, { row, append }] as const)),
  );
  for (const [key, { row, append }] of rows) {
    if (row === undefined) continue;
    at = 10;
    place(space.bytes(key));
    for (const value of [space.stored(row.id), row.newest, row.oldest, append.position]) column(value);
    for (const value of [row.checkpoint, row.checkpointBytes, row.replayBytes, row.isErased]) column(value);
  }
  const erased = group.flatMap((append) => append.erased);
  const last = group.at(-1) as AppendParts;
  const values: unknown[] = [bytes.whole(), ...columns.map(listOf)];
  if (erased.length > 0) {
    const forgotten = group.flatMap((append) => forgottenIds(append));
    const stored = (ids: readonly number[]): string => listOf(ids.map((id) => space.stored(id)));
    values.push(stored(erased.map(({ id }) => id)), listOf(erased.map(({ before }) => before)), stored(forgotten));
  }
  const { position, time, nextId } = last;
  return { text: erased.length > 0 ? erasing : appending, values, position, time, nextId };
}

/** The numbers of the keys that an append forgets: those it erases, and of which no row is left. */
function forgottenIds({ erased, rows }: AppendParts): readonly number[] {
  const kept = new Set([...rows.values()].flatMap((row: KeyRow | undefined) => (row === undefined ? [] : [row.id])));
  return erased.flatMap(({ id }) => (kept.has(id) ? [] : [id]));
}

/** An array as PostgreSQL writes it, of numbers and booleans. */
function listOf(values: readonly (number | boolean)[]): string {
  return `{${values.join(",")}}`;
}

/** Parts of bytes, one after the other. */
class Bytes {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  add(part: Uint8Array): void {
    this.#parts.push(part);
    this.length += part.length;
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts, this.length);
  }
}
