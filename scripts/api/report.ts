/** Writes the public surface down: each entry's declarations without comments, by name, so that a change of it shows as a difference. */

import ts from "typescript";
import { plumbing } from "./plumbing.ts";
import { type Entry, type ForeignName, type PublicSurface, statementOf, type SurfaceSymbol } from "./public-surface.ts";

const printer = ts.createPrinter({ removeComments: true });

/** The text of one entry's report: declarations that compile, with what they need of the other entry imported from there. */
export function reportOf(surface: PublicSurface, entry: Entry): string {
  const { inner, imported } = neededBy(surface, entry);
  const imports = importsOf([
    ...[...entry.exports, ...inner].flatMap((symbol) => surface.foreign(symbol)),
    ...imported,
  ]);
  const sections = [
    `// The public surface of ${JSON.stringify(entry.specifier)}, written by \`npm run api\`. \`npm run verify\` compares it with the build.`,
    ...(imports.length === 0 ? [] : [imports.join("\n")]),
    ...entry.exports.map((symbol) => textOf(symbol, "export ")),
    ...(inner.length === 0 ? [] : ["// Not exported: what the declarations above are made of."]),
    ...inner.map((symbol) => textOf(symbol, "")),
    "export {};",
  ];
  return `${sections.join("\n\n")}\n`;
}

/** What an entry's declarations lead to: names that no entry exports, in order, and names that another one does. */
function neededBy(
  surface: PublicSurface,
  entry: Entry,
): { readonly inner: readonly SurfaceSymbol[]; readonly imported: readonly ForeignName[] } {
  const others = surface.entries.filter((other) => other !== entry);
  const seen = new Set(entry.exports);
  const inner: SurfaceSymbol[] = [];
  const imported: ForeignName[] = [];
  for (const symbol of seen) {
    for (const reference of surface.references(symbol)) {
      if (seen.has(reference)) continue;
      const home = others.find(({ exports }) => exports.includes(reference));
      if (home === undefined) inner.push(reference);
      else imported.push({ specifier: home.specifier, imported: reference.name, local: reference.name });
      if (home === undefined) seen.add(reference); // the loop comes to it as well
    }
  }
  return { inner: inner.toSorted((one, other) => (one.name < other.name ? -1 : 1)), imported };
}

function textOf(symbol: SurfaceSymbol, prefix: "export " | ""): string {
  const statements = new Set(symbol.declarations.map(statementOf));
  const label = isExperimental(symbol) ? "/** @experimental */\n" : "";
  const why = prefix === "" && plumbing[symbol.name] !== undefined ? `// ${plumbing[symbol.name]}\n` : "";
  const texts = [...statements].map((statement) => {
    const text = printer.printNode(ts.EmitHint.Unspecified, statement, statement.getSourceFile());
    const bare = text.replace(/^(?:export |declare )*/, "");
    return prefix + (/^(?:interface|type) /.test(bare) ? bare : `declare ${bare}`);
  });
  return label + why + texts.join("\n");
}

/** True for what may change in any version. */
function isExperimental({ declarations }: SurfaceSymbol): boolean {
  return declarations.some((one) => ts.getJSDocTags(one).some(({ tagName }) => tagName.text === "experimental"));
}

function importsOf(names: readonly ForeignName[]): readonly string[] {
  const bySpecifier = new Map<string, Set<string>>();
  for (const { specifier, imported, local } of names) {
    const clause = imported === "*" ? `* as ${local}` : imported === local ? imported : `${imported} as ${local}`;
    const clauses = bySpecifier.get(specifier) ?? new Set();
    bySpecifier.set(specifier, clauses.add(clause));
  }
  return [...bySpecifier]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([specifier, clauses]) => {
      const whole = [...clauses].filter((clause) => clause.startsWith("*"));
      const named = [...clauses].filter((clause) => !clause.startsWith("*")).toSorted();
      return [...whole, ...(named.length === 0 ? [] : [`{ ${named.join(", ")} }`])].map(
        (clause) => `import type ${clause} from ${JSON.stringify(specifier)};`,
      );
    });
}
