/** Waits of a run that no process goes on with, answered from the command line: the built command where it writes, and a journal on disk. */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createSystem, lmdbJournal, type WorkflowDefinition } from "troupe";
import { describe, expect, it } from "vitest";
import { linkPackages } from "./package-links.ts";
import { temporaryFiles } from "./temporary-files.ts";
import { troupeProcesses } from "./troupe-processes.ts";
import { troupeReads } from "./troupe-reads.ts";

const { folder, write } = temporaryFiles();
const { troupe } = troupeProcesses(folder);
const reads = troupeReads(folder);

linkPackages(folder);
write(
  "purchase.mjs",
  `import { defineAgent, defineWorkflow } from "troupe";
import * as v from "valibot";

const Cents = v.object({ cents: v.number() });
export const buyer = defineAgent(import.meta.url, { name: "buyer", version: "1.0.0", input: Cents, output: Cents, execute: (input) => input });
const Answer = v.object({ approved: v.boolean() });

export const timed = defineWorkflow(import.meta.url, { name: "timed", version: "1.0.0", input: Cents })
  .waitFor("approval", { answer: Answer, timeout: 10, otherwise: () => ({ approved: true }) }, () => "go?")
  .step("buy", buyer, { needs: ["approval"] }, ({ input }) => input);

export const slow = defineWorkflow(import.meta.url, { name: "slow", version: "1.0.0", input: Cents })
  .pause("cool-off", { ms: 10 })
  .step("buy", buyer, { after: ["cool-off"] }, ({ input }) => input);

export default defineWorkflow(import.meta.url, { name: "purchase", version: "1.0.0", input: Cents })
  .step("quote", buyer, ({ input }) => input)
  .waitFor("approval", { after: ["quote"], answer: Answer }, ({ quote }) => ({ title: "spend " + quote.cents + "?" }))
  .waitFor("second", { needs: ["approval"], answer: Answer }, () => "really?")
  .step("buy", buyer, { after: ["quote"], needs: ["second"] }, ({ quote }) => quote);
`,
);
const journal = ["--journal", "state"] as const;

/** Leaves a run that waits for an approval. */
async function leaveWaiting(): Promise<void> {
  const { default: purchase } = (await import(pathToFileURL(join(folder, "purchase.mjs")).href)) as {
    readonly default: WorkflowDefinition<{ cents: number }>;
  };
  await using system = await createSystem({ threads: 1, journal: lmdbJournal(join(folder, "state")) });
  const run = system.run(purchase, { cents: 7 }, { id: "r" });
  await new Promise<void>((resolve) => run.events$.subscribe(({ event }) => event.type === "wait-opened" && resolve()));
}

describe("a batch whose runs wait for an answer", () => {
  write("cents.jsonl", '{"cents":1}\n{"cents":2}\n');
  const batch = ["run", "purchase.mjs", "--input", "cents.jsonl"] as const;
  const kept = [...batch, "--journal", "batch", "--id", "day"] as const;

  it("ends, and goes on with what was answered meanwhile", async () => {
    const hint = "troupe runs --waiting lists what waits for an answer, and troupe tell answers\n";
    expect(await troupe(...kept)).toEqual({
      code: 0,
      stdout:
        "line 1: waiting for an answer to approval: run day-1\nline 2: waiting for an answer to approval: run day-2\n",
      stderr: `2 inputs: 0 ok, 0 failed, 2 waiting\n${hint}`,
    });
    const tell = ["tell", "--journal", "batch", "day-1"] as const;
    expect(await troupe(...tell, "approval", '{"approved":true}')).toMatchObject({ stdout: "day-1: waiting\n" });
    expect((await troupe(...tell, "second", '{"approved":true}')).stdout).toBe('day-1: completed {"cents":1}\n');
    expect(await troupe(...kept, "--continue", "--json")).toEqual({
      code: 0,
      stdout:
        '{"line":1,"run":"day-1","ok":true,"result":{"cents":1}}\n' +
        '{"line":2,"run":"day-2","ok":false,"waiting":["approval"]}\n',
      stderr: `2 inputs: 1 ok, 0 failed, 1 waiting; 1 had ended before\n${hint}`,
    });
  });

  it("fails without a journal, where no answer can come, unless the wait is given up", async () => {
    const why = "cancelled: it waits for an answer to approval, which only a run with --journal can get";
    expect(await troupe(...batch)).toEqual({
      code: 1,
      stdout: `line 1: error ${why}\nline 2: error ${why}\n`,
      stderr: "2 inputs: 0 ok, 2 failed\n",
    });
    expect(await troupe("run", "purchase.mjs#timed", "--input", "cents.jsonl")).toEqual({
      code: 0,
      stdout: 'line 1: ok {"cents":1}\nline 2: ok {"cents":2}\n',
      stderr: "2 inputs: 2 ok, 0 failed\n",
    });
  });

  it("waits for a pause", async () => {
    const { code, stdout } = await troupe("run", "purchase.mjs#slow", "--input", "cents.jsonl", "--journal", "batch");
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'line 1: ok {"cents":1}\nline 2: ok {"cents":2}\n' });
  });
});

describe("a run that waits for an answer", () => {
  it("is listed, shown and answered, once", async () => {
    await leaveWaiting();
    const listed = await reads("runs", ...journal, "--waiting");
    expect(listed.stdout).toMatch(/^r purchase@1\.0\.0 running 1\/4 \S+ approval waits for an answer: troupe tell$/m);
    const { stdout: open } = await reads("trace", ...journal, "r");
    expect(open).toMatch(/^invoke_workflow purchase .*…  running$/m);
    const otlp = JSON.parse((await reads("trace", ...journal, "r", "--format", "otlp")).stdout) as unknown;
    expect(JSON.stringify(otlp)).toContain('"name":"invoke_agent buyer"');
    expect(JSON.stringify(otlp)).not.toContain("invoke_workflow purchase");
    const shown = await reads("show-run", ...journal, "r");
    const [first, ...others] = shown.stdout.trimEnd().split("\n");
    expect(first).toMatch(/^\S+ @1 a run of purchase@1\.0\.0 started, by the orchestrator, with \{ cents: 7 \}$/);
    expect(others.slice(-4)).toEqual([
      expect.stringMatching(/^\S+ @2 approval asked \{ title: 'spend 7\?' \}$/),
      "now approval waits for an answer to { title: 'spend 7?' }",
      "now second waits for approval",
      "now buy waits for second",
    ]);

    const wrong = await troupe("tell", ...journal, "r", "approval", '{"approved":"yes"}');
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining("approved") as string });
    expect(await troupe("tell", ...journal, "r", "approval", "yes")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("JSON is the answer as JSON") as string,
    });

    const told = ["tell", ...journal, "r", "approval", '{"approved":true}', "--key", "k"];
    expect(await troupe(...told, "--by", "ada")).toEqual({ code: 0, stdout: "r: waiting\n", stderr: "" });
    expect(await troupe(...told)).toMatchObject({ code: 0, stdout: "r: waiting\n" });
    const late = await troupe("tell", ...journal, "r", "approval", '{"approved":false}', "--by", "bob");
    expect(late).toMatchObject({ code: 1, stdout: expect.stringContaining("was answered before, by ada") as string });
    expect(await troupe("resume", ...journal)).toMatchObject({ code: 0, stdout: "r: waiting\n" });

    const last = await troupe("tell", ...journal, "r", "second", '{"approved":true}', "--json");
    expect(last).toMatchObject({ code: 0, stdout: '{"run":"r","status":"completed","result":{"cents":7}}\n' });
    expect((await reads("runs", ...journal, "--waiting")).stdout).toBe("");
    expect((await reads("show-run", ...journal, "r")).stdout).toContain(
      "ada answered approval with { approved: true }",
    );
    expect((await reads("history", ...journal, "run/r")).stdout).toContain("wait-answered approval, by ada");
  });
});
