// The public surface of "troupe/postgres", written by `npm run api`. `npm run verify` compares it with the build.

import type { Journal, JournalReport } from "troupe";

export interface PostgresJournalOptions {
    readonly schema?: string;
    readonly lease?: number;
    readonly wait?: boolean;
    readonly signal?: AbortSignal;
    readonly readOnly?: boolean;
}

export declare function postgresJournal(url: string, options?: PostgresJournalOptions): Promise<Journal>;

export declare function verifyPostgresJournal(url: string, options?: {
    readonly schema?: string;
}): Promise<JournalReport>;

export {};
