/**
 * Which modules of the tests are compiled, and to what files. Tests that start programs name these files; imports find them
 * by the plugin in `compile.ts`.
 */

import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));
/** What is compiled is in here. */
export const place = join(root, "test/.compiled");

/** All of rxjs in one file. Node.js loads the package as 230, which takes a thread longer than all else that it loads. */
export const rxjs = join(place, "rxjs.js");

/** Modules that are compiled together, and what `troupe` is to them. */
export interface Tree {
  readonly name: string;
  readonly folders: readonly string[];
  /** What else they import is in here. */
  readonly rest?: Tree;
}

/** With `src` as `troupe`. */
const sources: Tree = { name: "sources", folders: ["src", "test", "examples"] };

export const trees = {
  sources,
  /** With the built package as `troupe`. */
  built: { name: "built", folders: ["test/fixtures", "test/crash", "examples"], rest: sources },
} satisfies Record<string, Tree>;

/** The file that a module becomes for the built package, by its path in the project: `"test/fixtures/exits.ts"`. */
export function builtModule(path: string): string {
  return compiledFile(trees.built, join(root, path));
}

export function compiledFile(tree: Tree, source: string): string {
  return join(place, tree.name, relative(root, source).replace(/\.ts$/, ".js"));
}

function treeOf(tree: Tree, source: string): Tree | undefined {
  const isIn = tree.folders.some((folder) => source.startsWith(join(root, folder) + sep));
  return isIn ? tree : tree.rest && treeOf(tree.rest, source);
}

/** The compiled file that a module imports; `undefined` for what is imported as it is. */
export function targetOf(tree: Tree, specifier: string, importer: string): string | undefined {
  if (specifier === "rxjs") return rxjs;
  if (tree.rest === undefined) {
    if (specifier === "troupe") return compiledFile(tree, join(root, "src/index.ts"));
    if (specifier === "troupe/bench") return compiledFile(tree, join(root, "src/bench/index.ts"));
    if (specifier === "troupe/testing") return compiledFile(tree, join(root, "src/testing/index.ts"));
  }
  if (!/^\.{1,2}\//.test(specifier) || !specifier.endsWith(".ts") || specifier.endsWith(".test.ts")) return undefined;
  const source = resolve(dirname(importer), specifier);
  const owner = treeOf(tree, source);
  return owner && compiledFile(owner, source);
}
