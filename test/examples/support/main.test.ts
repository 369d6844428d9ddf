/** The example's command, as a process of its own. Wants `npm run build` first. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtModule } from "../../compiled-modules.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "support-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const main = builtModule("examples/support/main.ts");
const fileOf = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

function start(journal: string, ...args: string[]) {
  const env = { ...process.env, SUPPORT_JOURNAL: join(folder, journal) };
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const end = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { child, end: end.then(([out, err, [code, signal]]) => ({ out, err, end: (code ?? signal) as unknown })) };
}

it("answers tickets, and goes on in a second process with what waited in the first", async () => {
  const first = await start("approved").end;
  expect(first).toMatchObject({ err: "", end: 0 });
  expect(first.out).toContain("ticket-1 has its letter: Thank you for writing to us. 49.00 EUR are paid back.");
  expect(first.out).toContain("ticket-4 waits for a person: Pay back 390.00 EUR for order-4?");
  expect(first.out).toContain("ticket-5: no mail reaches customer-5@example.invalid");
  expect(first.out).toContain("ticket-6: the model declined: it won't ignore its instructions");
  expect(first.out).toMatch(/ticket-[78]: .*the agent model may use 1000 tokens in \d+ ms for the tenant watches/);
  const second = await start("approved", "--answer", "no").end;
  expect(second).toMatchObject({ err: "", end: 0 });
  expect(second.out).toContain("ticket-4 asks: Pay back 390.00 EUR for order-4? The lead says no.");
  expect(second.out).toMatch(/ticket-4 has its letter: .* 0.00 EUR are paid back. Sorry that you had to wait./);
  expect(second.out).not.toContain("waits for a person");
});

it("is shut down by Ctrl-C in silence, and goes on where it was", async () => {
  const { child, end } = start("interrupted");
  child.stdout.once("data", () => child.kill("SIGINT"));
  expect(await end).toMatchObject({ err: "", end: "SIGINT" });
  const { out } = await start("interrupted").end;
  expect(out).toContain("ticket-1 has its letter");
  expect(out).toContain("ticket-4 waits for a person");
});

it("refuses an answer that is none", async () => {
  const { err, end } = await start("refused", "--answer", "maybe").end;
  expect(end).toBe(1);
  expect(err).toContain("--answer is yes or no, not maybe");
});

it("has at most 250 lines of code, without what stands in for the model", () => {
  const examples = fileOf("examples/support");
  const modules = readdirSync(examples).filter((name) => name.endsWith(".ts") && name !== "model-server.ts");
  const lines = modules.flatMap((name) => readFileSync(join(examples, name), "utf8").split("\n"));
  const code = lines.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line));
  expect(code.length).toBeGreaterThan(100);
  expect(code.length).toBeLessThanOrEqual(250);
});
