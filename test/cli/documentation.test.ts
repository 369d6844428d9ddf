/** What docs/command-line.md shows is what happens. */

import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFiles } from "./temporary-files.ts";
import { root, troupeProcesses } from "./troupe-processes.ts";

const page = readFileSync(join(root, "docs/command-line.md"), "utf8");
const { folder, write } = temporaryFiles();
const { troupe } = troupeProcesses(folder);

/** The only block of a language on the page. */
function block(language: string): string {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? "";
}

mkdirSync(join(folder, "node_modules"));
for (const name of ["troupe", "valibot"]) {
  symlinkSync(name === "troupe" ? root : join(root, "node_modules", name), join(folder, "node_modules", name));
}
write("loans.mjs", block("js"));
write("loans.csv", block("csv"));

it("prints what the page shows", async () => {
  const [command = "", ...lines] = block("console").trimEnd().split("\n");
  const { code, stdout, stderr } = await troupe(...command.replace("$ troupe ", "").split(" "));
  expect(stdout + stderr).toBe(`${lines.join("\n")}\n`);
  expect(code).toBe(1);
});

it("prints the JSON that the page shows", async () => {
  const { stdout } = await troupe("run", "loans.mjs", "--input", "loans.csv", "--json");
  for (const line of block("json").trimEnd().split("\n")) expect(stdout.split("\n")).toContain(line);
});

it("has the options that the command's help has", async () => {
  const { stdout } = await troupe("run", "--help");
  const optionsOf = (text: string) => [...new Set(text.match(/--[a-z]+/g))].toSorted();
  const usage = /^```\n(.*?)^```/ms.exec(page)?.[1] ?? "";
  expect(optionsOf(usage.replace("troupe --version", ""))).toEqual(optionsOf(stdout));
});

it("has the options of the commands that look into a journal", async () => {
  const usages = block("sh")
    .trimEnd()
    .split(/\n(?=troupe )/);
  expect(usages.length).toBeGreaterThan(5);
  const everywhere = new Set(["--help", "--json"]);
  for (const usage of usages) {
    const [, name = ""] = usage.split(/ +/);
    const { stdout } = await troupe(name, "--help");
    const optionsOf = (text: string) =>
      [...new Set(text.match(/--[a-z-]+/g))].filter((option) => !everywhere.has(option)).toSorted();
    expect(optionsOf(usage), name).toEqual(optionsOf(stdout));
  }
});
