// Writes the package to `dist`: the JavaScript of the entries and of what they share, and of the compiler's declarations those that
// the public ones need. docs/decisions/029-bundled-package.md says why the package is bundled.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { build as buildPage } from "vite";
import { bundleInto } from "./bundle-into.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const declarations = join(root, "node_modules/.cache/troupe-declarations");

// The names of shared files change with their contents, so those of the build before would stay.
mkdirSync(dist, { recursive: true });
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (/\.(m?js(\.map)?|d\.ts)$/.test(file)) rmSync(join(dist, file));
}

await bundleInto(dist, "bundled");
// A map says of which line each part is. Which column of it is half of the package's maps, and of no use in a stack.
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".js.map")) continue;
  const map = JSON.parse(readFileSync(join(dist, file), "utf8")) as { mappings: string; names: string[] };
  const isNew = ([, source, line]: SourceMapSegment, before: SourceMapSegment | undefined): boolean =>
    before === undefined || source !== before[1] || line !== before[2];
  const lines = decode(map.mappings).map((segments) =>
    segments.flatMap((segment, i): SourceMapSegment[] =>
      isNew(segment, segments[i - 1]) ? [segment.slice(0, 4) as unknown as SourceMapSegment] : [],
    ),
  );
  writeFileSync(join(dist, file), JSON.stringify({ ...map, names: [], mappings: encode(lines) }));
}

await buildPage({
  configFile: false,
  root: join(root, "src/inspector/page"),
  logLevel: "warn",
  build: {
    outDir: join(dist, "inspector"),
    emptyOutDir: true,
    target: "es2023",
    modulePreload: false,
    rolldownOptions: {
      input: join(root, "src/inspector/page/main.tsx"),
      output: { entryFileNames: "page.js", assetFileNames: "page[extname]" },
    },
  },
});
copyFileSync(join(root, "src/inspector/page/index.html"), join(dist, "inspector/index.html"));
copyFileSync(join(root, "node_modules/rxjs/LICENSE.txt"), join(dist, "rxjs.LICENSE.txt"));
copyFileSync(join(root, "node_modules/preact/LICENSE"), join(dist, "inspector/preact.LICENSE.txt"));

for (const file of neededFrom([
  "index.d.ts",
  "testing/index.d.ts",
  "bench/index.d.ts",
  "adapters/otel/index.d.ts",
  "adapters/nats/index.d.ts",
  "adapters/postgres/index.d.ts",
])) {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  copyFileSync(join(declarations, file), join(dist, file));
}

/** The declarations that some import, themselves among them. */
function neededFrom(entries: readonly string[]): ReadonlySet<string> {
  const needed = new Set(entries);
  for (const file of needed) {
    for (const [, path = ""] of readFileSync(join(declarations, file), "utf8").matchAll(
      /\b(?:from|import)\b[\s(]*"(\.[^"]+)"/g,
    ))
      needed.add(normalize(join(dirname(file), path.replace(/\.[jt]s$/, ".d.ts"))));
  }
  return needed;
}
