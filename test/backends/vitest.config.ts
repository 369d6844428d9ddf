/** Tests against backends of traces, which they install and start: not part of `npm test`. */

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/backends/*.backend.ts"],
    testTimeout: 1_800_000,
    hookTimeout: 3_600_000,
    fileParallelism: false,
    reporters: ["default", "./scripts/closing-line.ts"],
  },
});
