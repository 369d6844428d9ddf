// Proves the package on the current LTS of Node, which runs TypeScript by itself: the tests, then the example without tsx.
// That Node comes from npm into a temporary folder, so the project does not depend on it.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const lts = { name: `node-${process.platform}-${process.arch}`, version: "24" };
const folder = mkdtempSync(join(tmpdir(), "troupe-lts-"));
const bin = join(folder, "node_modules", lts.name, "bin");
const env = { ...process.env, PATH: [bin, process.env["PATH"]].join(delimiter) };
const run = (command: string, ...args: string[]): unknown => execFileSync(command, args, { stdio: "inherit", env });

chmodSync(folder, 0o755); // a test runs it as another user

try {
  run("npm", "install", "--no-save", "--prefix", folder, `${lts.name}@${lts.version}`);
  run(join(bin, "node"), "--version");
  run("node", "node_modules/vitest/vitest.mjs", "run");
  run("node", "examples/credit/main.ts", "--json");
} finally {
  rmSync(folder, { recursive: true });
}
