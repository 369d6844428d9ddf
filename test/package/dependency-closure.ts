/** The packages that come with a package: its dependencies and theirs, as they lie on disk. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Returns the folders of all packages that the package in `folder` depends on. Optional ones count where they are installed. */
export function dependencyClosure(folder: string): string[] {
  const found = new Set<string>();
  const open = [folder];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { dependencies = {}, optionalDependencies = {} } = manifestIn(at);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const dependency = resolve(name, at);
      if (dependency === undefined && optionalDependencies[name] !== undefined) continue;
      if (dependency === undefined) throw new Error(`${name}, which ${at} depends on, is not installed`);
      if (!found.has(dependency)) open.push(dependency);
      found.add(dependency);
    }
  }
  return [...found];
}

/** Bytes of a package's files, without the packages inside of it. */
export function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.slice(folder.length).split(sep).includes("node_modules"))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Looks for a package where Node.js does: in `node_modules` of the folder and of each folder above it. */
function resolve(name: string, folder: string): string | undefined {
  for (let at = folder, above = dirname(at); ; at = above, above = dirname(at)) {
    const candidate = join(at, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (above === at) return undefined;
  }
}
