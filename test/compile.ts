/**
 * The modules that tests share, and those that they test, as JavaScript that Node.js loads by itself. Vite's transform of a
 * module is read again by each process, and reads each import through a getter: an invariant takes a third more processor time
 * on it. A thread on Node.js 20 that has to compile the sources takes three times as long to start.
 *
 * Tests import the TypeScript; the plugin resolves it to what is compiled, so that a definition's module is the same file in
 * the test and in its threads.
 */

import * as fs from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import ts from "typescript";
import { compiledFile, place, root, rxjs, targetOf, type Tree, trees } from "./compiled-modules.ts";

/** A plugin of vite: tests load the modules of the tree as they are compiled. What it resolves to has to be external. */
export function compiled(name: keyof typeof trees) {
  const tree = trees[name];
  return {
    name: `compiled-${name}`,
    enforce: "pre" as const,
    configResolved: () => {
      Object.values(trees).forEach(compileAll);
      joinRxjs();
    },
    resolveId(specifier: string, importer: string | undefined): string | undefined {
      const target = importer === undefined ? undefined : targetOf(tree, specifier, importer);
      return target?.split(sep).join("/"); // as vite writes paths
    },
  };
}

/** What the plugin resolves to. */
export const whatIsCompiled = /\/test\/\.compiled\//;

function compileAll(tree: Tree): void {
  const own = Math.max(...["compile.ts", "compiled-modules.ts"].map((name) => changedAt(join(root, "test", name))));
  const made = new Set<string>();
  for (const folder of tree.folders) {
    for (const source of modulesIn(join(root, folder))) {
      const file = compiledFile(tree, source);
      made.add(file);
      if (fs.existsSync(file) && changedAt(file) > Math.max(own, changedAt(source))) continue;
      fs.mkdirSync(dirname(file), { recursive: true });
      // another run of the tests may read the file at this moment
      const unfinished = `${file}.${process.pid}`;
      if (source.endsWith(".mjs")) fs.copyFileSync(source, unfinished);
      else fs.writeFileSync(unfinished, compile(tree, source, file));
      fs.renameSync(unfinished, file);
    }
  }
  for (const file of modulesIn(join(place, tree.name))) if (!made.has(file)) fs.rmSync(file);
}

function joinRxjs(): void {
  const source = join(root, "node_modules/rxjs");
  if (fs.existsSync(rxjs) && changedAt(rxjs) > changedAt(join(source, "package.json"))) return;
  const unfinished = `${rxjs}.${process.pid}`;
  buildSync({ entryPoints: [join(source, "dist/esm/index.js")], bundle: true, format: "esm", outfile: unfinished });
  fs.renameSync(unfinished, rxjs);
}

function changedAt(file: string): number {
  return fs.statSync(file).mtimeMs;
}

function isDeclared(path: string): boolean {
  return fs.existsSync(path.replace(/\.mjs$/, ".d.mts"));
}

/** Modules without tests; JavaScript only where TypeScript imports it: by its URL, or by the declarations beside it. */
function modulesIn(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.m?[jt]s$/.test(name) && !/\.(test|test-d|d)\.m?ts$/.test(name) && !/(^|[\\/])\./.test(name))
    .map((name) => join(folder, name))
    .filter((path) => !path.endsWith(".mjs") || path.includes(`${sep}src${sep}`) || isDeclared(path));
}

function compile(tree: Tree, source: string, file: string): string {
  const { outputText } = ts.transpileModule(fs.readFileSync(source, "utf8"), {
    fileName: basename(source),
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
      inlineSources: true,
      sourceRoot: pathToFileURL(dirname(source)).href,
    },
    transformers: { before: [relocated(tree, source, file)] },
  });
  return outputText;
}

/** Imports what is compiled, and names files beside the source as before. */
function relocated(tree: Tree, source: string, file: string): ts.TransformerFactory<ts.SourceFile> {
  const isOfUsers = !source.startsWith(join(root, "src") + sep); // src itself names files that are compiled as well
  return ({ factory }) => {
    const url = (): ts.StringLiteral => factory.createStringLiteral(pathToFileURL(source).href);
    const visit = (node: ts.Node): ts.Node => {
      if (ts.isStringLiteral(node) && isSpecifier(node)) {
        const target = targetOf(tree, node.text, source) ?? dataOf(node.text, source);
        if (target === undefined) return node;
        const path = relative(dirname(file), target).split(sep).join("/");
        return factory.createStringLiteral(path.startsWith(".") ? path : `./${path}`);
      }
      if (isOfUsers && ts.isNewExpression(node) && node.expression.getText() === "URL") {
        const given = (node.arguments ?? []).map((part) =>
          part.getText() === "import.meta.url" ? url() : (ts.visitNode(part, visit) as ts.Expression),
        );
        return factory.updateNewExpression(node, node.expression, node.typeArguments, given);
      }
      return ts.visitEachChild(node, visit, undefined);
    };
    return (module) => ts.visitEachChild(module, visit, undefined);
  };
}

/** Data that a module imports stays where it is. */
function dataOf(specifier: string, importer: string): string | undefined {
  return /^\.{1,2}\/.*\.json$/.test(specifier) ? resolve(dirname(importer), specifier) : undefined;
}

/** True for what an import, an export or a call of `import` names. */
function isSpecifier({ parent }: ts.StringLiteral): boolean {
  if (ts.isCallExpression(parent)) return parent.expression.kind === ts.SyntaxKind.ImportKeyword;
  return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent);
}
