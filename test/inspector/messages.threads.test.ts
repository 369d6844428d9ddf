/** Who sent what to whom, as an inspector shows it, and what reached no actor. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser } from "../fixtures/browser.ts";
import { till } from "../fixtures/inspected.ts";
import { openPage, show } from "../fixtures/opened-page.ts";
import { runIds, troubledSystem, type Troubled } from "../fixtures/troubled-system.ts";
import type { MessagesData } from "../../src/inspector/views/messages.ts";
import type { SequenceData, SequenceMessage } from "../../src/inspector/views/sequence.ts";

let troubled: Troubled;
beforeAll(async () => {
  troubled = await troubledSystem();
});
afterAll(async () => {
  await troubled[Symbol.asyncDispose]();
});

/** The sequence once a message of it is there: what is recorded on threads arrives a little later. */
async function sequenceWith(query: string, isIt: (message: SequenceMessage) => boolean): Promise<SequenceData> {
  for (;;) {
    const data = await troubled.view<SequenceData>(`sequence?${query}`);
    if (data.messages.some(isIt)) return data;
  }
}

describe("the messages of a run", () => {
  test("are in order, each with its cause: steps, what agents did in them, and compensations", async () => {
    const { messages, parties } = await sequenceWith(`run=${runIds.stuck}`, ({ kind }) => kind === "commit");
    const told = messages.map(({ kind, from, to, text, failure }) => [kind, from, to, text, failure]);
    const run = `run ${runIds.stuck}`;
    expect(told[0]).toEqual(["step", run, "agent reserve", "reserve", undefined]);
    expect(told[1]).toEqual(["commit", "agent reserve", "store", "order/b@1", undefined]);
    expect(told[2]).toEqual(["step", run, "agent ship", "ship", "Error"]);
    expect(told[3]).toEqual(["undo", run, "agent reserve", "reserve", "Error"]);
    expect(messages[1]?.cause).toBe(1);
    expect(parties).toEqual([run, "agent reserve", "store", "agent ship"]);
    expect(messages.map(({ number }) => number)).toEqual(messages.map((_, i) => i + 1));
    expect(messages.every(({ start }, i) => i === 0 || start >= (messages[i - 1]?.start ?? 0))).toBe(true);
  });

  test("of one that is not there are an error", async () => {
    expect((await troubled.ask("/api/v1/sequence?run=none")).status).toBe(404);
  });
});

describe("the messages of a stretch of time", () => {
  test("tell what an ask within an ask was sent because of", async () => {
    const { messages } = await sequenceWith("limit=500", ({ text }) => text === "order");
    const asked = messages.find(({ text }) => text === "order");
    const added = messages.find(({ text, to }) => text === "add" && to === "*/till");
    expect(asked).toMatchObject({ kind: "ask", from: "outside", to: expect.stringContaining("/teller") });
    expect(added).toMatchObject({ kind: "ask", from: asked?.to, cause: asked?.number });
    expect(added?.start).toBeGreaterThanOrEqual(asked?.start ?? Infinity);
  });

  test("are those of one actor, of a time, and paged", async () => {
    const all = await sequenceWith("actor=*/till&limit=500", ({ text }) => text === "add");
    expect(all.messages.every(({ from, to }) => [from, to].includes("*/till"))).toBe(true);
    const [first, second] = all.messages;
    const page = await troubled.view<SequenceData>("sequence?actor=*/till&limit=1&before=1");
    expect([page.count, page.before, page.messages.map(({ number }) => number)]).toEqual([all.count, 0, [1]]);
    const since = Math.ceil((first?.start ?? 0) + 0.001);
    const later = await troubled.view<SequenceData>(`sequence?actor=*/till&since=${since}&limit=500`);
    expect(later.count).toBeLessThan(all.count);
    expect(later.messages.every(({ start }) => start >= since)).toBe(true);
    expect(second?.start).toBeDefined();
  });

  test("an ask that no actor took is among them, as failed", async () => {
    const { messages } = await sequenceWith("limit=500", ({ to }) => to.endsWith("/gone"));
    expect(messages.find(({ to }) => to.endsWith("/gone"))).toMatchObject({ kind: "ask", failure: "no-such-actor" });
  });
});

test("what reached no actor is sent again, to the actor of that name, once there is one", async () => {
  await using own = await troubledSystem();
  const { letters, groups } = await own.view<MessagesData>("messages");
  const one = groups.find(({ to, reason }) => to.endsWith("/gone") && reason === "no-such-actor");
  expect(one?.count).toBe(letters.filter(({ to, reason }) => to === one?.to && reason === one?.reason).length);
  const lost = letters.find(({ to, type }) => to.endsWith("/gone") && type === "crash");
  const early = await own.command("resend", { number: lost?.number });
  expect([early.status, await early.text()]).toEqual([404, expect.stringContaining("no actor named gone")]);
  expect((await own.command("resend", { number: 4_711 })).status).toBe(400);

  const failed = new Promise((resolve) => {
    own.system.events$.subscribe((event) => {
      if (event.type === "actor-failed" && event.actor.endsWith("/gone")) resolve(event.message);
    });
  });
  await own.system.spawn(till, { name: "gone" });
  expect((await own.command("resend", { number: lost?.number })).status).toBe(200);
  expect(await failed).toBe("crash");
  const after = await own.view<MessagesData>("messages");
  expect(after.letters.find(({ number }) => number === lost?.number)?.isSentAgain).toBe(true);
});

describe("by hand", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test("a run leads to its messages, a message to its cause, and a dead letter is sent again", async () => {
    await using own = await troubledSystem();
    const { page, context, complaints } = await openPage(browser, "light", own.url);
    await show(page, `#/run?id=${runIds.stuck}`, "Its versions");
    await page.getByRole("link", { name: "who sent what to whom" }).click();
    const list = page.getByRole("region", { name: "Messages as a list" });
    await list.getByText("commit order/b@1").waitFor();
    await list.getByRole("button", { name: "message 2 was" }).click();
    // itself, and the step that it is of: in the list and in the drawing
    expect(await list.locator("tr.chosen").count()).toBe(2);
    expect(await page.locator(".arrow.chosen").count()).toBe(2);
    await page.getByLabel("Of the run").fill("");
    await page.keyboard.press("Enter");
    await list.getByText("ask order").waitFor();

    await own.system.spawn(till, { name: "gone" });
    const lost = page.getByRole("row").filter({ hasText: "/gone" }).filter({ hasText: "crash" });
    await lost.getByRole("button", { name: "again" }).click();
    await page.getByText("sent again").waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });
});
