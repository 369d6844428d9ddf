/** The page in a real browser, over a real system in which much has failed. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser } from "../fixtures/browser.ts";
import { hostile, order } from "../fixtures/inspected.ts";
import { faultsOf, keepPicture, openPage, type Opened, show } from "../fixtures/opened-page.ts";
import { runIds, troubledSystem, type Troubled } from "../fixtures/troubled-system.ts";

let troubled: Troubled;
let browser: Browser;
beforeAll(async () => {
  [troubled, browser] = await Promise.all([troubledSystem(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await troubled?.[Symbol.asyncDispose]();
});

/** Each view, with what is on it once it is there. */
const views = [
  ["overview", "#/overview", "a run could not be undone, and is waiting for a person"],
  ["runs", "#/runs", runIds.stuck],
  ["run", `#/run?id=${runIds.stuck}`, "undoing reserve waits for a person"],
  ["wait", `#/run?id=${runIds.asking}`, "Answer, as JSON"],
  ["actors", "#/actors", "second-till"],
  ["actor", "#/actor?address=*/desk", "1 message waits"],
  ["state", "#/state?prefix=order/", "order/a"],
  ["key", "#/key?key=order/a", "What changed since version 2"],
  ["messages", "#/messages", "no-such-actor"],
  ["sequence", `#/messages?run=${runIds.stuck}`, "undo reserve"],
  ["gates", "#/gates", "the courier is ill"],
  ["threads", "#/threads", "the process's own"],
] as const;

const open = (scheme: "light" | "dark", of: Troubled = troubled): Promise<Opened> => openPage(browser, scheme, of.url);

describe.each(["light", "dark"] as const)("in %s colours", (scheme) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open(scheme);
  });
  afterAll(async () => {
    await opened?.context.close();
  });

  test.each(views)("%s is whole: readable, without an error, and nothing in it runs", async (name, hash, text) => {
    const { page, complaints } = opened;
    await show(page, hash, text);
    expect(await faultsOf(page)).toEqual([]);
    expect(await page.evaluate(() => Reflect.get(globalThis, "hurt") as unknown)).toBeUndefined();
    expect(await page.locator("img, main script").count()).toBe(0);
    expect(complaints).toEqual([]);
    await keepPicture(page, `inspector-${name}-${scheme}`);
  });
});

test("what a page loads is small", () => {
  const files = ["index.html", "page.js", "page.css"].map((name) => readFileSync(join("dist/inspector", name)));
  expect(gzipSync(Buffer.concat(files)).length).toBeLessThan(60_000);
});

describe("by hand", () => {
  test("what is hostile is shown as it is", async () => {
    const { page, context } = await open("light");
    await show(page, "#/key?key=order/a&at=3", "State in version 3");
    const [line = ""] = hostile.split("\u202e");
    await page.getByText(JSON.stringify(line).slice(1, -1)).first().waitFor();
    // what would turn the direction of what follows is shown in its place
    await page.getByText("\\u202e").first().waitFor();
    expect(await page.locator("main").innerText()).not.toContain("\u202e");
    await context.close();
  });

  test("the keyboard opens views, finds the filter, and reaches a run", async () => {
    const { page, context } = await open("light");
    await page.getByText("What needs attention").waitFor();
    await page.keyboard.press("2");
    await page.getByRole("link", { name: runIds.stuck }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("purchase");
    await page.keyboard.press("Enter");
    await page.getByText("1 of 5 runs").waitFor();
    await page.getByRole("link", { name: runIds.asking }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `Run ${runIds.asking}` }).waitFor();
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await context.close();
  });

  test("a version's slider goes back, and blame says who", async () => {
    const { page, context } = await open("light");
    await show(page, "#/key?key=order/a", "State in version 3");
    const slider = page.getByRole("slider");
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByText("State in version 2").first().waitFor();
    await page.getByText("~ /cents 100 → 150").waitFor();
    await page.getByLabel("Who set the value at").fill("/cents");
    await page.keyboard.press("Enter");
    expect(await page.getByText(/^Version 2, by /).textContent()).toContain(runIds.asking);
    await context.close();
  });

  test("a question is answered, a run resolved and the coordination switched; what else happens comes by itself", async () => {
    await using own = await troubledSystem();
    const { page, context, complaints } = await open("light", own);
    await show(page, `#/run?id=${runIds.asking}`, "approval waits for an answer");
    await page.getByLabel("Answer, as JSON").fill("yes");
    await page.getByRole("button", { name: "Answer", exact: true }).click();
    await page.getByText("this is no JSON").waitFor();
    await page.getByLabel("Answer, as JSON").fill('{"approved":true}');
    await page.getByLabel("Who answers").fill("ada");
    await page.getByRole("button", { name: "Answer", exact: true }).click();
    await page.getByText("the run ended: completed").waitFor();
    await page.getByText("ada answered approval").waitFor();

    await show(page, `#/run?id=${runIds.stuck}`, "waits for a person");
    await page.getByLabel("What was done by hand").fill("gave it back");
    await page.getByRole("button", { name: "Declare it resolved" }).click();
    await page.getByText("a person saw to it: gave it back").waitFor();

    await page.keyboard.press("Escape");
    await show(page, "#/overview", "Coordination");
    await page.getByRole("button", { name: "Switch to the relay" }).click();
    await page.getByRole("button", { name: "Switch to the orchestrator" }).waitFor();
    expect(own.system.coordination).toBe("relay");

    await show(page, "#/state?prefix=order/", "order/a");
    await own.system.store.commit(order, "made-meanwhile", (draft) => void draft.notes.push("x"));
    await page.getByText("order/made-meanwhile").waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});
