/** Imports the module that the command line names. */

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TroupeError } from "../../errors/troupe-error.ts";
import { unreadable } from "../input/file-error.ts";
import { importModule } from "./import-module.ts";
import { messageOf } from "../output/one-line.ts";

/**
 * Returns the exports of a module.
 *
 * @param module a path, relative to `cwd`, or a file URL.
 * @throws TroupeError (as a rejection), on one line that names the module: `invalid-input` when there is no such file,
 * `module-failed` when it can't be loaded or throws.
 */
export async function loadExports(module: string, cwd: string): Promise<object> {
  const url = await moduleUrl(module, cwd);
  try {
    return await importModule(url);
  } catch (cause) {
    throw new TroupeError("module-failed", `${module}: can't be loaded: ${messageOf(cause)}`, {
      cause,
      details: { module },
    });
  }
}

/**
 * The URL of a module that the command line names.
 *
 * @throws TroupeError (as a rejection) `invalid-input` when there is no such file.
 */
export async function moduleUrl(module: string, cwd: string): Promise<string> {
  let path: string;
  try {
    path = /^file:/i.test(module) ? fileURLToPath(module) : resolve(cwd, module);
  } catch (cause) {
    throw new TroupeError("invalid-input", `${module}: is no URL of a local file`, { cause, details: { module } });
  }
  let found: Awaited<ReturnType<typeof stat>>;
  try {
    found = await stat(path);
  } catch (cause) {
    throw unreadable(module, cause);
  }
  if (!found.isFile()) throw new TroupeError("invalid-input", `${module}: is not a file`, { details: { module } });
  return pathToFileURL(path).href;
}
