/** Histories of real systems, whose verdicts are known. They are not part of the project. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLine } from "../../src/cli/command-line.ts";
import { fakePorts } from "../cli/fake-ports.ts";
import { fakeTerminal } from "../cli/fake-terminal.ts";

const folder = join(import.meta.dirname, "../../../shared/data/linearizability");
const missing = existsSync(folder) ? undefined : `there are no histories in ${folder}`;
if (missing !== undefined) console.warn(`skipped: ${missing}`);

async function verdict(file: string, model: string): Promise<unknown> {
  const terminal = fakeTerminal(folder);
  await commandLine(["check-history", file, "--format", "jepsen", "--model", model, "--json"], terminal, fakePorts());
  const [line = "null"] = terminal.printed;
  return (JSON.parse(line) as { linearizable: unknown } | null)?.linearizable;
}

describe.skipIf(missing !== undefined)("known histories", () => {
  it("of etcd, a register, have the verdicts that they are known to have", async () => {
    const verdicts = readFileSync(join(folder, "etcd/verdicts.tsv"), "utf8").trim().split("\n").slice(1);
    expect(verdicts).toHaveLength(50);
    for (const line of verdicts) {
      const [file = "", linearizable] = line.split("\t");
      expect([file, String(await verdict(`etcd/${file}`, "register"))]).toEqual([file, linearizable]);
    }
  });

  it("of a store of texts have the verdicts that their names say", async () => {
    const files = readdirSync(join(folder, "kv")).filter((file) => file.endsWith(".txt"));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect([file, await verdict(`kv/${file}`, "kv")]).toEqual([file, file.includes("-ok")]);
  });
});
