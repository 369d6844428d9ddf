/** Batches that are interrupted and gone on with, and what their agents see: the built command, real threads, a journal on disk. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { caseFolders } from "./case-folders.ts";
import { linkPackages } from "./package-links.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { troupeProcesses } from "./troupe-processes.ts";

const { folder } = temporaryFiles();
const { start, startWith, troupe } = troupeProcesses(folder);

linkPackages(folder);

const here = caseFolders(folder, "errands.mjs", "vault.mjs");
const { at } = here;

describe("a batch that was interrupted", () => {
  interface Errand {
    readonly holdAt?: string;
    readonly fails?: readonly string[];
  }
  const batch = (...errands: readonly Errand[]): readonly string[] => {
    const lines = errands.map((errand) => `${JSON.stringify({ folder: at(""), ...errand })}\n`);
    writeFileSync(at("in.jsonl"), lines.join(""));
    const input = ["--input", join(here.place, "in.jsonl"), "--id", "day", "--journal", join(here.place, "state")];
    return ["run", join(here.place, "errands.mjs"), ...input, "--threads", "1"];
  };
  const begun = (): readonly string[] => readFileSync(at("log"), "utf8").trim().split("\n");

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGKILL", "SIGKILL"],
  ] as const)(
    "by %s goes on: what ended isn't run again, what was left goes on, all others start",
    async (signal, code) => {
      // line 3 holds, and 64 runs are in flight at a time
      const errands = [{}, { fails: ["buy"] }, { holdAt: "carry" }, ...Array.from({ length: 70 }, () => ({}))];
      const args = batch(...errands);
      const { child, exit } = start(...args);
      const stdout = text(child.stdout);
      const stderr = text(child.stderr);
      await said(child, "line 2: error");
      child.kill(signal);
      expect(await exit).toBe(code);
      const before = (await stdout).trim().split("\n");
      expect(before.map((line) => line.slice(0, 10))).toEqual(["line 1: ok", "line 2: er"]);
      if (signal !== "SIGKILL")
        expect(await stderr).toMatch(
          /^interrupted: what has not ended stays as it is, and --continue, or troupe resume, goes on with it\n73 inputs: 1 ok, 1 failed, 71 not finished\n$/,
        );
      const again = await troupe(...args);
      expect(again.stdout).toContain("line 1: error there is a run day-1 already");

      writeFileSync(at("open"), "");
      const continued = await troupe(...args, "--continue");
      expect(continued.code).toBe(1);
      const lines = continued.stdout.trim().split("\n");
      expect(lines.slice(0, 2)).toEqual(before);
      expect(lines.map((line) => line.split(" ", 3).join(" "))).toEqual(
        errands.map((_, index) => `line ${index + 1}: ${index === 1 ? "error" : "ok"}`),
      );
      expect(continued.stderr).toMatch(/^73 inputs: 72 ok, 1 failed; \d+ had ended before\n$/);
      for (const what of ["buy day-1", "buy day-2", "buy day-3", "pay day-1"])
        expect(
          begun().filter((line) => line === what),
          what,
        ).toHaveLength(1);
    },
  );

  it("takes no run for that of another input, or of another workflow", async () => {
    expect(await troupe(...batch({}, {}))).toMatchObject({ code: 0 });
    const { code, stdout } = await troupe(...batch({}, { holdAt: "undo-buy" }, {}), "--continue");
    const lines = stdout.trim().split("\n");
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/^line 1: ok/);
    expect(lines[1]).toMatch(/^line 2: error .*in\.jsonl:2: the run day-2 had another input: /);
    expect(lines[2]).toMatch(/^line 3: ok/);
    const [, , ...options] = batch({});
    const other = await troupe("run", join(here.place, "vault.mjs"), ...options, "--continue");
    expect(other.stdout).toMatch(/^line 1: error .*the run day-1 is one of errands@1\.0\.0: /);
  });

  it.each([
    ["--id", "day"],
    ["--journal", "state"],
  ])("is not found by %s alone", async (...given) => {
    writeFileSync(at("in.jsonl"), "{}\n");
    const args = [
      "run",
      join(here.place, "errands.mjs"),
      "--input",
      join(here.place, "in.jsonl"),
      ...given,
      "--continue",
    ];
    expect(await troupe(...args)).toEqual({
      code: 2,
      stdout: "",
      stderr: "troupe: run: --continue needs the --journal DIR and the --id NAME of the batch that was interrupted\n",
    });
  });

  it("is not made up where there is none", async () => {
    const [command = "", ...rest] = batch({});
    const { code, stderr } = await troupe(command, ...rest, "--continue");
    expect({ code, exists: existsSync(at("state")) }).toEqual({ code: 1, exists: false });
    expect(stderr).toMatch(/^troupe: There is no journal in /);
  });
});

describe("the environment of agents", () => {
  const vault = (...args: string[]) => {
    writeFileSync(at("in.jsonl"), `${JSON.stringify({ variable: "VAULT_KEY" })}\n`);
    const command = [
      "run",
      join(here.place, "vault.mjs"),
      "--input",
      join(here.place, "in.jsonl"),
      "--threads",
      "1",
      ...args,
    ];
    const { child, exit } = startWith({ env: { ...process.env, VAULT_KEY: "s3cret" } }, ...command);
    return Promise.all([text(child.stdout), text(child.stderr), exit]);
  };

  it("has the variables that are named, and no others", async () => {
    expect(await vault()).toEqual(['line 1: ok ["unset",0]\n', "1 input: 1 ok, 0 failed\n", 0]);
    expect(await vault("--env", "VAULT_KEY")).toEqual(['line 1: ok ["s3cret",1]\n', "1 input: 1 ok, 0 failed\n", 0]);
  });

  it("is told from a variable that isn't set, and from a value", async () => {
    expect(await vault("--env", "VAULT_KEY", "--env", "VAULT_KEYS")).toEqual([
      "",
      'troupe: --env "VAULT_KEYS": there is no such environment variable; set it, or leave the option out\n',
      1,
    ]);
    expect(await vault("--env", "VAULT_KEY=other")).toEqual([
      "",
      "troupe: run: --env takes the name of a variable alone: --env VAULT_KEY\n",
      2,
    ]);
  });

  it("is what a compensation needs that the command line begins", async () => {
    const journal = ["--journal", join(here.place, "state")];
    writeFileSync(at("in.jsonl"), `${JSON.stringify({ variable: "VAULT_KEY", holds: true })}\n`);
    const command = [
      "run",
      join(here.place, "vault.mjs"),
      "--input",
      join(here.place, "in.jsonl"),
      "--id",
      "v",
      ...journal,
    ];
    const env = { env: { ...process.env, VAULT_KEY: "s3cret" } };
    const { child, exit } = startWith(env, ...command, "--env", "VAULT_KEY");
    await said(child, "holding");
    child.kill("SIGINT");
    expect(await exit).toBe(130);
    const cancelling = startWith(env, "cancel", ...journal, "v-1", "--env", "VAULT_KEY");
    const output = text(cancelling.child.stdout);
    expect([await cancelling.exit, await output]).toEqual([0, "v-1: cancelled\n"]);
  });
});

describe("a module that prepares the system", () => {
  const prepared = async (...args: string[]) => {
    writeFileSync(at("in.jsonl"), `${JSON.stringify({ variable: "x" })}\n`);
    const { code, stdout, stderr } = await troupe(
      ...["run", join(here.place, "vault.mjs"), "--input", join(here.place, "in.jsonl"), "--threads", "1", ...args],
    );
    return [code, stdout + stderr];
  };

  it("gets the system before the runs begin", async () => {
    writeFileSync(
      at("desk.mjs"),
      `import { vault } from "./vault.mjs";
       export default async (system) => console.error(\`\${(await system.stats()).runs.inFlight} runs\`);
       export const broken = () => { throw new Error("no desk"); };
       export const desk = 5;`,
    );
    const desk = join(here.place, "desk.mjs");
    const [code, output] = await prepared("--setup", desk);
    expect([code, output]).toEqual([0, expect.stringMatching(/0 runs\n/)]);
    expect(output).toContain('line 1: ok ["unset",0]\n');
    expect(await prepared("--setup", `${desk}#broken`)).toEqual([1, "troupe: no desk\n"]);
    for (const name of ["desk", "none"])
      expect(await prepared("--setup", `${desk}#${name}`)).toEqual([
        1,
        `troupe: ${desk}: its export ${name} is no function that prepares a system\n`,
      ]);
  });
});

/** Waits until a process has written a text, to either stream. */
function said(child: ReturnType<typeof start>["child"], wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = "";
    const listen = (piece: unknown): void => {
      all += String(piece);
      if (all.includes(wanted)) resolve();
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.on("close", () => reject(new Error(`it ended without ${wanted}: ${all}`)));
  });
}
