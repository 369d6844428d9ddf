/** What an inspector shows of one actor, and what it has it do. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { startBrowser } from "../fixtures/browser.ts";
import { desk, hostile, order, till } from "../fixtures/inspected.ts";
import { openPage, show } from "../fixtures/opened-page.ts";
import { troubledSystem, type Troubled } from "../fixtures/troubled-system.ts";
import type { ActorData } from "../../src/inspector/views/actor.ts";
import type { ActorsData } from "../../src/inspector/views/actors.ts";

let troubled: Troubled;
beforeAll(async () => {
  troubled = await troubledSystem();
});
afterAll(async () => {
  await troubled[Symbol.asyncDispose]();
});

const actorAt = (address: string, of = troubled): Promise<ActorData> =>
  of.view<ActorData>(`actor?${new URLSearchParams({ address }).toString()}`);

/** The actor's view once it is as it should be: what is recorded on threads arrives a little later. */
async function actorOnce(address: string, isSo: (actor: ActorData) => boolean, of = troubled): Promise<ActorData> {
  for (;;) {
    const actor = await actorAt(address, of);
    if (isSo(actor)) return actor;
  }
}

async function addressOf(name: string, of = troubled): Promise<string> {
  const { actors } = await of.view<ActorsData>("actors");
  return actors.find((one) => one.name === name)?.address ?? "";
}

describe("an actor", () => {
  test("that is busy shows what it handles, what waits, and what it keeps", async () => {
    const { inHand, handles, waiting, mailbox, state, supervisor, life } = await actorAt("*/desk");
    expect([life, handles, waiting]).toEqual(["running", 1, 1]);
    expect(inHand).toMatchObject({ type: "keep", isAsk: false, payload: { json: JSON.stringify(hostile) } });
    expect(mailbox.map(({ payload }) => payload.json)).toEqual(['"waits"']);
    // as it was before the message in hand
    expect(state?.json).toBe('{"at":0,"last":""}');
    expect(supervisor).toEqual({ path: "office", status: "up", restarts: 0 });
  });

  test("whose state is in the store leads to its versions", async () => {
    const { key, state } = await actorAt(await addressOf("daybook"));
    expect([key, state]).toEqual(["order/daybook", undefined]);
  });

  test("tells who sends to it, to whom it sends, and what went wrong", async () => {
    const teller = await addressOf("teller");
    const { senders, receivers } = await actorOnce("*/till", ({ senders: all }) => all.length === 2);
    expect(receivers).toEqual([]);
    const [added, crashed] = senders;
    expect(crashed).toMatchObject({ type: "crash", count: 3, failed: 3 }); // it is delivered again
    expect(crashed?.address).toBeUndefined(); // from outside
    expect(added).toMatchObject({ address: teller, type: "add", count: 1, failed: 0 });
    expect((await actorAt(teller)).receivers).toMatchObject([{ address: "*/till", type: "add", count: 1 }]);
    const { events } = await actorAt("*/till");
    expect(events.map(({ type }) => type)).toContain("supervisor-decided");
    expect(events.find(({ error }) => error !== undefined)?.error?.message).toContain("onerror");
  });

  test("has a form for each message, made from its schema", async () => {
    const { messages } = await actorAt("*/desk");
    expect(messages.map(({ type, isAsk }) => [type, isAsk])).toEqual([
      ["keep", false],
      ["count", true],
      ["order", true],
    ]);
    expect(messages[1]?.form).toEqual({
      kind: "fields",
      fields: [
        { name: "by", type: "number", isOptional: false },
        { name: "mode", type: "choice", isOptional: false, choices: ["up", "down"] },
        { name: "isLoud", type: "boolean", isOptional: true },
        { name: "tags", type: "json", isOptional: false, otherwise: "[]" },
      ],
    });
    expect(messages[0]?.form).toEqual({ kind: "value", field: { name: "value", type: "text", isOptional: false } });
  });

  test("that is not there is said to be gone", async () => {
    const answer = await troubled.ask("/api/v1/actor?address=1/nobody");
    expect(answer.status).toBe(404);
    expect(((await answer.json()) as { error: { message: string } }).error.message).toContain("no actor at 1/nobody");
  });
});

describe("commands", () => {
  test("send a message, which its schema checks, and show the answer", async () => {
    const address = await addressOf("teller");
    const answered = await troubled.command("send", { address, message: "order", payload: 7, ask: true });
    expect(await answered.json()).toMatchObject({ answer: { json: "12" } });
    const odd = await troubled.command("send", { address, message: "order", payload: "7", ask: true });
    expect(odd.status).toBe(422);
    expect((await troubled.command("send", { address, message: "dance" })).status).toBe(404);
    expect((await troubled.command("send", { address: "1/nobody", message: "order" })).status).toBe(404);
    const by = { by: 2, mode: "down", tags: [] };
    const told = await troubled.command("send", { address, message: "count", payload: by });
    expect(await told.json()).toEqual({ api: 1, done: "send" });
    expect(await (await troubled.system.find(desk, "teller")).ask("count", { by: 1, mode: "up", tags: [] })).toBe(-1);
  });

  test("have a supervised actor begin anew, and keep what waits", async () => {
    await using own = await troubledSystem();
    const ref = await own.system.find(till, "second-till");
    expect(await ref.ask("add", 4)).toBe(4);
    expect((await own.command("restart-actor", { address: ref.address })).status).toBe(200);
    expect(await ref.ask("add", 1)).toBe(1); // its first state
    expect((await actorAt(ref.address, own)).supervisor?.restarts).toBe(1);
    // what it has in hand is finished first, which its signal hears of
    expect((await own.command("restart-actor", { address: "*/desk" })).status).toBe(200);
    const isNext = ({ inHand }: ActorData): boolean => inHand?.payload.json === '"waits"';
    expect((await actorOnce("*/desk", isNext, own)).waiting).toBe(0);
    const alone = await own.command("restart-actor", { address: await addressOf("teller", own) });
    expect([alone.status, await alone.text()]).toEqual([400, expect.stringContaining("has no supervisor")]);
  });

  test("stop an actor, whose view then says that it is gone", async () => {
    await using own = await troubledSystem();
    const address = await addressOf("teller", own);
    expect((await own.command("stop-actor", { address })).status).toBe(200);
    expect((await own.ask(`/api/v1/actor?address=${address}`)).status).toBe(404);
  });
});

test("what is not to be seen of an actor is hidden", async () => {
  const secret = "canary-77b2";
  await using hidden = await troubledSystem({ secret, inspector: { content: "none" } });
  for (const name of ["desk", "till", "daybook"]) {
    const address = await addressOf(name, hidden);
    expect(await (await hidden.ask(`/api/v1/actor?address=${address}`)).text()).not.toContain(secret);
    const crash = { address: "*/till", message: "crash", payload: secret, ask: true };
    expect(await (await hidden.command("send", crash)).text()).not.toContain(secret);
  }
  const seen = await Promise.all(["*/desk", "*/till"].map(async (at) => JSON.stringify(await actorAt(at, hidden))));
  expect(seen[0]).toContain("(hidden)");
  await using redacted = await troubledSystem({ secret, inspector: { redact: () => "***" } });
  const { inHand, state } = await actorAt("*/desk", redacted);
  expect([inHand?.payload.json, state?.json]).toEqual(['"***"', '"***"']);
});

describe("by hand", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test("an actor is found in its tree, sent a message by its form, restarted and stopped", async () => {
    await using own = await troubledSystem();
    const { page, context, complaints } = await openPage(browser, "light", own.url);
    await show(page, "#/actors", "teller");
    await page.getByRole("link", { name: "teller", exact: true }).click();
    await page.getByText("without a supervisor").waitFor();
    await page.getByText("count", { exact: true }).click();
    await page.getByLabel("by", { exact: true }).fill("3");
    await page.getByLabel("mode").selectOption("down");
    await page.getByLabel("tags, as JSON").fill("no");
    await page.getByRole("button", { name: "Ask count" }).click();
    await page.getByText("tags: this is no JSON").waitFor();
    await page.getByLabel("tags, as JSON").fill('["x"]');
    await page.getByRole("button", { name: "Ask count" }).click();
    await page.getByText("it answered -3").waitFor();
    await page.getByRole("region", { name: "State" }).getByText('"at": -3').waitFor();

    await show(page, "#/actor?address=*/second-till", "0 restarts");
    await page.getByRole("button", { name: "Have it begin anew" }).click();
    await page.getByText("1 restart").first().waitFor();
    await page.getByRole("button", { name: "Stop it" }).click();
    await page.getByText("there is no actor at */second-till").waitFor();
    expect(complaints).toEqual([]);
    expect(await own.system.store.read(order, "daybook")).toMatchObject({ cents: 1 });
    await context.close();
  });
});
