/**
 * What a further cell takes: the resident memory of a process that is idle and has so many cells. `npx tsx --tsconfig tsconfig.build.json
 * bench/cells-memory.ts 1 7 13 25`, after `npm run build`. Wants PostgreSQL, and Linux.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { newServer } from "../examples/credit/cells/postgres-server.ts";

const member = fileURLToPath(new URL("../examples/credit/cells/member.ts", import.meta.url));
const idleFor = 5_000;
const given = process.argv.slice(2).map(Number);
const counts = given.length > 0 ? given : [1, 7, 13, 25];

const server = await newServer();
process.once("exit", () => server.remove());
const measured: { readonly cells: number; readonly mebibytes: number }[] = [];
for (const cells of counts) {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ["--import", "tsx", member, server.url, `cells_${cells}`, String(cells), "10000", "off"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let taken = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const { type } = JSON.parse(line) as { readonly type: string };
    if (type === "cell-failed" || type === "cell-lost") console.log(line);
    if (type === "cell-taken" && ++taken === cells) break;
  }
  const seconds = (performance.now() - began) / 1_000;
  await new Promise((resolve) => void setTimeout(resolve, idleFor));
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  const mebibytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
  measured.push({ cells, mebibytes });
  console.log(`${cells} cells: ${mebibytes.toFixed(1)} MiB; all were taken ${seconds.toFixed(1)} s after the start`);
  child.kill("SIGKILL");
  await once(child, "exit");
}
const [first, last] = [measured[0], measured.at(-1)];
if (first !== undefined && last !== undefined && last.cells > first.cells)
  console.log(
    `a further cell: ${((last.mebibytes - first.mebibytes) / (last.cells - first.cells)).toFixed(2)} MiB, from ${first.cells} to ${last.cells}`,
  );
