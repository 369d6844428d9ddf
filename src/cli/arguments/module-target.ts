/** `<module>#<export>`, by which the command line names an export of a module. */

import type { Arguments } from "./arguments.ts";
import { quoted } from "../output/one-line.ts";

export interface ModuleTarget {
  /** A path or a file URL, without the export. */
  readonly module: string;
  readonly exportName: string | undefined;
}

/** @throws TroupeError `invalid-options` when a part is empty. */
export function moduleTarget(target: string, given: Arguments): ModuleTarget {
  const hash = target.lastIndexOf("#");
  const [module, exportName] = hash < 0 ? [target, undefined] : [target.slice(0, hash), target.slice(hash + 1)];
  if (module === "") throw given.wrong(`${quoted(target)} names no module; write <module>#<export>`);
  if (exportName === "") throw given.wrong(`${quoted(target)} names no export after the #`);
  return { module, exportName };
}
