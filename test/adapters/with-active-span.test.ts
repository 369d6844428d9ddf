/** What OpenTelemetry's own API records inside of a handler is in the handler's span, across `await`. */

import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type OtelApi, withActiveSpan } from "../../src/adapters/otel/with-active-span.ts";

/** Of the API and the SDK, which come with the exporter, what is used here. */
interface Api extends OtelApi {
  readonly ROOT_CONTEXT: unknown;
  readonly context: OtelApi["context"] & { setGlobalContextManager(manager: object): boolean; disable(): void };
  readonly trace: OtelApi["trace"] & { disable(): void };
}
interface Recorded {
  readonly name: string;
  readonly parentSpanContext?: { readonly traceId: string; readonly spanId: string };
}
interface Tracer {
  startActiveSpan<T>(name: string, code: (span: { end(): void }) => T): T;
}

const load = async <T>(name: string): Promise<T> => (await import(name)) as T;

const recorded: Recorded[] = [];
let api: Api;
let tracer: Tracer;

beforeAll(async () => {
  api = await load<Api>("@opentelemetry/api");
  const storage = new AsyncLocalStorage();
  api.context.setGlobalContextManager({
    active: () => storage.getStore() ?? api.ROOT_CONTEXT,
    with: (context: unknown, code: (...given: never[]) => unknown, self: unknown, ...given: never[]) =>
      storage.run(context, () => code.apply(self, given)),
    bind: (_: unknown, target: unknown) => target,
    enable: () => undefined,
    disable: () => undefined,
  });
  type Sdk = { readonly TracerProvider: new (options: object) => { getTracer(name: string): Tracer } };
  const { TracerProvider } = await load<Sdk>("@opentelemetry/sdk-trace");
  const done = (): Promise<void> => Promise.resolve();
  const processor = {
    onStart: () => undefined,
    onEnd: (span: Recorded) => recorded.push(span),
    forceFlush: done,
    shutdown: done,
  };
  tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer("app");
});
afterAll(() => {
  api.context.disable();
  api.trace.disable();
});

const query = async (name: string): Promise<void> => {
  await Promise.resolve();
  await tracer.startActiveSpan(name, async (span) => {
    await Promise.resolve();
    span.end();
  });
};

const place = (flags: string) => ({ traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-${flags}` });

it("nests in ours what is recorded inside, and nothing else", async () => {
  await Promise.all([withActiveSpan(api, place("01"), () => query("inside")), query("outside")]);
  const byName = new Map(recorded.map((span) => [span.name, span]));
  expect(byName.get("inside")?.parentSpanContext).toMatchObject({ traceId: "a".repeat(32), spanId: "b".repeat(16) });
  expect(byName.get("outside")?.parentSpanContext).toBeUndefined();
});

it("has nothing recorded in a trace that is not", async () => {
  recorded.length = 0;
  await withActiveSpan(api, place("00"), () => query("unsampled"));
  expect(recorded).toEqual([]);
});

it("runs the code as it is where there is no span", async () => {
  recorded.length = 0;
  expect(withActiveSpan(api, { traceparent: undefined }, () => 7)).toBe(7);
  await withActiveSpan(api, { traceparent: undefined }, () => query("alone"));
  expect(recorded.map(({ name, parentSpanContext }) => [name, parentSpanContext])).toEqual([["alone", undefined]]);
});

it("passes on what the code throws, and refuses what is no API", () => {
  const failing = (): never => {
    throw new RangeError("no");
  };
  expect(() => withActiveSpan(api, place("01"), failing)).toThrow(RangeError);
  expect(() => withActiveSpan({} as never, place("01"), () => 1)).toThrow(
    expect.objectContaining({ code: "invalid-options" }),
  );
});
