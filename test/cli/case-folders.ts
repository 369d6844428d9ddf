/** A folder for each test, with fixtures in it. */

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach } from "vitest";

/** What a test's processes share: a folder in `folder`, which is made before each test. */
export function caseFolders(folder: string, ...fixtures: readonly string[]) {
  let cases = 0;
  const here = {
    /** The folder's name. */
    place: "",
    at: (name: string): string => join(folder, here.place, name),
  };
  beforeEach(() => {
    here.place = `case-${++cases}`;
    mkdirSync(join(folder, here.place));
    for (const name of fixtures)
      copyFileSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), here.at(name));
  });
  return here;
}
