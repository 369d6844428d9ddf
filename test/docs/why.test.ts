/** "Why did this run do that?": the command that the page shows says what it shows, but for how long things took. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { troupeProcesses } from "../cli/troupe-processes.ts";
import { fencesOf, readPage, root } from "./markdown.ts";

const page = fencesOf(readPage("docs/why-did-this-run-do-that.md"));
// Inside the project, where "troupe" is the package itself.
const folder = mkdtempSync(join(root, "test/docs/.why-"));
const { troupe } = troupeProcesses(folder);

beforeAll(() => {
  for (const { file, code } of page)
    if (file?.endsWith(".ts") === true)
      writeFileSync(join(folder, file.replace(/ts$/, "js")), transformSync(code, { loader: "ts", format: "esm" }).code);
  const { status, stderr } = spawnSync(process.execPath, ["main.js"], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Without times, bars, which stand for them, and what waited for its start, which a busy machine decides. */
const timeless = (text: string): string[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .replaceAll(/[█·]+/g, "")
        .replaceAll(/[\d.]+ m?s\b/g, "T")
        .replaceAll(/ +/g, " ")
        .trimEnd(),
    );

it("goes from a wrong rating to the read that was too old, in one command", async () => {
  const shown = page.find(({ code }) => code.startsWith("invoke_workflow loan"));
  const command = page.find(({ code }) => code.startsWith("troupe trace"))?.code.split(" ") ?? [];
  const { code, stdout, stderr } = await troupe(...command.slice(1));
  expect([code, stderr]).toEqual([0, ""]);
  expect(timeless(stdout)).toEqual(timeless(shown?.code ?? ""));
});

it("does not accuse the run whose read was right", async () => {
  const { stdout } = await troupe("trace", "loan-1", "--spans", "traces.jsonl");
  expect(stdout).toContain("read version 1 of applicant/ada");
  expect(stdout).not.toContain("too old");
});
