/** The files that a worker thread loads by their URL. They lie beside this one, in the package and in the sources. */

import { existsSync } from "node:fs";
import { TroupeError } from "../../errors/troupe-error.ts";

/** What piscina loads in a new thread: plain JavaScript everywhere. */
const bootstrap = "./thread-bootstrap.mjs";

/** URLs of what a thread loads: first the bootstrap, which then imports the entry. */
export interface ThreadFiles {
  readonly bootstrap: string;
  readonly entry: string;
}

export function threadFiles(): ThreadFiles {
  const entry = import.meta.url.endsWith(".ts") ? "./thread-entry.ts" : "./thread-entry.js";
  return { bootstrap: new URL(bootstrap, import.meta.url).href, entry: new URL(entry, import.meta.url).href };
}

/**
 * A bundler that takes this file along leaves those behind that no import names: threads would die while they start, of
 * a missing module.
 *
 * @param self The URL of this module; `undefined` in a bundle of CommonJS.
 * @throws TroupeError `invalid-options` where the bootstrap isn't beside this module.
 */
export function checkThreadFiles(self: string | undefined = import.meta.url): void {
  if (URL.canParse(bootstrap, self) && existsSync(new URL(bootstrap, self))) return;
  throw new TroupeError(
    "invalid-options",
    `createSystem: ${bootstrap} is not beside ${self ?? "this module"}, so Troupe itself is in a bundle. Its threads load files of the package: have the bundler leave it out (esbuild: --external:troupe), and install it where the bundle runs.`,
  );
}
