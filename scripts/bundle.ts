// Writes the JavaScript of the package to `dist`: the entries, and what they share. The declarations beside them are the
// compiler's. docs/decisions/029-bundled-package.md says why the package is bundled.
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
  "dependencies" | "peerDependencies",
  Record<string, string>
>;

// The names of shared files change with their contents, so those of the build before would stay.
for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (/\.m?js(\.map)?$/.test(file)) rmSync(join(dist, file));
}

await build({
  absWorkingDir: root,
  entryPoints: {
    index: "src/index.ts",
    "testing/index": "src/testing/index.ts",
    "cli/main": "src/cli/main.ts",
    "thread-entry": "src/runtime/threads/thread-entry.ts", // threads load it, and the bootstrap, by their URLs
  },
  outdir: dist,
  tsconfig: "tsconfig.build.json",
  platform: "node",
  target: "node20",
  format: "esm",
  bundle: true,
  splitting: true,
  sourcemap: true,
  external: Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => name !== "rxjs"),
  alias: { rxjs: join(root, "node_modules/rxjs/dist/esm/index.js") },
  logLevel: "warning",
});
copyFileSync(join(root, "src/runtime/threads/thread-bootstrap.mjs"), join(dist, "thread-bootstrap.mjs"));
copyFileSync(join(root, "node_modules/rxjs/LICENSE.txt"), join(dist, "rxjs.LICENSE.txt"));
