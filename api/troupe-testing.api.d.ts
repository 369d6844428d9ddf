// The public surface of "troupe/testing", written by `npm run api`. `npm run verify` compares it with the build.

import type { AgentDefinition, CallableAgent, StateAccess, System, SystemOptions, WorkflowDefinition } from "troupe";

export interface AgentFakes {
    readonly now?: number;
    readonly random?: () => number;
    readonly calls?: readonly FakeAnswer[];
    readonly run?: string;
    readonly step?: string;
    readonly tenant?: string;
    readonly signal?: AbortSignal;
}

export interface FakeAnswer {
    readonly agent: CallableAgent;
    readonly answer: (input: never, emit: never) => unknown;
}

export interface Faults {
    readonly delay?: number;
    readonly maxDelay?: number;
    readonly duplicate?: number;
    readonly threadDeath?: number;
    readonly maxThreadDeaths?: number;
    readonly processCrash?: number;
    readonly maxProcessCrashes?: number;
    readonly maxDowntime?: number;
}

export interface Life {
    readonly system: System;
    readonly seed: number;
    now(): number;
    jumpClock(ms: number): void;
    sleep(ms: number): Promise<void>;
    random(): number;
    threads(): readonly number[];
    killThread(thread: number): void;
}

export type Scenario = (world: World) => Promise<void>;

export interface SeenCall {
    readonly agent: string;
    readonly input: unknown;
}

export interface SimulateOptions {
    readonly seed?: number;
    readonly runs?: number;
    readonly faults?: Faults;
    readonly journal?: "memory" | "durable";
    readonly system?: Omit<SystemOptions, "env" | "resourceLimits" | "stallTimeout" | "shutdownOn">;
    readonly agents?: readonly FakeAnswer[];
    readonly maxSteps?: number;
}

export interface SimulationReport {
    readonly seed: number;
    readonly runs: number;
    readonly steps: number;
    readonly schedules: number;
    readonly crashes: number;
}

/** @experimental */
export interface StepCounts {
    readonly finished: number;
    readonly skipped: number;
    readonly undone: number;
}

export interface TestedAgent<In, Out> {
    (input: In): Promise<Out>;
    compensate(output: Out, input: In): Promise<void>;
    compensateUnknown(input: In): Promise<void>;
    readonly store: StateAccess;
    readonly calls: readonly SeenCall[];
    readonly parts: readonly unknown[];
    readonly tokens: number;
    readonly now: number;
}

/** @experimental */
export interface VerifyOptions<Input = unknown> {
    readonly runs?: number;
    readonly seed?: number;
    readonly agents?: readonly FakeAnswer[];
    readonly input?: (random: () => number) => Input;
    readonly compensations?: "stub" | "own";
    readonly unreached?: readonly string[];
}

/** @experimental */
export interface VerifyReport {
    readonly seed: number;
    readonly runs: number;
    readonly completed: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly steps: Readonly<Record<string, StepCounts>>;
}

export interface World extends Life {
    readonly system: System;
    crash(options?: {
        readonly downtime?: number;
    }): Promise<System>;
    survive<T>(work: (life: Life) => Promise<T>): Promise<T>;
}

export declare function answering<In, Out, Part>(agent: CallableAgent<In, Out, Part>, answer: (input: NoInfer<In>, emit: (part: NoInfer<Part>) => void) => Promise<NoInfer<Out>> | NoInfer<Out>): FakeAnswer;

export declare function simulate(scenario: Scenario, options?: SimulateOptions): Promise<SimulationReport>;

export declare function testAgent<In, Out>(agent: AgentDefinition<In, Out>, fakes?: AgentFakes): TestedAgent<In, Out>;

/** @experimental */
export declare function verifyWorkflow<Input, Output, Waits, Steps>(workflow: WorkflowDefinition<Input, Output, Steps, Waits>, options?: VerifyOptions<Input>): Promise<VerifyReport>;

export {};
