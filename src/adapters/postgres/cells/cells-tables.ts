/** What the processes that share cells write to the database about themselves, and see there. */

import type { Access, Rows } from "../database.ts";
import { type HeadColumns, take, type Taken, takenBy } from "../lease.ts";
import type { Seen } from "./balance.ts";

const milliseconds = "interval '1 millisecond'";

/** The tables of members and heads. All times are the database's. */
export class CellsTables {
  readonly #database: Access;
  readonly #schema: string;
  readonly #lease: number;

  constructor(database: Access, schema: string, lease: number) {
    this.#database = database;
    this.#schema = schema;
    this.#lease = lease;
  }

  async look(): Promise<Seen> {
    const [row] = await this.#query(
      `select
        (select coalesce(jsonb_agg(jsonb_build_object('member', member, 'renewals', renewals)), '[]')
          from ${this.#schema}.members where lease_until > clock_timestamp()) as members,
        (select coalesce(jsonb_agg(jsonb_build_object('cell', cell, 'epoch', epoch,
            'owner', case when lease_until > clock_timestamp() then owner end) order by cell), '[]')
          from ${this.#schema}.head where cell > 0) as cells`,
    );
    const { members, cells } = row as unknown as Seen;
    return { members, cells: cells.map(({ owner, ...cell }) => ({ ...cell, owner: owner ?? undefined })) };
  }

  /** Renews the lease of a member. One whose lease has ended begins anew. */
  async renew(member: string): Promise<void> {
    await this.#query(
      `insert into ${this.#schema}.members as m values ($1, 0, clock_timestamp() + $2::float8 * ${milliseconds})
        on conflict (member) do update set lease_until = excluded.lease_until,
          renewals = case when m.lease_until > clock_timestamp() then m.renewals + 1 else 0 end`,
      [member, this.#lease],
    );
  }

  /** From now on the member has no share. Members of which nothing was heard for long are forgotten as well. */
  async leave(member: string): Promise<void> {
    await this.#query(
      `delete from ${this.#schema}.members where member = $1 or lease_until < clock_timestamp() - interval '1 day'`,
      [member],
    );
  }

  /** Takes a cell, where no other process holds it. */
  async take(cell: number, member: string): Promise<Taken | undefined> {
    const at = performance.now();
    const [row] = await this.#database.query(take(this.#schema, cell, member, this.#lease));
    return row && takenBy(member, cell, at, row as unknown as HeadColumns);
  }

  #query(text: string, values: readonly unknown[] = []): Promise<Rows> {
    return this.#database.query({ text, values }, this.#lease);
  }
}
