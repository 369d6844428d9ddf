/** Makes a copy of a data file without its unused pages, and proves that it can be opened and written. */

import { chownSync, statSync } from "node:fs";
import { readInfo, writeInfo } from "./journal-info.ts";
import type { Environment, OpenEnvironment } from "./lmdb-environment.ts";

export interface CopyOptions {
  /** The file that is copied. */
  readonly path: string;
  /** Where the copy is made; there is nothing yet. */
  readonly draft: string;
  readonly open: OpenEnvironment;
}

/** Returns the copy, open. It is on disk but for its name. Closes it where something fails; the file remains then. */
export async function copyCompacted(source: Environment, { path, draft, open }: CopyOptions): Promise<Environment> {
  await source.copyCompacted(draft);
  keepOwner(path, draft);
  const copy = open(draft, { readOnly: false });
  try {
    const info = readInfo(copy.tables.info, draft);
    // A copy has only one valid meta page, which LMDB would overwrite next; two transactions write both.
    for (let i = 0; i < 2; i++) await copy.write(() => writeInfo(copy.tables.info, info));
    return copy;
  } catch (error) {
    await copy.close();
    throw error;
  }
}

/** A copy that another user makes, such as root, stays the first one's to open. */
function keepOwner(path: string, draft: string): void {
  const { uid, gid } = statSync(path);
  const copy = statSync(draft);
  if (copy.uid !== uid || copy.gid !== gid) chownSync(draft, uid, gid);
}
