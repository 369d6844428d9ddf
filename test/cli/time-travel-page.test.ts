/** What docs/time-travel.md shows of the command line is what happens, one command after the other. */

import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fencesOf, readPage } from "../docs/markdown.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { root, troupeProcesses } from "./troupe-processes.ts";

const fences = fencesOf(readPage("docs/time-travel.md"));
const { folder, write } = temporaryFiles();
const { troupe } = troupeProcesses(folder);

/** A snippet of the page, which happens to be JavaScript but for the names of files and what Node.js 20 can't parse. */
function asJavaScript(name: string): string {
  const code = fences.find(({ file }) => file === name)?.code ?? "";
  return code.replaceAll(".ts", ".mjs").replace("await using system", "const system");
}

it("prints what the page shows", async () => {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/troupe"));
  symlinkSync(join(root, "node_modules/valibot"), join(folder, "node_modules/valibot"));
  write("applicant.mjs", asJavaScript("applicant.ts"));
  write("scores.mjs", `${asJavaScript("scores.ts")}\nawait system.close();\n`);
  const made = spawnSync(process.execPath, ["scores.mjs"], { cwd: folder, encoding: "utf8" });
  expect(made.stderr).toBe("");
  const shown = fences
    .filter(({ language }) => language === "console")
    .flatMap(({ code }) => code.split(/^\$ troupe /m).slice(1));
  expect(shown.length).toBeGreaterThan(10);
  for (const each of shown) {
    const [command = "", ...lines] = each.trimEnd().split("\n");
    const { stdout, stderr } = await troupe(...command.split(" "));
    expect((stdout + stderr).trimEnd(), command).toMatch(pattern(lines.join("\n")));
  }
});

/** The text itself, with `…` for anything. */
function pattern(text: string): RegExp {
  const parts = text.split("…").map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
