/** What a search in several threads finds doesn't depend on how many there are. */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { raceTest } from "troupe/testing";
import { describe, expect, it } from "vitest";
import { linkPackages } from "../../cli/package-links.ts";
import { temporaryFiles } from "../../cli/temporary-files.ts";
import { root, troupeProcesses } from "../../cli/troupe-processes.ts";

const { folder, write } = temporaryFiles();
linkPackages(folder);
const { start } = troupeProcesses(folder);

/** Fails when three of five tasks, of which each takes three steps, come in one order. */
write(
  "orders.race.mjs",
  `import { raceTest } from "troupe/testing";
const names = ["a", "b", "c", "d", "e"];
const tasks = Object.fromEntries(names.map((name) => [name, async ({ order, pause }) => {
  for (let i = 0; i < 3; i++) await pause();
  order.push(name);
}]));
const check = ({ order }) => {
  if (order.join("").startsWith("ecad")) throw new Error("the order is " + order.join(""));
};
export const rare = raceTest("a rare order", { shared: () => ({ order: [], pause: async () => {} }), tasks, check });
export const never = raceTest("no order", { shared: () => ({ order: [], pause: async () => {} }), tasks }, { runs: 210 });
export const always = raceTest("any order", { shared: () => ({}), tasks: { a: () => { throw new Error("at once"); } } });
`,
);

write(
  "endless.race.mjs",
  `let isSaid = false;
const shared = () => {
  if (!isSaid) console.error("playing");
  isSaid = true;
  return {};
};
export const endless = { scenario: { shared, tasks: { a: () => undefined } }, options: { runs: 1e12 } };
`,
);

function race(...args: readonly string[]): { readonly code: number | null; readonly result: unknown } {
  const command = [join(root, "dist/cli/main.js"), "race", ...args, "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return { code: status, result: JSON.parse(stdout) as unknown };
}

describe("a search that is interrupted", () => {
  it.each([[[]], [["--jobs", "2"]]])("prints what it found until then, with exit code 130: %j", async (args) => {
    const { child, exit } = start("race", "endless.race.mjs", ...args);
    const output = text(child.stdout);
    await once(child.stderr, "data"); // a schedule is played
    child.kill("SIGINT");
    expect(await exit).toBe(130);
    expect(await output).toMatch(/^interrupted endless: held so far, \d+ schedules? tried, \d of them different\n$/);
  });
});

describe("the page of a failure", () => {
  const searched = (name: string, page: string) =>
    spawnSync(process.execPath, [join(root, "dist/cli/main.js"), "race", `orders.race.mjs#${name}`, "--html", page], {
      cwd: folder,
      encoding: "utf8",
    });

  it("is one file with all of its report in it", () => {
    const { status, stderr } = searched("always", "failure.html");
    expect({ status, stderr }).toEqual({ status: 1, stderr: "failure.html: any order, to be stepped through\n" });
    const page = readFileSync(join(folder, "failure.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain("any order");
    expect(page).toContain("at once");
    expect(page).not.toMatch(/<(?:script|link)[^>]* (?:src|href)="(?!data:)/);
  });

  it("is not written where nothing failed, or where there is no such folder", () => {
    expect(searched("never", "none.html").stderr).toBe("none.html is not written: no race failed\n");
    expect(existsSync(join(folder, "none.html"))).toBe(false);
    const { status, stderr } = searched("always", "nowhere/failure.html");
    expect(status).toBe(1);
    expect(stderr).toContain("nowhere/failure.html: can't be written");
  });
});

describe("a search in several threads", () => {
  it.each([
    ["a rare failure", "rare", ["--seed", "1", "--runs", "3000"], 1],
    ["a failure of all", "always", ["--seed", "7"], 1],
    ["no failure", "never", ["--seed", "5"], 0],
  ])("finds the same as one thread: %s", (_what, name, args, exitCode) => {
    const alone = race(`orders.race.mjs#${name}`, ...args);
    expect(alone.code).toBe(exitCode);
    expect(race(`orders.race.mjs#${name}`, ...args, "--jobs", "3")).toEqual(alone);
  });

  it("has a race test play a seed that failed once more, alone", async () => {
    write(
      "leaking.race.mjs",
      `let runs = 0;
const a = () => {
  if (++runs > 3) throw new Error("too many runs");
};
export const leaking = { scenario: { shared: () => ({}), tasks: { a } } };
`,
    );
    const module = pathToFileURL(join(folder, "leaking.race.mjs"));
    const made: (() => Promise<void>)[] = [];
    const a = (): void => {
      throw new Error("too many runs"); // as in a runner's thread that has played others
    };
    const options = { test: (_name: string, run: () => Promise<void>) => void made.push(run), seed: 1 };
    raceTest(
      "leaking",
      { shared: () => ({}), tasks: { a } },
      { ...options, jobs: { count: 1, module, name: "leaking" } },
    );
    await expect(made[0]?.()).rejects.toMatchObject({
      code: "not-repeatable",
      message: expect.stringMatching(
        /with seed 4 after 3 other runs: too many runs\nRun alone, in a fresh thread, it holds/,
      ) as string,
    });
  });

  it("is there for a race test, too", async () => {
    const module = pathToFileURL(join(folder, "orders.race.mjs"));
    const made: (() => Promise<void>)[] = [];
    const test = (_name: string, run: () => Promise<void>) => void made.push(run);
    // the same race, as the module of the threads has it
    const shared = () => ({ order: [] as string[], pause: async () => {} });
    const tasks = {};
    raceTest("any order", { shared, tasks }, { test, seed: 1, jobs: { count: 2, module, name: "never" } });
    raceTest("no jobs", { shared, tasks }, { test, jobs: { count: 0, module, name: "never" } });
    raceTest("no such race", { shared, tasks }, { test, jobs: { count: 2, module, name: "nothing" } });
    await expect(made[0]?.()).resolves.toBeUndefined();
    await expect(made[1]?.()).rejects.toThrow("jobs: count is a whole number from 1, not 0");
    await expect(made[2]?.()).rejects.toThrow('its export "nothing" is no race; its races are always, never, rare');
  });
});
