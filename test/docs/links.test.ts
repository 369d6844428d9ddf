/** Follows the links of the README, the docs and the other pages that stay inside the project. */

import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
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

it("leads from the README to every page", () => {
  const fromReadme = new Set(linksOf("README.md").map(({ target }) => target.split("#")[0]));
  expect(pages().filter((page) => page !== "README.md" && !fromReadme.has(page))).toEqual([]);
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
