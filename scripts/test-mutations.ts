/**
 * Breaks Troupe in one place after another, and looks whether the property that stands on it fails within 1,000 schedules:
 * `npm run test:mutations`, with numbers of mutations for those alone. Ends with exit code 1 if one isn't found.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { mutations } from "../test/mutations/mutations.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const meant = process.argv.slice(2).map(Number);

for (const [index, { what, test, property }] of mutations.entries()) {
  if (meant.length > 0 && !meant.includes(index + 1)) continue;
  const start = performance.now();
  const flags = ["run", "--config", "test/mutations/vitest.config.ts", "--testNamePattern", ` ${property}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, ...flags, `test/invariants/${test}`], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, TROUPE_MUTATION: String(index), NO_COLOR: "1" },
    maxBuffer: 2 ** 28,
  });
  const output = `${stdout}${stderr}`;
  const after = /Property failed after (\d+) tests/.exec(output)?.[1];
  const seconds = Math.round((performance.now() - start) / 1_000);
  const number = `${index + 1}.`.padStart(3);
  if (status !== 0 && after !== undefined) {
    console.log(`${number} ✓ ${what}: found after ${after} schedules (${seconds} s)`);
    continue;
  }
  console.log(`${number} ✗ ${what}: ${status === 0 ? "not found" : `the test broke\n${output}`} (${seconds} s)`);
  process.exitCode = 1;
}
