// The public surface of "troupe/nats", written by `npm run api`. `npm run verify` compares it with the build.

import type { Journal } from "troupe";

export interface NatsJournalOptions {
    readonly stream?: string;
    readonly replicas?: 1 | 3 | 5;
    readonly lease?: number;
    readonly wait?: boolean;
    readonly signal?: AbortSignal;
    readonly directory?: string;
    readonly connection?: Readonly<Record<string, unknown>>;
}

export declare function natsJournal(servers: string | readonly string[], options?: NatsJournalOptions): Promise<Journal>;

export {};
