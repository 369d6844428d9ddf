/** Reads the fenced code and the links of Markdown pages, and which pages there are. */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A fence: three backquotes, a language, perhaps a word more, and the code up to the next three. */
export interface Fence {
  /** The line of its first backquotes, from 1. */
  readonly line: number;
  readonly language: string;
  /** What the info string says besides, such as `no-run`. */
  readonly words: readonly string[];
  readonly code: string;
  /** What the first line names: `// counter.ts` makes the fence the file `counter.ts`. */
  readonly file: string | undefined;
}

const opening = /^```(\S+)(?:[ \t]+(.*))?$/;
const named = /^(?:\/\/|#) ([\w./-]+\.\w+)$/;

/** The fences of a page, in order. Throws for one that is not closed. */
export function fencesOf(markdown: string): Fence[] {
  const lines = markdown.split("\n");
  const fences: Fence[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, language, info = ""] = opening.exec(lines[at] ?? "") ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`the fence in line ${at + 1} is not closed`);
    const code = lines.slice(at + 1, end);
    const words = info.split(" ").filter((word) => word !== "");
    fences.push({ line: at + 1, language, words, code: code.join("\n"), file: named.exec(code[0] ?? "")?.[1] });
    at = end;
  }
  return fences;
}

/** The README and everything under docs, by path from the project's folder. */
export function pages(): string[] {
  const docs = readdirSync(join(root, "docs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
  return ["README.md", ...docs.sort()];
}

export function readPage(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** A link of a page, as it is written there. */
export interface Link {
  readonly page: string;
  readonly target: string;
}

/** Whether it leads to the web, and not to a file of the project. */
export function isOutside({ target }: Link): boolean {
  return /^https?:/.test(target);
}

export function linksOf(page: string): Link[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({ page, target }));
}

/** A page without what is in fences and in code, where brackets mean something else. */
export function prose(page: string): string {
  return readPage(page)
    .replace(/^```[^]*?^```$/gm, "")
    .replace(/`[^`\n]*`/g, (code) => "x".repeat(code.length));
}
