/** The options of a system, their defaults, and the check of what was given. */

import { availableParallelism } from "node:os";
import { types } from "node:util";
import * as v from "valibot";
import { type Coordination, coordinationSchema } from "../../workflows/history/coordination.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import { attempt } from "../../errors/foreign-value.ts";
import { checkOptions } from "../../contracts/check-options.ts";
import { type ShutdownSignal, shutdownSignals } from "../../ports/signals.ts";
import type { Journal } from "../../store/journal/journal.ts";
import { isInUse } from "../../store/journal/journal-use.ts";
import { memoryJournal } from "../../store/journal/memory-journal.ts";
import { type RetentionRule, RetentionRules } from "../../store/retention/retention.ts";
import type { KeepRuns } from "../workflows/ended-runs.ts";
import type { OverloadPolicy } from "../queues/run-queue.ts";
import { nodeClock } from "../platform/node-clock.ts";
import type { LogTarget } from "../telemetry/system-log.ts";
import type { Logger, LoggerOptions, LogLevel } from "../telemetry/logger.ts";
import { loggerSchema, logTargetOf } from "./log-options.ts";
import type { TelemetrySettings } from "../telemetry/trace-collector.ts";
import {
  type InspectorOptions,
  inspectorSchema,
  type InspectorSettings,
  inspectorSettings,
} from "../../inspector/inspector-options.ts";
import type { System } from "./system.ts";
import { telemetryOf, type TelemetryOptions, telemetrySchema } from "./telemetry-options.ts";
import type { ResourceLimits } from "../threads/resource-limits.ts";

/**
 * What {@link createSystem} may be told; each has a default.
 *
 * @since 0.1.0
 */
export interface SystemOptions {
  /** How many pooled worker threads: 1 to 256. Default: one for each core that Node.js may use. */
  readonly threads?: number;
  /** How workflows are coordinated until `switchCoordination`. Default `"orchestrator"`. */
  readonly coordination?: Coordination;
  /**
   * Where the store persists. It is the system's from now on: the system closes it, also where it can't start, unless another system
   * uses it. A function opens it when it is called; its signal aborts when the system is closed while it waits on standby. Default: in memory.
   */
  readonly journal?: Journal | Promise<Journal> | ((signal: AbortSignal) => Journal | Promise<Journal>);
  /**
   * True for a system that goes on where that of another process ends. `createSystem` resolves when its threads are open, and `journal`, which is needed, may come later:
   * until then the system is on {@link System.role$ | standby}, and what is asked of it fails as `on-standby`. It starts as soon as the journal is there: `setup` is called,
   * runs go on, and it is `active`. If that fails, there is a `standby-failed` event, the system ends, and what is asked of it fails with that error.
   * {@link System.close} ends the wait.
   *
   * As another process goes on with what it leaves, such a system doesn't wait for what is in flight when it is shut down, unless `shutdownDeadline` says so. Default false.
   *
   * @example
   * const system = await createSystem({
   *   journal: (signal) => postgresJournal("postgres://app@db.example/app", { wait: true, signal }),
   *   standby: true,
   *   shutdownOn: ["SIGTERM"],
   * });
   * system.role$.subscribe((role) => console.log(role)); // standby, active
   */
  readonly standby?: boolean;
  /**
   * What is kept of the store's histories, by key: the first rule that matches decides. Default: everything. Under any rules,
   * the newest version of a key is kept, and so is what a fork or an open run needs. The mail of durable actors, `mail/*`, is
   * dropped only by rules whose `keys` begin with `mail/`.
   */
  readonly retention?: readonly RetentionRule[];
  /**
   * Which of the runs that have ended are kept, by their number, their age, or both: `{ keep: { last: 1_000, age: 30 * 86_400_000 } }`.
   * Older ones are forgotten, as by {@link System.forget}, when others end. Runs whose compensation has failed stay, as they wait
   * for a person. `"all"`: none is forgotten. Default: the last 10,000.
   */
  readonly runs?: { readonly keep: "all" | KeepRuns };
  /** The names of environment variables that agents' threads see. Default: none. */
  readonly env?: readonly string[];
  /** The largest message, reply or event, in bytes as estimated when it is copied. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Milliseconds until an ask ends as `timed-out`, unless the ask says otherwise. Default 5,000. */
  readonly askTimeout?: number;
  /**
   * Milliseconds that the module of an actor or agent may take to load on a thread; what is to start there fails as
   * `module-failed` after that. Time in which the thread gets no processor doesn't count, but time counts in which it waits for a
   * compiler that gets none, as `tsx` is for TypeScript. Infinity for no limit. Default 5,000.
   */
  readonly loadTimeout?: number;
  /** How many runs are in flight at a time; further ones wait their turn. Default 1,000. */
  readonly maxRuns?: number;
  /** What V8 may use on each worker thread. Default: what Node.js gives a thread. */
  readonly resourceLimits?: ResourceLimits;
  /**
   * Milliseconds that a worker thread may stand still, in a loop or a call that blocks, before it is killed: 100 at least.
   * Infinity: never. Default 5,000. The time counts from the last message that the thread began to handle, or from the last turn
   * of its event loop. While a debugger may be attached (`node --inspect`), no thread is killed.
   */
  readonly stallTimeout?: number;
  /** How many runs may wait for their turn; beyond that, starting one fails with `overloaded`. Default 10,000. */
  readonly maxWaitingRuns?: number;
  /** Whether a run that is started while `maxRuns` are in flight waits or is refused as `overloaded`. Default `"wait"`. */
  readonly onOverload?: OverloadPolicy;
  /**
   * Signals on which the system is {@link System.shutdown | shut down}. After that the process ends by the signal, as it would
   * without a listener; if the signal has other listeners, they decide when the process ends. A second signal ends the process
   * at once. Default: none.
   *
   * @example
   * const system = await createSystem({ shutdownOn: ["SIGTERM", "SIGINT"], journal: lmdbJournal("./state") });
   */
  readonly shutdownOn?: readonly ShutdownSignal[];
  /** Milliseconds that a shutdown waits for what is in flight, unless it says otherwise. Default 8,000, and 0 for a `standby`. */
  readonly shutdownDeadline?: number;
  /**
   * True to go on with all runs that are unfinished in the journal, false for none, or the ids of the runs to go on with. The
   * others stay as they are. Default: true if a journal is given.
   */
  readonly recover?: boolean | readonly string[];
  /**
   * Prepares the system before any run of an earlier process goes on: spawns the actors that agents look for, opens clients,
   * subscribes to events. It is called once, when the system can be used. `createSystem` waits for it; if it throws, the system is
   * closed, and `createSystem` rejects with what it threw. A recovered run whose agent looks for an actor finds the one that was
   * spawned here, and doesn't find one that is spawned after `createSystem`. Default: nothing.
   *
   * @example
   * const system = await createSystem({
   *   journal: lmdbJournal("./state"),
   *   setup: async (system) => void (await system.spawn(rates, { name: "rates" })),
   * });
   */
  readonly setup?: (system: System) => void | Promise<void>;
  /**
   * Where failures are told that no code waits for: runs that fail without a look at their result, runs that are refused, dead letters,
   * threads that die or stand still, breakers that open, supervisors that give up. Default: a line each on stderr, from `"warn"` on, or
   * from what the environment variable `TROUPE_LOG` says (`debug`, `info`, `warn`, `error`, `off`). `false`: nowhere. A level: on
   * stderr from that level on. A {@link Logger}, such as pino's or `console`: there, from `"info"` on. {@link LoggerOptions} say
   * more.
   *
   * Of one kind, at most 10 lines are logged in 10 seconds, and how many more there were. What a caller is told as well, such as a run
   * that fails while its result is awaited, is `info` or `debug`. A logger that throws is told on stderr, and does no harm.
   *
   * @example
   * const system = await createSystem({ logger: { level: "info", format: "json" } });
   */
  readonly logger?: false | LogLevel | Logger | LoggerOptions;
  /**
   * Where the traces of runs, messages and what is done for them go: see {@link TelemetryOptions}. Default: nothing is recorded, which costs
   * nothing. `run.trace()` is there in any case.
   *
   * @example
   * const system = await createSystem({ telemetry: { traces: { take: (spans) => console.log(spans.length) } } });
   */
  readonly telemetry?: TelemetryOptions;
  /**
   * True to measure what {@link System.metrics} tells of. Default false: nothing is measured, which costs nothing.
   *
   * @example
   * const system = await createSystem({ metrics: true });
   * createServer(metricsHandler(system)).listen(9464, "127.0.0.1");
   */
  readonly metrics?: boolean;
  /**
   * True, or {@link InspectorOptions}, to open an inspector: a page in the browser that shows runs, actors, state and what went wrong, while it happens.
   * Its URL is a line on stderr, and {@link System.inspector} has it. It is for this machine alone, and for people with the token in the
   * URL. It closes with the system. Default: none, and nothing of it is loaded.
   *
   * @example
   * const system = await createSystem({ inspector: process.env.NODE_ENV !== "production" });
   */
  readonly inspector?: boolean | InspectorOptions;
  /**
   * Definitions with which recovered runs go on, matched by name and version. The definition of any other run is loaded from the
   * module that the run was started from. Default: none.
   */
  readonly workflows?: readonly (WorkflowDefinition<never> | WorkflowDefinition)[];
}

/** The options with their defaults, but for the journal. */
export type SettledOptions = Required<
  Omit<SystemOptions, "inspector" | "journal" | "workflows" | "logger" | "telemetry">
> & {
  /** `undefined`: nothing is recorded. */
  readonly telemetry: TelemetrySettings | undefined;
  /** `undefined`: there is none. */
  readonly inspector: InspectorSettings | undefined;
  /** `undefined`: nothing is logged. */
  readonly logger: LogTarget | undefined;
  readonly workflows: readonly WorkflowDefinition[];
};

export type ResolvedOptions = SettledOptions & { readonly journal: Journal };

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));

const megabytes = v.pipe(v.number(), v.finite(), v.gtValue(0));
/** With less, V8 or Node.js ends the whole process while the thread starts. */
const atLeast = (least: number) =>
  v.pipe(
    megabytes,
    v.minValue(
      least,
      ({ received }) => `expected at least ${least}, without which no thread starts, received ${received}`,
    ),
  );

const schema = v.strictObject({
  threads: v.optional(v.pipe(positive, v.maxValue(256))),
  coordination: v.optional(coordinationSchema),
  journal: v.optional(
    v.custom<NonNullable<SystemOptions["journal"]>>(
      (value) =>
        typeof value === "function" ||
        (typeof value === "object" && value !== null && (types.isPromise(value) || "append" in value)),
      "expected a Journal, such as lmdbJournal(DIR), a promise of one, or a function that opens one",
    ),
  ),
  standby: v.optional(v.boolean()),
  retention: v.optional(
    v.array(
      v.strictObject({
        keys: v.string(),
        keep: v.union([
          v.literal("all"),
          v.strictObject({ last: positive }),
          v.strictObject({ age: v.pipe(v.number(), v.finite(), v.minValue(0)) }),
        ]),
      }),
    ),
  ),
  runs: v.optional(
    v.strictObject({
      keep: v.union([
        v.literal("all"),
        v.strictObject({
          last: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
          age: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0))),
        }),
      ]),
    }),
  ),
  env: v.optional(v.array(v.string())),
  maxMessageBytes: v.optional(positive),
  askTimeout: v.optional(v.pipe(v.number(), v.minValue(1))),
  loadTimeout: v.optional(v.pipe(v.number(), v.minValue(1))),
  maxRuns: v.optional(positive),
  resourceLimits: v.optional(
    v.strictObject({
      maxOldGenerationSizeMb: v.optional(atLeast(8)),
      maxYoungGenerationSizeMb: v.optional(megabytes),
      codeRangeSizeMb: v.optional(megabytes),
      stackSizeMb: v.optional(atLeast(0.5)),
    }),
  ),
  stallTimeout: v.optional(v.pipe(v.number(), v.minValue(100))),
  maxWaitingRuns: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  onOverload: v.optional(v.picklist(["wait", "reject"])),
  shutdownOn: v.optional(v.array(v.picklist(shutdownSignals))),
  shutdownDeadline: v.optional(v.pipe(v.number(), v.minValue(0))),
  recover: v.optional(v.union([v.boolean(), v.array(v.string())])),
  logger: v.optional(loggerSchema),
  telemetry: v.optional(telemetrySchema),
  metrics: v.optional(v.boolean()),
  inspector: v.optional(v.union([v.boolean(), inspectorSchema])),
  setup: v.optional(
    v.custom<NonNullable<SystemOptions["setup"]>>((value) => typeof value === "function", "expected a function"),
  ),
  workflows: v.optional(
    v.array(
      v.custom<WorkflowDefinition>(
        (value) => typeof value === "object" && value !== null && "kind" in value && value.kind === "workflow",
        "expected what defineWorkflow made",
      ),
    ),
  ),
});

/** The journal of the options, opened. @param signal ends the wait, where the options have a function that opens it. */
export async function openedJournal({ journal }: SystemOptions, signal: AbortSignal): Promise<Journal> {
  return (typeof journal === "function" ? journal(signal) : journal) ?? memoryJournal();
}

/**
 * Fills in the defaults. Where an option is wrong, it closes the journal that was given.
 *
 * @throws TroupeError (as a rejection) `invalid-options` that names the option, what was expected and what was given.
 */
export async function settleOptions(options: SystemOptions): Promise<SettledOptions> {
  try {
    checkSystemOptions("createSystem", options);
  } catch (error) {
    await journalOf(options)?.then(closeUnused, ignore);
    throw error;
  }
  return withDefaults(options);
}

/**
 * @param where as of {@link checkOptions}, and so is `under`.
 * @throws TroupeError `invalid-options`
 */
export function checkSystemOptions(where: string, options: SystemOptions, under?: string): void {
  checkOptions(where, schema, options, under);
  if (options.standby === true && options.journal === undefined) throw standbyOfNothing();
  void new RetentionRules(options.retention ?? []); // they say what is wrong with themselves
  void loggerOf(options);
}

/** The same as {@link settleOptions} for options that were checked before. */
export function withDefaults(options: SystemOptions): SettledOptions {
  return {
    threads: options.threads ?? Math.min(256, availableParallelism()),
    coordination: options.coordination ?? "orchestrator",
    standby: options.standby ?? false,
    retention: options.retention ?? [],
    runs: options.runs ?? { keep: { last: 10_000 } },
    env: options.env ?? [],
    maxMessageBytes: options.maxMessageBytes ?? 4 * 1024 * 1024,
    askTimeout: options.askTimeout ?? 5_000,
    loadTimeout: options.loadTimeout ?? 5_000,
    maxRuns: options.maxRuns ?? 1_000,
    resourceLimits: options.resourceLimits ?? {},
    stallTimeout: options.stallTimeout ?? 5_000,
    maxWaitingRuns: options.maxWaitingRuns ?? 10_000,
    onOverload: options.onOverload ?? "wait",
    shutdownOn: options.shutdownOn ?? [],
    shutdownDeadline: options.shutdownDeadline ?? (options.standby === true ? 0 : 8_000),
    recover: options.recover ?? options.journal !== undefined,
    logger: loggerOf(options),
    telemetry: options.telemetry && telemetryOf(options.telemetry),
    metrics: options.metrics ?? false,
    inspector: inspectorOf(options.inspector),
    setup: options.setup ?? prepareNothing,
    workflows: options.workflows ?? [],
  };
}

function loggerOf({ logger }: SystemOptions): LogTarget | undefined {
  return logger === false ? undefined : logTargetOf(logger, process.env["TROUPE_LOG"], nodeClock());
}

function inspectorOf(option: SystemOptions["inspector"]): InspectorSettings | undefined {
  if (option === undefined || option === false) return undefined;
  return inspectorSettings(option === true ? {} : option);
}

/** The journal that was given, whatever else was; `undefined` for none. */
function journalOf(options: SystemOptions): Promise<Journal> | undefined {
  const journal = attempt(() => options.journal);
  if (types.isPromise(journal)) return journal;
  if (typeof journal === "function") return undefined; // it isn't called
  return attempt(() => typeof journal?.close === "function") === true ? Promise.resolve(journal as Journal) : undefined;
}

function standbyOfNothing(): TroupeError {
  return new TroupeError(
    "invalid-options",
    "createSystem: standby waits for a journal, and none is given: journal: (signal) => postgresJournal(url, { wait: true, signal })",
  );
}

/** The journal of a system that isn't started would stay open for ever; that of another system is that one's to close. */
export async function closeUnused(journal: Journal): Promise<void> {
  if (!isInUse(journal)) await journal.close();
}

function prepareNothing(): void {}

/** The system isn't started because of its options: an error of opening its journal changes nothing about that. */
function ignore(): void {}
