/** Processes that use a system end by themselves once it is closed. */

import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { builtModule } from "../../compiled-modules.ts";

const script = builtModule("test/fixtures/exits.ts");

/** Runs a program to its end; one that hangs is the test's timeout. */
function runProgram(
  program: string,
  nodeArguments: readonly string[] = [],
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...nodeArguments, script, program], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 45_000,
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

it.each([
  "closes",
  "disposes",
  "drains",
  "closes on who never ends",
  "fails to start",
  "subscribes with next alone and awaits no tell",
])("a program that %s ends by itself", async (program) => {
  expect(await runProgram(program)).toEqual({ code: 0, out: "done\n", err: "" });
});

it("a program whose threads can't start is told why", async () => {
  const preload =
    'import { isMainThread } from "node:worker_threads"; if (!isMainThread) throw new Error("no threads here")';
  const { code, out, err } = await runProgram("closes", ["--import", `data:text/javascript,${preload}`]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(/thread \d died: code on it threw outside of any handler: no threads here/);
});

it("a program that throws with a system open ends with its error", async () => {
  const { code, out, err } = await runProgram("throws with a system open");
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("this ends the process");
});

it("a program may exit with a system open, even while a thread spins", async () => {
  expect(await runProgram("exits with a system open")).toEqual({ code: 5, out: "", err: "" });
});

it("a program that may not generate code has its messages checked all the same", async () => {
  const nodeArguments = ["--disallow-code-generation-from-strings"];
  const program = "checks messages where code can't be generated";
  expect(await runProgram(program, nodeArguments)).toEqual({ code: 0, out: "done\n", err: "" });
});

it("a program may be started with arguments that threads don't take", async () => {
  const nodeArguments = [
    "--max-old-space-size=400",
    "--expose-gc",
    "--stack-size=900",
    "--title=troupe",
    "--no-warnings",
  ];
  expect(await runProgram("disposes", nodeArguments)).toEqual({ code: 0, out: "done\n", err: "" });
});
