/** What errors say besides their message: the plain facts that belong to each code. */

/**
 * Plain facts that belong to an error: names, versions, paths, counts. They cross threads as JSON has them.
 *
 * @since 0.1.0
 */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The details of each code. A field without a question mark is there whenever Troupe throws the code; a field with a question
 * mark is there where the page on errors says so. Durations are in milliseconds, moments in milliseconds since the epoch.
 *
 * @example
 * if (isTroupeError(error, "step-failed")) console.log(error.details.run, error.details.step);
 * @since 0.1.0
 */
export interface ErrorDetailsByCode {
  // asks and messages
  "no-such-actor": { readonly name?: string; readonly to?: string; readonly type?: string };
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
  "mailbox-full": { readonly to: string; readonly type: string; readonly capacity?: number };
  "not-cloneable": { readonly path: readonly (string | number)[]; readonly kind: string };
  "message-too-large": { readonly maxBytes: number };
  "handler-failed": { readonly to: string; readonly type: string };
  "max-deliveries": { readonly to: string; readonly type: string };
  "timed-out": {
    readonly to?: string;
    readonly type?: string;
    readonly agent?: string;
    readonly run?: string;
    readonly step?: string;
    readonly timeout?: number;
    readonly idleTimeout?: number;
  };
  cancelled: { readonly to?: string; readonly type?: string; readonly agent?: string };
  "circular-call": { readonly agent: string; readonly circle: readonly string[] };
  // policies in front of agents
  "breaker-open": {
    readonly agent: string;
    readonly status: "open" | "half-open";
    readonly why: {
      readonly rule: "consecutive-failures" | "failure-rate" | "probe-failed";
      readonly failures: number;
      readonly calls: number;
      readonly last: string;
    };
    /** Milliseconds from when the call was rejected; 0 while it is being tried. */
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
    /** How many calls may wait for it; 0 where the limit rejects. */
    readonly queue: number;
    /** Milliseconds from when the call was rejected; 0 where only the end of another call tells. Absent if it never fits. */
    readonly retryAfter?: number;
  };
  "bulkhead-full": {
    readonly agent: string;
    readonly concurrent: number;
    readonly queue: number;
    /** Set where all places of this tenant are taken. */
    readonly tenant?: string;
  };
  // contracts
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
  // threads and the system
  "thread-died": {
    readonly thread?: number;
    readonly how?: "threw" | "rejected" | "exited" | "out-of-memory" | "terminated" | "stalled" | "unreadable";
    readonly exitCode?: number;
    readonly stillFor?: number;
    readonly stallTimeout?: number;
    readonly to?: string;
    readonly type?: string;
  };
  "supervision-failed": { readonly supervisor: string; readonly child?: string };
  "no-such-thread": { readonly thread?: number; readonly threads?: readonly number[] };
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
  "name-taken": { readonly name: string };
  "foreign-ref": { readonly actor: string };
  "not-committed": { readonly to: string; readonly type: string };
  "outbox-full": { readonly actor: string; readonly count: number; readonly limit: number };
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
  // store
  conflict:
    | {
        readonly key: string;
        readonly keys?: readonly string[];
        readonly base: number;
        readonly mine: unknown;
        readonly theirs?: { readonly version: number; readonly state: unknown };
        readonly attempts: number;
      }
    | { readonly run: string; readonly known: number; readonly found: number };
  "no-such-key": { readonly key?: string; readonly near?: readonly string[] };
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
  "no-such-path": { readonly key: string; readonly path: string; readonly version: number };
  "key-exists": { readonly key: string; readonly newest: number };
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
  "schema-newer": { readonly key: string; readonly version: number; readonly schema: number; readonly known: number };
  "recipe-failed": { readonly what: string };
  "idempotency-mismatch": {
    readonly idempotencyKey: string;
    readonly key: string;
    readonly committedTo: string;
    readonly version: number;
  };
  // journals
  "no-such-journal": { readonly directory: string };
  "journal-in-use": {
    readonly directory?: string;
    readonly pid: number;
    /** The owner of a journal elsewhere: its machine, its process, and which of its journals. */
    readonly owner?: string;
    /** When its lease ends unless it is renewed. */
    readonly until?: number;
  };
  "journal-format": { readonly file: string; readonly format: number; readonly expected: number };
  "journal-corrupt": {
    readonly what: string;
    readonly key?: string;
    readonly version?: number;
    readonly file?: string;
    readonly page?: number;
    readonly count?: number;
  };
  "journal-failed": { readonly directory: string; readonly freeBytes?: number | undefined };
  "journal-stopped": { readonly directory: string };
  "ownership-lost": {
    /** Which journal, without a password. */
    readonly journal: string;
    /** How often the journal had changed its owner when this process became it. */
    readonly epoch?: number;
    /** The owner now, where it is known. */
    readonly owner?: string;
    /** The run that code waited for, and whether anything of it is recorded. */
    readonly run?: string;
    readonly isRecorded?: boolean;
  };
  "on-standby": Readonly<Record<string, undefined>>;
  "outcome-unknown": { readonly positions: readonly number[] };
  "key-too-long": { readonly bytes: number; readonly maxBytes: number };
  // workflows
  "invalid-workflow": { readonly workflow?: string; readonly version?: string; readonly step?: string };
  "run-exists": { readonly run: string };
  "step-failed": { readonly run: string; readonly step: string };
  "run-cancelled": { readonly run: string; readonly step?: string; readonly reason?: string };
  "run-undone": { readonly run: string; readonly reason?: string };
  "compensation-failed": {
    readonly run: string;
    readonly step: string;
    readonly isPivot?: true;
    readonly failed?: string;
  };
  "run-resolved": { readonly run: string; readonly note: string };
  "no-such-run": {
    readonly run: string;
    readonly near?: readonly string[];
    readonly workflow?: string;
    readonly found?: string;
  };
  "no-such-queue": { readonly queue: string };
  "no-such-schedule": { readonly schedule: string; readonly near?: readonly string[] };
  "loop-exhausted": { readonly step: string; readonly max: number };
  "too-many-items": { readonly step: string; readonly count: number; readonly max: number };
  "workflow-changed": {
    readonly run: string;
    readonly workflow: string;
    readonly version: string;
    readonly startedWith: string | undefined;
    readonly found: string;
    /** The step that an agent is to undo which the definition doesn't have. */
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
  "past-point-of-no-return": { readonly run: string; readonly step: string };
  overloaded: { readonly run: string; readonly inFlight: number; readonly waiting: number };
  "queue-full": { readonly run: string; readonly queue: string; readonly key: string; readonly waiting: number };
  // benches
  "bench-failed": Readonly<Record<string, undefined>>;
  // simulator
  "simulation-failed": { readonly seed: number; readonly steps: number; readonly replay?: string };
  "not-repeatable": { readonly seed: number; readonly steps: number };
  "uncontrolled-source": { readonly source: string; readonly seed?: number; readonly steps?: number };
  "verification-failed": { readonly workflow: string; readonly problem: string; readonly seed: number };
  "not-linearizable": {
    readonly model: string;
    readonly verdict: false | "unknown";
    readonly operations: number;
  };
  deadlock: { readonly seed?: number; readonly steps?: number; readonly replay?: string };
  livelock: { readonly seed?: number; readonly steps?: number; readonly replay?: string };
  "process-crashed": Readonly<Record<string, undefined>>;
  // input of the command line
  "invalid-input": {
    readonly file?: string;
    readonly line?: number;
    readonly field?: string;
    readonly module?: string;
  };
}

/**
 * The details of errors with this code, or with any one of these codes. For the type of all codes, plain {@link ErrorDetails}.
 *
 * @since 0.1.0
 */
export type DetailsOf<Code extends keyof ErrorDetailsByCode> = keyof ErrorDetailsByCode extends Code
  ? ErrorDetails
  : ErrorDetailsByCode[Code];
