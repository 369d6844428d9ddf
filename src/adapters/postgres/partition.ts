/** Into how many cells a journal is parted, which is fixed when that is made. */

import { TroupeError } from "../../errors/troupe-error.ts";
import type { Access } from "./database.ts";
import type { Place } from "./failures.ts";
import { quoted } from "./schema.ts";

/**
 * Parts a journal that has nothing yet, unless it is parted already.
 *
 * @throws TroupeError `invalid-options` where it is parted into another number of cells, or is a journal that is whole.
 */
export async function partInto(database: Access, schema: string, place: Place, cells: number): Promise<void> {
  const tables = quoted(schema);
  const before = await cellsOf(database, schema);
  if (before === undefined) {
    // an owner that takes the whole journal meanwhile changes the row that is locked
    const [free] = await database.query({
      text: `with free as (
          select 1 from ${tables}.head where cell = 0 and epoch = 0 for update
        ), parted as (
          insert into ${tables}.partition select true, $1 from free on conflict do nothing returning 1
        ), heads as (
          insert into ${tables}.head (format, epoch, session, owner, pid, lease_until, position, time, next_id, cell)
          select h.format, 0, 0, null, null, '-infinity', 0, 0, 1, c from parted, ${tables}.head h, generate_series(1, $1) c where h.cell = 0
        ), closed as (
          update ${tables}.head set epoch = 1 where cell = 0 and exists (select 1 from parted)
        ) select 1 as is_free from free`,
      values: [cells],
    });
    if (free === undefined && (await cellsOf(database, schema)) === undefined) throw isWhole(place);
  }
  const now = before ?? (await cellsOf(database, schema));
  if (now !== cells) throw otherwiseParted(place, now, cells);
}

/**
 * Checks that there is such a cell.
 *
 * @param cell `undefined` for a journal that is whole.
 * @throws TroupeError `invalid-options`
 */
export async function checkCell(
  database: Access,
  schema: string,
  { name }: Place,
  cell: number | undefined,
): Promise<void> {
  const cells = await cellsOf(database, schema);
  if (cell === undefined && cells === undefined) return;
  if (cell !== undefined && cells !== undefined && cell <= cells) return;
  const is = cells === undefined ? "is whole" : `is parted into ${cells} cells`;
  const cure =
    cells === undefined
      ? "Leave out the cell, or check the schema"
      : `Say which one, by cell: 1 to ${cells}, or ?cell= in a URL of the command line; or open all of them with createCells`;
  throw new TroupeError("invalid-options", `The journal ${name} ${is}. ${cure}.`);
}

async function cellsOf(database: Access, schema: string): Promise<number | undefined> {
  const [row] = await database.query({ text: `select cells from ${quoted(schema)}.partition` });
  return row?.cells as number | undefined;
}

function isWhole({ name }: Place): TroupeError {
  return new TroupeError(
    "invalid-options",
    `createCells: the journal ${name} is used as a whole already. Give another schema; runs of the old one can end there.`,
  );
}

function otherwiseParted({ name }: Place, is: number | undefined, cells: number): TroupeError {
  return new TroupeError(
    "invalid-options",
    `createCells: the journal ${name} is parted into ${is} cells, which stays so, and not into ${cells}. Give cells: ${is}, or another schema.`,
  );
}
