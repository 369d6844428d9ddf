/**
 * Counts what keeps the source a house that one finds one's way in: `npm run house`, a part of `npm run verify`. It prints each count
 * with its bound, and what is over the bound, and ends with exit code 1 if anything is.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { floors, inner } from "./rooms.mjs";

interface Check {
  readonly what: string;
  readonly most: number;
  /** One line each. */
  readonly found: readonly string[];
}

const root = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.split(sep).join("/"))
  .toSorted();
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

const checks: Check[] = [
  { what: "circles of imports, types included", most: 0, found: circles() },
  { what: "imports of a room above", most: 0, found: arrowsUp() },
  { what: "folders with more than 25 files", most: 0, found: crowded(25) },
  { what: "files with more than 400 lines", most: 0, found: long(400) },
  { what: "exports of types that load their module", most: 0, found: loadingForTypes() },
  { what: 'comments with "nobody" or "whoever"', most: 15, found: vague(/\b(nobody|whoever)\b/i) },
];

if (files.length < 100) throw new Error(`only ${files.length} files below ${root}: there is nothing to count`);
console.log(`${files.length} files in src`);
for (const { what, most, found } of checks) {
  const isOver = found.length > most;
  console.log(`${isOver ? "✗" : "✓"} ${what}: ${found.length} (at most ${most})`);
  if (!isOver) continue;
  for (const line of found) console.log(`    ${line}`);
  process.exitCode = 1;
}

/** The files of src that a file imports, its types' too. */
function importsOf(file: string): readonly string[] {
  return ts
    .preProcessFile(texts.get(file) ?? "", true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) =>
      relative(root, resolve(root, dirname(file), fileName))
        .split(sep)
        .join("/"),
    )
    .filter((imported) => texts.has(imported));
}

/** The strongly connected parts of more than one file, after Tarjan, "Depth-first search and linear graph algorithms" (1972). */
function circles(): string[] {
  const found: string[] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string): number => {
    const at = order.size;
    order.set(file, at);
    lowest.set(file, at);
    open.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(file, Math.min(lowest.get(file) ?? at, lowest.get(next) ?? at));
    }
    if (lowest.get(file) === at) {
      const part = open.splice(open.indexOf(file));
      if (part.length > 1) found.push(part.join(" → "));
    }
    return at;
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return found;
}

function arrowsUp(): string[] {
  return files.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((imported) => isUp(file, imported))
      .map((imported) => `${file} imports ${imported}`),
  );
}

function isUp(from: string, to: string): boolean {
  const [folder = "", ...rest] = from.split("/");
  const [other = "", ...otherRest] = to.split("/");
  if (rest.length === 0) return false; // the public entry
  if (folder !== other) return floorOf(floors, other) >= floorOf(floors, folder) && floorOf(floors, folder) > 0;
  const rooms = inner[folder];
  if (rooms === undefined) return false;
  const [room, otherRoom] = [rest, otherRest].map((path) => (path.length > 1 ? (path[0] ?? "") : "")) as [
    string,
    string,
  ];
  return room !== otherRoom && floorOf(rooms, otherRoom) >= floorOf(rooms, room);
}

function floorOf(table: readonly (readonly string[])[], room: string): number {
  const floor = table.findIndex((rooms) => rooms.includes(room));
  if (floor < 0) throw new Error(`scripts/rooms.mjs does not have the room ${JSON.stringify(room)}: give it a floor`);
  return floor;
}

function crowded(most: number): string[] {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > most).map(([folder, count]) => `src/${folder}: ${count} files`);
}

function long(most: number): string[] {
  return [...texts]
    .map(([file, text]) => ({ file, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > most)
    .map(({ file, lines }) => `src/${file}: ${lines} lines`);
}

/** `export { type A } from` loads the module as `export {} from` does; `export type` doesn't. */
function loadingForTypes(): string[] {
  return [...texts].flatMap(([file, text]) =>
    [...text.matchAll(/^export \{(?:\s*type [\w ]+,?)+\s*\} from .*$/gm)].map(([line]) => `src/${file}: ${line}`),
  );
}

function vague(word: RegExp): string[] {
  return [...texts].flatMap(([file, text]) =>
    commentsOf(text)
      .filter(({ comment }) => word.test(comment))
      .map(({ comment, line }) => `src/${file}:${line}: ${comment.replaceAll(/\s*\n\s*\*?\s*/g, " ").slice(0, 160)}`),
  );
}

function commentsOf(text: string): { readonly comment: string; readonly line: number }[] {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, text);
  const comments = [];
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (token !== ts.SyntaxKind.SingleLineCommentTrivia && token !== ts.SyntaxKind.MultiLineCommentTrivia) continue;
    const line = text.slice(0, scanner.getTokenStart()).split("\n").length;
    comments.push({ comment: scanner.getTokenText(), line });
  }
  return comments;
}
