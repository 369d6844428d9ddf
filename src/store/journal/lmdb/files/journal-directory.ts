/** Where a journal is. */

import { resolve } from "node:path";
import { TroupeError } from "../../../../errors/troupe-error.ts";
import { shown } from "../../../../values/shown.ts";

/**
 * The directory of a journal at a path that an application gave.
 *
 * @throws TroupeError `invalid-options` for what is no path.
 */
export function directoryOf(where: string, path: unknown): string {
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return resolve(path);
  throw new TroupeError("invalid-options", `${where}: expected the path of a directory, not ${shown(path)}`);
}
