/** `troupe/otel`: each span is exported or counted as dropped, whatever the backend answers, and nothing waits for it. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { otel, type SpanExporter } from "../../src/adapters/otel/otel.ts";
import { readableSpan } from "../../src/adapters/otel/readable-span.ts";
import type { Span } from "../../src/traces/span.ts";
import { type Mood, moods, moodyBackend } from "../fixtures/moody-backend.ts";
import { idsIn } from "./otlp-bytes.ts";

const spanOf = (n: number, fields: Partial<Span> = {}): Span => ({
  traceId: "1".repeat(32),
  spanId: n.toString(16).padStart(16, "0"),
  name: `span ${n}`,
  start: 1_700_000_000_000.5,
  end: 1_700_000_000_001.75,
  attributes: { n },
  events: [],
  links: [],
  ...fields,
});

const spansOf = (count: number): Span[] => Array.from({ length: count }, (_, n) => spanOf(n + 1));

/** Refuses each batch that has one of these spans, and breaks at the batches of these numbers. */
function pickyExporter(bad: ReadonlySet<string>, broken: ReadonlySet<number>) {
  const taken: string[] = [];
  let batches = 0;
  let isBusy = false;
  const exporter: SpanExporter = {
    export(spans, done) {
      expect(isBusy, "one export at a time").toBe(false);
      isBusy = true;
      const ids = (spans as readonly { spanContext(): { spanId: string } }[]).map((span) => span.spanContext().spanId);
      const number = ++batches;
      queueMicrotask(() => {
        isBusy = false;
        if (broken.has(number)) return done({ code: 1, error: new Error("connection reset") });
        if (ids.some((id) => bad.has(id)))
          return done({ code: 1, error: Object.assign(new Error("no"), { code: 422 }) });
        taken.push(...ids);
        done({ code: 0 });
      });
    },
    shutdown: () => Promise.resolve(),
  };
  return { exporter, taken };
}

describe("troupe/otel", () => {
  it("drops the spans that a backend refuses, and no others", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(60),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 1, max: 60 })),
        async (count, batch, refused) => {
          const spans = spansOf(count);
          const bad = new Set(refused.map((n) => spanOf(n).spanId));
          const { exporter, taken } = pickyExporter(bad, new Set());
          const sink = otel(exporter, { batch, delay: 0 });
          sink.take(spans);
          await sink.close();
          expect(taken).toEqual(spans.map(({ spanId }) => spanId).filter((id) => !bad.has(id)));
          expect(sink.stats).toEqual({ exported: taken.length, dropped: count - taken.length, waiting: 0 });
        },
      ),
    );
  });

  it("counts each span once, whatever fails, and keeps no more than its queue", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(30), { maxLength: 8 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 20 })),
        async (takes, batch, queue, broken) => {
          const { exporter, taken } = pickyExporter(new Set(), new Set(broken));
          const told: number[] = [];
          const sink = otel(exporter, { batch, queue, delay: 0, onDropped: (count) => told.push(count) });
          for (const count of takes) {
            sink.take(spansOf(count));
            expect(sink.stats.waiting).toBeLessThanOrEqual(queue);
            await Promise.resolve();
          }
          await sink.close();
          sink.take(spansOf(1)); // what comes too late
          await Promise.resolve();
          const { exported, dropped, waiting } = sink.stats;
          expect(exported).toBe(taken.length);
          expect(exported + dropped).toBe(takes.reduce((sum, count) => sum + count, 1));
          expect(waiting).toBe(0);
          expect(told.reduce((sum, count) => sum + count, 0)).toBe(dropped);
        },
      ),
    );
  });

  it.each<[string, SpanExporter["export"]]>([
    ["never answers", () => undefined],
    [
      "throws",
      () => {
        throw new Error("not here");
      },
    ],
  ])("goes on where an exporter %s", async (_, exporting) => {
    const sink = otel({ export: exporting, shutdown: () => Promise.resolve() }, { timeout: 20, batch: 2, delay: 0 });
    sink.take(spansOf(5));
    await sink.close();
    expect(sink.stats).toEqual({ exported: 0, dropped: 5, waiting: 0 });
  });

  it("doesn't wait for an answer that never comes before it exports what follows", async () => {
    let exports = 0;
    const exporter: SpanExporter = {
      export: (_, done) => {
        if (++exports > 1) done({ code: 0 });
      },
      shutdown: () => Promise.resolve(),
    };
    const sink = otel(exporter, { timeout: 20, batch: 2, delay: 0 });
    sink.take(spansOf(5));
    await idle(sink);
    expect(sink.stats).toEqual({ exported: 3, dropped: 2, waiting: 0 });
    await sink.close();
  });

  it("gives exporters what they read", () => {
    const resource = { attributes: { "service.name": "shop" }, asyncAttributesPending: false } as const;
    const span = readableSpan(
      spanOf(1, { parentId: "2".repeat(16), kind: "client", failure: "TypeError", start: 1.25, end: 1_001.5 }),
      resource,
    );
    expect(span.spanContext()).toEqual({ traceId: "1".repeat(32), spanId: "0000000000000001", traceFlags: 1 });
    expect(span).toMatchObject({
      kind: 2,
      startTime: [0, 1_250_000],
      endTime: [1, 1_500_000],
      duration: [1, 250_000],
      status: { code: 2, message: "TypeError" },
      parentSpanContext: { spanId: "2".repeat(16) },
      resource,
    });
  });

  it.each([
    ["no exporter", undefined, {}],
    ["half of one", { export: () => undefined }, {}],
    ["a batch of none", new OTLPTraceExporter(), { batch: 0 }],
    ["an unknown option", new OTLPTraceExporter(), { size: 3 }],
  ])("refuses %s", (_, exporter, options) => {
    expect(() => otel(exporter as never, options as never)).toThrow(
      expect.objectContaining({ code: "invalid-options" }),
    );
  });
});

/** A backend that answers as it is told. */
async function backend(
  answer: (ids: readonly string[]) => number,
): Promise<{ server: Server; url: string; got: string[] }> {
  const got: string[] = [];
  const server = createServer((request, response) => {
    void bytesOf(request).then((bytes) => {
      const ids = idsIn(bytes);
      const status = answer(ids);
      if (status === 200) got.push(...ids);
      const header = { "content-type": "application/x-protobuf", ...(status === 429 ? { "retry-after": "1" } : {}) };
      response.writeHead(status, header).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { server, got, url: `http://127.0.0.1:${port}/v1/traces` };
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("troupe/otel over HTTP", () => {
  it.each([400, 413, 422])("finds the span for which a backend answers %i", async (status) => {
    const bad = spanOf(7).spanId;
    const { server, url, got } = await backend((ids) => (ids.includes(bad) ? status : 200));
    const sink = otel(new OTLPTraceExporter({ url }), { batch: 16, delay: 0 });
    sink.take(spansOf(20));
    await sink.close();
    server.close();
    expect(got).toEqual(
      spansOf(20)
        .map(({ spanId }) => spanId)
        .filter((id) => id !== bad),
    );
    expect(sink.stats).toEqual({ exported: 19, dropped: 1, waiting: 0 });
  });

  it.each([401, 429, 500, 503])("drops what a backend that answers %i doesn't take, and counts it", async (status) => {
    const sizes: number[] = [];
    const { server, url, got } = await backend(({ length }) => {
      sizes.push(length);
      return status;
    });
    const sink = otel(new OTLPTraceExporter({ url, timeoutMillis: 50 }), { batch: 16, delay: 0 });
    sink.take(spansOf(20));
    await sink.close();
    server.close();
    expect(got).toEqual([]);
    // a busy backend may not have read a batch before its exporter gives up
    expect(
      sizes.filter((size) => size !== 16 && size !== 4),
      "parts of a batch that isn't to blame",
    ).toEqual([]);
    expect(sink.stats).toEqual({ exported: 0, dropped: 20, waiting: 0 });
  });

  it("loses nothing to a backend that has it wait a second, by 429 with Retry-After", async () => {
    let requests = 0;
    const { server, url, got } = await backend(() => (++requests === 1 ? 429 : 200));
    const sink = otel(new OTLPTraceExporter({ url, timeoutMillis: 20_000 }), { batch: 16, delay: 0 });
    sink.take(spansOf(20));
    await sink.close();
    server.close();
    expect(requests).toBe(3);
    expect(got).toEqual(spansOf(20).map(({ spanId }) => spanId));
    expect(sink.stats).toEqual({ exported: 20, dropped: 0, waiting: 0 });
  });

  /** True for what an exporter doesn't try again, and needn't wait for. */
  const isFinal = (mood: Mood): boolean => mood === "slow" || (typeof mood === "number" && mood !== 429);

  it.each(moods.filter((mood) => mood !== "well"))(
    "keeps no more than its queue while a backend is %s, counts what it drops, and goes on when that is well",
    async (mood) => {
      const got: string[] = [];
      await using server = await moodyBackend((body) => got.push(...idsIn(body)));
      server.mood = mood;
      let told = 0;
      const onDropped = (count: number): void => void (told += count);
      // what is answered for good needs no end, and a busy machine takes its time; of the rest, some ends are to be seen
      const timeoutMillis = isFinal(mood) ? 20_000 : 400;
      const exporter = new OTLPTraceExporter({ url: server.url, timeoutMillis });
      const sink = otel(exporter, { batch: 16, queue: 100, delay: 0, timeout: 2 * timeoutMillis, onDropped });
      const { add, all } = numbered();
      for (let n = 0; n < 20; n++) {
        sink.take(add(40));
        expect(sink.stats.waiting).toBeLessThanOrEqual(100);
        await turnOfLoop();
      }
      await idle(sink);
      const ill = sink.stats;
      expect(ill.exported + ill.dropped).toBe(800);
      expect(told).toBe(ill.dropped);
      expect(ill.dropped).toBeGreaterThan(0);
      expect(got.length).toBeGreaterThanOrEqual(ill.exported);
      expect(new Set(got).size).toBe(got.length);
      server.mood = "well";
      sink.take(add(30));
      await sink.close();
      expect(sink.stats).toEqual({ exported: ill.exported + 30, dropped: ill.dropped, waiting: 0 });
      expect(got.slice(-30)).toEqual(all().slice(-30));
    },
  );

  it("tells of each span once while a backend changes its mind with each request", async () => {
    const got: string[] = [];
    await using server = await moodyBackend((body) => {
      got.push(...idsIn(body));
      server.mood = moods[server.requests % moods.length] as Mood;
    });
    const exporter = new OTLPTraceExporter({ url: server.url, timeoutMillis: 40 });
    const sink = otel(exporter, { batch: 8, queue: 1_000, delay: 0, timeout: 200 });
    const { add } = numbered();
    for (let n = 0; n < 30; n++) {
      server.mood = moods[n % moods.length] as Mood;
      sink.take(add(16));
      await turnOfLoop();
    }
    await sink.close();
    const { exported, dropped, waiting } = sink.stats;
    expect([exported + dropped, waiting]).toEqual([480, 0]);
    expect(new Set(got).size).toBe(got.length);
    expect(got.length).toBeGreaterThanOrEqual(exported);
  });
});

/** Spans, each another one. */
function numbered(): { readonly add: (count: number) => Span[]; readonly all: () => readonly string[] } {
  const ids: string[] = [];
  return {
    add: (count) =>
      Array.from({ length: count }, () => {
        const span = spanOf(ids.length + 1);
        ids.push(span.spanId);
        return span;
      }),
    all: () => ids,
  };
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when nothing waits, or is on its way. */
async function idle(sink: { readonly stats: { readonly waiting: number } }): Promise<void> {
  while (sink.stats.waiting > 0) await turnOfLoop();
}
