/** What it takes to start a thread, a system and the command: as the package is bundled, and as it could have been otherwise. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Figure } from "../src/bench/figure.ts";
import { measure } from "../src/bench/measure.ts";
import type { Topic } from "./topic.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Below the packages that the builds import. */
const builds = join(root, "node_modules/.cache/troupe-builds");
/** How many are started in one process, one after another. */
const inOneProcess = 10;

/** A build of the package, and the files of it that are started. */
interface Build {
  readonly name: string;
  readonly index: string;
  readonly threadEntry: string;
  readonly command: string;
}

export const startsTopic: Topic = {
  name: "starts",
  about:
    "Processor time to start a thread that loads its entry, a system of one thread and of two, and the command: with a file for each\n" +
    "module, bundled with imports of rxjs, and bundled as the package is.",
  async run() {
    const made = [
      await fileByFile(),
      await bundled("rxjs imported", "imported"),
      await bundled("as published", "bundled"),
    ];
    const figures: Figure[] = [];
    for (const { bench, bare, start } of kinds())
      figures.push(
        ...(await measure({
          bench,
          unit: "ms",
          baseline: bare.name,
          rounds: 3,
          subjects: [
            { name: bare.name, run: async () => costOf(bare.args) },
            ...made.map((build) => ({ name: build.name, run: async () => costOf(start(build)) })),
          ],
        })),
      );
    return [...figures, ...(await withTypeScript())];
  },
};

/** A module without imports: tsx takes longer for those that have some. */
function withTypeScript(): Promise<Figure[]> {
  const module = join(builds, "alone.mts");
  writeFileSync(module, "export const n: number = 1;");
  const code = `import("tsx/esm/api").then(({ register }) => (register(), import(${quoted(module)})))`;
  return measure({
    bench: "a thread loads a module of TypeScript",
    unit: "ms",
    baseline: "a bare thread",
    rounds: 3,
    subjects: [
      { name: "a bare thread", run: async () => costOf(threads("")) },
      { name: "by tsx", run: async () => costOf(threads(code)) },
    ],
  });
}

interface Kind {
  readonly bench: string;
  /** What it is compared with, and how a process starts that. */
  readonly bare: { readonly name: string; readonly args: readonly string[] };
  /** How a process starts that of a build. */
  readonly start: (build: Build) => readonly string[];
}

function kinds(): readonly Kind[] {
  return [
    {
      bench: "a thread loads its entry",
      bare: { name: "a bare thread", args: threads("") },
      start: ({ threadEntry }) => threads(`import(${quoted(threadEntry)})`),
    },
    {
      bench: "a system of one thread, made and closed",
      bare: { name: "a bare thread", args: threads("") },
      start: ({ index }) =>
        repeated(
          `const { createSystem } = await import(${quoted(index)});`,
          "await (await createSystem({ threads: 1 })).close();",
        ),
    },
    {
      bench: "a system of two threads, made and closed",
      bare: { name: "two bare threads", args: threads("", 2) },
      start: ({ index }) =>
        repeated(
          `const { createSystem } = await import(${quoted(index)});`,
          "await (await createSystem({ threads: 2 })).close();",
        ),
    },
    {
      bench: "troupe --help",
      bare: { name: "node", args: ["--import", dataUrl(telling(1)), "-e", "0"] },
      start: ({ command }) => ["--import", dataUrl(telling(1)), command, "--help"],
    },
  ];
}

/** So many threads at a time, which load this. */
function threads(code: string, count = 1): readonly string[] {
  const one = `new Promise((resolve) => new Worker(${JSON.stringify(code)}, { eval: true }).once("exit", resolve))`;
  const all = Array.from({ length: count }, () => one).join(", ");
  return repeated('import { Worker } from "node:worker_threads";', `await Promise.all([${all}]);`);
}

/** Arguments of Node.js for a program that does something so many times, and tells what it took once. */
function repeated(first: string, each: string): readonly string[] {
  const code = `${first}\nfor (let n = 0; n < ${inOneProcess}; n++) { ${each} }\n${telling(inOneProcess)}`;
  const name = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const file = join(builds, `${name}.mjs`); // as a file: arguments of Node.js would be its threads' as well
  mkdirSync(builds, { recursive: true });
  writeFileSync(file, code);
  return [file];
}

/** Has a process tell the milliseconds of its processor time, of all its threads, when it ends. */
function telling(count: number): string {
  return `process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    process.stderr.write(\`took \${(user + system) / 1000 / ${count}}\`);
  });`;
}

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function costOf(args: readonly string[]): number {
  const { stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const [, took] = /took ([\d.]+)/.exec(stderr) ?? [];
  if (status !== 0 || took === undefined) throw new Error(`it ended with ${status}: ${stderr}`);
  return Number(took);
}

function quoted(file: string): string {
  return JSON.stringify(pathToFileURL(file).href);
}

/** The compilers are loaded where they are used: a heap with them in it slows what other topics measure to half. */
async function bundled(name: string, rxjs: "bundled" | "imported"): Promise<Build> {
  const folder = emptied(`rxjs-${rxjs}`);
  const { bundleInto } = await import("../scripts/bundle-into.ts");
  await bundleInto(folder, rxjs);
  const at = (path: string): string => join(folder, path);
  return { name, index: at("index.js"), threadEntry: at("thread-entry.js"), command: at("cli/main.js") };
}

/** A file of JavaScript for each of `src`. */
async function fileByFile(): Promise<Build> {
  const folder = emptied("file-by-file");
  const source = join(root, "src");
  for (const path of readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(ts|mjs)$/.test(name),
  )) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    if (path.endsWith(".mjs")) copyFileSync(join(source, path), file);
    else writeFileSync(file.replace(/\.ts$/, ".js"), await compiled(readFileSync(join(source, path), "utf8")));
  }
  const at = (path: string): string => join(folder, path);
  return {
    name: "file by file",
    index: at("index.js"),
    threadEntry: at("runtime/threads/thread-entry.js"),
    command: at("cli/main.js"),
  };
}

async function compiled(text: string): Promise<string> {
  const { default: ts } = await import("typescript");
  const { ESNext } = ts.ModuleKind;
  const target = ts.ScriptTarget.ES2023;
  return ts.transpileModule(text, {
    compilerOptions: { module: ESNext, target, verbatimModuleSyntax: true, rewriteRelativeImportExtensions: true },
  }).outputText;
}

function emptied(name: string): string {
  const folder = join(builds, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}
