/** Holds the entries of the package to what their declarations refer to. Reads `dist`, so build before. */

import ts from "typescript";
import { describe, expect, it } from "vitest";
import { plumbing } from "../../scripts/api/plumbing.ts";
import { PublicSurface, statementOf } from "../../scripts/api/public-surface.ts";
import { reportOf } from "../../scripts/api/report.ts";
import { errorCodes } from "../../src/errors/error-code.ts";
import { readPage } from "../docs/markdown.ts";

const surface = new PublicSurface();

describe("what public declarations refer to", () => {
  const missing = [...surface.notExported()].map(([{ name }, { name: by }]) => ({ name, by }));

  it("is exported by name, except for plumbing", () => {
    expect(missing.filter(({ name }) => !Object.hasOwn(plumbing, name))).toEqual([]);
  });

  it("needs all of the plumbing that is listed", () => {
    const names = new Set(missing.map(({ name }) => name));
    expect(Object.keys(plumbing).filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("the docstring of", () => {
  const exported = surface.entries.flatMap(({ specifier, exports }) =>
    exports.map((one) => [one.name, specifier, one] as const),
  );

  it.each(exported)("%s of %s is its own, and says since when it is there", (_name, _specifier, symbol) => {
    const [doc, ...others] = symbol.declarations.flatMap(ownDocs);
    expect(others).toEqual([]);
    expect(ts.getTextOfJSDocComment(doc?.comment)).toMatch(/^\S.{20,}/);
    expect(doc?.tags?.filter(({ tagName }) => tagName.text === "since").map(({ comment }) => comment)).toEqual([
      expect.stringMatching(/^\d+\.\d+\.\d+$/),
    ]);
    const isCalled = symbol.declarations.some((one) => ts.isFunctionDeclaration(one) || ts.isClassDeclaration(one));
    if (isCalled) expect(doc?.tags?.map(({ tagName }) => tagName.text)).toContain("example");
  });
});

describe("the report on the surface", () => {
  it.each(surface.entries.map((entry) => [entry.specifier, entry] as const))("of %s says all by name", (_, entry) => {
    const report = reportOf(surface, entry);
    expect(report).not.toContain("import("); // a type that the compiler made up: give the declaration one
    for (const { name } of entry.exports) expect(report).toMatch(new RegExp(`^export .*\\b${name}\\b`, "m"));
  });
});

describe("the details of each error code", () => {
  const page = readPage("docs/errors.md");
  const { declarations } = surface.find("ErrorDetailsByCode");
  const codes = declarations
    .filter(ts.isInterfaceDeclaration)
    .flatMap(({ members }) => members.filter(ts.isPropertySignature));

  it("are those of all codes", () => {
    expect(codes.map(({ name }) => nameOf(name)).sort()).toEqual([...errorCodes].sort());
  });

  it.each(codes.map((code) => [nameOf(code.name), code.type] as const))(
    "of %s are listed on the page",
    (code, type) => {
      const [, section = ""] = page.split(`\n### ${code}\n`);
      const [, details = ""] = /^\*\*Details\.\*\* ([^]*?)\n\n/m.exec(section.split("\n### ")[0] ?? "") ?? [];
      const listed = [...details.matchAll(/`(\w+\??)`/g)].map(([, field]) => field);
      expect(listed).toEqual(fieldsOf(type));
      if (listed.length === 0) expect(details).toBe("None.");
    },
  );
});

/** The docstrings right above a declaration: the header of a file, which a blank line follows, is none of them. */
function ownDocs(declaration: ts.Declaration): readonly ts.JSDoc[] {
  const statement = statementOf(declaration);
  const source = statement.getSourceFile();
  return ts
    .getJSDocCommentsAndTags(declaration)
    .filter(ts.isJSDoc)
    .filter(({ end }) => /^[^\S\n]*\n[^\S\n]*$/.test(source.text.slice(end, statement.getStart(source))));
}

/** The fields of a code's details, with a question mark for one that isn't always there. */
function fieldsOf(type: ts.TypeNode | undefined): string[] {
  const variants = (type !== undefined && ts.isUnionTypeNode(type) ? type.types : [type])
    .filter((variant) => variant !== undefined)
    .map((variant) => (ts.isTypeLiteralNode(variant) ? variant.members.filter(ts.isPropertySignature) : []));
  const names = new Set(variants.flat().map(({ name }) => nameOf(name)));
  const isAlwaysThere = (name: string): boolean =>
    variants.every((fields) =>
      fields.some((field) => nameOf(field.name) === name && field.questionToken === undefined),
    );
  return [...names].map((name) => (isAlwaysThere(name) ? name : `${name}?`));
}

function nameOf(name: ts.PropertyName): string {
  return ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : name.getText();
}
