/** The guide to race tests, as a new user goes through it: its files in a folder, its commands one after another, its test under Vitest. */

import { spawnSync } from "node:child_process";
import { copyFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linkPackages } from "../cli/package-links.ts";
import { temporaryFiles } from "../cli/temporary-files.ts";
import { fencesOf, readPage, root } from "./markdown.ts";

const { folder, write } = temporaryFiles();
linkPackages(folder);
symlinkSync(join(root, "node_modules/vitest"), join(folder, "node_modules/vitest"));
write("package.json", '{ "type": "module" }\n');

const guide = fencesOf(readPage("docs/your-first-race-test.md"));
for (const { language, file, code } of guide)
  if (language === "ts" && file?.includes("/") === false) writeFileSync(join(folder, file), `${code}\n`);
copyFileSync(join(root, "examples/race/failures.race.ts"), join(folder, "failures.race.ts"));

function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { readonly code: number | null; readonly output: string } {
  const { TROUPE_RACE_SEED: _seed, VITEST: _vitest, ...inherited } = process.env;
  const options = {
    cwd: folder,
    encoding: "utf8",
    env: { ...inherited, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
  } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { code: status, output: trimmed(stdout + stderr) };
}

const trimmed = (text: string): string => text.trimEnd().replaceAll(/[ \t]+$/gm, "");

/** The text itself, with `…` for anything on its line. */
function pattern(text: string): RegExp {
  const parts = trimmed(text)
    .split("…")
    .map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`);
}

/** Commands in the order of the guide, and what it says that they print. */
const shown = [guide, fencesOf(readPage("README.md"))]
  .flat()
  .filter(({ language }) => language === "console")
  .flatMap(({ code }) => code.split(/^\$ npx troupe /m).slice(1))
  .map((text) => {
    const [command = "", ...lines] = text.split("\n");
    return { command, prints: pattern(lines.join("\n")) };
  });

describe("the guide", () => {
  it.each(shown)("shows what this prints: $command", ({ command, prints }) => {
    expect(run([join(root, "dist/cli/main.js"), ...command.split(" ")]).output).toMatch(prints);
  });

  it("shows the commands of at least seven reports", () => {
    expect(shown.length).toBeGreaterThanOrEqual(7);
  });
});

describe("the guide's test, under Vitest", () => {
  write("vitest.config.mjs", "export default { test: { server: { deps: { external: [/dist/] } } } };\n");
  const test = (env?: NodeJS.ProcessEnv, name = "") =>
    run(
      [join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", folder, ...(name === "" ? [] : ["-t", name])],
      env,
    );

  it("fails with the whole report, which repeats this one test", () => {
    const { code, output } = test();
    expect(code).toBe(1);
    for (const line of [
      "the scenario failed with seed 1: Expected values to be strictly equal:",
      "300 !== 800",
      "What its shortest schedule does:",
      "step  ms  front, thread 1                back, thread 1",
      "loses to money/takings v1",
      "What raced: back read money/takings at version 0 in step 7",
      "Repeat it with TROUPE_RACE_SEED=1 npx vitest run -t 'the takings are what both tills took'.",
    ])
      expect(output).toContain(line);
    const replay = /TROUPE_RACE_REPLAY=(\S+)/.exec(output)?.[1];
    const again = test({ TROUPE_RACE_REPLAY: replay }, "the takings are what both tills took");
    expect(again.code).toBe(1);
    expect(again.output).toContain("the scenario failed on replay: Expected values to be strictly equal:");
    expect(again.output).toContain("What raced: back read money/takings at version 0 in step 7");
  });
});
