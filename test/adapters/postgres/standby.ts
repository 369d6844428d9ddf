/** Processes that work on one journal in PostgreSQL, of which the owner leaves again and again. */

import { expect } from "vitest";
import { postgresJournal } from "../../../src/adapters/postgres/postgres-journal.ts";
import { verifyPostgresJournal } from "../../../src/adapters/postgres/verify-postgres-journal.ts";
import type { Workload } from "../../crash/crash-harness.ts";
import {
  standby as standbyAt,
  type StandbyOptions as StandbyOptionsAt,
  type StandbyResult,
} from "../../crash/standby.ts";

export interface StandbyOptions extends Omit<StandbyOptionsAt, "place" | "open"> {
  readonly url: string;
  readonly schema: string;
  /** Milliseconds. */
  readonly lease: number;
}

export async function standby<Ack>(workload: Workload<Ack>, options: StandbyOptions): Promise<StandbyResult> {
  const { url, schema, lease, ...others } = options;
  const place = `${url}?schema=${schema}&lease=${lease}`;
  const open = () => postgresJournal(url, { schema, wait: true });
  const result = await standbyAt(workload, { place, open, ...others });
  const { damages } = await verifyPostgresJournal(url, { schema });
  expect(damages).toEqual([]);
  return result;
}
