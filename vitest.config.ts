import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 120_000,
    env: { TROUPE_LOG: "off" }, // most systems of the tests are there to fail
    reporters: ["default", "./scripts/closing-line.ts"],
    // `npm run typecheck` checks the type tests along with everything else: tsc need not run twice. `npm run test:types` runs them alone.
    typecheck: {
      include: ["test/**/*.test-d.ts"],
      tsconfig: "./tsconfig.json",
      ignoreSourceErrors: true,
    },
  },
});
