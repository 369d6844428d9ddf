import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSystem } from "troupe";
import { hostile, order, purchase, spinner } from "../fixtures/inspected.ts";
import { runIds, troubledSystem, type Troubled } from "../fixtures/troubled-system.ts";
import type { ActorsData } from "../../src/inspector/views/actors.ts";
import type { GatesData } from "../../src/inspector/views/gates.ts";
import type { MessagesData } from "../../src/inspector/views/messages.ts";
import type { OverviewData } from "../../src/inspector/views/overview.ts";
import type { RunData } from "../../src/inspector/views/run.ts";
import type { RunsData } from "../../src/inspector/views/runs.ts";
import type { BlameData, KeyData, KeysData, VersionData } from "../../src/inspector/views/state.ts";
import type { ThreadsData } from "../../src/inspector/views/threads.ts";

let troubled: Troubled;
beforeAll(async () => {
  troubled = await troubledSystem();
});
afterAll(async () => {
  await troubled[Symbol.asyncDispose]();
});

/** What a request is answered whose headers no client would let one set. */
function raw(
  { port }: URL,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    })
      .on("error", reject)
      .end();
  });
}

describe("the door", () => {
  test("the URL with the token leads to the page, and the cookie opens it from then on", async () => {
    const { url } = troubled;
    const entered = await fetch(url, { redirect: "manual" });
    expect(entered.status).toBe(303);
    expect(entered.headers.get("location")).toBe("/");
    const cookie = entered.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    const answer = await fetch(new URL("/api/v1/overview", url), { headers: { cookie: cookie.split(";")[0] ?? "" } });
    expect(answer.status).toBe(200);
  });

  test("who has no token, or comes from elsewhere, learns nothing", async () => {
    const { url } = troubled;
    const token = { authorization: `Bearer ${url.searchParams.get("token")}` };
    const statusOf = async (path: string, headers: Record<string, string>, method?: string): Promise<number> =>
      (await raw(url, path, headers, method)).status;
    expect(await statusOf("/api/v1/overview", {})).toBe(401);
    expect(await statusOf("/", {})).toBe(401);
    expect(await statusOf("/?token=wrong", {})).toBe(401);
    expect(await statusOf("/api/v1/overview", { ...token, host: `evil.example:${url.port}` })).toBe(403);
    expect(await statusOf("/api/v1/overview", { ...token, origin: "http://evil.example" })).toBe(403);
    const cancel = "/api/v1/commands/cancel";
    expect(await statusOf(cancel, { ...token, "content-type": "text/plain" }, "POST")).toBe(415);
    expect(
      await statusOf(cancel, { ...token, "content-type": "application/json", "sec-fetch-site": "cross-site" }, "POST"),
    ).toBe(403);
    expect(await statusOf("/api/v1/overview", token)).toBe(200);
  });

  test("every answer forbids to load, to frame and to send on", async () => {
    for (const path of ["/api/v1/overview", "/nothing", "/api/v1/nothing"]) {
      const { headers } = await troubled.ask(path);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("what there is none of is said, with what there is", async () => {
    const messageOf = async (path: string): Promise<[number, string]> => {
      const answer = await troubled.ask(path);
      return [answer.status, ((await answer.json()) as { error: { message: string } }).error.message];
    };
    expect(await messageOf("/api/v1/rums")).toEqual([404, expect.stringContaining("there are overview, runs, run")]);
    expect(await messageOf("/api/v1/runs?state=open")).toEqual([400, expect.stringContaining('"state" is not known')]);
    expect(await messageOf("/api/v1/runs?status=odd")).toEqual([400, expect.stringContaining("is one of running")]);
    expect(await messageOf("/api/v1/runs?limit=-1")).toEqual([400, expect.stringContaining("whole number from 1")]);
    expect(await messageOf("/api/v1/run?id=none")).toEqual([404, "there is no run none"]);
    expect(await messageOf("/api/v1/version?key=order/a&at=99")).toEqual([404, expect.stringContaining("order/a")]);
    expect(await messageOf("/api/v1/key?key=none/a")).toEqual([404, "there is no key none/a"]);
  });
});

describe("the views of a system in which much has failed", () => {
  test("the overview says what a person should look at", async () => {
    const { kind, coordination, concerns, runs, figures } = await troubled.view<OverviewData>("overview");
    expect([kind, coordination]).toEqual(["system", "orchestrator"]);
    expect(concerns.map((one) => one.kind)).toEqual(
      expect.arrayContaining(["person", "answer", "breaker", "thread-died", "dead-letters"]),
    );
    expect(runs.byStatus).toMatchObject({ completed: 3, "compensation-failed": 1, running: 1 });
    expect(figures?.threads).toHaveLength(2);
  });

  test("runs are filtered, and paged", async () => {
    const all = await troubled.view<RunsData>("runs");
    expect(all.total).toBe(5);
    const idsOf = async (query: string): Promise<string[]> =>
      (await troubled.view<RunsData>(`runs?${query}`)).runs.map(({ run }) => run);
    expect(await idsOf("status=compensation-failed")).toEqual([runIds.stuck]);
    expect(await idsOf("asks=yes")).toEqual([runIds.asking]);
    expect(await idsOf("waits=answer")).toEqual([runIds.asking]);
    expect(await idsOf("waits=person")).toEqual([runIds.stuck]);
    expect(await idsOf("waits=time")).toEqual([]);
    expect(await idsOf("waits=person&waitingFor=approval")).toEqual([]);
    expect(await idsOf("waitingFor=approval&workflow=purchase")).toEqual([runIds.asking]);
    expect(await idsOf("text=SALE")).toEqual([runIds.stuck, runIds.done]);
    expect(await idsOf("limit=1&offset=1")).toEqual([all.runs[1]?.run]);
  });

  test("a run that could not be undone tells why, what failed, and what can be done", async () => {
    const run = await troubled.view<RunData>(`run?id=${runIds.stuck}`);
    expect(run.status).toBe("compensation-failed");
    expect(run.can).toEqual(["retry-compensation", "resolve"]);
    const [reserved, shipped] = run.steps;
    expect(reserved?.error?.message).toContain("the warehouse does not answer");
    expect(reserved?.error?.stack).toContain("inspected");
    expect(shipped?.why).toContain("ship failed: no parcel for -1");
    expect(shipped?.after).toEqual(["reserve"]);
    expect(run.events.map(({ number }) => number)).toEqual(run.events.map((_, i) => i + 1));
    expect(run.events.at(-1)?.type).toBe("run-ended");
    expect(run.spans.filter(({ parent }) => parent === undefined)).toHaveLength(1);
    // recorded on the agents' threads
    expect(run.spans.some(({ name }) => name.startsWith("commit"))).toBe(true);
  });

  test("a run tells its attempts and compensations in order, who decided each, and where it was done", async () => {
    const { attempts } = await troubled.view<RunData>(`run?id=${runIds.stuck}`);
    const told = attempts.map(({ step, isCompensation = false, attempt, by, epoch, outcome, failure }) =>
      [step, isCompensation, attempt, by, epoch, outcome, failure].join(" "),
    );
    expect(told).toEqual([
      "reserve false 1 orchestrator 1 finished ",
      "ship false 1 orchestrator 1 failed Error",
      ...[1, 2, 3, 4, 5].map((attempt) => `reserve true ${attempt} orchestrator 1 failed Error`),
    ]);
    expect(attempts.map(({ start }) => start)).toEqual(attempts.map(({ start }) => start).toSorted((a, b) => a - b));
    expect(attempts.every(({ thread }) => thread === 1 || thread === 2)).toBe(true);
  });

  test("a run tells the tokens that it used, and what they cost, without counting a model's call twice", async () => {
    const usageOf = async (): Promise<RunData["usage"]> =>
      (await troubled.view<RunData>(`run?id=${runIds.rated}`)).usage;
    let usage = await usageOf();
    while (usage?.parts.length !== 2) usage = await usageOf();
    const step = { model: "small-1", input: 125, output: 40, cached: 20, cost: 0.003 };
    expect(usage.parts).toEqual([
      { of: "rate", ...step },
      { of: "rate-again", ...step },
    ]);
    expect(usage.sum).toEqual({ input: 250, output: 80, cached: 40, cost: 0.006 });
    const { usage: recent } = await troubled.view<OverviewData>("overview");
    expect(recent.input).toBe(310); // with the one of the agent that is called
    expect((await troubled.view<RunData>(`run?id=${runIds.done}`)).usage).toBeUndefined();
  });

  test("a run that waits shows its question, and takes an answer", async () => {
    const { steps, can } = await troubled.view<RunData>(`run?id=${runIds.asking}`);
    expect(can).toEqual(["cancel"]);
    expect(steps[1]).toMatchObject({ name: "approval", takesAnswer: true });
    expect(steps[1]?.question?.json).toContain("spend 50?");
    expect(steps[2]?.pending).toBe("ship waits for approval");
  });

  test("actors, gates, messages and threads", async () => {
    const { trees, actors } = await troubled.view<ActorsData>("actors");
    expect(trees[0]).toMatchObject({ name: "shop", phase: "running" });
    expect(trees[0]?.children?.map(({ name }) => name)).toEqual(["till", "second-till"]);
    expect(actors.map(({ definition }) => definition)).toContain("reserve");
    const { gates } = await troubled.view<GatesData>("gates");
    const gateOf = (name: string): GatesData["gates"][number] | undefined => gates.find(({ agent }) => agent === name);
    expect(gateOf("courier")).toMatchObject({ status: "open", openings: 1 });
    expect(gateOf("courier")?.changes[0]?.why).toContain("the courier is ill");
    const limited = gateOf("scarce");
    expect(limited?.now).toMatchObject({ breaker: "closed", inFlight: 1, waiting: 1 });
    expect(limited?.now?.bulkhead).toEqual({ concurrent: 1, queue: 5, waiting: 1 });
    const [requests, tokens] = limited?.now?.limits ?? [];
    expect(requests).toMatchObject({ measure: "requests", max: 3, per: "caller", queue: 1_000, waiting: 0, scopes: 1 });
    expect(requests?.spent).toMatchObject([{ used: 2, reserved: 0 }]);
    expect(tokens?.spent).toEqual([{ scope: "", used: 100, reserved: 0 }]);
    const { letters } = await troubled.view<MessagesData>("messages");
    expect(letters.map(({ reason }) => reason)).toContain("no-such-actor");
    const { threads, deaths, events } = await troubled.view<ThreadsData>("threads");
    expect(threads.map(({ thread, figures }) => [thread, figures?.thread])).toEqual([
      [0, undefined],
      [1, 1],
      [2, 2],
    ]);
    for (const { signs } of threads) {
      expect(signs?.utilization).toBeGreaterThan(0);
      expect(signs?.utilization).toBeLessThanOrEqual(1);
      expect(signs?.heapUsed).toBeGreaterThan(1_000_000);
      expect(signs?.heapLimit).toBeGreaterThan(signs?.heapUsed ?? Infinity);
    }
    expect(deaths).toHaveLength(1);
    expect(deaths[0]).toMatchObject({ actors: 1, took: [expect.stringContaining("mine")] });
    expect(deaths[0]?.error.message).toContain("3"); // the exit code
    expect(events.find(({ type }) => type === "thread-died")?.error?.code).toBe("thread-died");
  });

  test("state: keys, versions, what changed, and who set a value", async () => {
    const { families, keys } = await troubled.view<KeysData>("keys?prefix=order/");
    expect(families.map(({ family }) => family)).toContain("order");
    expect(keys.map(({ key }) => key)).toContain("order/a");
    const { versions, newest } = await troubled.view<KeyData>("key?key=order/a&limit=2");
    expect([versions.length, versions[0]?.version]).toEqual([2, newest]);
    const second = await troubled.view<VersionData>("version?key=order/a&at=2");
    expect(second.diff).toMatchObject({ from: 1, lines: ["~ /cents 100 → 150", '+ /notes/1 "reserved"'] });
    expect(second.at.run).toBe(runIds.asking);
    const far = await troubled.view<VersionData>("version?key=order/a&at=3&from=1");
    expect(far.diff?.from).toBe(1);
    const blamed = await troubled.view<BlameData>("blame?key=order/a&path=/cents");
    expect(blamed).toMatchObject({ version: 2, run: runIds.asking, value: { json: "150" } });
  });
});

test("a thread that spins is shown as one that does not answer, and holds up no view", async () => {
  await using system = await createSystem({
    threads: 1,
    logger: false,
    stallTimeout: 4_000,
    inspector: { port: 0, onOpen: () => undefined },
  });
  const died = new Promise<void>((resolve) => {
    system.events$.subscribe(({ type }) => type === "thread-died" && resolve());
  });
  const url = new URL(system.inspector?.url ?? "");
  const headers = { authorization: `Bearer ${url.searchParams.get("token")}` };
  const ref = await system.spawn(spinner);
  await ref.tell("spin");
  const look = async <T>(view: string): Promise<T> =>
    ((await (await fetch(new URL(`/api/v1/${view}`, url), { headers })).json()) as { data: T }).data;
  let isSilent = false;
  while (!isSilent) {
    const { threads } = await look<ThreadsData>("threads");
    isSilent = threads.some(({ thread, signs }) => thread === 1 && signs === undefined);
  }
  expect((await look<OverviewData>("overview")).figures?.actors).toBe(1);
  await died;
});

test("a view goes on by itself, as events", async () => {
  const answer = await troubled.ask("/api/v1/key?key=order/live", { headers: { accept: "text/event-stream" } });
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  const next = async (): Promise<{ data?: KeyData; error?: { code: string } }> => {
    let text = "";
    while (!text.endsWith("\n\n") || text === ":\n\n") text += (await reader.read()).value ?? "";
    return JSON.parse(text.slice(text.indexOf("data: ") + 6)) as { data?: KeyData };
  };
  expect((await next()).error?.code).toBe("no-such-key");
  await troubled.system.store.commit(order, "live", (draft) => void draft.notes.push("first"));
  expect((await next()).data?.newest).toBe(1);
  await reader.cancel();
});

describe("commands", () => {
  test("an answer goes to the run that waits, and counts once", async () => {
    await using other = await troubledSystem();
    const told = await other.command("tell", {
      run: runIds.asking,
      step: "approval",
      answer: { approved: true },
      by: "ada",
    });
    expect(told.status).toBe(200);
    const run = await other.system.findRun(runIds.asking);
    await run.result;
    const again = await other.command("tell", { run: runIds.asking, step: "approval", answer: { approved: false } });
    expect(again.status).toBe(409);
    const odd = await other.command("tell", { run: runIds.asking });
    expect(odd.status).toBe(400);

    expect((await other.command("switch-coordination", { coordination: "relay" })).status).toBe(200);
    expect(other.system.coordination).toBe("relay");
    expect((await other.command("resolve", { run: runIds.stuck, note: "done by hand" })).status).toBe(200);
    expect((await (await other.system.findRun(runIds.stuck)).view()).status).toBe("resolved");
    const reverted = await other.command("revert", { key: "order/a", version: 1 });
    expect(await reverted.json()).toMatchObject({ done: "revert", version: 4 });
    expect((await other.system.store.read(order, "a")).cents).toBe(100);
    expect((await other.command("fork", { key: "order/a", version: 2, id: "forked" })).status).toBe(200);
    expect((await other.system.store.read(order, "forked")).cents).toBe(150);
    expect((await other.command("revert", { key: "run/sale-1", version: 1 })).status).toBe(400);
    expect((await other.command("run", { workflow: "sale@1.0.0", input: {} })).status).toBe(404);
    expect((await other.command("drop-everything", {})).status).toBe(404);
    const long = await other.command("resolve", { run: runIds.stuck, note: "x".repeat(2_000_000) });
    expect(long.status).toBe(413);
  });

  test("are refused where nothing may be changed", async () => {
    await using system = await createSystem({
      threads: 1,
      inspector: { port: 0, readOnly: true, onOpen: () => undefined },
    });
    const url = new URL(system.inspector?.url ?? "");
    const answer = await fetch(new URL("/api/v1/commands/switch-coordination", url), {
      method: "POST",
      headers: { authorization: `Bearer ${url.searchParams.get("token")}`, "content-type": "application/json" },
      body: JSON.stringify({ coordination: "relay" }),
    });
    expect(answer.status).toBe(403);
    expect(system.coordination).toBe("orchestrator");
  });

  test("start runs of the workflows that the system lists", async () => {
    await using system = await createSystem({
      threads: 1,
      logger: false,
      workflows: [purchase],
      inspector: { port: 0, onOpen: () => undefined },
    });
    const url = new URL(system.inspector?.url ?? "");
    const start = (input: unknown): Promise<Response> =>
      fetch(new URL("/api/v1/commands/run", url), {
        method: "POST",
        headers: { authorization: `Bearer ${url.searchParams.get("token")}`, "content-type": "application/json" },
        body: JSON.stringify({ workflow: "purchase@1.0.0", input, id: "by-hand" }),
      });
    expect((await start({ id: 7 })).status).toBe(422);
    expect((await start({ id: "a", cents: 3 })).status).toBe(200);
    expect((await start({ id: "a", cents: 3 })).status).toBe(409);
    await (await system.findRun("by-hand")).cancel();
  });
});

describe("what is not to be seen", () => {
  const canary = "canary-4f1d";
  const paths = [
    ...["overview", "runs", `run?id=${runIds.stuck}`, `run?id=${runIds.asking}`, `run?id=${runIds.done}`],
    ...["actors", "keys", "key?key=order/a", "version?key=order/a", "blame?key=order/a&path=/notes/0"],
    ...[
      "messages",
      "reads?key=order/a",
      "bisect?key=order/a&condition=%2Fcents+%3E+0",
      "sequence",
      `sequence?run=${runIds.stuck}`,
      "gates",
      "threads",
      "version?key=run/sale-2&at=3",
    ],
  ];

  test("with content none, no input, output, state or message of an error is on any view", async () => {
    await using secret = await troubledSystem({ secret: canary, inspector: { content: "none" } });
    for (const path of paths)
      expect([path, await (await secret.ask(`/api/v1/${path}`)).text()]).not.toEqual([
        path,
        expect.stringContaining(canary),
      ]);
  });

  test("what redact replaces is not there either, and what it can't do is hidden", async () => {
    const redact = (_attribute: string, value: unknown): unknown => {
      if (typeof value === "number") throw new Error("no numbers");
      return JSON.parse(JSON.stringify(value ?? null).replaceAll(canary, "***")) as unknown;
    };
    await using secret = await troubledSystem({ secret: canary, inspector: { redact } });
    let replaced = 0;
    for (const path of paths) {
      const text = await (await secret.ask(`/api/v1/${path}`)).text();
      expect([path, text]).not.toEqual([path, expect.stringContaining(canary)]);
      replaced += text.split("***").length - 1;
    }
    expect(replaced).toBeGreaterThan(10);
  });

  test("without either, it is there: the test above looks where it would be", async () => {
    await using open = await troubledSystem({ secret: canary });
    const seen = await Promise.all(paths.map(async (path) => (await open.ask(`/api/v1/${path}`)).text()));
    expect(seen.filter((text) => text.includes(canary)).length).toBeGreaterThan(6);
  });
});

test("a port that is taken is an error, and the system is closed", async () => {
  const port = Number(troubled.url.port);
  await expect(createSystem({ threads: 1, inspector: { port } })).rejects.toMatchObject({
    code: "invalid-options",
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
  await expect(createSystem({ inspector: { prot: 1 } as never })).rejects.toThrow("inspector.prot");
});

test("it closes with its system, whoever still looks", async () => {
  const other = await troubledSystem();
  const watched = await other.ask("/api/v1/overview", { headers: { accept: "text/event-stream" } });
  await other[Symbol.asyncDispose]();
  await watched.text().catch(() => undefined);
  await expect(other.ask("/api/v1/overview")).rejects.toThrow("fetch failed");
});

test("what is hostile is data to JSON", async () => {
  const { letters } = await troubled.view<MessagesData>("messages");
  expect(letters.some(({ payload }) => payload.json.includes(JSON.stringify(hostile).slice(1, -1)))).toBe(true);
});
