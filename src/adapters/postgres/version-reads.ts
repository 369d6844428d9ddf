/** Reads the versions of a journal, each of them by one statement, which sees the journal as it is at one moment. */

import { corruptVersion } from "../../store/journal/records/corrupt-record.ts";
import { idempotencyPlace, versionPlace } from "../../store/journal/records/entry-key.ts";
import type { KeyRow } from "../../store/journal/records/key-row.ts";
import { decodePlain } from "../../store/journal/records/plain-text.ts";
import { type Decoded, decodeRecord } from "../../store/journal/records/record-codec.ts";
import { replay } from "../../store/journal/records/replay.ts";
import { unsealBytes } from "../../store/journal/records/sealed-bytes.ts";
import type { CommitRecord } from "../../store/versions/commit.ts";
import { sealDecoded } from "../../store/versions/seal.ts";
import { type Snapshot, type SnapshotMeta, snapshotOf } from "../../store/versions/snapshot.ts";
import type { StateKey } from "../../store/versions/state-key.ts";
import type { Rows, Statement } from "./database.ts";
import type { KeySpace } from "./key-space.ts";

/** The row of a key, with its newest version. */
export interface Head {
  readonly row: KeyRow;
  readonly snapshot: Snapshot;
}

/** A key, and the cell it is in. */
export interface KeyPlace {
  readonly space: KeySpace;
  readonly key: StateKey;
}

/** A version as the table has it. */
interface StoredVersion {
  readonly version: number;
  readonly record: Buffer;
  readonly whole: Buffer | null;
}

type KeyColumns = Omit<KeyRow, "bytes" | "isErased" | "checkpointBytes" | "replayBytes"> & {
  readonly checkpoint_bytes: number;
  readonly replay_bytes: number;
  readonly erased: boolean;
};

const keyColumns =
  "k.id::float8, k.newest::float8, k.oldest::float8, k.checkpoint::float8, k.checkpoint_bytes::float8, k.replay_bytes::float8, k.erased";
const versionColumns = "v.version::float8, v.record, v.whole";

export class VersionReads {
  readonly #query: (statement: Statement) => Promise<Rows>;
  readonly #schema: string;
  readonly #space: KeySpace;

  constructor(query: (statement: Statement) => Promise<Rows>, schema: string, space: KeySpace) {
    this.#query = query;
    this.#schema = schema;
    this.#space = space;
  }

  /** The same in another cell. */
  in(space: KeySpace): VersionReads {
    return new VersionReads(this.#query, this.#schema, space);
  }

  /** The newest versions of keys, in their order. @throws TroupeError `journal-corrupt` if one of them can't be read. */
  heads(keys: readonly StateKey[]): Promise<readonly (Head | undefined)[]> {
    return this.headsAt(keys.map((key) => ({ space: this.#space, key })));
  }

  /** The same for keys of several cells. */
  async headsAt(places: readonly KeyPlace[]): Promise<readonly (Head | undefined)[]> {
    const rows = await this.#query({
      // lateral, so that it never reads a whole table whatever the planner believes of its size
      text: `select q.n::int, ${keyColumns}, ${versionColumns}
        from unnest($1::bytea[]) with ordinality q(key, n)
        cross join lateral (select * from ${this.#schema}.keys where key = q.key limit 1) k
        cross join lateral (
          select version, record, whole from ${this.#schema}.versions
          where id = k.id and version between k.checkpoint and k.newest order by version
        ) v
        order by q.n, v.version`,
      values: [places.map(({ space, key }) => space.bytes(key))],
    });
    const found: (Head | undefined)[] = places.map(() => undefined);
    for (let from = 0; from < rows.length;) {
      const { n } = rows[from] as { readonly n: number };
      let to = from;
      while (rows[to]?.n === n) to++;
      const columns = rows[from] as unknown as KeyColumns;
      const { space, key } = places[n - 1] as KeyPlace;
      const row = rowOf(columns, space.idOf(columns.id));
      const versions = rows.slice(from, to) as unknown as StoredVersion[];
      const newest = new Replayed(key, row.id, versions).upTo(row.newest);
      if (newest === undefined) throw corruptVersion(key, row.newest, "its record is missing");
      found[n - 1] = { row, snapshot: newest };
      from = to;
    }
    return found;
  }

  /** One version of a key; `undefined` if it isn't kept. */
  async at(key: StateKey, version: number): Promise<Snapshot | undefined> {
    if (!isVersion(version)) return undefined;
    const found = await this.#between(key, version, version);
    return found.upTo(version);
  }

  /** Records of a range; the first that is kept of its key has its whole state as its patch. */
  async records(key: StateKey, lowest: number, highest: number): Promise<readonly CommitRecord[]> {
    if (lowest > highest) return [];
    return (await this.#between(key, lowest, highest)).records(lowest);
  }

  async meta(key: StateKey, version: number): Promise<SnapshotMeta | undefined> {
    if (!isVersion(version)) return undefined;
    const [row] = await this.#query({
      text: `select v.id::float8, v.record from ${this.#schema}.keys k join ${this.#schema}.versions v on v.id = k.id and v.version = $2
        where k.key = $1`,
      values: [this.#space.bytes(key), version],
    });
    if (row === undefined) return undefined;
    return decodedRecord(key, this.#space.idOf(row.id as number), version, row.record as Buffer).meta;
  }

  async oldest(key: StateKey): Promise<number | undefined> {
    const text = `select oldest::float8 from ${this.#schema}.keys where key = $1`;
    const [row] = await this.#query({ text, values: [this.#space.bytes(key)] });
    return row?.oldest as number | undefined;
  }

  /** What was committed under each of the idempotency keys, by the names of the keys, in the order of the records. */
  async committed(idempotencyKeys: readonly string[]): Promise<readonly (readonly (readonly [StateKey, number])[])[]> {
    const rows = await this.#query({
      text: `select q.n::int, k.key, v.version::float8 from unnest($1::bytea[]) with ordinality q(once, n)
        cross join lateral (select id, version, position, slot from ${this.#schema}.versions where once = q.once and id >> 32 = $2::bigint) v
        cross join lateral (select key from ${this.#schema}.keys where id = v.id) k
        order by q.n, v.position, v.slot`,
      values: [idempotencyKeys.map(idempotencyPlace), this.#space.cell],
    });
    const found = idempotencyKeys.map((): (readonly [StateKey, number])[] => []);
    for (const { n, key, version } of rows as unknown as readonly { n: number; key: Buffer; version: number }[])
      found[n - 1]?.push([this.#space.keyOf(key), version]);
    return found;
  }

  async keys(prefix: string, since: number): Promise<readonly StateKey[]> {
    const rows = await this.#query({
      text: since > 0 ? keysSince(this.#schema) : keysFrom(this.#schema),
      values: [...this.#space.range(prefix), ...(since > 0 ? [since, this.#space.cell] : [])],
    });
    return rows.map(({ key }) => this.#space.keyOf(key as Buffer));
  }

  async size(key: StateKey): Promise<number> {
    const [row] = await this.#query({
      text: `select coalesce(sum(octet_length(v.record) + coalesce(octet_length(v.whole), 0) + coalesce(octet_length(v.once), 0) + 28), 0)::float8 as bytes
        from ${this.#schema}.keys k join ${this.#schema}.versions v on v.id = k.id where k.key = $1`,
      values: [this.#space.bytes(key)],
    });
    return (row?.bytes as number | undefined) ?? 0;
  }

  /** The versions in a range, from the nearest one before it that is kept whole. */
  async #between(key: StateKey, lowest: number, highest: number): Promise<Replayed> {
    const [from, to] = [Math.max(1, Math.ceil(lowest)), Math.min(Number.MAX_SAFE_INTEGER, Math.floor(highest))];
    const rows = await this.#query({
      text: `select k.id::float8, k.oldest::float8, ${versionColumns}
        from (select * from ${this.#schema}.keys where key = $1 limit 1) k
        cross join lateral (
          select coalesce((
            select version from ${this.#schema}.versions where id = k.id and version <= greatest($2::bigint, k.oldest) and whole is not null
            order by version desc limit 1
          ), k.oldest) as base
        ) b
        cross join lateral (
          select version, record, whole from ${this.#schema}.versions
          where id = k.id and version between b.base and $3::bigint order by version
        ) v
        order by v.version`,
      values: [this.#space.bytes(key), Math.min(from, Number.MAX_SAFE_INTEGER), to],
    });
    const [first] = rows as unknown as readonly { readonly id: number; readonly oldest: number }[];
    return new Replayed(
      key,
      this.#space.idOf(first?.id ?? 0),
      rows as unknown as readonly StoredVersion[],
      first?.oldest,
    );
  }
}

const inRange = "key >= $1 and key < $2 and not erased";

/** The keys of a range. */
function keysFrom(schema: string): string {
  return `select key from ${schema}.keys where ${inRange} order by key`;
}

/** The keys of a range of the cell `$4` that have changed since its position `$3`: found by the versions that were added since, however many keys there are. */
export function keysSince(schema: string): string {
  return `select k.key from (select distinct id from ${schema}.versions where id >> 32 = $4::bigint and position > $3::bigint) v
    cross join lateral (select key, erased from ${schema}.keys where id = v.id limit 1) k
    where ${inRange} order by k.key`;
}

/** Versions of a key, ascending, of which the first is kept whole. */
class Replayed {
  readonly #key: StateKey;
  readonly #id: number;
  readonly #versions: readonly StoredVersion[];
  readonly #oldest: number | undefined;

  constructor(key: StateKey, id: number, versions: readonly StoredVersion[], oldest?: number) {
    this.#key = key;
    this.#id = id;
    this.#versions = versions;
    this.#oldest = oldest;
  }

  /** The version, computed from the last one before it that is whole; `undefined` if it isn't there. */
  upTo(wanted: number): Snapshot | undefined {
    if (this.#versions.at(-1)?.version !== wanted) return undefined;
    const from = this.#versions.findLastIndex(({ whole }) => whole !== null);
    if (from === -1) throw corruptVersion(this.#key, wanted, "no version before it is kept whole");
    let last: Snapshot | undefined;
    for (const { snapshot } of this.#walk(from)) last = snapshot;
    return last;
  }

  /** The records from a version on. */
  records(lowest: number): CommitRecord[] {
    const records: CommitRecord[] = [];
    for (const record of this.#walk(0)) {
      const { state, version } = record.snapshot;
      if (version < lowest) continue;
      // the versions before the first one kept are gone, so that one is made of its whole state
      const isFirst = version === this.#oldest && version > 1;
      for (const patch of record.patches) if (patch.op !== "remove") sealDecoded(patch.value);
      records.push(isFirst ? { ...record, patches: [{ op: "replace", path: [], value: state }] } : record);
    }
    return records;
  }

  *#walk(from: number): Generator<CommitRecord> {
    let before: { readonly version: number; readonly state: unknown } | undefined;
    for (const { version, record, whole } of this.#versions.slice(from)) {
      const { meta, patches } = decodedRecord(this.#key, this.#id, version, record);
      const kept = whole === null ? undefined : this.#state(version, whole);
      if (before === undefined && whole === null)
        throw corruptVersion(this.#key, version, "no version before it is kept whole");
      if (before !== undefined && before.version !== version - 1)
        throw corruptVersion(this.#key, before.version + 1, "its record is missing");
      // where the version before is at hand, the next one shares structure with it
      const state =
        kept !== undefined && before === undefined ? kept.state : replay(this.#key, version, before?.state, patches);
      before = { version, state };
      yield { snapshot: snapshotOf(meta, state), patches };
    }
  }

  /** A state that is kept whole; `undefined` where the patches alone give it. */
  #state(version: number, whole: Buffer): { readonly state: unknown } | undefined {
    const body = unsealBytes(versionPlace(this.#id, version), whole);
    if (body === undefined) throw corruptVersion(this.#key, version, "the checksum of the state kept of it is wrong");
    if (body.length === 0) return undefined;
    const state = decodePlain(body);
    sealDecoded(state);
    return { state };
  }
}

/** What a record says. @throws TroupeError `journal-corrupt`. */
export function decodedRecord(key: StateKey, id: number, version: number, record: Buffer): Decoded {
  const body = unsealBytes(versionPlace(id, version), record);
  if (body === undefined) throw corruptVersion(key, version, "the checksum of its record is wrong");
  try {
    return decodeRecord(key, version, body);
  } catch (cause) {
    throw corruptVersion(key, version, "its record can't be decoded", cause);
  }
}

function rowOf({ newest, oldest, checkpoint, checkpoint_bytes, replay_bytes, erased }: KeyColumns, id: number): KeyRow {
  const [checkpointBytes, replayBytes] = [checkpoint_bytes, replay_bytes];
  return { id, newest, oldest, bytes: 0, checkpoint, checkpointBytes, replayBytes, isErased: erased };
}

function isVersion(version: number): boolean {
  return Number.isSafeInteger(version) && version > 0;
}
