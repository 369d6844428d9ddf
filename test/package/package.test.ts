/**
 * The package as a user gets it: packed, installed in an empty folder, and run from there on real threads. `npm run
 * test:package` does the same with dependencies from the registry.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { build, type BuildOptions, transformSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fence, fencesOf, isOutside, linksOf, readPage, root } from "../docs/markdown.ts";
import { dependencyBudget, packageBudget } from "./budgets.ts";
import { bytesOf, dependencyClosure } from "./dependency-closure.ts";
import { type Installed, installPackage, readManifest } from "./installed-package.ts";
import { type Ended, runProcess } from "./run-process.ts";

/** Of the README: the module of the agent, the module that starts a system, and what that prints. */
const [deposit, main, printed] = fencesOf(readPage("README.md"))
  .filter(({ language }) => language === "ts" || language === "text")
  .map(({ code }: Fence) => code) as [string, string, string];

/** `require` of an ES module came with Node.js 20.19 and 22.12. */
const canRequire = process.features.require_module;

let installed: Installed;

beforeAll(async () => {
  if (!existsSync(join(root, "dist/index.js"))) throw new Error("these tests pack dist: npm run build");
  installed = await installPackage();
});

afterAll(() => installed?.remove());

describe("the first snippets of the README print what it says", () => {
  it("as they are", async () => {
    const folder = write("typescript", { "deposit.ts": deposit, "main.ts": main });
    const isNative = Boolean(Reflect.get(process.features, "typescript"));
    expect(await node(folder, ...(isNative ? [] : ["--import", "tsx"]), "main.ts")).toEqual(said(printed));
  });

  it("from CommonJS that imports the package", async () => {
    const folder = write("import", {
      "deposit.mjs": asModule(deposit),
      "main.cjs": asScript(main, "await import", ".mjs"),
    });
    expect(await node(folder, "main.cjs")).toEqual(said(printed));
  });

  it("from CommonJS that requires the package, where Node.js can", async () => {
    const folder = write("require", {
      "deposit.cjs": asCommonJs(deposit),
      "main.cjs": asScript(main, "require", ".cjs"),
    });
    expect(await node(folder, "main.cjs")).toEqual(canRequire ? said(printed) : refused("ERR_REQUIRE_ESM"));
  });

  it("bundled by esbuild with splitting", async () => {
    const folder = write("bundled", { "deposit.ts": deposit, "main.ts": main });
    await bundle(folder, { packages: "external" });
    expect(await node(folder, "out/main.js")).toEqual(said(printed));
  });
});

it("says what to do when it is bundled itself", async () => {
  const folder = write("all-in-one", { "deposit.ts": deposit, "main.ts": main });
  await bundle(folder, { external: ["lmdb"] });
  expect(await node(folder, "out/main.js")).toEqual(refused("Troupe itself is in a bundle. .* --external:troupe"));
});

it("installs its command", async () => {
  const command = join("node_modules", ".bin", "troupe");
  expect(await runProcess(installed.project, command, "--version")).toEqual(said(readManifest().version));
});

describe("the tarball", () => {
  const paths = (): string[] => installed.report.files.map(({ path }) => path);

  it("has everything that its pages link to", () => {
    const pages = paths().filter((path) => path.endsWith(".md"));
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/getting-started.md"]));
    const missing = pages
      .flatMap((page) => linksOf(page).filter((link) => !isOutside(link)))
      .map(({ page, target }) => ({ page, file: posix.join(posix.dirname(page), target.replace(/#.*/, "")) }))
      .filter(({ file }) => !existsSync(join(installed.packageFolder, file)));
    expect(missing).toEqual([]);
  });

  it("has a source map for each bundled file, with its sources", () => {
    // no stack that a user reads is of the inspector's page, which browsers load, and which is minified
    const bundled = paths().filter((path) => path.endsWith(".js") && path !== "dist/inspector/page.js");
    const mapped = bundled.flatMap((path) => {
      const file = join(installed.packageFolder, path);
      const [, name = "no comment"] = /^\/\/# sourceMappingURL=(.*)$/m.exec(readFileSync(file, "utf8")) ?? [];
      const map = JSON.parse(readFileSync(join(dirname(file), name), "utf8")) as {
        sources: string[];
        sourcesContent?: string[];
      };
      const sources = map.sources.map((source) => posix.join(posix.dirname(path), source));
      expect(map.sourcesContent, `${path} has its sources`).toEqual(
        sources.map((source) => readFileSync(join(root, source), "utf8")),
      );
      return sources;
    });
    expect(mapped).toEqual(
      expect.arrayContaining(["src/errors/troupe-error.ts", "src/runtime/threads/thread-entry.ts"]),
    );
  });

  it("is within its budget", () => {
    const { size, unpackedSize, files } = installed.report;
    expectWithin(
      { packedMegabytes: size / 1e6, unpackedMegabytes: unpackedSize / 1e6, files: files.length },
      packageBudget,
    );
  });
});

it("brings dependencies within their budget", () => {
  const packages = dependencyClosure(installed.dependent);
  const megabytes = packages.reduce((sum, folder) => sum + bytesOf(folder), 0) / 1e6;
  const direct = Object.keys(readManifest().dependencies).length;
  expectWithin({ direct, packages: packages.length, megabytes }, dependencyBudget);
});

/** No figure is above its budget, nor so far below that the budget would no longer notice anything. */
function expectWithin<K extends string>(
  figures: Readonly<Record<K, number>>,
  budget: Readonly<Record<K, number>>,
): void {
  for (const name of Object.keys(budget) as K[]) {
    expect(figures[name], name).toBeLessThanOrEqual(budget[name]);
    expect(figures[name], `${name} is far below its budget: lower that`).toBeGreaterThan(budget[name] / 3);
  }
}

/** Makes a folder of the project where the package is installed. */
function write(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(installed.project, name);
  mkdirSync(folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

function node(folder: string, ...args: string[]): Promise<Ended> {
  return runProcess(folder, process.execPath, ...args);
}

/** What a process has to come to that prints this. Node.js may warn of features that are experimental. */
function said(output: string): unknown {
  return { code: 0, output, errors: expect.not.stringMatching(/error/i) };
}

function refused(pattern: string): unknown {
  return { code: 1, output: "", errors: expect.stringMatching(new RegExp(pattern)) };
}

function asModule(code: string): string {
  return transformSync(code, { loader: "ts", target: "node20" }).code;
}

/** A module of definitions as CommonJS, which has no `import.meta.url`. */
function asCommonJs(code: string): string {
  const banner = 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;';
  const define = { "import.meta.url": "moduleUrl" };
  return transformSync(code, { loader: "ts", format: "cjs", platform: "node", target: "node20", define, banner }).code;
}

/** CommonJS can't await outside of a function: all of it goes in one, and `load` takes the place of its imports. */
function asScript(code: string, load: "await import" | "require", extension: string): string {
  const body = code
    .replace(/^import (\{.*\}) from (".*");$/gm, `const $1 = ${load}($2);`)
    .replaceAll('.ts")', `${extension}")`);
  return `(async () => {\n${body}\n})();\n`;
}

async function bundle(folder: string, options: BuildOptions): Promise<void> {
  await build({
    absWorkingDir: folder,
    entryPoints: ["main.ts", "deposit.ts"],
    outdir: "out",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    ...options,
  });
}
