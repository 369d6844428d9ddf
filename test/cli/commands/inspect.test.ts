/** `troupe inspect` and `troupe dev`: each opens a page, and ends when it is interrupted. */

import { expect, it } from "vitest";
import { commandLine } from "../../../src/cli/command-line.ts";
import type { CommandPorts } from "../../../src/cli/command/command.ts";
import type { RunsData } from "../../../src/inspector/views/runs.ts";
import type { SystemOptions } from "../../../src/runtime/system/system-options.ts";
import { memoryJournal } from "../../../src/store/journal/memory-journal.ts";
import { fakePorts } from "../fake-ports.ts";
import { fakeTerminal } from "../fake-terminal.ts";
import { finished, parcel, StoredRuns } from "../stored-runs.ts";
import { linkPackages } from "../package-links.ts";
import { temporaryFiles } from "../temporary-files.ts";

const { folder, write } = temporaryFiles();

/** Runs a command that prints the URL of a page; rejects with what it notes if it ends before. */
async function pageOf(args: readonly string[], ports: CommandPorts) {
  const fake = fakeTerminal(folder);
  let end: Promise<number> | undefined;
  const url = await new Promise<URL>((resolve, reject) => {
    const print = async (line: string): Promise<void> => resolve(new URL(line));
    end = commandLine(args, { ...fake, print }, ports);
    void end.then(() => reject(new Error(fake.notes.join("\n"))));
  });
  return { url, interrupt: fake.interrupt, end };
}

const tokenOf = (url: URL) => ({ authorization: `Bearer ${url.searchParams.get("token")}` });

async function runsAt(url: URL): Promise<string[]> {
  const answer = await fetch(new URL("/api/v1/runs", url), { headers: tokenOf(url) });
  return ((await answer.json()) as { data: RunsData }).data.runs.map(({ run }) => run);
}

it("shows a journal, also what another process writes meanwhile, and changes nothing", async () => {
  const journal = memoryJournal();
  const stored = new StoredRuns(journal, 1_000);
  stored.run("first", parcel, finished("pack"));
  const opened: boolean[] = [];
  const ports = fakePorts({
    openJournal: async (_, { readOnly }) => {
      opened.push(readOnly);
      return journal;
    },
  });
  const { url, interrupt, end } = await pageOf(["inspect", "--journal", "data"], ports);
  expect(await runsAt(url)).toEqual(["first"]);
  stored.run("second", parcel, finished("pack"));
  expect(await runsAt(url)).toEqual(["second", "first"]);
  const answer = await fetch(new URL("/api/v1/commands/cancel", url), {
    method: "POST",
    headers: { ...tokenOf(url), "content-type": "application/json" },
    body: '{"run":"first"}',
  });
  expect(answer.status).toBe(403);
  expect(opened).toEqual([true]);
  interrupt();
  expect(await end).toBe(0);
  await expect(runsAt(url)).rejects.toThrow("fetch failed");
});

it("starts a system with the workflows of a module, and closes it", async () => {
  linkPackages(folder);
  write(
    "two.mjs",
    `import { defineWorkflow } from "troupe"; import * as v from "valibot";
     const of = (name) => defineWorkflow(import.meta.url, { name, version: "1.0.0", input: v.object({}) }).pause("rest", { ms: 1 });
     export const one = of("one"); export const two = of("two");`,
  );
  const given: SystemOptions[] = [];
  let closed = 0;
  const ports = fakePorts({
    start: async (options) => {
      given.push(options);
      const close = async (): Promise<void> => void closed++;
      return { inspector: { url: "http://127.0.0.1:1/?token=t" }, close } as never;
    },
  });
  const args = ["dev", "two.mjs", "--threads", "1", "--port", "7", "--content", "none", "--allow-host", "inside"];
  const { interrupt, end } = await pageOf(args, ports);
  expect(given[0]?.workflows?.map(({ name }) => name).toSorted()).toEqual(["one", "two"]);
  expect(given[0]).toMatchObject({ threads: 1, inspector: { port: 7, content: "none", hosts: ["inside"] } });
  expect(closed).toBe(0);
  interrupt();
  expect(await end).toBe(0);
  expect(closed).toBe(1);
});

it("shows a recording that trace has written, and nothing else", async () => {
  const answers = { runs: { runs: [{ run: "second" }] } };
  const recording = JSON.stringify({ format: 1, opens: "run?id=second", made: 0, answers });
  write("second.html", `<!doctype html>\n<script type="application/json" id="recording">${recording}</script>`);
  const { url, interrupt, end } = await pageOf(["inspect", "--file", "second.html"], fakePorts());
  expect(await runsAt(url)).toEqual(["second"]);
  const other = await fetch(new URL("/api/v1/run?id=first", url), { headers: tokenOf(url) });
  expect(other.status).toBe(404);
  interrupt();
  expect(await end).toBe(0);

  write("page.html", "<!doctype html><p>another page</p>");
  const notes = fakeTerminal(folder);
  expect(await commandLine(["inspect", "--file", "page.html"], notes, fakePorts())).toBe(1);
  expect(notes.notes.join()).toContain("page.html is no recording, as troupe trace --format html writes one");
  expect(await commandLine(["inspect", "--file", "a.html", "--journal", "data"], notes, fakePorts())).toBe(2);
  expect(await commandLine(["inspect", "--file", "gone.html"], notes, fakePorts())).toBe(1);
  expect(notes.notes.at(-1)).toContain("gone.html");
});

it("says which journal isn't there, and what makes no sense", async () => {
  const terminal = fakeTerminal(folder);
  expect(await commandLine(["inspect"], terminal, fakePorts())).toBe(2);
  expect(await commandLine(["inspect", "--journal", "data", "--port", "x"], terminal, fakePorts())).toBe(2);
  expect(await commandLine(["dev"], terminal, fakePorts())).toBe(2);
  expect(await commandLine(["dev", "nowhere.mjs"], terminal, fakePorts())).toBe(1);
  expect(terminal.notes.at(-1)).toContain("nowhere.mjs");
});
