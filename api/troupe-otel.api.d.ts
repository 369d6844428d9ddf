// The public surface of "troupe/otel", written by `npm run api`. `npm run verify` compares it with the build.

import type { Attributes, SpanSink } from "troupe";

export interface OtelApi {
    readonly context: {
        active(): unknown;
        with(context: never, code: () => unknown): unknown;
    };
    readonly trace: {
        setSpanContext(context: never, span: {
            readonly traceId: string;
            readonly spanId: string;
            readonly traceFlags: number;
            readonly isRemote: true;
        }): unknown;
    };
}

export interface OtelOptions {
    readonly service?: string;
    readonly resource?: Attributes;
    readonly batch?: number;
    readonly queue?: number;
    readonly delay?: number;
    readonly timeout?: number;
    readonly onDropped?: (count: number, error: Error | undefined) => void;
}

export interface OtelSink extends SpanSink {
    readonly stats: OtelStats;
    close(): Promise<void>;
}

export interface OtelStats {
    readonly exported: number;
    readonly dropped: number;
    readonly waiting: number;
}

export interface SpanExporter {
    export(spans: never, done: (result: {
        readonly code: number;
        readonly error?: Error;
    }) => void): void;
    shutdown(): Promise<void>;
}

export declare function otel(exporter: SpanExporter, options?: OtelOptions): OtelSink;

export declare function withActiveSpan<T>(api: OtelApi, around: {
    readonly traceparent: string | undefined;
}, code: () => T): T;

export {};
