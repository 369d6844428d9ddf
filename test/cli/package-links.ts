/** Has modules in a folder import the package as a user's do. */

import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "./troupe-processes.ts";

/** Links this package, and valibot, into the folder's `node_modules`. */
export function linkPackages(folder: string): void {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/troupe"));
  symlinkSync(join(root, "node_modules/valibot"), join(folder, "node_modules/valibot"));
}
