// The public surface of "troupe/postgres", written by `npm run api`. `npm run verify` compares it with the build.

import type { Observable } from "rxjs";
import type { Journal, JournalReport, Run, RunOptions, RunView, ShutdownSignal, System, SystemOptions, TroupeError, WorkflowDefinition } from "troupe";

export interface CellRun<Output = unknown, Steps = unknown> extends Pick<Run<Output, never, Steps>, "id" | "events$" | "result" | "history" | "pending" | "why" | "trace"> {
    readonly cell: number;
    view(): Promise<RunView<Steps>>;
}

export interface CellSeen {
    readonly cell: number;
    readonly epoch: number;
    readonly owner: string | undefined;
}

export interface Cells extends AsyncDisposable {
    readonly count: number;
    readonly member: string;
    readonly owned: readonly number[];
    readonly events$: Observable<CellsEvent>;
    cellOf(key: string): number;
    system(cell: number): System | undefined;
    submit<Input, Output, Waits, Steps, Parts>(workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>, input: Input, options?: SubmitOptions): Promise<CellRun<Output, Steps>>;
    findRun(id: string, options?: {
        readonly key?: string;
    }): Promise<CellRun>;
    look(): Promise<CellsView>;
    close(): Promise<void>;
}

export type CellsEvent = {
    readonly type: "cell-taken";
    readonly cell: number;
    readonly epoch: number;
} | {
    readonly type: "cell-given-back";
    readonly cell: number;
} | {
    readonly type: "cell-lost";
    readonly cell: number;
    readonly error: TroupeError;
} | {
    readonly type: "cell-failed";
    readonly cell: number;
    readonly error: unknown;
    readonly retryAfter: number;
} | {
    readonly type: "run-not-started";
    readonly cell: number;
    readonly run: string;
    readonly error: unknown;
} | {
    readonly type: "database-unreachable";
    readonly error: unknown;
} | {
    readonly type: "database-reached";
};

export interface CellsOptions extends Pick<SystemOptions, ("coordination" | "retention" | "runs" | "env" | "maxMessageBytes" | "askTimeout" | "loadTimeout" | "maxRuns") | ("resourceLimits" | "stallTimeout" | "maxWaitingRuns" | "onOverload" | "logger")> {
    readonly journal: string;
    readonly schema?: string;
    readonly lease?: number;
    readonly cells?: number;
    readonly workflows: readonly (WorkflowDefinition<never> | WorkflowDefinition)[];
    readonly setup?: (system: System, cell: number) => void | Promise<void>;
    readonly owns?: boolean;
    readonly threads?: number;
    readonly shutdownOn?: readonly ShutdownSignal[];
}

export interface CellsView {
    readonly members: readonly string[];
    readonly cells: readonly CellSeen[];
}

export interface PostgresJournalOptions {
    readonly schema?: string;
    readonly cell?: number;
    readonly lease?: number;
    readonly wait?: boolean;
    readonly signal?: AbortSignal;
    readonly readOnly?: boolean;
}

export interface SubmitOptions extends Omit<RunOptions, "onOverload"> {
    readonly key?: string;
}

export declare function createCells(options: CellsOptions): Promise<Cells>;

export declare function postgresJournal(url: string, options?: PostgresJournalOptions): Promise<Journal>;

export declare function verifyPostgresJournal(url: string, options?: {
    readonly schema?: string;
}): Promise<JournalReport>;

export {};
