/**
 * Every snippet of the README and the docs is checked by the compiler and run as a reader would run it: as a file of a
 * folder of its page, against the built package. The pages for beginners run as TypeScript, as they say; the others
 * compiled, which they say too and which starts threads in less time.
 *
 * The rules for writers: a `ts` fence is a file, called by its first line (`// counter.ts`) or by the line it starts in.
 * What it prints is in the `text` fence that is the next fence of the page; without one it prints nothing. In there, `…`
 * stands for anything on its line. A file named with a folder (`// examples/race/main.ts`) is an excerpt of that file of
 * the project, where `// …` stands for lines left out; it isn't run. A fence called `ts no-run` is only to be read.
 */

import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fence, fencesOf, pages, readPage, root } from "./markdown.ts";

interface Snippet extends Fence {
  /** The name of its file in the page's folder. */
  readonly name: string;
  readonly prints: string;
}

interface Page {
  readonly path: string;
  readonly folder: string;
  readonly fences: readonly Fence[];
  readonly snippets: readonly Snippet[];
}

interface Outcome {
  readonly file: string;
  readonly output: string;
  readonly error: string | undefined;
}

const isExcerpt = ({ file }: Fence): boolean => file?.includes("/") === true;
const isRun = (fence: Fence): boolean =>
  fence.language === "ts" && !fence.words.includes("no-run") && !isExcerpt(fence);

function pageOf(path: string): Page {
  const fences = fencesOf(readPage(path));
  const snippets = fences.flatMap((fence, index): Snippet[] => {
    if (!isRun(fence)) return [];
    const next = fences[index + 1];
    return [
      { ...fence, name: fence.file ?? `line-${fence.line}.ts`, prints: next?.language === "text" ? next.code : "" },
    ];
  });
  return { path, folder: path.replaceAll("/", "_"), fences, snippets };
}

const all = pages().map(pageOf);
const withSnippets = all.filter(({ snippets }) => snippets.length > 0);
/** Pages that run as TypeScript: through tsx where Node.js does not load it by itself. */
const asTypeScript = new Set(["README.md", "docs/getting-started.md"]);
const runner = fileURLToPath(new URL("fixtures/run-snippets.mjs", import.meta.url));
const tsc = join(root, "node_modules/typescript/bin/tsc");
const compiled = "compiled";
// Inside the project, where "troupe" is the package itself; a dot keeps other tools out.
const folder = mkdtempSync(join(root, "test/docs/.snippets-"));

let complaints = "";

beforeAll(() => {
  if (!existsSync(join(root, "dist/index.js"))) throw new Error("these tests run dist: npm run build");
  for (const page of withSnippets) {
    mkdirSync(join(folder, page.folder));
    for (const { name, code } of page.snippets) writeFileSync(join(folder, page.folder, name), `${code}\n`);
  }
  writeFileSync(join(folder, "tsconfig.json"), tsconfigOfTheDocs());
  complaints = compile();
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

it("finds the pages and their snippets", () => {
  const counts = Object.fromEntries(withSnippets.map(({ path, snippets }) => [path, snippets.length]));
  expect(counts["README.md"], "the README has a snippet").toBeGreaterThan(0);
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(20);
});

it("accepts every snippet as the compiler sees it, under the settings that the docs advise and stricter ones", () => {
  expect(complaints).toBe("");
});

describe.each(withSnippets)("$path", ({ path, folder: own, snippets }) => {
  it("names each file once", () => {
    const names = snippets.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it(`prints what it says: ${snippets.length} snippets`, async () => {
    const outcomes = await run(path, own, snippets);
    for (const { name, line, prints } of snippets) {
      const where = `${path}:${line} (${name})`;
      const outcome = outcomes.get(name);
      expect(outcome?.error, `${where} fails`).toBeUndefined();
      expect(withoutTrailingBlanks(outcome?.output ?? ""), `${where} prints something else`).toMatch(pattern(prints));
    }
  });
});

it("quotes the files of the project as they are", () => {
  const excerpts = all.flatMap(({ path, fences }) => fences.filter(isExcerpt).map((fence) => ({ path, ...fence })));
  expect(excerpts.length).toBeGreaterThan(0);
  for (const { path, line, file = "", code } of excerpts) {
    const source = readFileSync(join(root, file), "utf8");
    let from = 0;
    for (const part of code
      .split("\n")
      .slice(1)
      .join("\n")
      .split(/^\s*\/\/ …$/m)) {
      const found = source.indexOf(part.replace(/^\n+|\n+$/g, ""), from);
      expect(found, `${path}:${line} is not what ${file} says: ${part}`).toBeGreaterThanOrEqual(0);
      from = found + part.length;
    }
  }
});

/** Runs a page's files in one process and waits for its end: a snippet that leaves a handle open never gets there. */
async function run(page: string, own: string, snippets: readonly Snippet[]): Promise<ReadonlyMap<string, Outcome>> {
  const isTypeScript = asTypeScript.has(page);
  const files = snippets.map(({ name }) =>
    isTypeScript ? join(folder, own, name) : join(folder, compiled, own, name.replace(/ts$/, "js")),
  );
  const needsTsx = isTypeScript && !Reflect.get(process.features, "typescript");
  // from the folder of the snippets: tsx would follow the paths in the project's own settings to src
  const child = fork(runner, files, { cwd: folder, execArgv: needsTsx ? ["--import", "tsx"] : [], silent: true });
  const outcomes = new Map<string, Outcome>();
  const noise: string[] = [];
  child.on("message", (message) => {
    const outcome = message as Outcome;
    outcomes.set(basename(outcome.file).replace(/js$/, "ts"), outcome);
  });
  child.stderr?.on("data", (data: Buffer) => noise.push(data.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(code, noise.join("")).toBe(0);
  return outcomes;
}

/** Returns what the compiler has to say. */
function compile(): string {
  const options = [
    "--noUncheckedIndexedAccess",
    "--exactOptionalPropertyTypes",
    "--noEmit",
    "false",
    "--outDir",
    compiled,
  ];
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder, ...options], { cwd: folder, encoding: "utf8" });
  return stdout;
}

function withoutTrailingBlanks(text: string): string {
  return text.trimEnd().replace(/[ \t]+$/gm, "");
}

/** What the output has to look like: the text itself, with `…` for anything. */
function pattern(text: string): RegExp {
  const lines = withoutTrailingBlanks(text)
    .split("…")
    .map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
  return new RegExp(`^${lines.join(".*")}$`);
}

/** The settings that the docs show, for all pages. */
function tsconfigOfTheDocs(): string {
  const shown = all.flatMap(({ fences }) => fences).filter(({ file }) => file === "tsconfig.json");
  expect(shown, "one page shows a tsconfig.json").toHaveLength(1);
  return shown[0]?.code ?? "";
}
