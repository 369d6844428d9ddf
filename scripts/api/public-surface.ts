/** The public surface of the package, read from the declarations that `npm run build` writes to `dist`. */

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The folder of the project. */
export const root = fileURLToPath(new URL("../../", import.meta.url));
const dist = join(root, "dist");

/** The entries of the package: what is imported, and the file with its declarations. */
const entries = [
  { specifier: "troupe", file: join(dist, "index.d.ts") },
  { specifier: "troupe/testing", file: join(dist, "testing", "index.d.ts") },
  { specifier: "troupe/bench", file: join(dist, "bench", "index.d.ts") },
  { specifier: "troupe/otel", file: join(dist, "adapters", "otel", "index.d.ts") },
  { specifier: "troupe/nats", file: join(dist, "adapters", "nats", "index.d.ts") },
  { specifier: "troupe/postgres", file: join(dist, "adapters", "postgres", "index.d.ts") },
] as const;

/** A name that an entry exports, or that a declaration of an exported name refers to. */
export interface SurfaceSymbol {
  readonly name: string;
  readonly declarations: readonly ts.Declaration[];
}

/** One entry and what it exports, by name. */
export interface Entry {
  readonly specifier: string;
  readonly exports: readonly SurfaceSymbol[];
}

/** A name from another package, as `import { name } from "specifier"` gives it; `*` for the whole of it. */
export interface ForeignName {
  readonly specifier: string;
  readonly imported: string;
  readonly local: string;
}

/**
 * What the declarations of the package say. Other packages and the standard library are not read: nothing here needs them, and
 * reading them takes most of the time.
 */
export class PublicSurface {
  readonly #checker: ts.TypeChecker;
  readonly entries: readonly Entry[];
  readonly #symbols = new Map<ts.Symbol, SurfaceSymbol>();

  constructor() {
    const options: ts.CompilerOptions = { noLib: true, types: [], module: ts.ModuleKind.NodeNext };
    const host = ts.createCompilerHost(options);
    host.resolveModuleNameLiterals = (literals, from) =>
      literals.map(({ text }) => ({ resolvedModule: local(text, from) }));
    const program = ts.createProgram({ rootNames: entries.map(({ file }) => file), options, host });
    this.#checker = program.getTypeChecker();
    this.entries = entries.map(({ specifier, file }) => {
      const module = program.getSourceFile(file);
      const symbol = module === undefined ? undefined : this.#checker.getSymbolAtLocation(module);
      if (symbol === undefined) throw new Error(`${file} is not there, or exports nothing: run npm run build`);
      const exported = this.#checker.getExportsOfModule(symbol);
      return { specifier, exports: exported.map((one) => this.#symbolOf(one)).toSorted(byName) };
    });
  }

  /** What an entry exports by this name. */
  find(name: string): SurfaceSymbol {
    const found = this.entries.flatMap((entry) => entry.exports).find((symbol) => symbol.name === name);
    if (found === undefined) throw new Error(`no entry exports ${name}`);
    return found;
  }

  /** The names of this package that the declarations of a symbol refer to, in order, without its own. */
  references(symbol: SurfaceSymbol): readonly SurfaceSymbol[] {
    const found = new Set<SurfaceSymbol>();
    for (const name of symbol.declarations.flatMap(namesIn)) {
      const target = this.#targetOf(name);
      if (target?.declarations?.some(isTopLevel) === true) found.add(this.#symbolOf(target));
    }
    found.delete(symbol);
    return [...found].toSorted(byName);
  }

  /** The names of this package that declarations of exported names lead to, and that no entry exports; with what refers to each. */
  notExported(): ReadonlyMap<SurfaceSymbol, SurfaceSymbol> {
    const known = new Set(this.entries.flatMap((entry) => entry.exports));
    const found = new Map<SurfaceSymbol, SurfaceSymbol>();
    for (const symbol of known) {
      for (const reference of this.references(symbol)) {
        if (known.has(reference)) continue;
        known.add(reference); // the loop comes to it as well
        found.set(reference, symbol);
      }
    }
    return found;
  }

  /** The names of other packages that the declarations of a symbol refer to. */
  foreign(symbol: SurfaceSymbol): readonly ForeignName[] {
    return symbol.declarations.flatMap(namesIn).flatMap((name) => {
      const [declaration] = this.#checker.getSymbolAtLocation(name)?.declarations ?? [];
      return declaration === undefined ? [] : foreignName(declaration);
    });
  }

  #targetOf(name: ts.Identifier): ts.Symbol | undefined {
    const symbol = this.#checker.getSymbolAtLocation(name);
    return symbol === undefined ? undefined : this.#original(symbol);
  }

  #original(symbol: ts.Symbol): ts.Symbol {
    return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : this.#checker.getAliasedSymbol(symbol);
  }

  #symbolOf(symbol: ts.Symbol): SurfaceSymbol {
    const original = this.#original(symbol);
    const known = this.#symbols.get(original);
    if (known !== undefined) return known;
    const made: SurfaceSymbol = { name: original.name, declarations: original.declarations ?? [] };
    this.#symbols.set(original, made);
    return made;
  }
}

/** A file of this package by the specifier that another one of its files imports it by. */
function local(specifier: string, from: string): ts.ResolvedModuleFull | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const resolvedFileName = resolve(dirname(from), specifier.replace(/\.[jt]s$/, ".d.ts"));
  return { resolvedFileName, extension: ts.Extension.Dts, isExternalLibraryImport: false };
}

/** The identifiers in a declaration that name something: all of them, as what is not a name of the package falls out later. */
function namesIn(declaration: ts.Declaration): readonly ts.Identifier[] {
  const names: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.push(node);
    else ts.forEachChild(node, visit);
  };
  visit(statementOf(declaration));
  return names;
}

/** The statement of a declaration: that of a constant is around it. */
export function statementOf(declaration: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}

function isTopLevel(declaration: ts.Declaration): boolean {
  return ts.isSourceFile(statementOf(declaration).parent) && !ts.isImportDeclaration(declaration);
}

function foreignName(declaration: ts.Declaration): readonly ForeignName[] {
  const source = ts.findAncestor(declaration, ts.isImportDeclaration)?.moduleSpecifier;
  if (source === undefined || !ts.isStringLiteral(source) || source.text.startsWith(".")) return [];
  const specifier = source.text;
  if (ts.isNamespaceImport(declaration)) return [{ specifier, imported: "*", local: declaration.name.text }];
  if (!ts.isImportSpecifier(declaration)) return [];
  const imported = (declaration.propertyName ?? declaration.name).text;
  return [{ specifier, imported, local: declaration.name.text }];
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : Number(one.name > other.name);
}
