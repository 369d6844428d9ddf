/** The files of the page, as the build has made them. */

import { readFile } from "node:fs/promises";

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

const files: Readonly<Record<string, readonly [name: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.js": ["page.js", "text/javascript; charset=utf-8"],
  "/page.css": ["page.css", "text/css; charset=utf-8"],
};

/** They lie beside this file in the package. */
const ownFolder = new URL("./inspector/", import.meta.url);

/** Returns `undefined` for a path that no file has. */
export async function pageFile(path: string, folder = ownFolder): Promise<PageFile | undefined> {
  const found = Object.hasOwn(files, path) ? files[path] : undefined;
  if (found === undefined) return undefined;
  const [name, type] = found;
  return { type, body: await readFile(new URL(name, folder)) };
}
