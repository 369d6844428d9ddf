/** 10,000 runs and 100,000 versions: what is sent and what is in the page stays small, wherever one scrolls to. */

import type { Browser, Page } from "playwright-core";
import type { System } from "troupe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser } from "../fixtures/browser.ts";
import { crowdedSystem } from "../fixtures/many.ts";
import { faultsOf, openPage, show } from "../fixtures/opened-page.ts";
import type { OverviewData } from "../../src/inspector/views/overview.ts";
import type { KeyData } from "../../src/inspector/views/state.ts";

const runs = 10_000;
const versions = 100_000;
/** How many bytes a view has, and how many elements a page, at most. */
const mostBytes = 100_000;
const mostElements = 2_000;

let system: System;
let browser: Browser;
let url: URL;
beforeAll(async () => {
  [system, browser] = await Promise.all([crowdedSystem(runs, versions), startBrowser()]);
  url = new URL(system.inspector?.url ?? "");
}, 600_000);
afterAll(async () => {
  await browser?.close();
  await system?.close();
});

async function bodyOf(view: string): Promise<string> {
  const headers = { authorization: `Bearer ${url.searchParams.get("token")}` };
  return (await fetch(new URL(`/api/v1/${view}`, url), { headers })).text();
}

test.each([
  ...["overview", "runs", "runs?offset=9900&limit=200", "runs?text=77&limit=200", "run?id=run-5000", "keys?limit=200"],
  ...["key?key=tally/one&limit=200", "key?key=tally/one&limit=200&to=500", "version?key=tally/one&at=50000"],
  ...["blame?key=tally/one&path=/n", "bisect?key=tally/one&condition=/n+>+77777", "reads?key=tally/one&version=7"],
  ...["sequence", "messages", "actors", "threads", "gates"],
])("%s is small", async (view) => {
  const body = await bodyOf(view);
  expect(body).toContain('"data":');
  expect(body.length).toBeLessThan(mostBytes);
});

test("all of it is there", async () => {
  const overview = (JSON.parse(await bodyOf("overview")) as { data: OverviewData }).data;
  expect(overview.runs).toEqual({ total: runs, byStatus: { completed: runs } });
  const key = (JSON.parse(await bodyOf("key?key=tally/one&to=5&limit=200")) as { data: KeyData }).data;
  expect([key.newest, key.versions.map(({ version }) => version)]).toEqual([versions, [5, 4, 3, 2, 1]]);
});

interface InSight {
  /** The indexes of the rows that are in sight, from 0. */
  readonly indexes: readonly number[];
  readonly isAwaited: boolean;
  /** How many pixels are empty between the head and the first row in sight, and between the last one and the end. */
  readonly above: number;
  readonly below: number;
  readonly first: string;
  readonly elements: number;
}

/** Runs in the page, which these tests have no types of. */
const inSight = `async (to) => {
  const box = document.querySelector(".rows");
  box.scrollTop = to * (box.scrollHeight - box.clientHeight);
  // drawn in the next frame
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const { bottom } = box.getBoundingClientRect();
  const head = box.querySelector("thead th").getBoundingClientRect().bottom;
  const placeOf = (row) => row.getBoundingClientRect();
  const all = [...box.querySelectorAll("tbody tr[aria-rowindex]")].filter(
    (row) => placeOf(row).bottom > head && placeOf(row).top < bottom,
  );
  return {
    indexes: all.map((row) => Number(row.getAttribute("aria-rowindex")) - 2),
    isAwaited: all.some((row) => row.classList.contains("awaited")),
    above: placeOf(all.at(0)).top - head,
    below: bottom - placeOf(all.at(-1)).bottom,
    first: all.at(0).querySelector("th").textContent,
    elements: document.querySelectorAll("*").length,
  };
}`;

/** Scrolls the table to a share of its height, and tells what is in sight then. */
function scrolled(page: Page, share: number): Promise<InSight> {
  return page.evaluate(`(${inSight})(${share})`);
}

describe.each([
  ["runs", "#/runs", runs, (index: number) => `run-${runs - 1 - index}`],
  ["versions", "#/key?key=tally/one", versions, (index: number) => String(versions - index)],
] as const)("the list of %s", (name, hash, total, firstAt) => {
  test("has no gap wherever it is scrolled to, and few elements", async () => {
    const { page, context, complaints } = await openPage(browser, "light", url);
    await show(page, hash, name === "runs" ? "run-9999" : "100000");
    for (const share of [0, 0.5, 0.501, 1, 0.123, 0]) {
      let seen = await scrolled(page, share);
      const [first = -1] = seen.indexes;
      expect(Math.max(seen.above, seen.below)).toBeLessThan(20); // a border, or the bar by which one scrolls sideways
      expect(seen.indexes).toEqual(seen.indexes.map((_, i) => first + i));
      expect(seen.indexes.length).toBeGreaterThan(10);
      if (share === 0) expect(first).toBe(0);
      if (share === 1) expect(seen.indexes.at(-1)).toBe(total - 1);
      while (seen.isAwaited) seen = await scrolled(page, share);
      // runs end in no order within a batch: where they are does not tell which they are
      if (name === "versions") expect(seen.first).toBe(firstAt(seen.indexes[0] ?? -1));
      else expect(seen.first).toMatch(/^run-\d+$/);
      expect(seen.elements).toBeLessThan(mostElements);
    }
    expect(await faultsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test("a filter begins at the top of what it selects", async () => {
  const { page, context } = await openPage(browser, "dark", url);
  await show(page, "#/runs", "run-9999");
  let seen = await scrolled(page, 1);
  while (seen.isAwaited) seen = await scrolled(page, 1);
  await page.getByLabel("Id contains").fill("run-777");
  await page.keyboard.press("Enter");
  await page.getByText("11 of 10,000 runs").waitFor();
  const shown = page.locator(".rows tbody tr[aria-rowindex] th");
  await expect
    .poll(async () => (await shown.allTextContents()).filter((text) => text.startsWith("run-777")).length)
    .toBe(11);
  await context.close();
});
