/** Follows the links of the README, the docs and the other pages that stay inside the project. */

import { existsSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { isOutside, linksOf, pages, prose, readPage, root } from "./markdown.ts";

/** The anchors of a page as GitHub makes them of its headings. */
function anchorsOf(page: string): Set<string> {
  const headings = [
    ...readPage(page)
      .replace(/^```[^]*?^```$/gm, "")
      .matchAll(/^#{1,6} (.+)$/gm),
  ];
  return new Set(
    headings.map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

const all = [...pages(), "CHANGELOG.md", "CONTRIBUTING.md", "DESIGN.md", "SECURITY.md"];
const links = all.flatMap(linksOf);

describe.each(links.filter((link) => !isOutside(link)))("$page links to $target", ({ page, target }) => {
  it("which is there", () => {
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : relative(root, join(root, dirname(page), path));
    expect(existsSync(join(root, file)), `${file} is there`).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(file)).toContain(anchor);
  });
});

/** The pages that a page links to. */
function linkedFrom(page: string): Set<string> {
  const paths = linksOf(page).map(({ target }) => target.split("#")[0] ?? "");
  return new Set(paths.map((path) => posix.join(posix.dirname(page), path)));
}

const isDecision = (page: string): boolean => /^docs\/decisions\/\d{3}-/.test(page);
const decisions = pages().filter(isDecision);

it("leads from the README to every page, but for the decisions", () => {
  const fromReadme = linkedFrom("README.md");
  const others = pages().filter((page) => page !== "README.md" && !isDecision(page));
  expect(others.filter((page) => !fromReadme.has(page))).toEqual([]);
});

it.each(["DESIGN.md", "docs/decisions/README.md"])("leads from %s to every decision", (page) => {
  const fromPage = linkedFrom(page);
  expect(decisions.length).toBeGreaterThan(0);
  expect(decisions.filter((decision) => !fromPage.has(decision))).toEqual([]);
});

it("numbers decisions from 1 without a gap, and each begins with its number", () => {
  const numbers = decisions.map((_, index) => String(index + 1).padStart(3, "0"));
  const firstWords = decisions.map((page) => readPage(page).slice(0, "# 000. ".length));
  expect(decisions.map((page) => posix.basename(page).slice(0, 3))).toEqual(numbers);
  expect(firstWords).toEqual(numbers.map((number) => `# ${number}. `));
});

it("keeps the design a map: 150 lines at most", () => {
  expect(readPage("DESIGN.md").trimEnd().split("\n").length).toBeLessThanOrEqual(150);
});

it("shows pictures with words for those who can't see them", () => {
  const pictures = all.flatMap((page) => [...prose(page).matchAll(/!\[([^\]]*)\]\(/g)].map(([, words = ""]) => words));
  expect(pictures.length).toBeGreaterThan(0);
  expect(pictures.filter((words) => words.length < 20)).toEqual([]);
});

it("names files and folders of src that are there", () => {
  const named = all.flatMap((page) => [...readPage(page).matchAll(/`(src\/[\w./-]+)`/g)].map(([, path = ""]) => path));
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
