// Writes the package to `dist`: the JavaScript of the entries and of what they share, and of the compiler's declarations those that
// the public ones need. docs/decisions/029-bundled-package.md says why the package is bundled.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
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
copyFileSync(join(root, "node_modules/rxjs/LICENSE.txt"), join(dist, "rxjs.LICENSE.txt"));

for (const file of neededFrom(["index.d.ts", "testing/index.d.ts", "adapters/otel/index.d.ts"])) {
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
