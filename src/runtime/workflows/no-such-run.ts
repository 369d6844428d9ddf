/** The error for a run that isn't there. */

import { TroupeError } from "../../errors/troupe-error.ts";

export function noSuchRun(id: string): TroupeError {
  return new TroupeError("no-such-run", `there is no run ${id} in the store`, { details: { run: id } });
}
