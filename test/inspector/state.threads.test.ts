/** What an inspector finds in the versions of a key. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser } from "../fixtures/browser.ts";
import { order } from "../fixtures/inspected.ts";
import { openPage, show } from "../fixtures/opened-page.ts";
import { runIds, troubledSystem, type Troubled } from "../fixtures/troubled-system.ts";
import type { BisectData } from "../../src/inspector/views/bisect.ts";
import type { ReadsData } from "../../src/inspector/views/reads.ts";
import type { RunData } from "../../src/inspector/views/run.ts";

let troubled: Troubled;
beforeAll(async () => {
  troubled = await troubledSystem();
  for (let cents = 1; cents <= 100; cents++)
    await troubled.system.store.commit(order, "many", (draft) => void (draft.cents = cents));
});
afterAll(async () => {
  await troubled[Symbol.asyncDispose]();
});

const bisected = (key: string, condition: string, of = troubled): Promise<Response> =>
  of.ask(`/api/v1/bisect?${new URLSearchParams({ key, condition }).toString()}`);

describe("bisect", () => {
  test("finds the first version for which a condition holds, and reads few", async () => {
    const { data } = (await (await bisected("order/many", "/cents >= 37")).json()) as { data: BisectData };
    expect([data.found?.version, data.oldest, data.newest]).toEqual([37, 1, 100]);
    expect(data.read.length).toBeLessThanOrEqual(7);
    expect(data.read.every(({ version, holds }) => holds === version >= 37)).toBe(true);
    const none = (await (await bisected("order/many", "/cents > 100")).json()) as { data: BisectData };
    expect(none.data.found).toBeUndefined();
    const own = (await (await bisected("order/a", "/cents > 100")).json()) as { data: BisectData };
    expect(own.data.found).toMatchObject({ version: 2, run: runIds.asking });
  });

  test("says what a condition is, and that there is no such key", async () => {
    const odd = await bisected("order/many", "cents is high");
    expect([odd.status, await odd.text()]).toEqual([400, expect.stringContaining("no condition")]);
    expect((await bisected("order/none", "/cents > 1")).status).toBe(404);
  });

  test("tells nothing of what is hidden", async () => {
    await using hidden = await troubledSystem({ inspector: { content: "none" } });
    const { data } = (await (await bisected("order/a", "/cents > 100", hidden)).json()) as { data: BisectData };
    expect([data.found, data.read.some(({ holds }) => holds)]).toEqual([undefined, false]);
  });
});

test("a version leads to who wrote it and to every read that saw it, a run to what its steps read", async () => {
  const reads = (): Promise<ReadsData> => troubled.view<ReadsData>("reads?key=order/a&version=2");
  let seen = await reads();
  while (seen.count < 2 || seen.written === undefined) seen = await reads();
  expect(seen.written).toMatchObject({ by: "reserve", run: runIds.asking });
  expect(seen.reads.map(({ by, run, newer }) => [by, run, newer])).toEqual([
    ["rate-again", runIds.rated, undefined],
    ["rate", runIds.rated, undefined],
  ]);
  const run = await troubled.view<RunData>(`run?id=${runIds.rated}`);
  expect(run.reads.map(({ by, key, version }) => [by, key, version])).toEqual([
    ["rate", "order/a", 2],
    ["rate-again", "order/a", 2],
  ]);
});

describe("by hand", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test("a condition leads to a version, a change to who made it, a version to who read it, and a run to what it read", async () => {
    const { page, context, complaints } = await openPage(browser, "light", troubled.url);
    await show(page, "#/key?key=order/many", "State in version 100");
    await page.getByLabel("The first version for which this holds").fill("/cents > 42");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "version 43", exact: true }).click();
    await page.getByText("State in version 43").first().waitFor();
    await page.getByRole("button", { name: "Who set /cents" }).click();
    await page.getByText(/^Version 100, by /).waitFor(); // of the newest
    await page.getByLabel("The first version for which this holds").fill("nonsense");
    await page.keyboard.press("Enter");
    await page.getByText("is no condition").waitFor();

    await show(page, `#/run?id=${runIds.rated}`, "rate-again read");
    await page.getByRole("link", { name: "order/a@2" }).first().click();
    await page.getByText("It was written by reserve of the run").waitFor();
    const readers = page.getByRole("region", { name: "Reads of version 2" });
    await readers.getByRole("link", { name: runIds.rated }).first().click();
    await page.getByText("rate-again read").waitFor();
    // a condition that makes no sense is answered as one
    expect(complaints.filter((text) => !text.includes("400"))).toEqual([]);
    await context.close();
  });
});
