/** What docs/time-travel.md shows of the command line is what happens, one command after the other. */

import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { fencesOf, readPage } from "../docs/markdown.ts";
import { shownCommands } from "./shown-commands.ts";
import { linkPackages } from "./package-links.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { troupeProcesses } from "./troupe-processes.ts";

const page = readPage("docs/time-travel.md");
const fences = fencesOf(page);
const { folder, write } = temporaryFiles();
const { troupe } = troupeProcesses(folder);

/** A snippet of the page, which happens to be JavaScript but for the names of files and what Node.js 20 can't parse. */
function asJavaScript(name: string): string {
  const code = fences.find(({ file }) => file === name)?.code ?? "";
  return code.replaceAll(".ts", ".mjs").replace("await using system", "const system");
}

it("prints what the page shows", async () => {
  linkPackages(folder);
  write("applicant.mjs", asJavaScript("applicant.ts"));
  write("scores.mjs", `${asJavaScript("scores.ts")}\nawait system.close();\n`);
  const made = spawnSync(process.execPath, ["scores.mjs"], { cwd: folder, encoding: "utf8" });
  expect(made.stderr).toBe("");
  const shown = shownCommands(page);
  expect(shown.length).toBeGreaterThan(10);
  for (const { args, output } of shown) {
    const { stdout, stderr } = await troupe(...args);
    expect((stdout + stderr).trimEnd(), args.join(" ")).toMatch(output);
  }
});
