/** The example's command, as a process of its own. Wants `npm run build` first. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "support-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

function start(...args: string[]) {
  const command = ["--import", "tsx", fileOf("examples/support/main.ts"), ...args];
  const env = { ...process.env, TSX_TSCONFIG_PATH: fileOf("tsconfig.build.json"), TMPDIR: folder };
  const child = spawn(process.execPath, command, { env, stdio: ["ignore", "pipe", "pipe"] });
  const end = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { child, end: end.then(([out, err, [code]]) => ({ out, err, code: code as number | null })) };
}

/** The journals that were left; tsx has a folder of its own there. */
const left = (): readonly string[] => readdirSync(folder).filter((name) => name.startsWith("support-"));

it("tells what happens, and goes on in a second process with what waited in the first", async () => {
  const { out, err, code } = await start("--answer", "no").end;
  expect({ err, code }).toEqual({ err: "", code: 0 });
  const [monday = "", tuesday = ""] = out.split("Tuesday.");
  expect(monday).toContain("ticket-4 waits for approval: Pay back 390.00 EUR for order-4?");
  expect(monday).toContain("ticket-5 failed: no mail reaches customer-5@example.invalid");
  expect(monday).toContain("ticket-6 failed: the model declined");
  expect(tuesday).toMatch(/ticket-4 is answered: .* we can't pay anything back/);
  expect(tuesday).toContain("order-5, a stool: paid back 0.00 EUR, then 30.00 EUR, then 0.00 EUR");
  expect(tuesday).not.toContain("order-4, ");
  expect(tuesday).toContain("5 letters for 7 tickets");
  expect(tuesday).toMatch(/status: 200: 5, .*429: \d.*500: \d/);
  expect(left()).toEqual([]);
});

it("ends by Ctrl-C in silence, and leaves nothing", async () => {
  const { child, end } = start();
  let heard = "";
  child.stdout.on("data", (part: Buffer) => {
    if (heard.includes("is about")) return;
    heard += String(part);
    if (heard.includes("is about")) child.kill("SIGINT");
  });
  const { err, code } = await end;
  expect({ err, code }).toEqual({ err: "", code: 130 });
  expect(left()).toEqual([]);
});

it("refuses options that don't exist, in one line", async () => {
  const { err, code } = await start("--answers").end;
  expect(code).toBe(2);
  expect(err).toMatch(/^Unknown option '--answers'.*\n$/);
});
