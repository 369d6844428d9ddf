/** What docs/command-line.md shows is what happens. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commandLine } from "../../src/cli/command-line.ts";
import { commands } from "../../src/cli/commands.ts";
import { fakePorts } from "./fake-ports.ts";
import { fakeTerminal } from "./fake-terminal.ts";
import { shownCommands } from "./shown-commands.ts";
import { linkPackages } from "./package-links.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { root, troupeProcesses } from "./troupe-processes.ts";

const page = readFileSync(join(root, "docs/command-line.md"), "utf8");
const { folder, write } = temporaryFiles();
const { troupe } = troupeProcesses(folder);

function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, code = ""]) => code);
}

/** The only block of a language on the page. */
function block(language: string): string {
  const [only = "", ...others] = blocks(language);
  expect(others).toEqual([]);
  return only;
}

linkPackages(folder);
write("loans.mjs", block("js"));
write("loans.csv", block("csv"));

it("prints what the page shows", async () => {
  const shown = shownCommands(page);
  expect(shown.length).toBeGreaterThan(5);
  for (const { args, output } of shown) {
    const { stdout, stderr } = await troupe(...args);
    expect((stdout + stderr).trimEnd(), args.join(" ")).toMatch(output);
  }
});

it("prints the JSON that the page shows", async () => {
  const { code, stdout } = await troupe("run", "loans.mjs", "--input", "loans.csv", "--json");
  expect(code).toBe(1);
  for (const line of block("json").trimEnd().split("\n")) expect(stdout.split("\n")).toContain(line);
});

it("has the options that the command's help has", async () => {
  const { stdout } = await troupe("run", "--help");
  const optionsOf = (text: string) => [...new Set(text.match(/--[a-z]+/g))].toSorted();
  const usage = /^```\n(.*?)^```/ms.exec(page)?.[1] ?? "";
  expect(optionsOf(usage.replace("troupe --version", ""))).toEqual(optionsOf(stdout));
});

it("has the options of the commands that work on a journal", async () => {
  const usages = blocks("sh").flatMap((code) => code.trimEnd().split(/\n(?=troupe )/));
  expect(usages.map((usage) => usage.split(/ +/)[1] ?? "").toSorted()).toEqual(
    commands.flatMap(({ name }) => (name === "run" ? [] : [name])).toSorted(),
  );
  const everywhere = new Set(["--help", "--json", "--verbose"]);
  for (const usage of usages) {
    const [, name = ""] = usage.split(/ +/);
    const terminal = fakeTerminal(folder); // a process for each would only start
    expect(await commandLine([name, "--help"], terminal, fakePorts())).toBe(0);
    const stdout = terminal.printed.join("\n");
    const optionsOf = (text: string) =>
      [...new Set(text.match(/--[a-z-]+/g))].filter((option) => !everywhere.has(option)).toSorted();
    expect(optionsOf(usage), name).toEqual(optionsOf(stdout));
  }
});
