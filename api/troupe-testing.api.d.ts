// The public surface of "troupe/testing", written by `npm run api`. `npm run verify` compares it with the build.

import type { Address, AgentDefinition, CallableAgent, Journal, StateAccess, System, SystemOptions, WorkflowDefinition } from "troupe";

export interface ActorFailure {
    readonly actor: Address | string;
    readonly message?: string;
    readonly error: unknown;
}

export interface AgentFakes {
    readonly now?: number;
    readonly random?: () => number;
    readonly calls?: readonly FakeAnswer[];
    readonly run?: string;
    readonly step?: string;
    readonly tenant?: string;
    readonly signal?: AbortSignal;
}

/** @experimental */
export interface Anomaly {
    readonly kind: AnomalyKind;
    readonly transactions: readonly Transaction[];
    readonly key?: string;
    readonly text: string;
}

/** @experimental */
export type AnomalyKind = "same-version" | "lost-update" | "stale-read" | "circular" | "read-skew" | "write-skew" | "non-monotonic-read" | "own-write-unread" | "non-monotonic-write" | "write-before-read";

export interface AnyInterleaving {
    shared(invariants: Invariants): object | PromiseLike<object>;
    readonly tasks: Readonly<Record<string, Task<never>>>;
    check?(shared: never, results: never): unknown;
}

/** @experimental */
export type CounterInput = {
    readonly f: "add";
    readonly value: number;
} | {
    readonly f: "read";
} | {
    readonly f: "add-and-get";
    readonly value: number;
};

export interface Exhaustive {
    readonly switches?: number;
    readonly isolated?: boolean;
}

export interface FakeAnswer {
    readonly agent: CallableAgent;
    readonly answer: (input: never, emit: never) => unknown;
}

export interface Faults {
    readonly delay?: number;
    readonly maxDelay?: number;
    readonly duplicate?: number;
    readonly partition?: number;
    readonly maxPartition?: number;
    readonly slowStore?: number;
    readonly spuriousConflict?: number;
    readonly clockJump?: number;
    readonly maxClockJump?: number;
    readonly threadDeath?: number;
    readonly deathAtAnswer?: number;
    readonly maxThreadDeaths?: number;
    readonly processCrash?: number;
    readonly maxProcessCrashes?: number;
    readonly maxDowntime?: number;
    readonly connectionLoss?: number;
    readonly ownershipLoss?: number;
    readonly maxOwnershipLosses?: number;
    readonly swarm?: boolean;
}

export interface Interleaving<Shared extends object, Tasks extends Readonly<Record<string, Task<Shared>>>> {
    shared(invariants: Invariants): Shared | PromiseLike<Shared>;
    readonly tasks: Tasks;
    check?(shared: NoInfer<Shared>, results: {
        readonly [Name in keyof Tasks]: Awaited<ReturnType<Tasks[Name]>>;
    }): unknown;
}

export interface Invariants {
    always(what: string, holds: () => boolean | void): void;
    eventually(what: string, holds: () => boolean | void | PromiseLike<boolean | void>): void;
    sometimes(what: string, isMet: () => boolean): void;
}

/** @experimental */
export type KeyValueInput = {
    readonly f: "get";
    readonly key: string;
} | {
    readonly f: "put";
    readonly key: string;
    readonly value: string;
} | {
    readonly f: "append";
    readonly key: string;
    readonly value: string;
};

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

/** @experimental */
export interface LinearizabilityOptions {
    readonly budget?: number;
}

/** @experimental */
export interface LinearizabilityReport<Input = unknown, Output = unknown> {
    readonly linearizable: boolean | "unknown";
    readonly model: string;
    readonly operations: number;
    readonly explored: number;
    readonly violation?: Violation<Input, Output>;
}

/** @experimental */
export interface LockInput {
    readonly f: "acquire" | "release";
    readonly value: string | number;
}

/** @experimental */
export interface Operation<Input = unknown, Output = unknown> {
    readonly process: string | number;
    readonly input: Input;
    readonly output?: Output | undefined;
    readonly called: number;
    readonly returned?: number | undefined;
}

/** @experimental */
export type QueueInput<Value> = {
    readonly f: "enqueue";
    readonly value: Value;
} | {
    readonly f: "dequeue";
};

export interface Race {
    readonly name: string;
    readonly scenario: Scenario | AnyInterleaving;
    readonly options: SimulateOptions;
}

export interface RaceTestOptions extends SimulateOptions {
    readonly test?: RunnerTest;
    readonly jobs?: {
        readonly count: number;
        readonly module: string | URL;
        readonly name: string;
    };
    readonly timeout?: number;
}

/** @experimental */
export interface Recording<Input, Output> {
    readonly operations: readonly Operation<Input, Output>[];
    call<Answer extends Output>(process: string | number, input: Input, call: () => Answer | PromiseLike<Answer>): Promise<Answer>;
}

/** @experimental */
export interface RecordingOptions {
    readonly hadNoEffect?: (error: unknown) => boolean;
}

/** @experimental */
export type RegisterInput<Value> = {
    readonly f: "read";
} | {
    readonly f: "write";
    readonly value: Value;
} | {
    readonly f: "cas";
    readonly value: readonly [
        expected: Value,
        next: Value
    ];
};

/** @experimental */
export interface RunOnThreadsOptions extends Pick<SimulateOptions, "seed" | "system" | "expects" | "faults" | "journal" | "placement"> {
    readonly runs?: number;
    readonly maxDelay?: number;
    readonly replay?: string;
    readonly timeout?: number;
}

export type RunnerTest = (name: string, run: () => Promise<void>, timeout: number) => unknown;

export type Scenario = (world: World) => Promise<void>;

export interface SearchOptions {
    readonly seed?: number;
    readonly runs?: number;
    readonly time?: number;
    readonly replay?: string;
    readonly exhaustive?: Exhaustive;
    readonly strategy?: StrategyName;
    readonly maxSteps?: number;
}

export interface SeenCall {
    readonly agent: string;
    readonly input: unknown;
}

/** @experimental */
export interface SequentialModel<State, Input, Output> {
    readonly name: string;
    readonly initial: State;
    next(state: State, input: Input, answer: {
        readonly output: Output;
    } | undefined): readonly State[];
    partition?(input: Input): string;
    readsOnly?(input: Input): boolean;
    identity?(state: State): string;
}

export interface SimulateOptions extends SearchOptions {
    readonly faults?: Faults;
    readonly placement?: "drawn" | "spread";
    readonly journal?: "memory" | "durable" | "leased";
    readonly system?: Omit<SystemOptions, "env" | "resourceLimits" | "stallTimeout" | "shutdownOn" | "standby" | "journal"> & {
        readonly journal?: Journal | Promise<Journal>;
    };
    readonly agents?: readonly FakeAnswer[];
    readonly expects?: (failure: ActorFailure) => boolean;
    readonly shrink?: boolean;
}

export interface SimulationReport {
    readonly seed: number;
    readonly runs: number;
    readonly steps: number;
    readonly schedules: number;
    readonly crashes: number;
    readonly unmet: readonly string[];
    readonly isComplete?: boolean;
}

/** @experimental */
export interface StepCounts {
    readonly finished: number;
    readonly skipped: number;
    readonly undone: number;
}

export type StrategyName = "portfolio" | "random" | "weighted" | "pct" | "pos" | "fair";

export type Task<Shared> = (shared: Shared) => unknown;

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
export interface TestedSubject<Subject, Input, Output> {
    setup(system: System): Subject | PromiseLike<Subject>;
    call(subject: Subject, input: Input, side: number): Output | PromiseLike<Output>;
}

/** @experimental */
export interface ThreadsReport {
    readonly seed: number;
    readonly runs: number;
    readonly batches: number;
    readonly missed: number;
    readonly unmet: readonly string[];
}

/** @experimental */
export interface Transaction {
    readonly name: string;
    readonly process: string | number;
    readonly reads: Readonly<Record<string, number>>;
    readonly writes: Readonly<Record<string, number>>;
    readonly began?: number;
    readonly ended?: number;
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

/** @experimental */
export interface Violation<Input = unknown, Output = unknown> {
    readonly part?: string;
    readonly operations: readonly Operation<Input, Output>[];
    readonly others: readonly Operation<Input, Output>[];
    readonly last: Operation<Input, Output>;
    readonly text: string;
}

export interface World extends Life, Invariants {
    readonly system: System;
    crash(options?: {
        readonly downtime?: number;
    }): Promise<System>;
    survive<T>(work: (life: Life) => Promise<T>): Promise<T>;
}

/** @experimental */
export declare function againstModel<State, Input, Output, Subject>(model: SequentialModel<State, Input, Output>, { setup, call }: TestedSubject<Subject, Input, Output>, sides: readonly (readonly Input[])[], options?: LinearizabilityOptions): (world: {
    readonly system: System;
}) => Promise<void>;

export declare function answering<In, Out, Part>(agent: CallableAgent<In, Out, Part>, answer: (input: NoInfer<In>, emit: (part: NoInfer<Part>) => void) => Promise<NoInfer<Out>> | NoInfer<Out>): FakeAnswer;

/** @experimental */
export declare function byKey<State, Input, Output>(model: SequentialModel<State, Input, Output>): SequentialModel<State, Input & {
    readonly key?: unknown;
}, Output>;

/** @experimental */
export declare function checkLinearizability<State, Input, Output>(model: SequentialModel<State, Input, Output>, history: readonly Operation<Input, Output>[], options?: LinearizabilityOptions): LinearizabilityReport<Input, Output>;

/** @experimental */
export declare function checkTransactions(history: readonly Transaction[]): readonly Anomaly[];

/** @experimental */
export declare const counter: SequentialModel<number, CounterInput, number | undefined>;

/** @experimental */
export declare function interleave<Shared extends object, Tasks extends Readonly<Record<string, Task<Shared>>>>(interleaving: Interleaving<Shared, Tasks>, options?: SearchOptions): Promise<SimulationReport>;

/** @experimental */
export declare const keyValue: SequentialModel<string, KeyValueInput, string>;

/** @experimental */
export declare const lock: SequentialModel<string | number | null, LockInput, boolean>;

/** @experimental */
export declare function queue<Value>(): SequentialModel<readonly Value[], QueueInput<Value>, Value | null | undefined>;

/** @experimental */
export declare function raceTest<Shared extends object, Tasks extends Readonly<Record<string, Task<Shared>>>>(name: string, scenario: Scenario | Interleaving<Shared, Tasks>, { test, timeout, jobs, ...options }?: RaceTestOptions): Race;

/** @experimental */
export declare function recordOperations<Input, Output>(options?: RecordingOptions): Recording<Input, Output>;

/** @experimental */
export declare function register<Value>(initial: Value): SequentialModel<Value, RegisterInput<Value>, Value | boolean>;

/** @experimental */
export declare function runOnThreads(scenario: Scenario, options?: RunOnThreadsOptions): Promise<ThreadsReport>;

export declare function simulate(scenario: Scenario, options?: SimulateOptions): Promise<SimulationReport>;

export declare function testAgent<In, Out>(agent: AgentDefinition<In, Out>, fakes?: AgentFakes): TestedAgent<In, Out>;

/** @experimental */
export declare function verifyWorkflow<Input, Output, Waits, Steps>(workflow: WorkflowDefinition<Input, Output, Steps, Waits>, options?: VerifyOptions<Input>): Promise<VerifyReport>;

export {};
