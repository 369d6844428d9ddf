// The public surface of "troupe/otel", written by `npm run api`. `npm run verify` compares it with the build.

import type { Attributes, SpanSink } from "troupe";

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

export {};
