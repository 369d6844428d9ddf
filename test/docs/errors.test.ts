/** Holds `docs/errors.md` to the codes there are, and the codes to what is thrown. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorCodes } from "../../src/errors/error-code.ts";
import { readPage, root } from "./markdown.ts";

const page = readPage("docs/errors.md");
const sections = page.split(/^### /m).slice(1);
const documented = sections.map((section) => section.slice(0, section.indexOf("\n")));

const source = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && entry.name !== "error-code.ts")
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

/** Matches where an error with the code is made: as an argument of its constructor, or chosen just before. */
function making(code: string): RegExp {
  const constructed = `(?:new (?:TroupeError|AskError)|super)\\(\\s*(?:"[a-z-]+",\\s*)?"${code}"`;
  return new RegExp(`${constructed}|const code = [^;]*"${code}"`);
}

it("lists every code once, and no other", () => {
  expect([...documented].sort()).toEqual([...errorCodes].sort());
});

describe.each(sections.map((section, index) => ({ code: documented[index] ?? "", section })))(
  "$code",
  ({ code, section }) => {
    it("has a cause, a cure, and a place in the list above", () => {
      expect(section).toMatch(/^\*\*Cause\.\*\* \S/m);
      expect(section).toMatch(/^\*\*Cure\.\*\* \S/m);
      expect(page).toContain(`[${code}](#${code})`);
    });

    it("is thrown somewhere in src", () => {
      expect(source.some((text) => making(code).test(text))).toBe(true);
    });
  },
);
