/** What the inspector's page takes until something is on it, and until what one scrolls to is. */

import type { Browser, Page } from "playwright-core";
import { startBrowser } from "../test/fixtures/browser.ts";
import { crowdedSystem } from "../test/fixtures/many.ts";
import type { Figure } from "../src/bench/figure.ts";
import { measure, type Subject } from "../src/bench/measure.ts";
import type { Topic } from "./topic.ts";

const sizes = [
  [500, 500],
  [10_000, 100_000],
] as const;

export const inspector: Topic = {
  name: "inspector",
  about:
    "From opening the inspector's page to its first rows, and from scrolling to the rows there, in Chromium; for a few and for many runs and versions.",
  async run() {
    const browser = await startBrowser();
    const systems = [];
    for (const [runs, versions] of sizes) systems.push(await crowdedSystem(runs, versions));
    const urls = systems.map((system) => new URL(system.inspector?.url ?? ""));
    const all = [
      ...(await group(browser, urls, "first rows of runs", "#/runs", undefined)),
      ...(await group(browser, urls, "first rows of versions", "#/key?key=tally/one", undefined)),
      ...(await group(browser, urls, "scroll to the middle of runs", "#/runs", 0.5)),
      ...(await group(browser, urls, "scroll to the middle of versions", "#/key?key=tally/one", 0.5)),
    ];
    await Promise.all(systems.map((system) => system.close()));
    await browser.close();
    return all;
  },
};

function group(
  browser: Browser,
  urls: readonly URL[],
  bench: string,
  hash: string,
  share: number | undefined,
): Promise<Figure[]> {
  const subjects = urls.map((url, i): Subject => {
    const [runs = 0, versions = 0] = sizes[i] ?? [];
    return {
      name: `${runs.toLocaleString("en")} runs, ${versions.toLocaleString("en")} versions`,
      async run() {
        const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
        const page = await context.newPage();
        await page.goto(url.href); // the cookie, and the index of runs, which is made once
        await page.goto("about:blank");
        await page.goto(`${url.origin}/${hash}`);
        const first = await drawn(page, "performance.now()"); // since the page was asked for
        const took = share === undefined ? first : await scrolled(page, share);
        await context.close();
        return took;
      },
    };
  });
  return measure({ bench, unit: "ms", baseline: subjects[0]?.name ?? "", subjects, rounds: 5 });
}

/** Resolves in the frame in which all rows in sight are drawn. */
const untilDrawn = `const isDrawn = () => {
  const rows = [...document.querySelectorAll(".rows tbody tr[aria-rowindex]")];
  return rows.length > 10 && rows.every((row) => !row.classList.contains("awaited"));
};
while (!isDrawn()) await new Promise(requestAnimationFrame);`;

function drawn(page: Page, figure: string): Promise<number> {
  return page.evaluate<number>(`(async () => { ${untilDrawn} return ${figure}; })()`);
}

function scrolled(page: Page, share: number): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const box = document.querySelector(".rows");
    const begun = performance.now();
    box.scrollTop = ${share} * box.scrollHeight;
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    ${untilDrawn}
    return performance.now() - begun;
  })()`);
}
