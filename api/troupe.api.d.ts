// The public surface of "troupe", written by `npm run api`. `npm run verify` compares it with the build.

import type { Draft } from "immer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Observable, OperatorFunction } from "rxjs";
import type * as v from "valibot";

export interface ActiveModelCall extends ActiveSpan {
    used(usage: TokenUsage): void;
}

export interface ActiveSpan {
    readonly traceparent: string | undefined;
    set(attribute: string, value: AttributeValue): void;
    event(name: string, attributes?: Attributes): void;
}

export interface ActorChildOptions {
    readonly name: string;
    readonly actor: ActorDefinition;
    readonly restart?: ChildKind;
    readonly placement?: Placement;
    readonly stopWithin?: number;
    readonly maxDeliveries?: number;
}

export interface ActorContext<E = never> extends StateAccess {
    readonly self: Address;
    readonly thread: number;
    readonly signal: AbortSignal;
    readonly deadline: number;
    timeLeft(): number;
    now(): number;
    random(): number;
    readonly traceparent: string | undefined;
    span<T>(name: string, work: (span: ActiveSpan) => T | Promise<T>): Promise<T>;
    sleep(ms: number): Promise<void>;
    emit(event: E): void;
    call<In, Out>(agent: CallableAgent<In, Out>, input: NoInfer<In>, options?: CallOptions): Promise<Out>;
    stream<In, Out, Part>(agent: CallableAgent<In, Out, Part> & Emitting<Part>, input: NoInfer<In>, options?: CallOptions): CallStream<Part, Out>;
    spawn<P extends Protocol, F>(definition: ActorDefinition<P, F>, options?: SpawnOptions): Promise<ActorRef<P, F>>;
    spawn<In, Out>(agent: CallableAgent<In, Out>, options?: SpawnOptions): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
    find<P extends Protocol, F>(definition: ActorDefinition<P, F>, name: string): Promise<ActorRef<P, F>>;
    find<In, Out>(agent: CallableAgent<In, Out>, name: string): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
    stop(ref?: {
        readonly address: Address;
    }, mode?: StopMode): Promise<void>;
    watch(ref: {
        readonly address: Address;
    }, message: string): Promise<void>;
    unwatch(ref: {
        readonly address: Address;
    }): Promise<void>;
    link(ref: {
        readonly address: Address;
    }): Promise<void>;
    unlink(ref: {
        readonly address: Address;
    }): Promise<void>;
}

export interface ActorDefinition<P extends Protocol = Protocol, E = unknown> {
    readonly kind: "actor";
    readonly module: string;
    readonly name: string;
    readonly protocol: P;
    readonly events: v.GenericSchema<unknown, E> | undefined;
    readonly mailbox: MailboxOptions;
    readonly placement: Placement;
    readonly concurrency: number;
    readonly body: ActorBody;
}

export interface ActorOptions<P extends Protocol, E> {
    readonly name: string;
    readonly protocol: P & CloneableProtocol<P>;
    readonly events?: v.GenericSchema<unknown, E>;
    readonly mailbox?: MailboxOptions;
    readonly placement?: Placement;
}

export interface ActorRef<P extends Protocol = Protocol, E = unknown> extends Transferable {
    readonly address: Address;
    readonly name: string;
    tell<K extends keyof P & string>(type: K, ...input: Arguments<MessageInput<P[K]>>): Promise<void>;
    ask<K extends keyof P & string>(type: K, ...input: AskArguments<MessageInput<P[K]>>): Promise<MessageReply<P[K]>>;
    readonly events$: Observable<E>;
}

export interface ActorStatus {
    readonly name: string;
    readonly kind: ChildKind;
    readonly status: ChildStatus;
    readonly restarts: number;
    readonly address: Address;
    readonly thread: number | undefined;
}

export type Address = string & {
    readonly [addressBrand]: true;
};

export interface AgentContext<Part = never> extends ActorContext {
    readonly run: string | undefined;
    readonly step: string | undefined;
    readonly tenant: string | undefined;
    readonly idempotencyKey: string;
    useTokens(tokens: number | TokenUsage): void;
    modelCall<T>(call: ModelCall, work: (call: ActiveModelCall) => T | Promise<T>): Promise<T>;
    toolCall<T>(call: ToolCall, work: (span: ActiveSpan) => T | Promise<T>): Promise<T>;
    emit(part: Part): Promise<void>;
}

export interface AgentDefinition<In = unknown, Out = unknown, Part = unknown> extends CallableAgent<In, Out, Part> {
    readonly execute: (input: never, context: AgentContext) => unknown;
    readonly compensate: ((output: never, context: AgentContext, input: never) => unknown) | undefined;
    readonly compensateUnknown: ((input: never, context: AgentContext) => unknown) | undefined;
    readonly policies: Policies;
}

export interface AgentOptions<IS extends v.GenericSchema, OS extends v.GenericSchema, ES extends v.GenericSchema = v.NeverSchema<undefined>> {
    readonly name: string;
    readonly version: string;
    readonly input: IS & ([
        IsCloneable<v.InferInput<IS>>
    ] extends [
        true
    ] ? unknown : "the input has a part that can't cross to another actor");
    readonly output: OS & ([
        IsCloneable<v.InferOutput<OS>>
    ] extends [
        true
    ] ? unknown : "the output has a part that can't cross to another actor");
    readonly emits?: ES & ([
        IsCloneable<v.InferOutput<ES>>
    ] extends [
        true
    ] ? unknown : "what it emits has a part that can't cross to another actor");
    execute(input: v.InferOutput<IS>, context: AgentContext<v.InferInput<ES>>): Promise<ReadonlyParts<v.InferInput<OS>>> | ReadonlyParts<v.InferInput<OS>>;
    compensate?(output: v.InferOutput<OS>, context: AgentContext, input: v.InferOutput<IS>): Promise<void> | void;
    compensateUnknown?(input: v.InferOutput<IS>, context: AgentContext): Promise<void> | void;
    readonly concurrency?: number;
    readonly placement?: Placement;
    readonly policies?: PolicyOptions<v.InferInput<IS>>;
}

export type AgentProtocol<In, Out> = {
    readonly execute: MessageSpec & {
        readonly input: v.GenericSchema<In, In>;
        readonly reply: v.GenericSchema<Out, Out>;
    };
};

/** @experimental */
export interface AgentStep extends StepBase {
    readonly kind: "agent";
    readonly agent: AgentDefinition;
    readonly map: (sources: MappingSources) => unknown;
    readonly fallback: ((sources: MappingSources, error: unknown) => unknown) | undefined;
    readonly isPivot: boolean;
}

export declare class AskError<Code extends ErrorCode = ErrorCode, Details = DetailsOf<Code>> extends TroupeError<Code, Details> {
    readonly outcome: AskOutcome;
    readonly mayHaveRun: boolean;
    constructor(outcome: AskOutcome, code: Code, message: string, ...options: OptionsArgument<AskErrorOptions<Code>>);
    get name(): string;
}

export type AskErrorOptions<Code extends ErrorCode = ErrorCode> = TroupeErrorOptions<Code> & {
    readonly mayHaveRun?: boolean;
};

export interface AskOptions {
    readonly timeout?: number;
    readonly signal?: AbortSignal;
    readonly detached?: boolean;
    readonly idempotencyKey?: string;
}

export type AskOutcome = "rejected" | "failed" | "timed-out" | "cancelled";

export type AttributeValue = string | number | boolean | readonly string[];

export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface BackfillOptions {
    readonly from: Date | number;
    readonly to: Date | number;
    readonly overlap?: "queue" | "allow";
}

/** @experimental */
export type Backoff = Required<BackoffOptions>;

export interface BackoffOptions {
    readonly first?: number;
    readonly factor?: number;
    readonly max?: number;
    readonly jitter?: number;
}

export interface BehaviourOptions<P extends Protocol, E> extends ActorOptions<P, E> {
    readonly behaviour: (inbox$: Observable<InboxMessage<P>>, context: ActorContext<E>) => Observable<E>;
}

export interface BisectOptions {
    readonly from?: number;
    readonly to?: number;
}

export interface Blame {
    readonly path: string;
    readonly value: unknown;
    readonly version: number;
    readonly author: string;
    readonly run?: string;
    readonly cause?: string;
    readonly time: number;
    readonly exact: boolean;
}

export interface BranchOptions<After, Needs, From, FromAll, When, Otherwise> {
    readonly after?: readonly After[];
    readonly needs?: readonly Needs[];
    readonly when?: (sources: From) => When;
    readonly otherwise?: (sources: FromAll) => Otherwise;
}

export interface BreakerOptions {
    readonly consecutiveFailures?: number;
    readonly failureRate?: number;
    readonly window?: number;
    readonly minimumCalls?: number;
    readonly slowAfter?: number;
    readonly openFor?: BackoffOptions;
    readonly probes?: number;
    readonly counts?: ErrorMatcher;
}

/** @experimental */
export interface BreakerPolicy extends Required<Omit<BreakerOptions, "openFor" | "counts">> {
    readonly openFor: Backoff;
    readonly counts: ErrorMatcher | undefined;
}

export type BreakerRecord = {
    readonly status: "closed";
} | {
    readonly status: "open" | "half-open";
    readonly why: OpenedBecause;
    readonly retryAt: number;
    readonly openings: number;
};

export interface BulkheadOptions {
    readonly concurrent: number;
    readonly perTenant?: number;
    readonly queue?: number;
}

/** @experimental */
export type BulkheadPolicy = Required<Omit<BulkheadOptions, "perTenant">> & Pick<BulkheadOptions, "perTenant">;

export type CallItem<Part = unknown> = {
    readonly kind: "attempt";
    readonly attempt: number;
} | {
    readonly kind: "part";
    readonly attempt: number;
    readonly index: number;
    readonly value: Part;
} | {
    readonly kind: "gap";
    readonly attempt: number;
    readonly lost: number;
};

export interface CallOptions {
    readonly timeout?: number;
    readonly signal?: AbortSignal;
    readonly idempotencyKey?: string;
    readonly once?: boolean;
    readonly tenant?: string;
}

export interface CallStream<Part = unknown, Out = unknown> {
    readonly result: Promise<Out>;
    [Symbol.asyncIterator](): AsyncGenerator<CallItem<Part>, void, undefined>;
}

export interface CallableAgent<In = unknown, Out = unknown, Part = unknown> {
    readonly kind: "agent";
    readonly module: string;
    readonly name: string;
    readonly version: string;
    readonly input: v.GenericSchema<In, unknown>;
    readonly output: v.GenericSchema<unknown, Out>;
    readonly emits: v.GenericSchema<unknown, Part> | undefined;
    readonly concurrency: number;
    readonly placement: Placement;
}

export interface CancelRequested {
    readonly type: "cancel-requested";
    readonly reason?: string;
    readonly isExpired?: true;
}

export type CatchUp = "latest" | "all" | "none";

export type ChildKind = "permanent" | "transient" | "temporary";

export type ChildOptions = ActorChildOptions | SupervisorChildOptions;

/** @experimental */
export type ChildStatus = "idle" | "starting" | "up" | "suspending" | "down" | "stopping" | "gone";

export interface CommitOptions {
    readonly onConflict?: "retry" | "reject";
    readonly expectedVersion?: number;
    readonly maxRetries?: number;
    readonly idempotencyKey?: string;
}

/** @experimental */
export interface CommitRecord {
    readonly snapshot: Snapshot;
    readonly patches: readonly Patch[];
}

export interface CompensationFailed {
    readonly type: "compensation-failed";
    readonly step: string;
    readonly error: EncodedError;
    readonly epoch?: Epoch;
    readonly attempt?: number;
    readonly retryAt?: number;
}

export interface CompensationFinished {
    readonly type: "compensation-finished";
    readonly step: string;
    readonly attempt?: number;
}

export interface CompensationRetried {
    readonly type: "compensation-retried";
}

export interface CompensationStarted {
    readonly type: "compensation-started";
    readonly step: string;
    readonly by: Coordination;
    readonly epoch: Epoch;
    readonly attempt?: number;
}

export interface ConflictDetails {
    readonly key: StateKey;
    readonly keys?: readonly StateKey[];
    readonly base: number;
    readonly mine: unknown;
    readonly theirs?: Snapshot;
    readonly attempts: number;
    readonly [field: string]: unknown;
}

export declare class ConflictError extends TroupeError {
    readonly code: "conflict";
    readonly details: ConflictDetails;
    constructor(details: ConflictDetails);
    get name(): string;
}

export type Coordination = "orchestrator" | "relay";

export interface CoordinationSwitched {
    readonly type: "coordination-switched";
    readonly coordination: Coordination;
    readonly epoch: Epoch;
}

export interface DeadLetter {
    readonly reason: DeadLetterReason;
    readonly to: Address;
    readonly from: Address | undefined;
    readonly type: string;
    readonly payload: unknown;
    readonly detail?: string;
}

export type DeadLetterReason = "no-such-actor" | "no-such-message" | "actor-stopped" | "thread-died" | "overflow" | "expired" | "cancelled" | "invalid-message" | "handler-failed" | "rejected" | "max-deliveries" | "system-closed";

export type Decider = (child: FailedChild, failure: Failure) => Decision;

export type Decision = "resume" | "restart" | "stop" | "escalate";

export interface DefinitionChanged {
    readonly type: "definition-changed";
    readonly from: WorkflowId;
    readonly to: WorkflowId;
    readonly epoch: Epoch;
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly skipped: readonly string[];
    readonly adapted: readonly string[];
    readonly steps: readonly StepOutline[];
    readonly definition: string;
    readonly contract: string;
    readonly values?: readonly MigratedValue[];
    readonly input?: Payload;
}

export type DetailsOf<Code extends keyof ErrorDetailsByCode> = keyof ErrorDetailsByCode extends Code ? ErrorDetails : ErrorDetailsByCode[Code];

export type Durability = "sync" | "relaxed";

export interface EachOptions<From, Item, Tolerate, Kind, Out> {
    readonly over: (sources: From) => readonly Item[];
    readonly concurrency?: number;
    readonly max?: number;
    readonly tolerate?: Tolerate;
    readonly fallback?: (sources: From & {
        readonly item: NoInfer<Item>;
        readonly index: number;
    }, error: unknown) => StandIn<Kind, Out>;
}

/** @experimental */
export interface EachOutline {
    readonly concurrency: number;
    readonly max: number;
    readonly tolerate?: Tolerance;
    readonly item: StepOutline;
}

/** @experimental */
export interface EachStep extends StepBase {
    readonly kind: "each";
    readonly does: AgentDefinition | WorkflowDefinition;
    readonly over: (sources: MappingSources) => unknown;
    readonly map: (sources: MappingSources) => unknown;
    readonly concurrency: number;
    readonly max: number;
    readonly tolerate: Tolerance | undefined;
    readonly fallback: AgentStep["fallback"];
}

export type Emitting<Part> = [
    Part
] extends [
    never
] ? "the agent emits nothing: give defineAgent the schema of its parts, such as emits: v.string(), or use call" : unknown;

/** @experimental */
export interface EncodedError {
    readonly kind: "troupe" | "refusal" | "error" | "value";
    readonly name: string;
    readonly message: string;
    readonly stack?: string;
    readonly code?: string | number;
    readonly status?: number;
    readonly retryAfter?: number;
    readonly outcome?: AskOutcome;
    readonly mayHaveRun?: boolean;
    readonly details?: ErrorDetails;
    readonly cause?: EncodedError;
    readonly errors?: readonly EncodedError[];
    readonly value?: unknown;
}

export type EndStatus = "completed" | "failed" | "cancelled" | "undone" | "compensation-failed" | "resolved";

/** @experimental */
export type Epoch = number;

export interface EraseOptions {
    readonly reason: string;
    readonly forks?: boolean;
}

export interface Erased {
    readonly tombstone: SnapshotMeta;
    readonly erasedForks: readonly StateKey[];
    readonly remainingForks: readonly StateKey[];
}

export interface Erasure {
    readonly reason: string;
    readonly forgotten?: true;
}

export type ErrorCode = keyof ErrorDetailsByCode;

export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface ErrorDetailsByCode {
    "no-such-actor": {
        readonly name?: string;
        readonly to?: string;
        readonly type?: string;
    };
    "no-such-message": {
        readonly name?: string;
        readonly type?: string;
        readonly actor?: string;
        readonly message?: string;
    };
    "actor-stopped": {
        readonly to?: string;
        readonly type?: string;
        readonly agent?: string;
        readonly actor?: string;
        readonly run?: string;
        readonly step?: string;
    };
    "mailbox-full": {
        readonly to: string;
        readonly type: string;
        readonly capacity?: number;
    };
    "not-cloneable": {
        readonly path: readonly (string | number)[];
        readonly kind: string;
    };
    "message-too-large": {
        readonly maxBytes: number;
    };
    "handler-failed": {
        readonly to: string;
        readonly type: string;
    };
    "max-deliveries": {
        readonly to: string;
        readonly type: string;
    };
    "timed-out": {
        readonly to?: string;
        readonly type?: string;
        readonly agent?: string;
        readonly run?: string;
        readonly step?: string;
        readonly timeout?: number;
        readonly idleTimeout?: number;
    };
    cancelled: {
        readonly to?: string;
        readonly type?: string;
        readonly agent?: string;
    };
    "circular-call": {
        readonly agent: string;
        readonly circle: readonly string[];
    };
    "breaker-open": {
        readonly agent: string;
        readonly status: "open" | "half-open";
        readonly why: {
            readonly rule: "consecutive-failures" | "failure-rate" | "probe-failed";
            readonly failures: number;
            readonly calls: number;
            readonly last: string;
        };
        readonly retryAfter: number;
    };
    "rate-limited": {
        readonly agent: string;
        readonly caller: string;
        readonly tenant?: string;
        readonly measure: "requests" | "tokens";
        readonly max: number;
        readonly period: number;
        readonly per: "agent" | "caller" | "tenant";
        readonly queue: number;
        readonly retryAfter?: number;
    };
    "bulkhead-full": {
        readonly agent: string;
        readonly concurrent: number;
        readonly queue: number;
        readonly tenant?: string;
    };
    "contract-violated": {
        readonly agent: string;
        readonly version: string;
        readonly direction: "input" | "output" | "message" | "reply" | "answer" | "event" | "part";
        readonly side: "sender" | "receiver";
        readonly path: string;
        readonly expected: string;
        readonly received: string;
        readonly issues: number;
    };
    "thread-died": {
        readonly thread?: number;
        readonly how?: "threw" | "rejected" | "exited" | "out-of-memory" | "terminated" | "stalled" | "unreadable";
        readonly exitCode?: number;
        readonly stillFor?: number;
        readonly stallTimeout?: number;
        readonly to?: string;
        readonly type?: string;
    };
    "supervision-failed": {
        readonly supervisor: string;
        readonly child?: string;
    };
    "no-such-thread": {
        readonly thread?: number;
        readonly threads?: readonly number[];
    };
    "module-failed": {
        readonly module: string;
        readonly name?: string;
        readonly kind?: "actor" | "agent" | "workflow";
        readonly version?: number;
    };
    "definition-not-found": {
        readonly module?: string;
        readonly name?: string;
        readonly kind?: "actor" | "agent" | "workflow";
        readonly version?: string;
        readonly found?: string;
    };
    "name-taken": {
        readonly name: string;
    };
    "foreign-ref": {
        readonly actor: string;
    };
    "not-committed": {
        readonly to: string;
        readonly type: string;
    };
    "outbox-full": {
        readonly actor: string;
        readonly count: number;
        readonly limit: number;
    };
    "invalid-options": {
        readonly path?: string | null;
        readonly expected?: string | null;
        readonly received?: string;
        readonly agent?: string;
        readonly modules?: readonly string[];
        readonly supervisor?: string;
        readonly name?: string;
        readonly key?: string;
        readonly keys?: string;
        readonly keep?: unknown;
        readonly token?: number;
        readonly position?: number;
    };
    "system-closed": {
        readonly run?: string;
        readonly isRecorded?: boolean;
        readonly to?: string;
        readonly type?: string;
    };
    conflict: {
        readonly key: string;
        readonly keys?: readonly string[];
        readonly base: number;
        readonly mine: unknown;
        readonly theirs?: {
            readonly version: number;
            readonly state: unknown;
        };
        readonly attempts: number;
    } | {
        readonly run: string;
        readonly known: number;
        readonly found: number;
    };
    "no-such-key": {
        readonly key?: string;
        readonly near?: readonly string[];
    };
    "no-such-version": {
        readonly key: string;
        readonly version?: number;
        readonly time?: number;
        readonly oldest?: number;
        readonly newest?: number;
        readonly idempotencyKey?: string;
    };
    erased: {
        readonly key: string;
        readonly version: number;
        readonly author: string;
        readonly time: number;
        readonly reason: string;
    };
    "no-such-path": {
        readonly key: string;
        readonly path: string;
        readonly version: number;
    };
    "key-exists": {
        readonly key: string;
        readonly newest: number;
    };
    "invalid-state": {
        readonly key?: string;
        readonly definition?: string;
        readonly version?: number;
        readonly schema?: number;
        readonly upcaster?: number;
        readonly path?: string | readonly (string | number)[];
        readonly expected?: string;
        readonly received?: string;
        readonly issues?: number;
        readonly op?: string;
    };
    "no-upcaster": {
        readonly key: string;
        readonly version: number;
        readonly schema: number;
        readonly upcaster?: number;
        readonly newest?: number;
    };
    "schema-newer": {
        readonly key: string;
        readonly version: number;
        readonly schema: number;
        readonly known: number;
    };
    "recipe-failed": {
        readonly what: string;
    };
    "idempotency-mismatch": {
        readonly idempotencyKey: string;
        readonly key: string;
        readonly committedTo: string;
        readonly version: number;
    };
    "no-such-journal": {
        readonly directory: string;
    };
    "journal-in-use": {
        readonly directory?: string;
        readonly pid: number;
        readonly owner?: string;
        readonly until?: number;
    };
    "journal-format": {
        readonly file: string;
        readonly format: number;
        readonly expected: number;
    };
    "journal-corrupt": {
        readonly what: string;
        readonly key?: string;
        readonly version?: number;
        readonly file?: string;
        readonly page?: number;
        readonly count?: number;
    };
    "journal-failed": {
        readonly directory: string;
        readonly freeBytes?: number | undefined;
    };
    "journal-stopped": {
        readonly directory: string;
    };
    "ownership-lost": {
        readonly journal: string;
        readonly epoch?: number;
        readonly owner?: string;
        readonly run?: string;
        readonly isRecorded?: boolean;
    };
    "on-standby": Readonly<Record<string, undefined>>;
    "outcome-unknown": {
        readonly positions: readonly number[];
    };
    "key-too-long": {
        readonly bytes: number;
        readonly maxBytes: number;
    };
    "invalid-workflow": {
        readonly workflow?: string;
        readonly version?: string;
        readonly step?: string;
    };
    "run-exists": {
        readonly run: string;
    };
    "step-failed": {
        readonly run: string;
        readonly step: string;
    };
    "run-cancelled": {
        readonly run: string;
        readonly step?: string;
        readonly reason?: string;
    };
    "run-undone": {
        readonly run: string;
        readonly reason?: string;
    };
    "compensation-failed": {
        readonly run: string;
        readonly step: string;
        readonly isPivot?: true;
        readonly failed?: string;
    };
    "run-resolved": {
        readonly run: string;
        readonly note: string;
    };
    "no-such-run": {
        readonly run: string;
        readonly near?: readonly string[];
        readonly workflow?: string;
        readonly found?: string;
    };
    "no-such-queue": {
        readonly queue: string;
    };
    "no-such-schedule": {
        readonly schedule: string;
        readonly near?: readonly string[];
    };
    "loop-exhausted": {
        readonly step: string;
        readonly max: number;
    };
    "too-many-items": {
        readonly step: string;
        readonly count: number;
        readonly max: number;
    };
    "workflow-changed": {
        readonly run: string;
        readonly workflow: string;
        readonly version: string;
        readonly startedWith: string | undefined;
        readonly found: string;
        readonly step?: string;
    };
    "not-admissible": {
        readonly run: string;
        readonly status: string;
        readonly wait?: string;
        readonly by?: string;
        readonly at?: number;
        readonly version?: number;
        readonly loop?: string;
    };
    "past-point-of-no-return": {
        readonly run: string;
        readonly step: string;
    };
    overloaded: {
        readonly run: string;
        readonly inFlight: number;
        readonly waiting: number;
    };
    "queue-full": {
        readonly run: string;
        readonly queue: string;
        readonly key: string;
        readonly waiting: number;
    };
    "bench-failed": Readonly<Record<string, undefined>>;
    "simulation-failed": {
        readonly seed: number;
        readonly steps: number;
        readonly replay?: string;
    };
    "not-repeatable": {
        readonly seed: number;
        readonly steps: number;
    };
    "uncontrolled-source": {
        readonly source: string;
        readonly seed?: number;
        readonly steps?: number;
    };
    "verification-failed": {
        readonly workflow: string;
        readonly problem: string;
        readonly seed: number;
    };
    "not-linearizable": {
        readonly model: string;
        readonly verdict: false | "unknown";
        readonly operations: number;
    };
    deadlock: {
        readonly seed?: number;
        readonly steps?: number;
        readonly replay?: string;
    };
    livelock: {
        readonly seed?: number;
        readonly steps?: number;
        readonly replay?: string;
    };
    "process-crashed": Readonly<Record<string, undefined>>;
    "invalid-input": {
        readonly file?: string;
        readonly line?: number;
        readonly field?: string;
        readonly module?: string;
    };
}

export type ErrorMatcher = string | ((error: unknown) => boolean) | readonly (string | ((error: unknown) => boolean))[];

export interface FailedChild {
    readonly name: string;
    readonly kind: ChildKind;
    readonly restarts: number;
}

export type Failure = {
    readonly kind: "handler-failed";
    readonly message: string;
    readonly error: unknown;
    readonly deliveries: number;
    readonly isAsk: boolean;
} | {
    readonly kind: "behaviour-failed";
    readonly error: unknown;
} | {
    readonly kind: "thread-died";
    readonly thread: number;
    readonly error: unknown;
} | {
    readonly kind: "start-failed";
    readonly error: unknown;
} | {
    readonly kind: "linked-actor-died";
    readonly actor: Address;
    readonly reason: GoneReason;
} | {
    readonly kind: "escalated";
    readonly child: string;
    readonly failure: Failure;
} | {
    readonly kind: "completed";
};

export interface ForkOptions {
    readonly id?: string;
    readonly at?: number;
    readonly before?: string | readonly string[];
    readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface Gone {
    readonly actor: Address;
    readonly reason: GoneReason;
}

export type GoneReason = "stopped" | "failed" | "thread-died" | "left-behind" | "linked-actor-died" | "no-such-actor";

export type Handler<S, M extends MessageSpec, E> = (draft: Draft<S>, payload: MessagePayload<M>, context: ActorContext<E>) => HandlerResult<M> | Promise<HandlerResult<M>>;

export interface HandlerOptions<P extends Protocol, S, E> extends ActorOptions<P, E> {
    readonly state?: (() => S) | StateDefinition<S>;
    readonly on: {
        readonly [K in keyof P]: Handler<S, P[K], E>;
    };
}

export type HandlerResult<M extends MessageSpec> = (M extends {
    readonly reply: infer R extends v.GenericSchema;
} ? ReadonlyParts<v.InferInput<R>> : void) | AsWritten<M["reply"]>;

export interface HistogramPoint {
    readonly attributes: Readonly<Record<string, string>>;
    readonly count: number;
    readonly sum: number;
    readonly buckets: readonly {
        readonly upTo: number;
        readonly count: number;
    }[];
}

export interface HistoryOptions {
    readonly from?: number;
    readonly to?: number;
    readonly limit?: number;
    readonly order?: "oldest-first" | "newest-first";
    readonly author?: string;
    readonly run?: string;
    readonly since?: number;
    readonly until?: number;
}

export interface Imported {
    readonly key: StateKey;
    readonly versions: number;
}

export type InboxMessage<P extends Protocol> = {
    [K in keyof P & string]: {
        readonly type: K;
        readonly payload: MessagePayload<P[K]>;
        readonly from: Address | undefined;
        readonly signal: AbortSignal;
        readonly deadline: number;
        timeLeft(): number;
        reply(value: MessageReply<P[K]>): void;
        fail(error: unknown): void;
        hold(): () => void;
    };
}[keyof P & string];

export type InputOf<W extends WorkflowDefinition> = W extends WorkflowDefinition<infer Input> ? Input : never;

export interface InspectorOptions extends TraceOptions {
    readonly port?: number;
    readonly host?: string;
    readonly hosts?: readonly string[];
    readonly readOnly?: boolean;
    readonly content?: "none" | "all";
    readonly onOpen?: (url: string) => void;
}

export interface ItemError {
    readonly name: string;
    readonly message: string;
    readonly code?: string | number;
}

export type ItemResult<Out> = {
    readonly output: Out;
    readonly error?: never;
} | {
    readonly error: ItemError;
    readonly output?: never;
};

/** @experimental */
export interface ItemsOf {
    readonly count: number;
    readonly digest: string;
}

/** @experimental */
export interface Journal {
    readonly position: Position;
    readonly time: number;
    readonly lost?: AbortSignal;
    append(records: readonly CommitRecord[]): MaybePromise<void>;
    head(key: StateKey): MaybePromise<Snapshot | undefined>;
    peek(key: StateKey): MaybePromise<Snapshot | undefined>;
    heads(keys: readonly StateKey[]): MaybePromise<readonly (Snapshot | undefined)[]>;
    at(key: StateKey, version: number): MaybePromise<Snapshot | undefined>;
    meta(key: StateKey, version: number): MaybePromise<SnapshotMeta | undefined>;
    oldest(key: StateKey): MaybePromise<number | undefined>;
    records(key: StateKey, lowest: number, highest: number): MaybePromise<readonly CommitRecord[]>;
    committed(idempotencyKey: string): MaybePromise<readonly Snapshot[]>;
    keys(prefix: string, since?: Position): MaybePromise<readonly StateKey[]>;
    trim(key: StateKey, oldest: number): MaybePromise<void>;
    size(key: StateKey): MaybePromise<number>;
    compact(): MaybePromise<void>;
    close(): MaybePromise<void>;
}

export interface JournalDamage {
    readonly what: string;
    readonly key?: StateKey;
    readonly version?: number;
    readonly page?: number;
}

export interface JournalReport {
    readonly directory: string;
    readonly keys: number;
    readonly versions: number;
    readonly bytes: number;
    readonly structureChecked: boolean;
    readonly damages: readonly JournalDamage[];
}

export type JsonPatchOperation = {
    readonly op: "add" | "replace";
    readonly path: string;
    readonly value: unknown;
} | {
    readonly op: "remove";
    readonly path: string;
};

export type Keep = "all" | {
    readonly last: number;
} | {
    readonly age: number;
};

export interface KeepRuns {
    readonly last?: number;
    readonly age?: number;
}

export interface LeftRuns {
    readonly unfinished: readonly string[];
    readonly notStarted: readonly string[];
}

export interface LmdbJournalOptions {
    readonly durability?: Durability;
    readonly readOnly?: boolean;
}

export interface LogFields {
    readonly event: string;
    readonly err?: unknown;
    readonly [field: string]: unknown;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export type Logger = {
    readonly [level in LogLevel]: (fields: LogFields, message: string) => void;
};

export interface LoggerOptions {
    readonly level?: LogLevel;
    readonly format?: "text" | "json";
    readonly to?: Logger;
}

export type LoopDoers = OneDoer | Readonly<Record<string, AgentDefinition>>;

export interface LoopOptions<From, Does, Given, Told> {
    readonly until: (sources: From & Done<Does>) => boolean;
    readonly max: number;
    readonly onMax?: "fail" | "accept";
    readonly inbox?: v.GenericSchema<Given, Told> & ([
        IsCloneable<NoInfer<Given>>,
        IsCloneable<NoInfer<Told>>
    ] extends [
        true,
        true
    ] ? unknown : "the message has a part that can't cross to another actor");
}

/** @experimental */
export interface LoopOutline {
    readonly max: number;
    readonly hasInbox?: true;
    readonly rounds: Readonly<Record<string, StepOutline>>;
}

/** @experimental */
export interface LoopStep extends StepBase {
    readonly kind: "loop";
    readonly does: Readonly<Record<string, AgentDefinition | WorkflowDefinition>>;
    readonly maps: Readonly<Record<string, (sources: MappingSources) => unknown>>;
    readonly who: ((sources: MappingSources) => unknown) | undefined;
    readonly until: (sources: MappingSources) => unknown;
    readonly max: number;
    readonly onMax: "fail" | "accept";
    readonly inbox: v.GenericSchema | undefined;
}

export interface LoopTold {
    readonly type: "loop-told";
    readonly step: string;
    readonly message: Payload;
    readonly by?: string;
    readonly idempotencyKey?: string;
}

export interface MailboxOptions {
    readonly capacity?: number;
    readonly overflow?: OverflowPolicy;
}

/** @experimental */
export type MappingSources = Readonly<Record<string, unknown>>;

export interface MayBeSkipped<Out> {
    readonly [skippable]: Out;
}

/** @experimental */
export type MaybePromise<T> = T | Promise<T>;

export type MessageInput<M extends MessageSpec> = M extends {
    readonly input: infer I extends v.GenericSchema;
} ? v.InferInput<I> : undefined;

export type MessagePayload<M extends MessageSpec> = M extends {
    readonly input: infer I extends v.GenericSchema;
} ? v.InferOutput<I> : undefined;

export type MessageReply<M extends MessageSpec> = M extends {
    readonly reply: infer R extends v.GenericSchema;
} ? v.InferOutput<R> : undefined;

export interface MessageSpec {
    readonly input?: v.GenericSchema;
    readonly reply?: v.GenericSchema;
}

export type Metric = {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
} & ({
    readonly kind: "counter" | "gauge";
    readonly points: readonly MetricPoint[];
} | {
    readonly kind: "histogram";
    readonly points: readonly HistogramPoint[];
});

export interface MetricPoint {
    readonly attributes: Readonly<Record<string, string>>;
    readonly value: number;
}

export interface MigrateOptions {
    readonly from?: string | readonly string[];
    readonly runs?: readonly string[];
    readonly dryRun?: boolean;
}

export type MigratedRun = {
    readonly run: string;
    readonly from: string;
} & ({
    readonly outcome: "ok";
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly skipped: readonly string[];
    readonly adapted: readonly string[];
} | {
    readonly outcome: "refused";
    readonly reasons: readonly string[];
});

/** @experimental */
export interface MigratedValue {
    readonly step: string;
    readonly isSkipped?: true;
    readonly output?: Payload;
    readonly input?: Payload;
    readonly answer?: Payload;
    readonly messages?: readonly Payload[];
}

export interface MigrationReport {
    readonly workflow: string;
    readonly dryRun: boolean;
    readonly runs: readonly MigratedRun[];
}

export interface ModelCall {
    readonly model: string;
    readonly provider?: string;
    readonly input?: unknown;
}

export interface OpenedBecause {
    readonly rule: "consecutive-failures" | "failure-rate" | "probe-failed";
    readonly failures: number;
    readonly calls: number;
    readonly last: string;
}

export type OutputOf<W extends WorkflowDefinition> = W extends WorkflowDefinition<unknown, infer Output> ? Output : never;

export type OverflowPolicy = "backpressure" | "drop-oldest" | "drop-newest" | "reject";

export type Overlap = "skip" | "queue" | "allow" | "cancel";

export type OverloadPolicy = "wait" | "reject";

/** @experimental */
export interface Patch {
    readonly op: "replace" | "add" | "remove";
    readonly path: PatchPath;
    readonly value?: unknown;
}

/** @experimental */
export type PatchPath = readonly (string | number)[];

/** @experimental */
export interface PauseStep extends StepBase {
    readonly kind: "pause";
    readonly until: number | ((sources: MappingSources) => unknown);
}

export type PauseTime<From> = {
    readonly ms: number;
    readonly until?: never;
} | {
    readonly until: (sources: From) => Date | number;
    readonly ms?: never;
};

/** @experimental */
export type Payload = unknown;

export type Pending = {
    readonly step: string;
    readonly isCompensation?: true;
} & ({
    readonly for: "steps";
    readonly steps: readonly string[];
} | {
    readonly for: "agent";
    readonly agent: string;
    readonly attempt: number;
} | {
    readonly for: "time";
    readonly at: number;
    readonly attempt?: number;
    readonly error?: string;
} | {
    readonly for: "breaker";
    readonly agent: string;
    readonly at: number;
    readonly attempt: number;
} | {
    readonly for: "answer";
    readonly question: unknown;
    readonly since: number;
    readonly until?: number;
} | {
    readonly for: "queue";
    readonly queue: string;
    readonly key: string;
    readonly since: number;
} | {
    readonly for: "start";
} | {
    readonly for: "person";
    readonly can: readonly ("retry-compensation" | "resolve")[];
});

export type Placement = "pooled" | "dedicated" | {
    readonly thread: number;
};

export interface Policies {
    readonly breaker: BreakerPolicy | false;
    readonly bulkhead: BulkheadPolicy | undefined;
    readonly rateLimits: readonly RateLimitPolicy[];
    readonly estimateTokens: ((input: never) => number) | undefined;
    readonly retry: RetryPolicy;
    readonly compensationRetry: RetryPolicy;
    readonly timeout: number;
    readonly idleTimeout: number;
}

export interface PolicyOptions<In = unknown> {
    readonly breaker?: BreakerOptions | false;
    readonly bulkhead?: BulkheadOptions;
    readonly rateLimits?: readonly RateLimit[];
    readonly estimateTokens?: (input: In) => number;
    readonly retry?: RetryOptions;
    readonly compensationRetry?: RetryOptions;
    readonly timeout?: number;
    readonly idleTimeout?: number;
}

export type Position = number;

export type Protocol = Readonly<Record<string, MessageSpec>>;

export interface PutOptions {
    readonly expectedVersion?: number;
    readonly idempotencyKey?: string;
}

export interface QueueChoice {
    readonly name: string;
    readonly key?: string;
    readonly priority?: number;
}

export interface QueueOptions {
    readonly all?: RunLimits;
    readonly perKey?: RunLimits;
}

export interface QueueView extends QueueOptions {
    readonly name: string;
    readonly waiting: number;
    readonly released: number;
    readonly keys: readonly {
        readonly key: string;
        readonly waiting: number;
        readonly released: number;
    }[];
}

export interface QueuedIn {
    readonly name: string;
    readonly key: string;
    readonly priority?: number;
    readonly since: number;
    readonly timeout?: number;
}

export interface QueuedRun {
    readonly run: string;
    readonly key: string;
    readonly priority: number;
    readonly since: number;
    readonly position: number;
}

export interface Queues {
    set(name: string, options: QueueOptions): Promise<QueueView>;
    find(name: string): Promise<QueueView>;
    list(): AsyncIterableIterator<QueueView>;
    waiting(name: string, options?: {
        readonly key?: string;
    }): AsyncIterableIterator<QueuedRun>;
}

export interface RateLimit {
    readonly requests?: number;
    readonly tokens?: number;
    readonly period?: number;
    readonly per?: "agent" | "caller" | "tenant";
    readonly onExceeded?: "queue" | "reject";
    readonly queue?: number;
}

/** @experimental */
export interface RateLimitPolicy {
    readonly measure: "requests" | "tokens";
    readonly max: number;
    readonly period: number;
    readonly per: "agent" | "caller" | "tenant";
    readonly queue: number;
}

export type ReadonlyParts<T> = unknown extends T ? T : T extends Whole | Transferable ? T : T extends ReadonlyMap<infer K, infer V> ? ReadonlyMap<ReadonlyParts<K>, ReadonlyParts<V>> : T extends ReadonlySet<infer V> ? ReadonlySet<ReadonlyParts<V>> : {
    readonly [K in keyof T]: ReadonlyParts<T[K]>;
};

export type Recipe<S> = (draft: Draft<S>) => void | S | Draft<S>;

export type RecordedTimes = {
    readonly cron: string;
    readonly timeZone: string;
} | {
    readonly every: number;
    readonly from: number;
} | {
    readonly at: number;
};

export type RefOf<Definition extends {
    readonly kind: "actor" | "agent";
}> = Definition extends ActorDefinition<infer P, infer E> ? ActorRef<P, E> : Definition extends CallableAgent<infer In, infer Out> ? ActorRef<AgentProtocol<In, Out>, never> : never;

export declare class Refusal extends Error {
    readonly code: string;
    readonly details: Readonly<Record<string, unknown>>;
    constructor(code: string, message?: string, { details, ...rest }?: RefusalOptions);
    get name(): string;
}

export interface RefusalOptions {
    readonly details?: Readonly<Record<string, unknown>>;
    readonly cause?: unknown;
}

export interface ResourceLimits {
    readonly maxOldGenerationSizeMb?: number;
    readonly maxYoungGenerationSizeMb?: number;
    readonly codeRangeSizeMb?: number;
    readonly stackSizeMb?: number;
}

export interface RestartIntensity {
    readonly restarts: number;
    readonly within: number;
}

export interface RetentionRule {
    readonly keys: string;
    readonly keep: Keep;
}

export interface RetryOptions {
    readonly attempts?: number;
    readonly backoff?: BackoffOptions;
    readonly errors?: ErrorMatcher;
}

/** @experimental */
export interface RetryPolicy {
    readonly attempts: number;
    readonly backoff: Backoff;
    readonly errors: ErrorMatcher | undefined;
}

export interface RevertOptions {
    readonly expectedVersion?: number;
}

export interface Run<Output = unknown, Waits = never, Steps = unknown, Parts = unknown> {
    readonly id: string;
    readonly events$: Observable<RunRecord>;
    readonly stream$: Observable<StreamItem<Parts>>;
    stream(): AsyncIterableIterator<StreamItem<Parts>>;
    text(step: TextStep<Parts>): Observable<string>;
    readonly result: Promise<Output>;
    readonly started: Promise<void>;
    cancel(reason?: string): Promise<void>;
    tell<const Name extends keyof Waits & string>(wait: Name, answer: [
        Waits
    ] extends [
        never
    ] ? unknown : Waits[Name], options?: TellOptions): Promise<void>;
    retryCompensation(): Promise<Run<Output, Waits, Steps, Parts>>;
    undo(reason?: string): Promise<Run<Output, Waits, Steps, Parts>>;
    resolve(note: string): Promise<void>;
    view(options?: ViewOptions): Promise<RunView<Steps>>;
    pending(): Promise<readonly Pending[]>;
    why(step: string): Promise<string>;
    history(): Promise<RunRecord[]>;
    trace(options?: TraceOptions): Promise<readonly Span[]>;
}

export interface RunEnded {
    readonly type: "run-ended";
    readonly status: EndStatus;
    readonly output?: Payload;
    readonly step?: string;
    readonly error?: EncodedError;
    readonly reason?: string;
}

export type RunEvent = RunStarted | StepStarted | StepFinished | StepSkipped | StepFailed | WaitOpened | WaitAnswered | LoopTold | CompensationStarted | CompensationFinished | CompensationFailed | CancelRequested | CoordinationSwitched | DefinitionChanged | RunReleased | RunRecovered | CompensationRetried | UndoRequested | RunResolved | RunEnded;

export interface RunFilter {
    readonly workflow?: Pick<WorkflowId, "name" | "version">;
    readonly status?: RunStatus | readonly RunStatus[];
    readonly waitingFor?: string;
    readonly tenant?: string;
}

export interface RunLimits {
    readonly concurrency?: number;
    readonly rate?: {
        readonly runs: number;
        readonly period: number;
    };
    readonly waiting?: number;
}

export interface RunOptions {
    readonly id?: string;
    readonly coordination?: Coordination;
    readonly startIn?: number;
    readonly startAt?: Date | number;
    readonly queue?: QueueChoice;
    readonly timeout?: number;
    readonly tenant?: string;
    readonly session?: string;
    readonly traceparent?: string;
    readonly onOverload?: OverloadPolicy;
}

export interface RunRecord {
    readonly run: string;
    readonly version: number;
    readonly time: number;
    readonly event: RunEvent;
}

export interface RunRecovered {
    readonly type: "run-recovered";
    readonly coordination: Coordination;
    readonly epoch: Epoch;
}

export interface RunReleased {
    readonly type: "run-released";
    readonly deadline?: number;
}

export interface RunResolved {
    readonly type: "run-resolved";
    readonly note: string;
}

export interface RunStarted {
    readonly type: "run-started";
    readonly workflow: WorkflowId;
    readonly input: Payload;
    readonly steps: readonly StepOutline[];
    readonly coordination: Coordination;
    readonly pinned: boolean;
    readonly epoch: Epoch;
    readonly definition?: string;
    readonly contract?: string;
    readonly startsAt?: number;
    readonly queue?: QueuedIn;
    readonly deadline?: number;
    readonly fork?: {
        readonly run: string;
        readonly version: number;
        readonly inherited: readonly string[];
    };
    readonly begun?: unknown;
    readonly tenant?: string;
    readonly session?: string;
    readonly caller?: string;
}

export type RunStatus = "new" | "running" | "compensating" | EndStatus;

export interface RunView<Steps = unknown> {
    readonly run: string;
    readonly workflow: string;
    readonly status: RunStatus;
    readonly isParked: boolean;
    readonly coordination: Coordination;
    readonly tenant?: string;
    readonly queue?: QueuedIn & {
        readonly isWaiting: boolean;
    };
    readonly version: number;
    readonly changed: number;
    readonly steps: Readonly<Record<string, StepView>>;
    readonly outputs: OutputsSoFar<Steps>;
}

export interface ScheduleDecision {
    readonly outcome: "started" | "skipped" | "missed" | "paused" | "failed";
    readonly at: number;
    readonly from?: number;
    readonly run?: string;
    readonly missed?: {
        readonly from: number;
        readonly to: number;
    };
    readonly why?: string;
    readonly by?: "trigger" | "backfill";
}

export type ScheduleOptions = ScheduleTimes & {
    readonly overlap?: Overlap;
    readonly catchUp?: CatchUp;
    readonly tenant?: string;
    readonly timeout?: number;
    readonly queue?: QueueChoice;
};

export type ScheduleRequest = {
    readonly kind: "trigger";
    readonly at: number;
    readonly run: string;
    readonly overlap?: Overlap;
} | {
    readonly kind: "backfill";
    readonly from: number;
    readonly to: number;
    readonly overlap: "queue" | "allow";
    readonly times: RecordedTimes;
};

export type ScheduleTimes = {
    readonly cron: string;
    readonly timeZone?: string;
    readonly every?: never;
    readonly from?: never;
    readonly at?: never;
} | {
    readonly every: number;
    readonly from?: Date | number;
    readonly cron?: never;
    readonly timeZone?: never;
    readonly at?: never;
} | {
    readonly at: Date | number;
    readonly cron?: never;
    readonly timeZone?: never;
    readonly every?: never;
    readonly from?: never;
};

export interface ScheduleView {
    readonly id: string;
    readonly workflow: string;
    readonly times: {
        readonly cron: string;
        readonly timeZone: string;
    } | {
        readonly every: number;
        readonly from: number;
    } | {
        readonly at: number;
    };
    readonly overlap: Overlap;
    readonly catchUp: CatchUp;
    readonly tenant?: string;
    readonly timeout?: number;
    readonly queue?: QueueChoice;
    readonly isMapped: boolean;
    readonly next?: number;
    readonly last?: ScheduleDecision;
    readonly run?: string;
    readonly paused?: {
        readonly since: number;
        readonly reason?: string;
    };
    readonly requests?: readonly ScheduleRequest[];
}

export interface Schedules {
    set<Input, Output, Steps, Waits, Parts>(id: string, workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>, options: ScheduleOptions, input: NoInfer<Input> | ((at: Date) => NoInfer<Input>)): Promise<ScheduleView>;
    find(id: string): Promise<ScheduleView>;
    list(): AsyncIterableIterator<ScheduleView>;
    pause(id: string, reason?: string): Promise<ScheduleView>;
    resume(id: string): Promise<ScheduleView>;
    trigger(id: string, options?: TriggerOptions): Promise<ScheduleView>;
    backfill(id: string, options: BackfillOptions): Promise<ScheduleView>;
    remove(id: string, reason?: string): Promise<void>;
}

export type ShutdownSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT";

export interface Snapshot<S = unknown> extends SnapshotMeta {
    readonly state: S;
}

export interface SnapshotMeta {
    readonly key: StateKey;
    readonly version: number;
    readonly parent: number;
    readonly author: string;
    readonly cause?: string;
    readonly time: number;
    readonly position: Position;
    readonly schema: number;
    readonly idempotencyKey?: string;
    readonly erased?: Erasure;
}

export interface Span {
    readonly traceId: string;
    readonly spanId: string;
    readonly parentId?: string;
    readonly name: string;
    readonly kind?: SpanKind;
    readonly start: number;
    readonly end?: number;
    readonly failure?: string;
    readonly attributes: Attributes;
    readonly events: readonly SpanEvent[];
    readonly links: readonly SpanLink[];
}

export interface SpanEvent {
    readonly name: string;
    readonly time: number;
    readonly attributes: Attributes;
}

export type SpanKind = "client" | "server" | "producer" | "consumer";

export interface SpanLink {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Attributes;
}

export interface SpanSink {
    take(spans: readonly Span[]): void;
    close?(): void | Promise<void>;
}

export interface SpawnOptions {
    readonly name?: string;
    readonly placement?: Placement;
}

export interface StateAccess {
    read<S>(definition: StateDefinition<S>, id: string): Promise<S>;
    snapshot<S>(definition: StateDefinition<S>, id: string): Promise<Snapshot<S> | undefined>;
    history<S>(definition: StateDefinition<S>, id: string, options?: HistoryOptions): Promise<readonly Snapshot<S>[]>;
    at<S>(definition: StateDefinition<S>, id: string, when: VersionAt): Promise<Snapshot<S>>;
    commit<S>(definition: StateDefinition<S>, id: string, recipe: (draft: Draft<S>) => void | S, options?: CommitOptions): Promise<Snapshot<S>>;
    transact<const K extends readonly TransactKey[]>(keys: K, recipe: TransactRecipe<K>, options?: TransactOptions): Promise<TransactSnapshots<K>>;
    put<S>(definition: StateDefinition<S>, id: string, state: S, options?: PutOptions): Promise<Snapshot<S>>;
}

export interface StateDefinition<S = unknown> extends StateOptions<S> {
    readonly kind: "state";
    readonly upcast: (snapshot: Snapshot) => Snapshot<S>;
}

export interface StateDiff {
    readonly patch: readonly JsonPatchOperation[];
    readonly text: string;
}

export type StateKey = string;

export interface StateOptions<S> {
    readonly name: string;
    readonly version: number;
    readonly schema: v.GenericSchema<unknown, S>;
    readonly initial?: (id: string) => NoInfer<S>;
    readonly upcasters?: Readonly<Record<number, Upcaster>>;
}

/** @experimental */
export interface StepBase {
    readonly name: string;
    readonly after: readonly string[];
    readonly needs: readonly string[];
    readonly when: ((sources: MappingSources) => unknown) | undefined;
    readonly otherwise: ((sources: MappingSources) => unknown) | undefined;
}

/** @experimental */
export type StepDefinition = AgentStep | WaitStep | PauseStep | SubWorkflowStep | EachStep | LoopStep;

export interface StepFailed {
    readonly type: "step-failed";
    readonly step: string;
    readonly error: EncodedError;
    readonly epoch?: Epoch;
    readonly attempt?: number;
    readonly retryAt?: number;
    readonly isUncertain?: true;
}

export interface StepFinished {
    readonly type: "step-finished";
    readonly step: string;
    readonly output: Payload;
    readonly attempt?: number;
    readonly fallbackFor?: EncodedError;
    readonly isExpired?: true;
    readonly round?: number;
    readonly epoch?: Epoch;
}

export interface StepOptions<From, Out> {
    readonly fallback?: (sources: From, error: unknown) => ReadonlyParts<Out>;
    readonly pointOfNoReturn?: boolean;
}

/** @experimental */
export interface StepOutline {
    readonly name: string;
    readonly agent?: string;
    readonly kind?: "wait" | "pause" | "workflow" | "each" | "loop";
    readonly each?: EachOutline;
    readonly loop?: LoopOutline;
    readonly after: readonly string[];
    readonly needs?: readonly string[];
    readonly isConditional?: true;
    readonly compensable: boolean;
    readonly undoesUnknown?: true;
    readonly isPivot?: true;
    readonly contract?: string;
    readonly body?: readonly StepOutline[];
    readonly isRetired?: true;
}

export interface StepSkipped {
    readonly type: "step-skipped";
    readonly step: string;
    readonly by: Coordination;
    readonly epoch: Epoch;
    readonly output?: Payload;
    readonly isGiven?: true;
}

export interface StepStarted {
    readonly type: "step-started";
    readonly step: string;
    readonly input: Payload;
    readonly by: Coordination;
    readonly epoch: Epoch;
    readonly attempt?: number;
    readonly items?: ItemsOf;
    readonly who?: string;
    readonly told?: number;
}

export type StepStatus = "pending" | "started" | "open" | "closed" | "waiting" | "finished" | "skipped" | "failed" | "compensating" | "undo-waiting" | "compensated" | "compensation-failed";

export interface StepView {
    readonly status: StepStatus;
    readonly agent?: string;
    readonly attempt?: number;
    readonly question?: unknown;
    readonly since?: number;
    readonly until?: number;
    readonly rounds?: number;
    readonly unread?: number;
    readonly by?: string;
    readonly error?: string;
}

export type StopMode = "drain" | "discard";

export interface StopOptions {
    readonly deadline?: number;
}

export interface Store {
    read<S>(definition: StateDefinition<S>, id: string): Promise<S>;
    snapshot<S>(definition: StateDefinition<S>, id: string): Promise<Snapshot<S> | undefined>;
    commit<S>(definition: StateDefinition<S>, id: string, recipe: Recipe<S>, options?: CommitOptions): Promise<Snapshot<S>>;
    transact<const K extends readonly TransactKey[]>(keys: K, recipe: TransactRecipe<K>, options?: TransactOptions): Promise<TransactSnapshots<K>>;
    put<S>(definition: StateDefinition<S>, id: string, state: S, options?: PutOptions): Promise<Snapshot<S>>;
    history<S>(definition: StateDefinition<S>, id: string, options?: HistoryOptions): Promise<readonly Snapshot<S>[]>;
    at<S>(definition: StateDefinition<S>, id: string, when: VersionAt): Promise<Snapshot<S>>;
    ids(definition: Pick<StateDefinition, "name">): Promise<readonly string[]>;
    watch<S>(definition: StateDefinition<S>, id: string): Observable<Snapshot<S>>;
    diff(definition: StateDefinition, id: string, from: number, to: number): Promise<StateDiff>;
    bisect<S>(definition: StateDefinition<S>, id: string, predicate: (state: S, snapshot: Snapshot<S>) => boolean | Promise<boolean>, options?: BisectOptions): Promise<Snapshot<S> | undefined>;
    revert<S>(definition: StateDefinition<S>, id: string, version: number, options?: RevertOptions): Promise<Snapshot<S>>;
    fork<S>(definition: StateDefinition<S>, id: string, version: number, newId: string): Promise<Snapshot<S>>;
    blame(definition: StateDefinition, id: string, path: string): Promise<Blame>;
    erase(definition: Pick<StateDefinition, "name">, id: string, options: EraseOptions): Promise<Erased>;
    size(definition: Pick<StateDefinition, "name">, id: string): Promise<number>;
    compact(): Promise<void>;
    exportHistory(definition: Pick<StateDefinition, "name">, id: string): AsyncIterable<string>;
    importHistory(lines: AsyncIterable<string> | Iterable<string>, source?: string): Promise<Imported>;
}

export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

export type StreamItem<Parts = unknown> = {
    readonly kind: "event";
    readonly record: RunRecord;
} | (unknown extends Parts ? StepPart<string, unknown> : {
    readonly [Step in keyof Parts & string]: StepPart<Step, Parts[Step]>;
}[keyof Parts & string]) | {
    readonly kind: "gap";
    readonly step: string;
    readonly attempt: number;
    readonly lost: number;
};

/** @experimental */
export interface SubWorkflowStep extends StepBase {
    readonly kind: "workflow";
    readonly workflow: WorkflowDefinition;
    readonly map: (sources: MappingSources) => unknown;
}

export interface SupervisionOptions extends SupervisorOptions {
    readonly name: string;
}

export interface SupervisorChildOptions {
    readonly name: string;
    readonly supervisor: SupervisorOptions;
    readonly restart?: ChildKind;
}

export interface SupervisorHandle {
    readonly name: string;
    readonly state: SupervisorStatus;
    stop(mode?: StopMode): Promise<void>;
}

export interface SupervisorOptions {
    readonly strategy?: Strategy;
    readonly intensity?: RestartIntensity;
    readonly backoff?: BackoffOptions;
    readonly decide?: Decider;
    readonly children: readonly ChildOptions[];
}

/** @experimental */
export type SupervisorPhase = "idle" | "starting" | "running" | "suspending" | "suspended" | "stopping" | "stopped";

export interface SupervisorStatus {
    readonly name: string;
    readonly phase: SupervisorPhase;
    readonly restarts: number;
    readonly children: readonly (ActorStatus | SupervisorStatus)[];
}

export interface System extends AsyncDisposable {
    spawn<P extends Protocol, E>(definition: ActorDefinition<P, E>, options?: SpawnOptions): Promise<ActorRef<P, E>>;
    spawn<In, Out>(agent: CallableAgent<In, Out>, options?: SpawnOptions): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
    call<In, Out>(agent: CallableAgent<In, Out>, input: NoInfer<In>, options?: CallOptions): Promise<Out>;
    stream<In, Out, Part>(agent: CallableAgent<In, Out, Part> & Emitting<Part>, input: NoInfer<In>, options?: CallOptions): CallStream<Part, Out>;
    metrics(): Promise<readonly Metric[]>;
    supervise(options: SupervisionOptions): Promise<SupervisorHandle>;
    watch(ref: {
        readonly address: Address;
    }): Promise<Gone>;
    find<P extends Protocol, E>(definition: ActorDefinition<P, E>, name: string): Promise<ActorRef<P, E>>;
    find<In, Out>(agent: CallableAgent<In, Out>, name: string): Promise<ActorRef<AgentProtocol<In, Out>, never>>;
    stop(ref: {
        readonly address: Address;
    }, mode?: StopMode, options?: StopOptions): Promise<void>;
    run<Input, Output, Waits, Steps, Parts>(workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>, input: Input, options?: RunOptions): Run<Output, Waits, Steps, Parts>;
    runOnce<Input, Output, Waits, Steps, Parts>(workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>, input: Input, options: RunOptions & {
        readonly id: string;
    }): Promise<Run<Output, Waits, Steps, Parts>>;
    findRun<Input, Output, Waits, Steps, Parts>(workflow: WorkflowDefinition<Input, Output, Steps, Waits, Parts>, id: string): Promise<Run<Output, Waits, Steps, Parts>>;
    findRun(id: string): Promise<Run>;
    runs(filter?: RunFilter): AsyncIterableIterator<RunView>;
    forget(run: string | {
        readonly id: string;
    }): Promise<void>;
    deploy(workflow: WorkflowDefinition<never> | WorkflowDefinition): Promise<void>;
    readonly schedules: Schedules;
    readonly queues: Queues;
    forkRun(id: string, options?: ForkOptions): Promise<Run>;
    migrate(workflow: WorkflowDefinition<never> | WorkflowDefinition, options?: MigrateOptions): Promise<MigrationReport>;
    readonly coordination: Coordination;
    switchCoordination(coordination: Coordination): Promise<void>;
    readonly store: Store;
    readonly events$: Observable<SystemEvent>;
    readonly role$: Observable<SystemRole>;
    readonly deadLetters$: Observable<DeadLetter>;
    stats(): Promise<SystemStats>;
    readonly inspector: {
        readonly url: string;
    } | undefined;
    drain(options?: {
        readonly deadline?: number;
    }): Promise<void>;
    shutdown(options?: {
        readonly deadline?: number;
    }): Promise<LeftRuns>;
    close(): Promise<void>;
}

export type SystemEvent = {
    readonly type: "thread-opened";
    readonly time: number;
    readonly thread: number;
} | {
    readonly type: "thread-closed";
    readonly time: number;
    readonly thread: number;
} | {
    readonly type: "thread-died";
    readonly time: number;
    readonly thread: number;
    readonly error: unknown;
    readonly actors: readonly Address[];
} | {
    readonly type: "thread-not-opened";
    readonly time: number;
    readonly error: unknown;
    readonly retryAfter: number;
} | {
    readonly type: "actor-spawned";
    readonly time: number;
    readonly actor: Address;
    readonly definition: string;
} | {
    readonly type: "actor-stopped";
    readonly time: number;
    readonly actor: Address;
} | {
    readonly type: "actor-failed";
    readonly time: number;
    readonly actor: Address;
    readonly message: string;
    readonly error: unknown;
    readonly isExpected: boolean;
} | {
    readonly type: "supervisor-decided";
    readonly time: number;
    readonly supervisor: string;
    readonly child: string;
    readonly failure: Failure;
    readonly decision: Decision;
    readonly restarts: number;
    readonly pause: number;
} | {
    readonly type: "actor-restarted";
    readonly time: number;
    readonly actor: Address;
    readonly supervisor: string;
    readonly thread: number;
} | {
    readonly type: "actor-left-behind";
    readonly time: number;
    readonly actor: Address;
    readonly thread: number;
} | {
    readonly type: "supervisor-escalated";
    readonly time: number;
    readonly supervisor: string;
    readonly child: string;
    readonly failure: Failure;
    readonly parent: string | undefined;
} | {
    readonly type: "supervisor-started" | "supervisor-stopped";
    readonly time: number;
    readonly supervisor: string;
} | {
    readonly type: "decider-failed";
    readonly time: number;
    readonly supervisor: string;
    readonly error: unknown;
} | {
    readonly type: "coordination-switched";
    readonly time: number;
    readonly coordination: Coordination;
    readonly epoch: number;
} | {
    readonly type: "breaker-opened";
    readonly time: number;
    readonly agent: string;
    readonly why: string;
    readonly retryAt: number;
} | {
    readonly type: "breaker-half-opened";
    readonly time: number;
    readonly agent: string;
    readonly why: string;
} | {
    readonly type: "breaker-closed";
    readonly time: number;
    readonly agent: string;
} | {
    readonly type: "run-recovered";
    readonly time: number;
    readonly run: string;
} | {
    readonly type: "run-refused";
    readonly time: number;
    readonly run: string;
    readonly error: unknown;
} | {
    readonly type: "schedule-decided";
    readonly time: number;
    readonly schedule: string;
    readonly decision: ScheduleDecision;
} | {
    readonly type: "schedule-failed";
    readonly time: number;
    readonly schedule: string;
    readonly error: unknown;
} | {
    readonly type: "ownership-lost";
    readonly time: number;
    readonly error: unknown;
} | {
    readonly type: "standby-failed";
    readonly time: number;
    readonly error: unknown;
} | {
    readonly type: "shutdown-began";
    readonly time: number;
    readonly deadline: number;
} | {
    readonly type: "shutdown-ended";
    readonly time: number;
    readonly unfinished: readonly string[];
    readonly notStarted: readonly string[];
} | {
    readonly type: "clock-jumped";
    readonly time: number;
    readonly by: number;
} | {
    readonly type: "telemetry-failed";
    readonly time: number;
    readonly error: unknown;
} | {
    readonly type: "retention-failed";
    readonly time: number;
    readonly key: StateKey;
    readonly error: unknown;
};

export interface SystemOptions {
    readonly threads?: number;
    readonly coordination?: Coordination;
    readonly journal?: Journal | Promise<Journal> | ((signal: AbortSignal) => Journal | Promise<Journal>);
    readonly standby?: boolean;
    readonly retention?: readonly RetentionRule[];
    readonly runs?: {
        readonly keep: "all" | KeepRuns;
    };
    readonly env?: readonly string[];
    readonly maxMessageBytes?: number;
    readonly askTimeout?: number;
    readonly loadTimeout?: number;
    readonly maxRuns?: number;
    readonly resourceLimits?: ResourceLimits;
    readonly stallTimeout?: number;
    readonly maxWaitingRuns?: number;
    readonly onOverload?: OverloadPolicy;
    readonly shutdownOn?: readonly ShutdownSignal[];
    readonly shutdownDeadline?: number;
    readonly recover?: boolean | readonly string[];
    readonly setup?: (system: System) => void | Promise<void>;
    readonly logger?: false | LogLevel | Logger | LoggerOptions;
    readonly telemetry?: TelemetryOptions;
    readonly metrics?: boolean;
    readonly inspector?: boolean | InspectorOptions;
    readonly workflows?: readonly (WorkflowDefinition<never> | WorkflowDefinition)[];
}

export type SystemRole = "standby" | "active" | "lost" | "ended";

export interface SystemStats {
    readonly actors: number;
    readonly waiting: number;
    readonly commits: number;
    readonly runs: {
        readonly inFlight: number;
        readonly waiting: number;
        readonly parked: number;
    };
    readonly threads: readonly {
        readonly thread: number;
        readonly actors: number;
        readonly waiting: number;
        readonly followedKeys: number;
    }[];
    readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
    readonly telemetry?: TelemetryStats;
}

export interface TelemetryOptions extends TraceOptions {
    readonly traces: SpanSink | readonly SpanSink[];
    readonly sample?: number | {
        readonly perSecond: number;
    };
}

export interface TelemetryStats {
    readonly taken: number;
    readonly dropped: number;
}

export interface TellOptions {
    readonly by?: string;
    readonly idempotencyKey?: string;
}

export interface TokenUsage {
    readonly input?: number;
    readonly output?: number;
    readonly cached?: number;
    readonly model?: string;
    readonly cost?: number;
}

export type Tolerance = number | {
    readonly share: number;
} | "all";

export interface ToolCall {
    readonly name: string;
    readonly arguments?: unknown;
}

export interface TraceFile extends SpanSink {
    readonly dropped: number;
    close(): Promise<void>;
}

export interface TraceOptions {
    readonly content?: "none" | "all";
    readonly redact?: (attribute: string, value: unknown) => unknown;
}

export type TransactKey<S = unknown> = readonly [
    definition: StateDefinition<S>,
    id: string
];

export type TransactOptions = Pick<CommitOptions, "onConflict" | "maxRetries" | "idempotencyKey">;

export type TransactRecipe<K extends readonly TransactKey[]> = (drafts: {
    -readonly [I in keyof K]: Draft<StateOf<K[I]>>;
}) => void | StatesOf<K>;

export type TransactSnapshots<K extends readonly TransactKey[]> = {
    readonly [I in keyof K]: Snapshot<StateOf<K[I]>>;
};

export interface TriggerOptions {
    readonly overlap?: Overlap;
}

export declare class TroupeError<Code extends ErrorCode = ErrorCode, Details = DetailsOf<Code>> extends Error {
    readonly code: Code;
    readonly details: Details;
    constructor(code: Code, message: string, ...[options]: OptionsArgument<TroupeErrorOptions<Code>>);
    get name(): string;
}

export type TroupeErrorOptions<Code extends ErrorCode = ErrorCode> = {
    readonly cause?: unknown;
} & (Partial<DetailsOf<Code>> extends DetailsOf<Code> ? {
    readonly details?: DetailsOf<Code>;
} : {
    readonly details: DetailsOf<Code>;
});

export interface UndoRequested {
    readonly type: "undo-requested";
    readonly reason?: string;
}

export type Upcaster = (old: never) => unknown;

export type VersionAt = number | {
    readonly time: number;
};

export interface ViewOptions {
    readonly at?: VersionAt;
}

export interface WaitAnswered {
    readonly type: "wait-answered";
    readonly step: string;
    readonly answer: Payload;
    readonly by?: string;
    readonly idempotencyKey?: string;
}

export interface WaitOpened {
    readonly type: "wait-opened";
    readonly step: string;
    readonly question?: Payload;
    readonly since: number;
    readonly until?: number;
}

export interface WaitOptions<Given, Answer> {
    readonly answer: v.GenericSchema<Given, Answer> & ([
        IsCloneable<NoInfer<Given>>,
        IsCloneable<NoInfer<Answer>>
    ] extends [
        true,
        true
    ] ? unknown : "the answer has a part that can't cross to another actor");
    readonly timeout?: number;
}

/** @experimental */
export interface WaitStep extends StepBase {
    readonly kind: "wait";
    readonly answer: v.GenericSchema;
    readonly question: (sources: MappingSources) => unknown;
    readonly timeout: number | undefined;
}

export interface WorkflowBuilder<Input, Parsed, Output, Steps, Waits, Parts> extends WorkflowDefinition<Input, Output, Steps, Waits, Parts> {
    step<const Name extends string, Kind extends "agent" | "workflow", const In, Out, Inner, InnerWaits, Part, InnerParts>(name: FreeName<Name, Steps>, does: Doer<Kind, In, Out, Inner, InnerWaits, Part, InnerParts>, map: (sources: Sources<Parsed, Steps, never>) => NoInfer<ReadonlyParts<In>>): WorkflowBuilder<Input, Parsed, Out, Steps & {
        readonly [K in Name]: Out;
    } & Within<Name, Inner>, Waits & Within<Name, InnerWaits>, Parts & Emitted<Kind, Name, Part, InnerParts>>;
    step<const Name extends string, Kind extends "agent" | "workflow", const In, const Out, Inner, InnerWaits, Part, InnerParts, const After extends StepName<Steps> = never, const Needs extends StepName<Steps> = never, When extends boolean = never, const Otherwise extends ReadonlyParts<Out> = never>(name: FreeName<Name, Steps>, does: Doer<Kind, In, Out, Inner, InnerWaits, Part, InnerParts>, options: OwnOptions<Kind, Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, NoInfer<Out>> & BranchOptions<After, Needs, Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, Sources<Parsed, Steps, NoInfer<After | Needs>>, When, Otherwise>, map: (sources: Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>) => NoInfer<ReadonlyParts<In>>): WorkflowBuilder<Input, Parsed, Settled<Left<Out, Steps, Needs, When, Otherwise>>, Steps & {
        readonly [K in Name]: Left<Out, Steps, Needs, When, Otherwise>;
    } & Within<Name, Inner>, Waits & Within<Name, InnerWaits>, Parts & Emitted<Kind, Name, Part, InnerParts>>;
    each<const Name extends string, Kind extends "agent" | "workflow", const In, const Out, Inner, InnerWaits, Part, InnerParts, Item, const After extends StepName<Steps> = never, const Needs extends StepName<Steps> = never, When extends boolean = never, const Tolerate extends Tolerance = never, const Otherwise extends ReadonlyParts<Results<Out, Tolerate>> = never>(name: FreeName<Name, Steps>, does: Doer<Kind, In, Out, Inner, InnerWaits, Part, InnerParts>, options: EachOptions<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, Item, Tolerate, NoInfer<Kind>, NoInfer<Out>> & BranchOptions<After, Needs, Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, Sources<Parsed, Steps, NoInfer<After | Needs>>, When, Otherwise>, map: (sources: Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>> & {
        readonly item: NoInfer<Item>;
        readonly index: number;
    }) => NoInfer<ReadonlyParts<In>>): WorkflowBuilder<Input, Parsed, Settled<Left<Results<Out, Tolerate>, Steps, Needs, When, Otherwise>>, Steps & {
        readonly [K in Name]: Left<Results<Out, Tolerate>, Steps, Needs, When, Otherwise>;
    }, Waits & Within<`${Name}[${number}]`, InnerWaits>, Parts & Emitted<Kind, `${Name}[${number}]`, Part, InnerParts>>;
    loop<const Name extends string, const Does extends LoopDoers, const Given = never, const Told = never, const After extends StepName<Steps> = never, const Needs extends StepName<Steps> = never, When extends boolean = never, const Otherwise extends ReadonlyParts<OutputOfLoop<Does>> = never>(name: FreeName<Name, Steps>, does: Does, options: LoopOptions<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, NoInfer<Does>, Given, Told> & HandOff<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, NoInfer<Does>, NoInfer<Told>> & BranchOptions<After, Needs, Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, Sources<Parsed, Steps, NoInfer<After | Needs>>, When, Otherwise>, map: RoundMapping<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, NoInfer<Does>, NoInfer<Told>>): WorkflowBuilder<Input, Parsed, Settled<Left<OutputOfLoop<Does>, Steps, Needs, When, Otherwise>>, Steps & {
        readonly [K in Name]: Left<OutputOfLoop<Does>, Steps, Needs, When, Otherwise>;
    }, Waits & InboxOf<Name, Given> & WaitsOfLoop<Name, Does>, Parts & PartsOfLoop<Name, Does>>;
    waitFor<const Name extends string, const Given, const Answer, const After extends StepName<Steps> = never, const Needs extends StepName<Steps> = never, When extends boolean = never, const Otherwise extends ReadonlyParts<Answer> = never>(name: FreeName<Name, Steps>, options: WaitOptions<Given, Answer> & BranchOptions<After, Needs, Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, Sources<Parsed, Steps, NoInfer<After | Needs>>, When, Otherwise>, question: (sources: Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>) => unknown): WorkflowBuilder<Input, Parsed, Settled<Left<Answer, Steps, Needs, When, Otherwise>>, Steps & {
        readonly [K in Name]: Left<Answer, Steps, Needs, When, Otherwise>;
    }, Waits & {
        readonly [K in Name]: ReadonlyParts<Given>;
    }, Parts>;
    pause<const Name extends string, const After extends StepName<Steps> = never, const Needs extends StepName<Steps> = never, When extends boolean = never>(name: FreeName<Name, Steps>, options: PauseTime<Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>> & Omit<BranchOptions<After, Needs, Sources<Parsed, Steps, NoInfer<After>, NoInfer<Needs>>, unknown, When, never>, "otherwise">): WorkflowBuilder<Input, Parsed, undefined, Steps & {
        readonly [K in Name]: Left<undefined, Steps, Needs, When, never>;
    }, Waits, Parts>;
}

export interface WorkflowDefinition<Input = unknown, Output = unknown, Steps = unknown, Waits = never, Parts = unknown> extends WorkflowId {
    readonly kind: "workflow";
    readonly input: v.GenericSchema<Input, unknown>;
    readonly steps: readonly StepDefinition[];
    readonly follows?: readonly string[];
    readonly retired?: readonly AgentDefinition[];
    readonly [workflowTypes]?: {
        readonly output: Output;
        readonly steps: Steps;
        readonly waits: (answers: Waits) => void;
        readonly parts: Parts;
    };
}

export interface WorkflowId {
    readonly module: string;
    readonly name: string;
    readonly version: string;
}

export interface WorkflowOptions<S extends v.GenericSchema> {
    readonly name: string;
    readonly version: string;
    readonly input: S & ([
        IsCloneable<v.InferInput<S>>,
        IsCloneable<v.InferOutput<S>>
    ] extends [
        true,
        true
    ] ? unknown : "the input has a part that can't cross to another actor");
    readonly follows?: readonly string[];
    readonly retired?: readonly AgentDefinition[];
}

export declare function actorRef<P extends Protocol, E>(definition: ActorDefinition<P, E>): v.GenericSchema<ActorRef<P, E>>;

export declare function agentRef<In, Out>(agent: CallableAgent<In, Out>): v.GenericSchema<ActorRef<AgentProtocol<In, Out>, never>>;

export declare const breakerState: StateDefinition<BreakerRecord>;

export declare function createSystem(options?: SystemOptions): Promise<System>;

export declare const defaultPolicies: {
    readonly breaker: {
        readonly consecutiveFailures: 5;
        readonly failureRate: 0.5;
        readonly window: 60000;
        readonly minimumCalls: 20;
        readonly slowAfter: number;
        readonly openFor: {
            readonly first: 5000;
            readonly factor: 2;
            readonly max: 300000;
            readonly jitter: 0.2;
        };
        readonly probes: 3;
        readonly counts: undefined;
    };
    readonly bulkhead: undefined;
    readonly rateLimits: readonly [
    ];
    readonly estimateTokens: undefined;
    readonly retry: {
        readonly attempts: 1;
        readonly backoff: {
            first: number;
            factor: number;
            max: number;
            jitter: number;
        };
        readonly errors: undefined;
    };
    readonly compensationRetry: {
        readonly attempts: 5;
        readonly backoff: {
            first: number;
            factor: number;
            max: number;
            jitter: number;
        };
        readonly errors: undefined;
    };
    readonly timeout: number;
    readonly idleTimeout: number;
};

export declare function defineActor<const P extends Protocol, S extends object = Record<string, never>, E = never>(module: string, options: HandlerOptions<P, S, E>): ActorDefinition<P, E>;
export declare function defineActor<const P extends Protocol, E = never>(module: string, options: BehaviourOptions<P, E>): ActorDefinition<P, E>;

export declare function defineAgent<const IS extends v.GenericSchema, const OS extends v.GenericSchema, const ES extends v.GenericSchema = v.NeverSchema<undefined>>(module: string, options: AgentOptions<IS, OS, ES>): AgentDefinition<v.InferInput<IS>, v.InferOutput<OS>, v.InferOutput<ES>>;

export declare function defineState<S>(options: StateOptions<S>): StateDefinition<S>;

export declare function defineWorkflow<const S extends v.GenericSchema>(module: string, options: WorkflowOptions<S>): WorkflowBuilder<v.InferInput<S>, v.InferOutput<S>, never, unknown, unknown, unknown>;

export declare const goneMessage: v.GenericSchema<Gone>;

export declare function handleEach<M extends Pick<InboxMessage<Protocol>, "hold">, R>(project: (message: M) => Promise<R> | R): OperatorFunction<M, R>;

export declare function isAskError(value: unknown): value is AskError;

export declare function isConflictError(value: unknown): value is TroupeError & {
    readonly code: "conflict";
    readonly details: ConflictDetails;
};

export declare function isTroupeError(value: unknown): value is TroupeError;
export declare function isTroupeError<Code extends ErrorCode>(value: unknown, code: Code): value is TroupeError<Code>;

export declare function lmdbJournal(path: string, options?: LmdbJournalOptions): Promise<Journal>;

export declare function memoryJournal(options?: Readonly<Record<string, never>>): Journal;

export declare function metricsHandler(system: Pick<System, "metrics">): (request: IncomingMessage, response: ServerResponse) => void;

/** @experimental */
export declare function point(name: string): Promise<void>;

export declare function prometheusText(metrics: readonly Metric[]): string;

export declare function refusalOf(error: unknown): Refusal | undefined;

export declare function retryAfter(ms: number, cause?: unknown): Error;

export declare function traceFile(path: string): TraceFile;

export declare function verifyJournal(path: string): Promise<JournalReport>;

// Not exported: what the declarations above are made of.

// what the runtime runs of a definition: made by defineActor, never written or read by a caller
type ActorBody = {
    readonly kind: "handlers";
    readonly state: (() => unknown) | undefined;
    readonly on: Handlers;
} | {
    readonly kind: "durable";
    readonly state: StateDefinition;
    readonly on: Handlers;
} | {
    readonly kind: "behaviour";
    readonly behaviour: (inbox$: never, context: never) => Observable<unknown>;
};

// makes the input of `tell` optional where the message takes none
type Arguments<Input> = undefined extends Input ? [
    input?: Input
] : [
    input: Input
];

// has the compiler take the literals of a handler's result as they are written
type AsWritten<T> = T extends typeof nothing ? T | string | number | boolean | bigint : never;

// the same for `ask`
type AskArguments<Input> = undefined extends Input ? [
    input?: Input,
    options?: AskOptions
] : [
    input: Input,
    options?: AskOptions
];

// a part of IsCloneable
type Callable = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

// a part of IsCloneable
type CloneableCheck<T> = T extends Whole | Transferable ? T : T extends symbol | Callable ? never : IsError<T> extends true ? never : T extends ReadonlyMap<infer K, infer V> ? {
    entries(): Iterable<[
        CloneableCheck<K>,
        CloneableCheck<V>
    ]>;
} : T extends ReadonlySet<infer V> ? {
    values(): Iterable<CloneableCheck<V>>;
} : T extends readonly (infer V)[] ? {
    readonly [index: number]: CloneableCheck<V>;
} : T extends object ? {
    [K in keyof T]: CloneableCheck<T[K]>;
} : T;

// IsCloneable for each message of a protocol
type CloneableProtocol<P extends Protocol> = {
    readonly [K in keyof P]: [
        IsCloneable<MessageInput<P[K]>>,
        IsCloneable<MessageReply<P[K]>>
    ] extends [
        true,
        true
    ] ? P[K] : {
        readonly error: `message ${K & string} has a part that can't cross to another actor`;
    };
};

// what does a step: an agent, or a workflow
type Doer<Kind, In, Out, Inner, InnerWaits, Part, InnerParts> = {
    readonly kind: Kind;
} & (AgentDefinition<In, Out, Part> | WorkflowDefinition<In, Out, Inner, InnerWaits, InnerParts>);

// what a loop's end is decided from
type Done<Does> = {
    readonly round: number;
} & ([
    Does
] extends [
    OneDoer
] ? {
    readonly last: OutputOfLoop<Does>;
} : Last<Does>);

// what a step emits, by its path, inferred from what does it
type Emitted<Kind, Name extends string, Part, InnerParts> = Kind extends "workflow" ? Within<Name, InnerParts> : {
    readonly [K in Name]: Part;
};

// the output of a step that has finished
type Finished<Step> = Step extends MayBeSkipped<infer Out> ? Out : Step;

// turns a step's name that is taken into a compile-time error
type FreeName<Name, Steps> = Name extends "input" ? "a step can't be named input: that is what mappings call the run's input" : Name extends keyof Steps ? "the workflow has a step of this name" : Name;

// which agent does a loop's next round: only where there are several
type HandOff<From, Does, Told> = [
    Does
] extends [
    OneDoer
] ? {
    readonly who?: "a loop of one agent, or of a workflow, has no who: give several agents by name";
} : {
    readonly who: (sources: From & Round<Does, Told>) => keyof Does & string;
};

// a part of ActorBody
type Handlers = Readonly<Record<string, (draft: never, payload: never, context: never) => unknown>>;

// what a loop with an inbox is told
type InboxOf<Name extends string, Given> = [
    Given
] extends [
    never
] ? unknown : {
    readonly [K in Name]: ReadonlyParts<Given>;
};

// a part of PartsOfLoop
type InnerParts<Does> = Does extends WorkflowDefinition<unknown, unknown, unknown, never, infer Parts> ? Parts : unknown;

// a part of WaitsOfLoop
type InnerWaits<Does> = Does extends WorkflowDefinition<unknown, unknown, unknown, infer Waits> ? Waits : unknown;

// a part of RoundMapping
type InputTo<Does> = Does extends AgentDefinition<infer In> ? In : Does extends WorkflowDefinition<infer In> ? In : never;

// turns a value that can't cross to another actor into a compile-time error
type IsCloneable<T> = unknown extends T ? true : [
    T
] extends [
    CloneableCheck<T>
] ? true : false;

// a part of IsCloneable
type IsError<T> = keyof Error extends keyof T ? (Error extends Pick<T, keyof Error> ? true : false) : false;

// the output of the round before, by the agent that did it
type Last<Does> = {
    readonly [Who in keyof Does]: {
        readonly by: Who;
        readonly last: OutputFrom<Does[Who]>;
    };
}[keyof Does];

// what a step leaves to later ones, inferred from its options
type Left<Out, Steps, Needs extends string, When, Otherwise> = [
    Otherwise
] extends [
    never
] ? [
    When
] extends [
    never
] ? true extends {
    readonly [K in Needs]: Steps[K & keyof Steps] extends MayBeSkipped<unknown> ? true : never;
}[Needs] ? MayBeSkipped<Out> : Out : MayBeSkipped<Out> : Out;

// what the compiler says where a step is named and none is declared before
type NoStep = "no step is declared before this one";

// a part of LoopDoers
type OneDoer = AgentDefinition | WorkflowDefinition;

// makes the last argument of an error's constructor optional where no detail is due
type OptionsArgument<Options> = Partial<Options> extends Options ? [
    options?: Options
] : [
    options: Options
];

// a part of Last
type OutputFrom<Does> = Does extends AgentDefinition<unknown, infer Out> ? Out : Does extends WorkflowDefinition<unknown, infer Out> ? Out : never;

// the output of a loop, inferred from its agents
type OutputOfLoop<Does> = [
    Does
] extends [
    OneDoer
] ? OutputFrom<Does> : OutputFrom<Does[keyof Does]>;

// the outputs of a run that goes on, inferred from its workflow
type OutputsSoFar<Steps> = {
    readonly [Name in keyof Steps]?: Finished<Steps[Name]>;
} & (unknown extends Steps ? Readonly<Record<string, unknown>> : unknown);

// the options of a step that only an agent has
type OwnOptions<Kind, From, Out> = Kind extends "workflow" ? {
    readonly fallback?: never;
    readonly pointOfNoReturn?: never;
} : StepOptions<From, Out>;

// a part of PartsOfLoop
type PartFrom<Agent> = Agent extends AgentDefinition<unknown, unknown, infer Part> ? Part : never;

// what the rounds of a loop emit, by their paths, inferred from its agents
type PartsOfLoop<Name extends string, Does> = [
    Does
] extends [
    WorkflowDefinition
] ? Within<`${Name}#${number}`, InnerParts<Does>> : {
    readonly [Path in `${Name}#${number}`]: [
        Does
    ] extends [
        OneDoer
    ] ? PartFrom<Does> : PartFrom<Does[keyof Does]>;
};

// the output of an each, inferred from whether it tolerates failures
type Results<Out, Tolerate extends Tolerance> = [
    Tolerate
] extends [
    never
] ? readonly Out[] : readonly ItemResult<Out>[];

// what a loop's round is decided from
type Round<Does, Told> = {
    readonly round: number;
    readonly told: readonly Told[];
} & ([
    Does
] extends [
    OneDoer
] ? {
    readonly last: OutputOfLoop<Does> | undefined;
} : {
    readonly by: undefined;
    readonly last: undefined;
} | Last<Does>);

// what maps a loop's rounds: one function, or one for each agent
type RoundMapping<From, Does, Told> = [
    Does
] extends [
    OneDoer
] ? (sources: From & Round<Does, Told>) => ReadonlyParts<InputTo<Does>> : {
    readonly [Who in keyof Does]: (sources: From & Round<Does, Told>) => ReadonlyParts<InputTo<Does[Who]>>;
};

// the output of a step that has settled, which may be missing
type Settled<Step> = Step extends MayBeSkipped<infer Out> ? Out | undefined : Step;

// what a step's mapping gets, inferred from its `after` and `needs`
type Sources<Parsed, Steps, After extends string, Needs extends string = never> = {
    readonly [K in "input" | After | Needs]: K extends Needs ? Finished<Steps[K & keyof Steps]> : K extends After ? Settled<Steps[K & keyof Steps]> : Parsed;
};

// what the fallback of an item gives: nothing, where a workflow does the items
type StandIn<Kind, Out> = Kind extends "workflow" ? "the items are workflows: give the fallback to their steps" : ReadonlyParts<Out>;

// the state of one key of a transaction, inferred from the keys
type StateOf<K> = K extends TransactKey<infer S> ? S : never;

// the states of all keys of a transaction, inferred from the keys
type StatesOf<K extends readonly TransactKey[]> = {
    -readonly [I in keyof K]: StateOf<K[I]>;
};

// the names of a workflow's own steps, without those of its sub-workflows
type StepName<Steps> = [
    keyof Steps
] extends [
    never
] ? NoStep : Exclude<keyof Steps & string, `${string}/${string}`>;

// one kind of StreamItem: what a step emits, inferred from its agent
type StepPart<Step extends string, Value> = [
    Value
] extends [
    never
] ? never : {
    readonly kind: "part";
    readonly step: Step;
    readonly attempt: number;
    readonly index: number;
    readonly value: Value;
};

// the steps of a run that emit text, inferred from its workflow
type TextStep<Parts> = unknown extends Parts ? string : {
    readonly [Step in keyof Parts & string]: [
        Parts[Step]
    ] extends [
        never
    ] ? never : unknown extends Parts[Step] ? Step : Parts[Step] extends string ? Step : never;
}[keyof Parts & string];

// how an actor ref travels: between the ref and the copier of messages
interface Transferable {
    [transfer](within?: object): Transferred | undefined;
}

// what a Transferable is on its way
interface Transferred {
    readonly [tagField]: string;
    readonly [field: string]: string | number | null;
}

// what the waits in the rounds of a loop are told, by their paths
type WaitsOfLoop<Name extends string, Does> = [
    Does
] extends [
    WorkflowDefinition
] ? Within<`${Name}#${number}`, InnerWaits<Does>> : unknown;

// a part of IsCloneable
type Whole = undefined | null | boolean | number | bigint | string | symbol | Date | ArrayBuffer | ArrayBufferView;

// a part of IsCloneable
type Whole = undefined | null | boolean | number | bigint | string | Date | ArrayBuffer | ArrayBufferView;

// what a sub-workflow has, by its paths in the workflow around it
type Within<Name extends string, Inner> = [
    Inner
] extends [
    never
] ? {
    readonly [Path in `${Name}/${string}`]: unknown;
} : unknown extends Inner ? unknown : {
    readonly [K in keyof Inner & string as `${Name}/${K}`]: Inner[K];
};

// keeps a string from passing as an Address
declare const addressBrand: unique symbol;

// a part of AsWritten
declare const nothing: unique symbol;

// carries the type of an output that may be missing; never there at run time
declare const skippable: unique symbol;

// the field that marks what a Transferable is on its way
declare const tagField = "@troupe";

// the method of a Transferable
declare const transfer: unique symbol;

// carries the types of a workflow's output and steps; never there at run time
declare const workflowTypes: unique symbol;

export {};
