/** What a failing run's report says of it: what its actors did, what raced, who waits for whom. */

import { isTroupeError } from "../../../errors/troupe-error.ts";
import { whatRaced } from "./races.ts";
import type { Seen } from "./run-log.ts";
import { timeline } from "./timeline.ts";
import { whoWaits } from "./waits.ts";

/** Its lines; none where nothing was seen. */
export function explanation(seen: readonly Seen[], thrown: unknown): string[] {
  const isStuck = isTroupeError(thrown, "deadlock") || isTroupeError(thrown, "timed-out");
  const waits = isStuck ? whoWaits(seen) : [];
  if (waits.length > 0) return ["Who waits for whom:", ...waits];
  const table = timeline(seen);
  const raced = whatRaced(seen);
  return [
    ...(table.length === 0 ? [] : ["What its shortest schedule does:", ...table]),
    ...(raced === undefined ? [] : [`What raced: ${raced}`]),
  ];
}
