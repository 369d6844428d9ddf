/** What a system on real threads tells of itself, as data, over HTTP, and to listeners in the process. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { createSystem, type Metric, metricsHandler, type System } from "troupe";
import { hand, piling } from "../../fixtures/measured.ts";

type Attributes = Readonly<Record<string, string>>;

const matches = (given: Attributes, wanted: Attributes): boolean =>
  Object.entries(wanted).every(([name, value]) => given[name] === value);

/** The sum of the values of a metric, or of what its histograms counted. */
function sumOf(metrics: readonly Metric[], name: string, wanted: Attributes = {}): number {
  const metric = metrics.find((one) => one.name === name);
  if (metric === undefined) throw new Error(`there is no metric ${name}`);
  const values =
    metric.kind === "histogram"
      ? metric.points.map(({ attributes, count }) => ({ attributes, value: count }))
      : metric.points;
  return values.reduce((sum, { attributes, value }) => sum + (matches(attributes, wanted) ? value : 0), 0);
}

const start = (options = {}): Promise<System> =>
  createSystem({ threads: 2, logger: false, loadTimeout: 120_000, metrics: true, ...options });

it("counts what agents, runs, the store and threads do", async () => {
  await using system = await start();
  for (const key of ["a", "b", "c"]) await system.run(piling, { key, does: "well" }).result;
  for (const key of ["a", "a"]) await expect(system.run(piling, { key, does: "fail" }).result).rejects.toThrow("no");
  let metrics = await system.metrics();
  const ofHand = { "gen_ai.agent.name": "hand" };
  expect(sumOf(metrics, "gen_ai.invoke_agent.duration", ofHand)).toBe(5);
  expect(sumOf(metrics, "gen_ai.invoke_agent.duration", { ...ofHand, "error.type": "RangeError" })).toBe(2);
  expect(sumOf(metrics, "gen_ai.usage.input_tokens", ofHand)).toBe(50);
  expect(sumOf(metrics, "gen_ai.usage.output_tokens", ofHand)).toBe(15);
  expect(sumOf(metrics, "troupe.run.duration", { "troupe.run.status": "completed" })).toBe(3);
  expect(sumOf(metrics, "troupe.run.duration", { "troupe.run.status": "failed" })).toBe(2);
  expect(sumOf(metrics, "troupe.store.versions")).toBe((await system.stats()).commits);
  expect(sumOf(metrics, "troupe.breaker.state", { ...ofHand, "troupe.state": "closed" })).toBe(1);
  for (const thread of ["0", "1", "2"]) {
    const here = { "troupe.thread": thread };
    expect(sumOf(metrics, "v8js.memory.heap.used", here)).toBeGreaterThan(1e6);
    expect(sumOf(metrics, "v8js.memory.heap.limit", here)).toBeGreaterThan(
      sumOf(metrics, "v8js.memory.heap.used", here),
    );
    expect(sumOf(metrics, "nodejs.eventloop.utilization", here)).toBeGreaterThan(0);
    expect(sumOf(metrics, "nodejs.eventloop.utilization", here)).toBeLessThanOrEqual(1);
    expect(sumOf(metrics, "nodejs.eventloop.time", here)).toBeGreaterThan(0);
    expect(sumOf(metrics, "troupe.replica.lag", here)).toBeGreaterThanOrEqual(0);
  }
  expect(sumOf(metrics, "troupe.messages.handled")).toBeGreaterThanOrEqual(5);

  await expect(system.run(piling, { key: "a", does: "die" }).result).rejects.toThrow(/died|ended|exit/);
  metrics = await system.metrics();
  // what the thread had counted when it was asked last has not gone with it
  expect(sumOf(metrics, "gen_ai.invoke_agent.duration", ofHand)).toBe(5);
  expect(sumOf(metrics, "troupe.events", { "troupe.event": "thread-died" })).toBe(1);
  expect(sumOf(metrics, "troupe.breaker.state", { ...ofHand, "troupe.state": "open" })).toBe(1);
  expect(sumOf(metrics, "troupe.runs")).toBe(0);
  await system.spawn(hand, { name: "spare" });
});

it("is served to Prometheus", async () => {
  await using system = await start();
  await system.run(piling, { key: "a", does: "well" }).result;
  const server = createServer(metricsHandler(system)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  try {
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    expect(text).toContain('gen_ai_invoke_agent_duration_seconds_count{gen_ai_agent_name="hand"} 1\n');
    expect(text).toContain("# TYPE troupe_store_versions_total counter\n");
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    const refused = await fetch(url, { method: "POST" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  } finally {
    server.close();
  }
});

it("says what is missing where nothing is measured", async () => {
  await using system = await start({ metrics: false });
  await expect(system.metrics()).rejects.toMatchObject({
    code: "invalid-options",
    message: "metrics: this system measures nothing. Start it with createSystem({ metrics: true }).",
  });
});

it("tells listeners in the process of events and dead letters", async () => {
  const events: unknown[] = [];
  const letters: unknown[] = [];
  const onEvent = (event: unknown): void => void events.push(event);
  const onLetter = (letter: unknown): void => void letters.push(letter);
  subscribe("troupe.event", onEvent);
  subscribe("troupe.dead-letter", onLetter);
  try {
    await using system = await start({ metrics: false });
    const told = new Promise<void>((resolve) => system.deadLetters$.subscribe(() => resolve()));
    const ref = await system.spawn(hand, { name: "gone" });
    await system.stop(ref);
    await ref.ask("execute", { key: "a", does: "well" }).catch(() => undefined);
    await told;
  } finally {
    unsubscribe("troupe.event", onEvent);
    unsubscribe("troupe.dead-letter", onLetter);
  }
  expect(events).toContainEqual(expect.objectContaining({ type: "actor-stopped" }));
  expect(letters).toContainEqual(expect.objectContaining({ reason: "no-such-actor" }));
});
