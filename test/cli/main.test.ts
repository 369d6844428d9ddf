/** The built command in processes of its own, with real threads. */

import { copyFileSync, readFileSync } from "node:fs";
import * as module from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { linkPackages } from "./package-links.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { root, troupeProcesses } from "./troupe-processes.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const loans = fixture("loans.mjs");
const { folder, write } = temporaryFiles();
const { start, troupe } = troupeProcesses(folder);

/** Resolves when the stream has said something that matches. */
function said(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  let heard = "";
  return new Promise((resolve) => stream.on("data", (data) => pattern.test((heard += String(data))) && resolve()));
}

const jsonLines = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");

// so that modules in the folder import the package as a user's do
linkPackages(folder);

describe("troupe", () => {
  it("helps, and tells its version", async () => {
    expect(await troupe("--help")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^  run +run a workflow/m),
      stderr: "",
    });
    expect(await troupe("run", "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("--input FILE") });
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(await troupe("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([[["frob"]], [["run", loans, "--input", "in.csv", "--threads", "x"]]])(
    "refuses %j in one line",
    async (args) => {
      expect(await troupe(...args)).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(/^troupe: .+\n$/) });
    },
  );
});

describe("troupe run", () => {
  it("has V8's compile cache in the process and in its threads, where Node.js has one", async () => {
    write(
      "cached.mjs",
      `import * as module from "node:module";
import { isMainThread } from "node:worker_threads";
import { defineAgent, defineWorkflow } from "troupe";
import * as v from "valibot";
const Seen = v.object({ cache: v.nullable(v.string()), isMainThread: v.boolean() });
const cache = module.getCompileCacheDir?.() ?? null;
if (isMainThread) console.log(cache);
export const looker = defineAgent(import.meta.url, {
  name: "looker", version: "1.0.0", input: v.object({}), output: Seen, execute: () => ({ cache, isMainThread }),
});
export default defineWorkflow(import.meta.url, { name: "cached", version: "1.0.0", input: v.object({}) }).step("look", looker, () => ({}));
`,
    );
    write("one.jsonl", "{}\n");
    const { stdout } = await troupe("run", "cached.mjs", "--input", "one.jsonl", "--threads", "1", "--json");
    const [own, result = ""] = stdout.trim().split("\n");
    const cache = "getCompileCacheDir" in module ? expect.stringContaining(process.version) : null;
    const seen = JSON.parse(result) as { readonly result: { readonly cache: string | null } };
    expect(seen).toMatchObject({ result: { cache, isMainThread: false } });
    expect(own).toBe(String(seen.result.cache));
  });

  it.each(["orchestrator", "relay"])(
    "runs a workflow over JSON lines, whatever becomes of each (%s)",
    async (coordination) => {
      const good = { id: "a", amount: 5 };
      write(
        "mixed.jsonl",
        `${jsonLines(good, { ...good, amount: 5000 })}\n{"id":\n${jsonLines(
          { ...good, amount: -1 },
          { ...good, fault: "throw" },
          { ...good, fault: "shape" },
          "text",
          { ...good, id: "z" },
        )}`,
      );
      const { code, stdout, stderr } = await troupe(
        "run",
        loans,
        "--input",
        "mixed.jsonl",
        "--coordination",
        coordination,
      );
      expect(stdout.split("\n")).toEqual([
        'line 1: ok {"id":"a","decision":"approved"}',
        'line 2: ok {"id":"a","decision":"declined"}',
        expect.stringMatching(/^line 4: error mixed\.jsonl:4: is not JSON: /),
        expect.stringMatching(/^line 5: error loans@1\.0\.0: input .* at amount: expected >=0, received -1/),
        "line 6: error agent rating@1.0.0, step rate: the bureau is closed",
        expect.stringMatching(
          /^line 7: error agent rating@1\.0\.0, step rate: output .* at rating: expected number, received "A"/,
        ),
        expect.stringMatching(/^line 8: error loans@1\.0\.0: input .*: expected Object, received "text"/),
        'line 9: ok {"id":"z","decision":"approved"}',
        "",
      ]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: "8 inputs: 3 ok, 5 failed\n" });
    },
  );

  it("runs a workflow over CSV, and prints JSON", async () => {
    write("some.csv", "id,amount,insured,fault\na,5,,\nb,5000,TRUE,\nc,many,,\nd,5,,throw\ne,-1,,\n");
    const { code, stdout, stderr } = await troupe(
      "run",
      `${loans}#loans`,
      "--input",
      "some.csv",
      "--json",
      "--threads",
      "1",
    );
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { line: 2, ok: true, result: { id: "a", decision: "approved" } },
      { line: 3, ok: true, result: { id: "b", decision: "approved" } },
      {
        line: 4,
        ok: false,
        error: { code: "invalid-input", message: expect.stringContaining("some.csv:4: amount: "), field: "amount" },
      },
      {
        line: 5,
        ok: false,
        error: { code: "step-failed", message: "agent rating@1.0.0, step rate: the bureau is closed" },
      },
      {
        line: 6,
        ok: false,
        error: { code: "contract-violated", message: expect.stringContaining("amount"), field: "amount" },
      },
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "5 inputs: 2 ok, 3 failed\n" });
  });

  it("tells hundreds of results in the order of the inputs", async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `loan-${index}`);
    write("many.jsonl", jsonLines(...ids.map((id) => ({ id, amount: 1 }))));
    const { code, stdout, stderr } = await troupe("run", loans, "--input", "many.jsonl");
    expect(stdout).toBe(
      ids.map((id, index) => `line ${index + 1}: ok {"id":"${id}","decision":"approved"}\n`).join(""),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "500 inputs: 500 ok, 0 failed\n" });
  });

  it("loads TypeScript, in all threads", async () => {
    write("names.csv", "name\nAda\n");
    const { stdout, stderr } = await troupe("run", fixture("greeting.ts"), "--input", "names.csv");
    expect({ stdout, stderr }).toEqual({
      stdout: 'line 2: ok {"text":"hello Ada"}\n',
      stderr: "1 input: 1 ok, 0 failed\n",
    });
  });

  it.skipIf("typescript" in process.features)(
    "says what to do with TypeScript that is taken for CommonJS",
    async () => {
      copyFileSync(fixture("greeting.ts"), join(folder, "greeting.ts"));
      write("names.csv", "name\nAda\n");
      const { code, stderr } = await troupe("run", "greeting.ts", "--input", "names.csv");
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/^troupe: greeting\.ts: .*"type": "module".*\n$/),
      });
    },
  );

  it("tells of an agent that ends its thread", async () => {
    write("exits.jsonl", jsonLines({ id: "a", amount: 1, fault: "exit" }));
    const { code, stdout, stderr } = await troupe("run", loans, "--input", "exits.jsonl");
    expect(stdout).toMatch(/^line 1: error agent rating@1\.0\.0, step rate: .*\n$/);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "1 input: 0 ok, 1 failed\n" });
  });

  it("loads a module with an odd name, which imports the package as a user's does", async () => {
    copyFileSync(loans, join(folder, "odd #1%20name.mjs"));
    write("one.jsonl", jsonLines({ id: "a", amount: 1 }));
    expect(await troupe("run", "odd #1%20name.mjs#loans", "--input", "one.jsonl")).toMatchObject({ code: 0 });
  });

  it("shows a stack with --verbose, and only then", async () => {
    write("fails.jsonl", jsonLines({ id: "a", amount: 1, fault: "throw" }));
    expect((await troupe("run", loans, "--input", "fails.jsonl")).stderr).toBe("1 input: 0 ok, 1 failed\n");
    const { stdout, stderr } = await troupe("run", loans, "--input", "fails.jsonl", "--verbose");
    expect(stdout).toBe("line 1: error agent rating@1.0.0, step rate: the bureau is closed\n");
    expect(stderr).toMatch(/the bureau\n +is closed\n +at .*loans\.mjs:\d+/);
  });

  it.each([
    ["throws", `throw new Error("first\\nsecond");`, "can't be loaded: first second"],
    ["exports no workflow", "export const flow = 1;", "exports no workflow"],
    ["imports what isn't there", `import "nowhere-to-be-found";`, "nowhere-to-be-found"],
    ["is no JavaScript", "export const = 1;", "can't be loaded"],
  ])("refuses a module that %s in one line", async (_, code, part) => {
    write("bad.mjs", code);
    write("one.jsonl", "{}\n");
    const { stderr, ...rest } = await troupe("run", "bad.mjs", "--input", "one.jsonl");
    expect(rest).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^troupe: bad\.mjs: .*\n$/);
    expect(stderr).toContain(part);
  });

  it.each([
    ["never finishes loading", "await new Promise(() => {});", /^troupe: .*awaits what never comes\n$/],
    [
      "throws after it was loaded",
      `setImmediate(() => { throw new Error("too\\nlate"); }); await new Promise(() => {});`,
      /^troupe: too late\n$/,
    ],
  ])("ends on a module that %s", async (_, code, complaint) => {
    write("odd.mjs", code);
    write("one.jsonl", "{}\n");
    const { stderr, ...rest } = await troupe("run", "odd.mjs", "--input", "one.jsonl");
    expect(rest).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(complaint);
  });

  it("ends quietly when the reader of its output has read enough", async () => {
    write("many.jsonl", jsonLines(...Array.from({ length: 2000 }, (_, index) => ({ id: `loan-${index}`, amount: 1 }))));
    const { child, exit } = start("run", loans, "--input", "many.jsonl");
    const stderr = text(child.stderr);
    await said(child.stdout, /line 1: ok/);
    child.stdout.destroy();
    expect(await exit).toBe(0);
    expect(await stderr).toBe("");
  });
});

describe("troupe run, interrupted", () => {
  const begin = (fault: string) => {
    const loan = { id: "a", amount: 1 };
    write("endless.jsonl", jsonLines(loan, ...Array.from({ length: 99 }, () => ({ ...loan, fault }))));
    const { child, exit } = start("run", loans, "--input", "endless.jsonl", "--threads", "2");
    return { child, exit, stdout: text(child.stdout), stderr: text(child.stderr) };
  };

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s cancels what is in flight, starts no more, and ends without a stack", async (signal, code) => {
    const { child, exit, stdout, stderr } = begin("hang");
    await said(child.stdout, /line 1: ok/);
    child.kill(signal);
    expect(await exit).toBe(code);
    const [first, ...rest] = (await stdout).trimEnd().split("\n");
    expect(first).toBe('line 1: ok {"id":"a","decision":"approved"}');
    expect(rest.length).toBeGreaterThan(0);
    for (const line of rest) expect(line).toMatch(/^line \d+: error cancelled: interrupted$/);
    expect(await stderr).toBe(
      "interrupted: cancelling what is in flight; Ctrl-C again exits at once\n" +
        `100 inputs: 1 ok, ${rest.length} failed, ${99 - rest.length} not run\n`,
    );
  });

  it("twice exits at once", async () => {
    const { child, exit, stderr } = begin("deaf");
    await said(child.stdout, /line 1: ok/);
    child.kill("SIGINT");
    await said(child.stderr, /again exits at once/);
    child.kill("SIGINT");
    expect(await exit).toBe(130);
    expect(await stderr).toBe("interrupted: cancelling what is in flight; Ctrl-C again exits at once\n");
  });

  it.each([
    ["waits for ever", "deaf", "stdout", /line 1: ok/],
    ["blocks its thread", "spin", "stderr", /spinning/],
  ] as const)("ends though an agent %s", async (_, fault, stream, started) => {
    const { child, exit, stderr } = begin(fault);
    await said(child[stream], started);
    child.kill("SIGINT");
    expect(await exit).toBe(130);
    expect(await stderr).toMatch(/interrupted: [^\n]*\n100 inputs: \d+ ok, \d+ failed(, \d+ not run)?\n$/);
  });
});
