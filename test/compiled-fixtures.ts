/**
 * The modules of `test/fixtures` as JavaScript, for tests on threads: a thread on Node.js 20 that loads TypeScript takes ten
 * times the processor time to start. Tests import the TypeScript; the plugin resolves it to what is compiled, so that a
 * definition's module is the same file in the test and in its threads.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";

const sources = fileURLToPath(new URL("fixtures", import.meta.url));
const compiled = fileURLToPath(new URL(".compiled/fixtures", import.meta.url));

/** The file that a fixture is compiled to, by the fixture's name: `"exits"`. */
export function compiledFixture(name: string): string {
  return join(compiled, `${name}.js`);
}

/** A plugin of vite. */
export function compiledFixtures() {
  return {
    name: "compiled-fixtures",
    enforce: "pre" as const,
    configResolved: compile,
    resolveId(specifier: string, importer: string | undefined): string | undefined {
      if (importer === undefined || !specifier.startsWith(".")) return undefined;
      const path = fileURLToPath(new URL(specifier, pathToFileURL(importer)));
      return path.startsWith(sources) && path.endsWith(".ts")
        ? compiledFixture(path.slice(sources.length + 1, -".ts".length))
        : undefined;
    },
  };
}

function compile(): void {
  mkdirSync(compiled, { recursive: true });
  for (const file of readdirSync(sources).filter((name) => name.endsWith(".ts"))) {
    const { outputText } = ts.transpileModule(readFileSync(join(sources, file), "utf8"), {
      fileName: file,
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
        inlineSourceMap: true,
        inlineSources: true,
      },
    });
    writeFileSync(compiledFixture(file.slice(0, -".ts".length)), outputText);
  }
}
