/**
 * What fails in one process fails in any other, by its seed and by its replay. `npm run test:replays` looks at 100 failures, 20 of each race;
 * it prints how many were repeated.
 */

import { execFile } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linkPackages } from "../../cli/package-links.ts";
import { temporaryFiles } from "../../cli/temporary-files.ts";
import { root } from "../../cli/troupe-processes.ts";

const { folder, write } = temporaryFiles();
linkPackages(folder);
write("package.json", '{ "type": "module" }\n');
copyFileSync(join(root, "examples/race/failures.race.ts"), join(folder, "failures.race.ts"));

const perRace = Number(process.env["TROUPE_REPLAYS"] ?? 1);
const few = ["order"];
const races = perRace > 1 ? ["takings", "audit", "swap", ...few] : few;

interface Failed {
  readonly seed: number;
  readonly replay: string;
  readonly code: string;
  readonly explained: readonly string[];
  readonly message: string;
}

/** The failure of a race in a process of its own. */
async function failureOf(race: string, ...args: readonly string[]): Promise<Failed> {
  const command = [join(root, "dist/cli/main.js"), "race", `failures.race.ts#${race}`, "--json", ...args];
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, command, { cwd: folder }, (_error, out, err) => resolve({ stdout: out, stderr: err }));
  });
  const failure = stdout === "" ? undefined : (JSON.parse(stdout) as { failure?: Failed }).failure;
  if (failure === undefined) throw new Error(`it should have failed: ${args.join(" ")}: ${stdout}${stderr}`);
  return failure;
}

describe.each(races)("the failures of a race: %s", (race) => {
  it("are the same in other processes, by their seeds and by their replays", async () => {
    let repeated = 0;
    for (let n = 0; n < perRace; n++) {
      const found = await failureOf(race, "--seed", String(1 + n * 1_000_003));
      const [bySeed, byReplay] = await Promise.all([
        failureOf(race, "--seed", String(found.seed), "--runs", "1"),
        failureOf(race, "--replay", found.replay),
      ]);
      expect(bySeed.message.split("\n")[0]).toBe(found.message.split("\n")[0]);
      expect(byReplay).toMatchObject({ code: found.code, explained: found.explained, replay: found.replay });
      expect(byReplay.message).not.toContain("not quite");
      repeated++;
    }
    if (perRace > 1)
      console.log(`${race}: ${repeated} of ${perRace} failures repeated in fresh processes, by seed and by replay`);
    expect(repeated).toBe(perRace);
  });
});

it("says which choice of a replay isn't there any more", async () => {
  const { replay } = await failureOf("swap", "--seed", "1");
  const { message } = await failureOf("cache", "--replay", replay);
  expect(message).toMatch(/choice 1 among steps is the first that differs: choice 1 is between \w+, \w+/);
});
