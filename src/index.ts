/** The public API of Troupe. */

export type { ActorContext, SpawnOptions, StateAccess } from "./actors/actor-context.ts";
export type { ActorDefinition } from "./actors/actor-definition.ts";
export { type ActorRef, actorRef, type AskOptions } from "./actors/actor-ref.ts";
export type { Address } from "./actors/address.ts";
export { agentRef } from "./actors/agent-ref.ts";
export type { Backoff, BackoffOptions } from "./actors/backoff.ts";
export type { CallOptions } from "./actors/call-options.ts";
export type { CallItem, CallStream } from "./actors/call-stream.ts";
export type { AgentProtocol, CallableAgent, Emitting } from "./actors/callable-agent.ts";
export {
  type ActorOptions,
  type BehaviourOptions,
  defineActor,
  type Handler,
  type HandlerOptions,
} from "./actors/define-actor.ts";
export { type Gone, goneMessage, type GoneReason } from "./actors/gone.ts";
export { handleEach } from "./actors/handle-each.ts";
export type { InboxMessage } from "./actors/inbox-message.ts";
export type { MailboxOptions, OverflowPolicy } from "./actors/mailbox-options.ts";
export type { Placement } from "./actors/placement.ts";
export type {
  HandlerResult,
  MessageInput,
  MessagePayload,
  MessageReply,
  MessageSpec,
  Protocol,
} from "./actors/protocol.ts";
export type { StopMode } from "./actors/stop-mode.ts";
export type { StopOptions } from "./runtime/system/stop-options.ts";
export type { ActiveModelCall, ModelCall, TokenUsage, ToolCall } from "./agents/model-call.ts";
export { type AgentContext, type AgentDefinition, type AgentOptions, defineAgent } from "./agents/agent-definition.ts";
export { type BreakerRecord, breakerState } from "./agents/policies/breaker-record.ts";
export type { BreakerOptions, BreakerPolicy, OpenedBecause } from "./agents/policies/breaker.ts";
export type { BulkheadOptions, BulkheadPolicy } from "./agents/policies/bulkhead.ts";
export type { ErrorMatcher } from "./agents/policies/error-matcher.ts";
export { defaultPolicies, type Policies, type PolicyOptions } from "./agents/policies/policies.ts";
export type { RateLimit, RateLimitPolicy } from "./agents/policies/rate-limit.ts";
export type { RetryOptions, RetryPolicy } from "./agents/policies/retry.ts";
export type { MaybePromise } from "./async/maybe-promise.ts";
export type { Payload } from "./contracts/payload-codec.ts";
export { AskError, type AskErrorOptions, type AskOutcome, isAskError } from "./errors/ask-error.ts";
export type { ErrorCode } from "./errors/error-code.ts";
export type { EncodedError } from "./errors/error-codec.ts";
export type { DetailsOf, ErrorDetails, ErrorDetailsByCode } from "./errors/error-details.ts";
export { retryAfter } from "./errors/retry-after.ts";
export { Refusal, type RefusalOptions } from "./errors/refusal.ts";
export { refusalOf } from "./errors/refusal-of.ts";
export { isTroupeError, TroupeError, type TroupeErrorOptions } from "./errors/troupe-error.ts";
export type { ShutdownSignal } from "./ports/signals.ts";
export type {
  ActorChildOptions,
  ChildOptions,
  SupervisionOptions,
  SupervisorChildOptions,
  SupervisorOptions,
} from "./runtime/supervision/supervision-options.ts";
export type { SupervisorHandle } from "./runtime/supervision/supervision.ts";
export type { ActorStatus, SupervisorStatus } from "./runtime/supervision/supervisor-node.ts";
export { createSystem } from "./runtime/system/create-system.ts";
export type { RefOf } from "./runtime/system/ref-of.ts";
export type { SystemOptions } from "./runtime/system/system-options.ts";
export type { TelemetryOptions } from "./runtime/system/telemetry-options.ts";
export type { TelemetryStats } from "./runtime/telemetry/trace-collector.ts";
export type { InspectorOptions } from "./inspector/inspector-options.ts";
export type { System, SystemStats } from "./runtime/system/system.ts";
export type { ReadonlyParts } from "./values/readonly-parts.ts";
export type { LogFields, Logger, LoggerOptions, LogLevel } from "./runtime/telemetry/logger.ts";
export type { SystemEvent } from "./runtime/telemetry/system-events.ts";
export type { SystemRole } from "./runtime/system/system-role.ts";
export type { ResourceLimits } from "./runtime/threads/resource-limits.ts";
export type { DeadLetter, DeadLetterReason } from "./runtime/transport/envelope.ts";
export type { LeftRuns } from "./runtime/workflows/accepted-runs.ts";
export type { KeepRuns } from "./runtime/workflows/ended-runs.ts";
export type { ForkOptions } from "./runtime/workflows/fork-options.ts";
export type { MigratedRun, MigrateOptions, MigrationReport } from "./runtime/workflows/migrate-options.ts";
export type { RunFilter } from "./runtime/workflows/list-runs.ts";
export type { Schedules } from "./runtime/schedules/schedules.ts";
export type { RunOptions } from "./runtime/workflows/run-options.ts";
export type { Queues } from "./runtime/queues/queues.ts";
export type { OverloadPolicy } from "./runtime/queues/run-queue.ts";
export type { CommitOptions, PutOptions } from "./store/client/change.ts";
export type { Recipe } from "./store/client/recipe.ts";
export type { TransactKey, TransactOptions, TransactRecipe, TransactSnapshots } from "./store/client/transaction.ts";
export type { Journal } from "./store/journal/journal.ts";
export type { Durability } from "./store/journal/lmdb/durability.ts";
export type { JournalDamage, JournalReport } from "./store/journal/lmdb/journal-report.ts";
export { lmdbJournal, type LmdbJournalOptions } from "./store/journal/lmdb/lmdb-journal.ts";
export { verifyJournal } from "./store/journal/lmdb/verify-journal.ts";
export { memoryJournal } from "./store/journal/memory-journal.ts";
export type { Keep, RetentionRule } from "./store/retention/retention.ts";
export type { Imported, Store } from "./store/store.ts";
export type { Blame } from "./store/travel/blame.ts";
export type { JsonPatchOperation, StateDiff } from "./store/travel/state-diff.ts";
export type { BisectOptions, RevertOptions } from "./store/travel/time-travel-client.ts";
export type { CommitRecord } from "./store/versions/commit.ts";
export { type ConflictDetails, ConflictError, isConflictError } from "./store/versions/conflict-error.ts";
export { defineState } from "./store/versions/define-state.ts";
export type { HistoryOptions } from "./store/versions/history-range.ts";
export type { Patch, PatchPath } from "./store/versions/patch.ts";
export type { Erasure, Position, Snapshot, SnapshotMeta, VersionAt } from "./store/versions/snapshot.ts";
export type { StateDefinition, StateOptions, Upcaster } from "./store/versions/state-definition.ts";
export type { StateKey } from "./store/versions/state-key.ts";
export type { Erased, EraseOptions } from "./store/versions/tombstone.ts";
export type { ChildKind, Decider, Decision, FailedChild } from "./supervision/decision.ts";
export type { Failure } from "./supervision/failure.ts";
export type { RestartIntensity } from "./supervision/restart-intensity.ts";
export type { ChildStatus, Strategy, SupervisorPhase } from "./supervision/supervisor-state.ts";
export type {
  AgentStep,
  EachStep,
  LoopStep,
  InputOf,
  MappingSources,
  OutputOf,
  PauseStep,
  SubWorkflowStep,
  StepBase,
  StepDefinition,
  Tolerance,
  WaitStep,
  WorkflowDefinition,
  WorkflowId,
} from "./workflows/definition/workflow-definition.ts";
export type { EachOptions, ItemError, ItemResult } from "./workflows/definition/each-options.ts";
export type { LoopDoers, LoopOptions } from "./workflows/definition/loop-options.ts";
export type { PauseTime, WaitOptions } from "./workflows/definition/wait-options.ts";
export { defineWorkflow, type WorkflowOptions } from "./workflows/definition/define-workflow.ts";
export type {
  BranchOptions,
  MayBeSkipped,
  StepOptions,
  WorkflowBuilder,
} from "./workflows/definition/workflow-builder.ts";
export type { Coordination, Epoch } from "./workflows/history/coordination.ts";
export type {
  QueuedIn,
  CancelRequested,
  CompensationFailed,
  CompensationFinished,
  CompensationRetried,
  CompensationStarted,
  CoordinationSwitched,
  EndStatus,
  LoopTold,
  RunEnded,
  RunEvent,
  RunRecovered,
  RunReleased,
  RunResolved,
  RunStarted,
  StepFailed,
  StepFinished,
  StepSkipped,
  StepStarted,
  UndoRequested,
  WaitAnswered,
  WaitOpened,
} from "./workflows/history/run-event.ts";
export type { DefinitionChanged, MigratedValue } from "./workflows/history/definition-changed.ts";
export type { EachOutline, ItemsOf, LoopOutline, StepOutline } from "./workflows/steps/step-outline.ts";
export type { RunRecord } from "./workflows/history/run-history.ts";
export type { Pending } from "./workflows/history/run-pending.ts";
export type { RunStatus } from "./workflows/history/run-state.ts";
export type { StepStatus } from "./workflows/steps/step-state.ts";
export type { TraceOptions } from "./traces/content.ts";
export type { ActiveSpan } from "./traces/active-span.ts";
export type { HistogramPoint, Metric, MetricPoint } from "./metrics/metric.ts";
export { prometheusText } from "./metrics/prometheus-text.ts";
export { point } from "./runtime/threads/point.ts";
export { metricsHandler } from "./runtime/system/metrics-handler.ts";
export type { Attributes, AttributeValue, Span, SpanEvent, SpanKind, SpanLink } from "./traces/span.ts";
export type { SpanSink } from "./traces/span-sink.ts";
export { type TraceFile, traceFile } from "./runtime/telemetry/trace-file.ts";
export type { RunView, StepView, ViewOptions } from "./workflows/history/run-view.ts";
export type { QueueChoice } from "./workflows/queue/joining.ts";
export type { QueueOptions, RunLimits } from "./workflows/queue/queue-options.ts";
export type { QueuedRun, QueueView } from "./workflows/queue/queue-view.ts";
export type { RecordedTimes } from "./workflows/schedule/calendar.ts";
export type { ScheduleOptions, ScheduleTimes } from "./workflows/schedule/schedule-options.ts";
export type { CatchUp, Overlap, ScheduleDecision, ScheduleRequest } from "./workflows/schedule/schedule-state.ts";
export type { BackfillOptions, TriggerOptions } from "./workflows/schedule/schedule-requests.ts";
export type { ScheduleView } from "./workflows/schedule/schedule-view.ts";
export type { Run } from "./workflows/run.ts";
export type { StreamItem } from "./workflows/stream-item.ts";
export type { TellOptions } from "./workflows/definition/tell-options.ts";
