// Checks the type tests with each TypeScript that Troupe supports, and the words in which the compiler refuses wrong code: the lines
// of test/types/messages.test-d.ts that say so. The compilers come from npm into temporary folders.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const versions = ["5.9", "6.0", "7.0"];
const root = fileURLToPath(new URL("..", import.meta.url));
const work = join(root, "node_modules/.cache/troupe-typescripts"); // below the packages that the sources import
const messages = "test/types/messages.test-d.ts";
const saying = /^\s*\/\/ @ts-expect-error says: (.*)$/;

interface Complaint {
  readonly line: number;
  readonly text: string;
}

/** What a compiler says of some files, and of what they import. */
function complaintsOf(tsc: string, name: string, include: readonly string[]): readonly string[] {
  const project = join(work, `tsconfig.${name}.json`);
  const base = join(root, "tsconfig.json");
  const compilerOptions = { rewriteRelativeImportExtensions: false }; // nothing is emitted, and the wrong code's imports are absolute
  writeFileSync(project, JSON.stringify({ extends: base, compilerOptions, include, exclude: [] }));
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", project, "--pretty", "false"], {
    cwd: root,
    encoding: "utf8",
  });
  return stdout.split(/\n(?!\s)/).filter((complaint) => complaint !== "");
}

/** The wrong code without what has the compiler expect it, and what it is to say of each line. */
function wrongCode(): { readonly file: string; readonly expected: readonly Complaint[] } {
  const lines = readFileSync(join(root, messages), "utf8").replaceAll('"../../src/', `"${root}src/`).split("\n");
  const expected = lines.flatMap((line, index): Complaint[] => {
    const [, text] = saying.exec(line) ?? [];
    return text === undefined ? [] : [{ line: index + 2, text }];
  });
  const file = join(work, "wrong.ts");
  writeFileSync(file, lines.map((line) => (saying.test(line) ? "" : line)).join("\n"));
  return { file, expected };
}

/** What is wrong with the complaints about the wrong code. */
function wordsAmiss(complaints: readonly string[], expected: readonly Complaint[]): readonly string[] {
  const said = complaints.map((complaint) => {
    const line = Number(/wrong\.ts\((\d+),/.exec(complaint)?.[1]);
    return { line, complaint, isExpected: expected.some((one) => one.line === line && complaint.includes(one.text)) };
  });
  const unsaid = expected.filter(({ line }) => !said.some((one) => one.line === line && one.isExpected));
  return [
    ...said.filter(({ isExpected }) => !isExpected).map(({ complaint }) => complaint),
    ...unsaid.map(({ line, text }) => `${messages}:${line}: no error says: ${text}`),
  ];
}

mkdirSync(work, { recursive: true });
const { file, expected } = wrongCode();
const ambient = join(root, "src/runtime/threads/*.d.ts");
for (const version of versions) {
  const folder = mkdtempSync(join(tmpdir(), "troupe-typescript-"));
  try {
    execFileSync("npm", ["install", "--no-save", "--silent", "--prefix", folder, `typescript@${version}`]);
    const tsc = join(folder, "node_modules/typescript/bin/tsc");
    const tests = complaintsOf(tsc, "tests", [join(root, "test/**/*.test-d.ts"), ambient]);
    const words = wordsAmiss(complaintsOf(tsc, "wrong", [file, ambient]), expected);
    for (const problem of [...tests, ...words]) console.error(`TypeScript ${version}: ${problem}`);
    console.log(
      `TypeScript ${version}: ${tests.length} errors in the type tests, ${expected.length} messages, ${words.length} amiss`,
    );
    if (tests.length + words.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
