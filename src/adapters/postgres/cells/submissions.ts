/** The runs that were submitted and have not started, as rows, and what is to be known of those that have. */

import { isDeepStrictEqual } from "node:util";
import { decodeError, type EncodedError } from "../../../errors/error-codec.ts";
import { TroupeError } from "../../../errors/troupe-error.ts";
import { stateKeyBytes, stateKeyOf } from "../../../store/journal/records/entry-key.ts";
import { decodePlain, encodePlain } from "../../../store/journal/records/plain-text.ts";
import type { Snapshot } from "../../../store/versions/snapshot.ts";
import { stateKey } from "../../../store/versions/state-key.ts";
import type { WorkflowId } from "../../../workflows/definition/workflow-definition.ts";
import { runOf, type RunState, runState } from "../../../workflows/history/run-state.ts";
import type { Access, Rows } from "../database.ts";
import { KeySpace } from "../key-space.ts";
import { type KeyPlace, VersionReads } from "../version-reads.ts";

/** A run, and the cell it is in. */
export interface RunPlace {
  readonly cell: number;
  readonly run: string;
}

/** What a run is started with. */
export interface Request {
  readonly workflow: Omit<WorkflowId, "module">;
  /** In its recorded form. */
  readonly input: unknown;
  readonly options: object;
}

export interface Submission extends RunPlace {
  readonly request: Request;
}

/** Milliseconds that a statement may take. */
const patience = 30_000;

export class Submissions {
  readonly #database: Access;
  readonly #schema: string;
  readonly #spaces = new Map<number, KeySpace>();
  readonly #reads: VersionReads;

  constructor(database: Access, schema: string) {
    this.#database = database;
    this.#schema = schema;
    this.#reads = new VersionReads((statement) => database.query(statement, patience), schema, new KeySpace(0));
  }

  /**
   * Adds a row, unless the run is there: as a row, or started.
   *
   * @throws TroupeError (as a rejection) `run-exists` for one of another workflow, or with another request.
   */
  async add(submission: Submission): Promise<void> {
    const { cell, run, request } = submission;
    const bytes = encodePlain(request);
    for (;;) {
      const [row] = await this.#query(
        `with started as (
          select 1 from ${this.#schema}.keys where key = $1 and not erased
        ), added as (
          insert into ${this.#schema}.submitted as s (cell, run, request)
          select $2, $3, $4 where not exists (select from started)
          on conflict (cell, run) do update set request = excluded.request, refused = null
            where s.refused is not null
          returning 1
        )
        select exists (select from started) as is_started, exists (select from added) as is_added,
          (select request from ${this.#schema}.submitted where cell = $2 and run = $3) as before`,
        [this.#key({ cell, run }), cell, stateKeyBytes(run), bytes],
      );
      const { is_started, is_added, before } = row as {
        readonly is_started: boolean;
        readonly is_added: boolean;
        readonly before: Buffer | null;
      };
      if (is_added) return;
      if (is_started) return this.#sameAsStarted(submission);
      if (before === null) continue; // it came, or went, while the statement looked
      return checkSame(submission, decodePlain(before) as Request);
    }
  }

  /** The first rows of each cell, in the order in which they came. */
  async of(cells: readonly (readonly [cell: number, most: number])[]): Promise<readonly Submission[]> {
    const rows = await this.#query(
      `select s.cell, s.run, s.request from unnest($1::int[], $2::int[]) as c(cell, most)
        cross join lateral (
          select cell, run, place, request from ${this.#schema}.submitted
          where cell = c.cell and refused is null order by place limit c.most
        ) s order by s.place`,
      [cells.map(([cell]) => cell), cells.map(([, most]) => most)],
    );
    return rows.map(({ cell, run, request }) => ({
      cell: cell as number,
      run: stateKeyOf(run as Buffer),
      request: decodePlain(request as Buffer) as Request,
    }));
  }

  /** What a run is to be started with that has not started; `undefined` for none. */
  async find({ cell, run }: RunPlace): Promise<Request | undefined> {
    const text = `select request from ${this.#schema}.submitted where cell = $1 and run = $2`;
    const [row] = await this.#query(text, [cell, stateKeyBytes(run)]);
    return row && (decodePlain(row.request as Buffer) as Request);
  }

  /** Removes the rows of runs that have started. */
  async remove(places: readonly RunPlace[]): Promise<void> {
    await this.#query(
      `delete from ${this.#schema}.submitted s using unnest($1::int[], $2::bytea[]) as r(cell, run)
        where s.cell = r.cell and s.run = r.run and s.refused is null`,
      columns(places),
    );
  }

  /** Says why a run can't start. */
  async refuse({ cell, run }: RunPlace, error: EncodedError): Promise<void> {
    await this.#query(`update ${this.#schema}.submitted set refused = $3 where cell = $1 and run = $2`, [
      cell,
      stateKeyBytes(run),
      encodePlain(error),
    ]);
  }

  /** Of each run its newest version's number, 0 before there is one, and why it can't start where that was said. */
  async progress(
    places: readonly RunPlace[],
  ): Promise<readonly { readonly newest: number; readonly refused: unknown }[]> {
    const rows = await this.#query(
      `select coalesce(k.newest, 0)::float8 as newest, s.refused
        from unnest($1::int[], $2::bytea[], $3::bytea[]) with ordinality as r(cell, run, key, n)
        left join lateral (select newest from ${this.#schema}.keys where key = r.key and not erased) k on true
        left join lateral (
          select refused from ${this.#schema}.submitted where cell = r.cell and run = r.run and refused is not null
        ) s on true order by r.n`,
      [...columns(places), places.map((place) => this.#key(place))],
    );
    return rows.map(({ newest, refused }) => ({
      newest: newest as number,
      refused: refused === null ? undefined : decodeError(decodePlain(refused as Buffer) as EncodedError),
    }));
  }

  /** The newest versions of runs, in their order. */
  async newest(places: readonly RunPlace[]): Promise<readonly (Snapshot<RunState> | undefined)[]> {
    const heads = await this.#reads.headsAt(places.map((place) => this.#placeOf(place)));
    return heads.map((head) => head && runOf(head.snapshot));
  }

  /** The versions of a run from one on, oldest first. */
  async versions({ cell, run }: RunPlace, from = 1): Promise<readonly Snapshot<RunState>[]> {
    const reads = this.#reads.in(this.#spaceOf(cell));
    const records = await reads.records(stateKey(runState, run), from, Number.MAX_SAFE_INTEGER);
    return records.map(({ snapshot }) => runOf(snapshot));
  }

  async #sameAsStarted(submission: Submission): Promise<void> {
    const [first] = await this.versions(submission);
    if (first === undefined) return this.add(submission); // it was forgotten meanwhile
    const { workflow, input } = first.state;
    checkSame(submission, { workflow, input });
  }

  #placeOf({ cell, run }: RunPlace): KeyPlace {
    return { space: this.#spaceOf(cell), key: stateKey(runState, run) };
  }

  #key(place: RunPlace): Buffer {
    const { space, key } = this.#placeOf(place);
    return space.bytes(key);
  }

  #spaceOf(cell: number): KeySpace {
    let space = this.#spaces.get(cell);
    if (space === undefined) this.#spaces.set(cell, (space = new KeySpace(cell)));
    return space;
  }

  #query(text: string, values: readonly unknown[]): Promise<Rows> {
    return this.#database.query({ text, values }, patience);
  }
}

function columns(places: readonly RunPlace[]): readonly unknown[] {
  return [places.map(({ cell }) => cell), places.map(({ run }) => stateKeyBytes(run))];
}

/** The options need not be the same: a run of the id is there, whatever this submission would have had it do. */
function checkSame({ run, request }: Submission, before: Pick<Request, "workflow" | "input">): void {
  const { workflow } = request;
  const { name, version } = before.workflow;
  if (workflow.name !== name || workflow.version !== version) {
    const message = `the run ${run} is one of ${name}@${version}, not of ${workflow.name}@${workflow.version}.`;
    throw new TroupeError("run-exists", message, { details: { run } });
  }
  if (isDeepStrictEqual(request.input, before.input)) return;
  const message = `the run ${run} was submitted with another input. Derive ids of runs from what they are for.`;
  throw new TroupeError("run-exists", message, { details: { run } });
}
