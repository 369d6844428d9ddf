/** A run as one file: all that there is of it is on the page, in a browser without a server, and nothing of other runs. */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBrowser } from "../fixtures/browser.ts";
import { openPage, show } from "../fixtures/opened-page.ts";
import { runIds, troubledSystem, type Troubled } from "../fixtures/troubled-system.ts";
import type { OverviewData } from "../../src/inspector/views/overview.ts";
import type { SequenceData } from "../../src/inspector/views/sequence.ts";
import { readRecordedPage } from "../../src/inspector/recording/recorded-page.ts";
import { troupeProcesses } from "../cli/troupe-processes.ts";
import { temporaryFiles } from "../cli/temporary-files.ts";

const patience = 60_000;
const files = temporaryFiles();
const { troupe } = troupeProcesses(files.folder);

let troubled: Troubled;
let browser: Browser;
beforeAll(async () => {
  [troubled, browser] = await Promise.all([troubledSystem(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await troubled?.[Symbol.asyncDispose]();
});

async function recorded(of: Troubled, id: string): Promise<string> {
  const answer = await of.ask(`/api/v1/recording?id=${encodeURIComponent(id)}`);
  expect(answer.status, await answer.clone().text()).toBe(200);
  expect(answer.headers.get("content-disposition")).toContain("attachment");
  return answer.text();
}

test("is a file at a click, which shows the run and the states that it wrote, and asks nothing of anyone", async () => {
  const path = join(files.folder, "run.html");
  const live = await openPage(browser, "light", troubled.url);
  await show(live.page, `#/run?id=${runIds.stuck}`, "undoing reserve waits for a person");
  const downloading = live.page.waitForEvent("download");
  await live.page.getByRole("link", { name: "record it as a file" }).click();
  await (await downloading).saveAs(path);
  expect(live.complaints).toEqual([]);
  await live.context.close();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) complaints.push(request.url());
  });
  await page.goto(pathToFileURL(path).href);
  await page.getByRole("heading", { name: `Run ${runIds.stuck}` }).waitFor();
  await page.getByText("undoing reserve waits for a person").first().waitFor();
  await page.getByText("execute reserve").first().waitFor(); // what was recorded live
  await page.evaluate(`location.hash = "#/state"`);
  await page.getByRole("link", { name: "order/b" }).click();
  await page.getByText("State in version 1").first().waitFor();
  await page.evaluate(`location.hash = "#/key?key=order/a"`);
  await page.getByText("this is not in the recording").first().waitFor();
  expect(await page.evaluate("globalThis.hurt")).toBeUndefined();
  expect(complaints).toEqual([]);
  await context.close();
});

test("has nothing of other runs and of states that this one did not write", async () => {
  const html = await recorded(troubled, runIds.stuck);
  for (const other of [runIds.done, runIds.asking, "order/a", "second-till"]) expect(html).not.toContain(other);
  expect(html).toContain("order/b");
  const { answers } = readRecordedPage(html, "it");
  expect(answers["threads"]).toMatchObject({ threads: [] });
  const { usage } = await troubled.view<OverviewData>("overview");
  expect(usage.input).toBeGreaterThan(0); // that of another run
  expect(answers["overview"]).toMatchObject({ usage: { input: 0 } });
});

test("has the run's messages in their order, and who read what it wrote", async () => {
  const { answers } = readRecordedPage(await recorded(troubled, runIds.rated), "it");
  const { messages } = answers[`sequence run=${runIds.rated}`] as SequenceData;
  expect(messages.map(({ text }) => text)).toContain("rate-again");
  expect(answers["sequence"]).toMatchObject({
    messages: expect.arrayContaining([expect.objectContaining({ kind: "model" })]),
  });
  const other = readRecordedPage(await recorded(troubled, runIds.stuck), "it").answers;
  expect(other["reads key=order/b version=1"]).toMatchObject({ written: { by: "reserve", run: runIds.stuck } });
});

test("is refused for a run that there is none of", async () => {
  const answer = await troubled.ask("/api/v1/recording?id=nowhere");
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ error: { code: "no-such-run" } });
  expect((await troubled.ask("/api/v1/recording")).status).toBe(400);
});

test("with content none, has no input, output, state or message of an error", async () => {
  const secret = "canary-5d1e";
  await using shown = await troubledSystem({ secret });
  expect(await recorded(shown, runIds.stuck)).toContain(secret);
  await using hidden = await troubledSystem({ secret, inspector: { content: "none" } });
  for (const id of [runIds.stuck, runIds.asking]) expect(await recorded(hidden, id)).not.toContain(secret);
});

test("is written by troupe trace from a journal that no system has open, without data unless asked", async () => {
  const secret = "canary-5d1e";
  const journal = join(files.folder, "journal");
  await (await troubledSystem({ secret, journal }))[Symbol.asyncDispose]();
  const trace = (...more: readonly string[]) =>
    troupe("trace", "--journal", "journal", runIds.stuck, "--format", "html", ...more);
  const bare = await trace();
  expect([bare.code, bare.stderr]).toEqual([0, ""]);
  expect(bare.stdout).not.toContain(secret);
  const { opens, answers } = readRecordedPage(bare.stdout, "bare");
  expect(opens).toBe(`run?id=${runIds.stuck}`);
  expect(answers[`run id=${runIds.stuck}`]).toMatchObject({ status: "compensation-failed" });
  expect(answers["version at=1 key=order/b"]).toMatchObject({ key: "order/b", at: { version: 1 } });
  expect((await trace("--content", "all")).stdout).toContain(secret);
  const unknown = await troupe("trace", "--journal", "journal", "sale-22", "--format", "html");
  expect([unknown.code, unknown.stdout]).toEqual([1, ""]);
  expect(unknown.stderr).toContain(runIds.stuck);
});
