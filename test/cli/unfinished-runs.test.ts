/** What a process that was killed left unfinished, gone on with from the command line: the built command, real threads, a journal on disk. */

import type { ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { caseFolders } from "./case-folders.ts";
import { linkPackages } from "./package-links.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { troupeProcesses } from "./troupe-processes.ts";
import { troupeReads } from "./troupe-reads.ts";

const { folder } = temporaryFiles();
const { start, troupe: withProcess } = troupeProcesses(folder);
const reads = troupeReads(folder);

linkPackages(folder);

const fixture = fileURLToPath(new URL("fixtures/errands.mjs", import.meta.url));
const here = caseFolders(folder, "errands.mjs");
const { at } = here;

const journal = (): readonly string[] => ["--journal", join(here.place, "state")];
const touch = (name: string): void => writeFileSync(at(name), "");
const done = (): string[] => (existsSync(at("done")) ? readFileSync(at("done"), "utf8").trim().split("\n") : []);
const begun = (what: string): number =>
  (existsSync(at("log")) ? readFileSync(at("log"), "utf8").split("\n") : []).filter((line) => line === what).length;

interface Errand {
  readonly holdAt?: string;
  readonly fails?: readonly string[];
}

/** Runs errands in a process of their own, `day-1` and so on, and kills it when it has begun what is named, as `carry day-2`. */
async function killed(
  { coordination, module = "errands.mjs" }: { readonly coordination: string; readonly module?: string },
  errands: readonly Errand[],
  ...whenBegun: readonly string[]
): Promise<void> {
  const lines = errands.map((errand) => `${JSON.stringify({ folder: join(folder, here.place), ...errand })}\n`);
  writeFileSync(at("in.jsonl"), lines.join(""));
  const args = [join(here.place, module), "--input", join(here.place, "in.jsonl"), "--id", "day", ...journal()];
  const { child, exit } = start("run", ...args, "--coordination", coordination, "--threads", String(errands.length));
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  await until(child, () => whenBegun.every((what) => begun(what) > 0));
  child.kill("SIGKILL");
  expect([await exit, await output]).toEqual(["SIGKILL", expect.anything()]);
}

/** Waits for what a process writes to come true, or for its end. */
function until(child: ChildProcess, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(join(folder, here.place), look);
    child.on("exit", look);
    function look(): void {
      if (!isSo() && child.exitCode === null && child.signalCode === null) return;
      watcher.close();
      resolve();
    }
    look();
  });
}

/** Runs `troupe` with one thread: a second one only takes time to start. */
function troupe(...args: string[]) {
  const hasThreads = ["resume", "cancel", "retry-compensation"].includes(args[0] as string);
  return withProcess(...args, ...(hasThreads ? ["--threads", "1"] : []));
}

/** What `troupe runs` prints. */
async function listed(...args: string[]): Promise<readonly string[]> {
  const { stdout, ...rest } = await reads("runs", ...journal(), ...args);
  expect(rest).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").filter(Boolean);
}

async function statuses(...args: string[]): Promise<Record<string, string>> {
  return Object.fromEntries(
    (await listed("--json", ...args)).map((line) => {
      const { run, status } = JSON.parse(line) as { readonly run: string; readonly status: string };
      return [run, status];
    }),
  );
}

/** `npm run test:crash` shows it under both. */
const coordinations = process.env["TROUPE_KILLS"] === undefined ? ["relay"] : ["orchestrator", "relay"];

describe.each(coordinations)("runs of a process that was killed, under the %s", (coordination) => {
  it("are listed and resumed: what had finished isn't done again", async () => {
    await killed({ coordination }, [{ holdAt: "carry" }, { holdAt: "buy" }], "carry day-1", "buy day-2");
    expect((await listed("--open")).toSorted()).toEqual([
      expect.stringMatching(/^day-1 errands@1\.0\.0 running 1\/3 \S+ carry is in flight$/),
      expect.stringMatching(/^day-2 errands@1\.0\.0 running 0\/3 \S+ buy is in flight$/),
    ]);
    touch("open");
    const { code, stdout, stderr } = await troupe("resume", ...journal(), "--coordination", coordination);
    expect(stdout.trim().split("\n").toSorted()).toEqual([
      expect.stringMatching(/^day-1: completed \{.*"holdAt":"carry".*\}$/),
      expect.stringMatching(/^day-2: completed \{/),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "2 runs: 2 completed\n" });
    expect(await statuses()).toEqual({ "day-1": "completed", "day-2": "completed" });
    expect(begun("buy day-1")).toBe(1);
    expect(done().filter((what) => what.endsWith("day-1"))).toEqual(["buy day-1", "carry day-1", "pay day-1"]);
    expect(await troupe("resume", ...journal())).toMatchObject({ code: 0, stderr: "there is no run to go on with\n" });
  });

  it("are resumed by name, from where their module is now", async () => {
    await killed({ coordination }, [{ holdAt: "carry" }, { holdAt: "carry" }], "carry day-1", "carry day-2");
    touch("open");
    mkdirSync(at("moved"));
    renameSync(at("errands.mjs"), at("moved/errands.mjs"));
    const args = ["resume", ...journal(), "day-2", "--coordination", coordination];
    const refused = await troupe(...args);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^day-2: refused: can't load file:.*errands\.mjs for the workflow errands: .*\n$/);
    expect(refused.stderr).toContain("--module FILE says where it is now");
    expect(await troupe(...args, "--module", join(here.place, "moved/errands.mjs"))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^day-2: completed /) as string,
      stderr: "",
    });
    expect(await statuses()).toEqual({ "day-1": "running", "day-2": "completed" });
  });

  it("are cancelled: what had finished is undone, and what was in flight not begun again", async () => {
    await killed({ coordination }, [{ holdAt: "carry" }], "carry day-1");
    touch("open"); // what is begun again now would finish
    const args = ["cancel", ...journal(), "day-1", "--coordination", coordination];
    expect(await troupe(...args, "--reason", "too late")).toEqual({
      code: 0,
      stdout: "day-1: cancelled: too late\n",
      stderr: "",
    });
    expect(done()).toEqual(["buy day-1", "undo-buy day-1"]);
    expect(begun("carry day-1")).toBe(1);
    expect((await listed()).join("\n")).toMatch(/^day-1 \S+ cancelled 1\/3 \S+ cancelled: too late;/);
    expect((await troupe(...args)).stderr).toBe(
      "troupe: the run day-1 has ended: it is cancelled, and there is nothing to cancel\n",
    );
  });

  it("are undone as far as it goes, tried again, and resolved", async () => {
    await killed({ coordination }, [{ holdAt: "undo-carry", fails: ["pay", "undo-carry"] }], "undo-carry day-1");
    touch("open");
    const resumed = await troupe("resume", ...journal(), "--coordination", coordination);
    expect([resumed.code, resumed.stdout]).toEqual([
      1,
      "day-1: compensation-failed: agent carrier@1.0.0, step carry: could not be undone: undo-carry: no way\n",
    ]);
    expect((await listed("--status", "compensation-failed")).join("\n")).toContain(
      "waits for a person: troupe retry-compensation or resolve",
    );
    const again = ["retry-compensation", ...journal(), "day-1", "--coordination", coordination];
    expect((await troupe(...again)).code).toBe(1);
    touch("mended");
    expect(await troupe(...again)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^day-1: failed: /) as string,
    });
    expect(done()).toEqual(["buy day-1", "carry day-1", "undo-carry day-1", "undo-buy day-1"]);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "stay unfinished when what resumes them is ended by %s, and go on the next time",
    async (signal, exitCode) => {
      await killed({ coordination }, [{ holdAt: "carry" }], "carry day-1");
      const { child, exit } = start("resume", ...journal(), "--coordination", coordination);
      const output = Promise.all([text(child.stdout), text(child.stderr)]);
      await until(child, () => begun("carry day-1") === 2);
      child.kill(signal);
      expect(await exit).toBe(exitCode);
      expect(await output).toEqual([
        "day-1: unfinished\n",
        "interrupted: what has not ended stays as it is, and troupe resume goes on with it\n",
      ]);
      expect(await statuses()).toEqual({ "day-1": "running" });
      touch("open");
      expect((await troupe("resume", ...journal())).code).toBe(0);
    },
  );
});

it("is resolved by a person though its module is gone", async () => {
  await killed(
    { coordination: "orchestrator" },
    [{ fails: ["pay", "undo-carry"] }, { holdAt: "buy" }],
    "undo-carry day-1",
    "buy day-2",
  );
  renameSync(at("errands.mjs"), at("gone.mjs"));
  const stuck = await statuses("--status", "compensation-failed");
  // it may have been killed before it had noted that
  if (!("day-1" in stuck)) await troupe("resume", ...journal(), "day-1", "--module", join(here.place, "gone.mjs"));
  const args = ["resolve", ...journal(), "day-1", "--note", "carried back\nby hand"];
  expect(await troupe(...args)).toEqual({ code: 0, stdout: "day-1: resolved: carried back by hand\n", stderr: "" });
  expect(await troupe(...args)).toMatchObject({ code: 1, stdout: "" });
});

it("goes on though its module is TypeScript, which not every Node.js loads by itself", async () => {
  copyFileSync(fixture, at("errands.mts"));
  await killed({ coordination: "relay", module: "errands.mts" }, [{ holdAt: "carry" }], "carry day-1");
  touch("open");
  expect(await troupe("resume", ...journal(), "--coordination", "relay")).toMatchObject({ code: 0, stderr: "" });
});

it("is refused while another process has the journal, which can be looked into meanwhile", async () => {
  await killed({ coordination: "orchestrator" }, [{ holdAt: "carry" }], "carry day-1");
  const { child } = start("resume", ...journal());
  await until(child, () => begun("carry day-1") === 2);
  expect(await statuses("--open")).toEqual({ "day-1": "running" });
  for (const args of [["resume"], ["cancel", "day-1"]]) {
    const { code, stdout, stderr } = await troupe(...args, ...journal());
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(String(child.pid));
  }
});
