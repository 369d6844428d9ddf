/** The invariants' properties on sources of which one place is changed while they are loaded: `npm run test:mutations`. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { mutations } from "./mutations.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const mutation = mutations[Number(process.env["TROUPE_MUTATION"])];
if (mutation === undefined) throw new Error("TROUPE_MUTATION is the place of a mutation in mutations.ts");
const { file, from, to } = mutation;
const mutated = fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
if (readFileSync(mutated, "utf8").split(from).length !== 2) throw new Error(`${file} has "${from}" not exactly once`);

export default defineConfig({
  root,
  plugins: [
    {
      name: "mutation",
      enforce: "pre",
      transform: (code, id) => (id === mutated ? code.replace(from, () => to) : undefined),
    },
  ],
  resolve: { tsconfigPaths: true },
  test: {
    pool: "forks",
    include: ["test/invariants/*.test.ts"],
    testTimeout: 0,
    env: { TROUPE_LOG: "off", TROUPE_SCHEDULES: "1000" },
    bail: 1,
  },
});
