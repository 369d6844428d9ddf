// How the package's JavaScript is made of `src`. docs/decisions/029-bundled-package.md says why it is bundled.
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions } from "esbuild";
import { joinInto } from "./join-into.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
  "dependencies" | "peerDependencies",
  Record<string, string>
>;
const external = Object.keys({ ...dependencies, ...peerDependencies });

/** Writes the entries, and what they share, to `folder`; with the part of rxjs that they use, or with imports of rxjs. */
export async function bundleInto(folder: string, rxjs: "bundled" | "imported"): Promise<void> {
  const withRxjs: Pick<BuildOptions, "external" | "alias"> = {
    external: external.filter((name) => name !== "rxjs"),
    alias: { rxjs: join(root, "node_modules/rxjs/dist/esm/index.js") },
  };
  mkdirSync(folder, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      index: "src/index.ts",
      "testing/index": "src/testing/index.ts",
      "bench/index": "src/bench/index.ts",
      "adapters/otel/index": "src/adapters/otel/index.ts",
      "adapters/nats/index": "src/adapters/nats/index.ts",
      "adapters/postgres/index": "src/adapters/postgres/index.ts",
      "cli/main": "src/cli/main.ts",
      "cli/troupe-process": "src/cli/troupe-process.ts",
      "race-thread": "src/testing/race/race-thread.ts",
      "thread-entry": "src/runtime/threads/thread-entry.ts", // threads load it, and the bootstrap, by their URLs
    },
    outdir: folder,
    tsconfig: "tsconfig.build.json",
    platform: "node",
    target: "node20",
    format: "esm",
    bundle: true,
    splitting: true,
    sourcemap: true,
    metafile: true,
    logLevel: "warning",
    external,
    ...(rxjs === "bundled" ? withRxjs : {}),
  });
  await joinInto(join(folder, "core.js"), ["index.js", "thread-entry.js"], metafile, root);
  copyFileSync(join(root, "src/runtime/threads/thread-bootstrap.mjs"), join(folder, "thread-bootstrap.mjs"));
}
