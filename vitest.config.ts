import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { compiled, whatIsCompiled } from "./test/compile.ts";
import { ThreadsFirst } from "./test/sequencer.ts";

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const onThreads = "test/**/*.threads.test.ts";
/** They replace modules by others, which vite does while it loads them. */
const mutations = "test/**/*.mutation.test.ts";
/** Which tests a change concerns is found by what the sources import, and a watch is of the sources: vite has to load them. */
const isOfSources = !process.argv.includes("run") || process.argv.some((argument) => argument.startsWith("--changed"));

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 4, // on two cores: the tests of threads and processes wait for a good part of their time
    testTimeout: 240_000,
    hookTimeout: 120_000,
    env: { TROUPE_LOG: "off" }, // most systems of the tests are there to fail
    globalSetup: "./test/postgres/host.ts",
    sequence: { sequencer: ThreadsFirst },
    reporters: ["default", "./scripts/closing-line.ts"],
    projects: [
      {
        extends: true,
        plugins: isOfSources ? [] : [compiled("sources")],
        resolve: { tsconfigPaths: true },
        test: {
          name: "sources",
          include: ["test/**/*.test.ts"],
          exclude: [onThreads, mutations],
          server: { deps: { external: [whatIsCompiled] } },
          isolate: false, // a process for each file costs more than most files do
        },
      },
      {
        extends: true,
        resolve: { tsconfigPaths: true },
        test: { name: "mutations", include: [mutations], isolate: false },
      },
      // What threads do is tested on the built package, as users have it: a thread starts in a tenth of the processor time
      // that it takes to compile the sources.
      {
        extends: true,
        plugins: [compiled("built")],
        resolve: {
          alias: [
            { find: /^troupe$/, replacement: fileOf("dist/index.js") },
            { find: /^troupe\/testing$/, replacement: fileOf("dist/testing/index.js") },
            { find: /^troupe\/bench$/, replacement: fileOf("dist/bench/index.js") },
            { find: /^troupe\/otel$/, replacement: fileOf("dist/adapters/otel/index.js") },
            { find: /^troupe\/nats$/, replacement: fileOf("dist/adapters/nats/index.js") },
            { find: /^troupe\/postgres$/, replacement: fileOf("dist/adapters/postgres/index.js") },
          ],
        },
        test: {
          name: "threads",
          include: [onThreads],
          server: { deps: { external: [/\/dist\//, whatIsCompiled] } },
          isolate: false, // as above: each file closes the systems that it makes
        },
      },
    ],
  },
});
