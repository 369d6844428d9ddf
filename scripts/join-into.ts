// Makes one file of the files that a thread loads. A bundler splits what entries share into a file for each set of entries that
// share it, and the more entries there are, the more files. Node.js takes about a millisecond for each, in each thread.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { build, type Metafile } from "esbuild";

/** An import as the bundler writes it: of names on lines of their own, or of nothing. */
const imports = /^import (?:\{([^}]*)\} from )?"(\.{1,2}\/[^"]+)";$/gm;

/**
 * Joins these entries, beside `file`, and all that they import of the bundle. The entries stay, as files that export of it what they
 * exported; the others are gone, and what imported them imports it.
 */
export async function joinInto(
  file: string,
  entries: readonly string[],
  { outputs }: Metafile,
  root: string,
): Promise<void> {
  const folder = dirname(file);
  const outputAt = (path: string) => outputs[relative(root, path).split(sep).join("/")];
  const joined = new Set(entries.map((entry) => join(folder, entry)));
  for (const path of joined) {
    for (const { path: imported, kind, external } of outputAt(path)?.imports ?? [])
      if (kind === "import-statement" && external !== true) joined.add(join(root, imported));
  }

  for (const { imports: imported } of Object.values(outputs)) {
    const late = imported.find(({ path, kind }) => kind === "dynamic-import" && joined.has(join(root, path)));
    if (late !== undefined) throw new Error(`${late.path} is loaded later, and at once by ${entries.join(" or ")}`);
  }

  // the same name may be another thing in another file
  const prefixes = new Map([...joined].map((path, index) => [path, `_${index}_`]));
  const exported = (path: string): readonly string[] => outputAt(path)?.exports ?? [];
  const parts = [...prefixes].map(
    ([path, prefix]) =>
      `export { ${exported(path)
        .map((name) => `${name} as ${prefix}${name}`)
        .join(", ")} } from "./${basename(path)}";`,
  );
  await build({
    stdin: { contents: parts.join("\n"), resolveDir: folder },
    outfile: file,
    platform: "node",
    target: "node20",
    format: "esm",
    bundle: true,
    sourcemap: true,
    logLevel: "warning",
    packages: "external",
    logOverride: { "ignored-bare-import": "silent" }, // of files that do nothing by being loaded
    plugins: [
      {
        name: "loaded-later",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\./ }, ({ path, kind }) =>
            kind === "dynamic-import" ? { path, external: true } : undefined,
          ),
      },
    ],
  });

  for (const path of Object.keys(outputs).map((output) => join(root, output))) {
    if (!path.endsWith(".js") || joined.has(path)) continue;
    const text = readFileSync(path, "utf8").replace(imports, (statement, names: string | undefined, from: string) => {
      const prefix = prefixes.get(resolve(dirname(path), from));
      if (prefix === undefined) return statement;
      if (names === undefined) return ""; // nothing is done by loading it
      const to = relative(dirname(path), file).split(sep).join("/");
      const given = names.replace(
        /^( *)([\w$]+)(?: as ([\w$]+))?/gm,
        (_, indent: string, name: string, as = name) => `${indent}${prefix}${name} as ${String(as)}`,
      );
      return `import {${given}} from "${to.startsWith(".") ? to : `./${to}`}";`;
    });
    writeFileSync(path, text);
  }
  for (const [path, prefix] of prefixes) {
    if (!entries.includes(basename(path))) {
      rmSync(path);
      rmSync(`${path}.map`);
    } else {
      const names = exported(path).map((name) => `${prefix}${name} as ${name}`);
      const map = `${basename(path)}.map`;
      writeFileSync(path, `export { ${names.join(", ")} } from "./${basename(file)}";\n//# sourceMappingURL=${map}\n`);
      writeFileSync(
        join(folder, map),
        JSON.stringify({ version: 3, sources: [], sourcesContent: [], names: [], mappings: "" }),
      );
    }
  }
}
