/** The example's command, as a process of its own. Wants `npm run build` first. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { formatCsvApplications } from "../../../examples/credit/csv-applications.ts";
import { generateApplications } from "../../../examples/credit/generate-applications.ts";

const folder = mkdtempSync(join(tmpdir(), "credit-"));
const input = join(folder, "applications.csv");
writeFileSync(input, formatCsvApplications(generateApplications({ seed: 7, count: 20 })));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const main = fileURLToPath(new URL("../../../examples/credit/main.ts", import.meta.url));
  const tsconfig = fileURLToPath(new URL("../../../tsconfig.build.json", import.meta.url));
  const command = ["--import", "tsx", main, "--input", input, "--no-delay", ...args];
  const env = { ...process.env, TSX_TSCONFIG_PATH: tsconfig };
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", env });
  return { status, out: stdout, err: stderr };
}

it("decides each mode without and in chaos, and tells what was injected and what it cost", () => {
  const { status, out, err } = run("--modes", "orchestrator", "--chaos-rates", "kill=0,stall=0,hang=0,throw=0.1");
  expect(status).toBe(0);
  const told = err.split("\n").filter((line) => line !== "");
  expect(told.filter((line) => !/^orchestrator .*%$/.test(line))).toEqual([]); // only progress, should it take long
  const lines = out.split("\n");
  const starts = ["mode", "---", "orchestrator ", "orchestrator, chaos", "", "chaos at kill=0,stall=0,throw=0.1", ""];
  starts.push("injected", "---", "orchestrator", "", "cost", "---", "orchestrator");
  for (const [index, start] of starts.entries()) expect(lines[index]?.startsWith(start), lines[index]).toBe(true);
  expect(lines[3]).toMatch(/^orchestrator, chaos +20 +0 \(0.0 %\)/);
});
