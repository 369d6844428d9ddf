// The public surface of "troupe/bench", written by `npm run api`. `npm run verify` compares it with the build.

import type { System, SystemOptions } from "troupe";

/** @experimental */
export interface Bench {
    readonly name: string;
    readonly unit: string;
    readonly subjects: Readonly<Record<string, BenchSubject>>;
    readonly baseline?: string;
    readonly rounds?: number;
}

/** @experimental */
export interface BenchRound {
    readonly system: (options?: SystemOptions) => Promise<System>;
    readonly measure: (count: number, work: () => unknown) => Promise<void>;
}

/** @experimental */
export type BenchSubject = (round: BenchRound) => Promise<unknown>;

/** @experimental */
export interface Figure {
    readonly bench: string;
    readonly subject: string;
    readonly value: number;
    readonly unit: string;
    readonly baseline: string | null;
    readonly ratio: number | null;
    readonly spread: number;
}

/** @experimental */
export interface RunBenchOptions {
    readonly rounds?: number;
    readonly signal?: AbortSignal;
}

/** @experimental */
export declare function bench(definition: Bench): Bench;

/** @experimental */
export declare function compareFigures(before: readonly Figure[], after: readonly Figure[]): string;

/** @experimental */
export declare function figuresIn(text: string): Figure[];

/** @experimental */
export declare function formatFigures(figures: readonly Figure[]): string;

/** @experimental */
export declare function runBench(definition: Bench, options?: RunBenchOptions): Promise<readonly Figure[]>;

export {};
