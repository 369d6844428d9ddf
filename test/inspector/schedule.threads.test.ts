/** A schedule in which a scenario failed as one file: stepped through in a browser, with what actors knew and what the state was. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FailedSchedule, ScheduleData } from "../../src/inspector/recording/failed-schedule.ts";
import { failurePage, recordFailure } from "../../src/inspector/recording/record-failure.ts";
import type { SequenceData } from "../../src/inspector/views/sequence.ts";
import type { VersionData } from "../../src/inspector/views/state.ts";
import { explanation } from "../../src/testing/simulator/explain/explanation.ts";
import { RunLog } from "../../src/testing/simulator/explain/run-log.ts";
import { told } from "../../src/testing/simulator/explain/told.ts";
import { runOnce } from "../../src/testing/simulator/run-once.ts";
import { VirtualSources } from "../../src/testing/simulator/virtual/virtual-sources.ts";
import { temporaryFiles } from "../cli/temporary-files.ts";
import { startBrowser } from "../fixtures/browser.ts";
import { hostile } from "../fixtures/inspected.ts";
import { faultsOf, keepPicture } from "../fixtures/opened-page.ts";
import { races } from "../races/scenarios.ts";

const patience = 60_000;
const files = temporaryFiles();
const built = new URL("../../dist/inspector/", import.meta.url);

let browser: Browser;
let lost: FailedSchedule;
beforeAll(async () => {
  [browser, lost] = await Promise.all([startBrowser(), failedSchedule()]);
});
afterAll(async () => {
  await browser?.close();
});

/** The first schedule in which the lost update is lost. */
async function failedSchedule(): Promise<FailedSchedule> {
  const [race] = races;
  if (race === undefined) throw new Error("there is no race");
  const sources = new VirtualSources();
  for (let seed = 1; ; seed++) {
    const log = new RunLog();
    const { failure } = await runOnce(race.buggy, seed, {}, { sources, log });
    if (failure === undefined) continue;
    const seen = told(log.seen);
    return {
      title: race.name,
      message: String(failure.thrown),
      report: explanation(log, failure.thrown),
      repeat: ["simulate(scenario, { seed: 1 })"],
      start: Date.UTC(2026, 0, 1),
      seen,
      spans: log.spans,
    };
  }
}

test("has what was read and committed, with versions and states, and no key or actor of Troupe's own", async () => {
  const { answers, opens } = await recordFailure(lost);
  expect(opens).toBe("schedule");
  const { moments } = answers["schedule"] as ScheduleData;
  const commits = moments.filter(({ kind }) => kind === "commits");
  expect(commits.map(({ key, version }) => `${key}@${version}`)).toEqual(["tally/k@1", "tally/k@2"]);
  expect(commits.map(({ state }) => state?.json)).toEqual(
    lost.seen.flatMap((one) => (one.type === "commits" ? [JSON.stringify(one.state)] : [])),
  );
  expect(moments.filter(({ kind }) => kind === "reads").length).toBeGreaterThanOrEqual(2);
  for (const { actor = "", key = "" } of moments)
    expect(`${actor} ${key}`).not.toMatch(/0\/(system|supervisor|gates)|(^| )(mail|run|call)\//);
  for (const version of [1, 2]) {
    const { at, state } = answers[`version at=${version} key=tally/k`] as VersionData;
    expect(at).toMatchObject({ version, author: commits[version - 1]?.actor });
    expect(state).toEqual(commits[version - 1]?.state);
  }
  const { messages } = answers["sequence"] as SequenceData;
  expect(messages.filter(({ text }) => text === "hasty")).toHaveLength(2);
});

test("says of an actor before the lost update that what it has read is old, and of the state how it stood", async () => {
  const { moments } = (await recordFailure(lost)).answers["schedule"] as ScheduleData;
  const pageOf = async (name: string, title: string): Promise<string> => {
    const path = join(files.folder, name);
    writeFileSync(path, await failurePage({ ...lost, title }, built));
    return pathToFileURL(path).href;
  };
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) complaints.push(request.url());
  });
  const first = 1 + moments.findIndex(({ kind }) => kind === "commits");
  const goToFirst = (): Promise<void> =>
    page.getByRole("button", { name: `Go to moment ${first}`, exact: true }).click();
  await page.goto(await pageOf("failure.html", lost.title));
  await goToFirst();
  await page.getByText("committed now").waitFor();
  await page.evaluate("scrollTo(0, 0)");
  await keepPicture(page, "inspector-schedule-light");
  await page.goto(await pageOf("hostile.html", `${lost.title} ${hostile}`));
  await page.getByText(`Moment ${moments.length} of`).waitFor();
  await goToFirst();
  await page.getByText("there is version 1 by now").first().waitFor();
  await page.getByText("committed now").waitFor();
  expect(await page.getByRole("row", { name: "commits tally/k@1" }).getAttribute("aria-current")).toBe("step");
  await page.getByRole("button", { name: "Before" }).click();
  await page.getByText("No state was read or written yet.").waitFor();
  await page.getByRole("slider").press("End");
  await page.getByRole("link", { name: "tally/k@2" }).first().waitFor();
  expect(await faultsOf(page)).toEqual([]);
  await page.getByRole("link", { name: "Who sent what to whom" }).click();
  await page.getByRole("columnheader", { name: "Because of" }).waitFor();
  await page.getByRole("link", { name: "Schedule" }).click();
  await page.getByText("At this moment").waitFor();
  expect(await page.evaluate("globalThis.hurt")).toBeUndefined();
  expect(complaints).toEqual([]);
  await context.close();
});
