/** The public API of Troupe. */

export { type ActorContext, type SpawnOptions, type StateAccess } from "./actors/actor-context.ts";
export { type ActorDefinition } from "./actors/actor-definition.ts";
export { type ActorRef, actorRef, type AskOptions } from "./actors/actor-ref.ts";
export { type Address } from "./actors/address.ts";
export { agentRef } from "./actors/agent-ref.ts";
export { type Backoff, type BackoffOptions } from "./actors/backoff.ts";
export { type CallOptions } from "./actors/call-options.ts";
export { type CallItem, type CallStream } from "./actors/call-stream.ts";
export { type AgentProtocol, type CallableAgent, type Emitting } from "./actors/callable-agent.ts";
export {
  type ActorOptions,
  type BehaviourOptions,
  defineActor,
  type Handler,
  type HandlerOptions,
} from "./actors/define-actor.ts";
export { type Gone, goneMessage, type GoneReason } from "./actors/gone.ts";
export { handleEach } from "./actors/handle-each.ts";
export { type InboxMessage } from "./actors/inbox-message.ts";
export { type MailboxOptions, type OverflowPolicy } from "./actors/mailbox-options.ts";
export { type Placement } from "./actors/placement.ts";
export {
  type HandlerResult,
  type MessageInput,
  type MessagePayload,
  type MessageReply,
  type MessageSpec,
  type Protocol,
} from "./actors/protocol.ts";
export { type StopMode } from "./actors/stop-mode.ts";
export { type StopOptions } from "./runtime/system/stop-options.ts";
export type { ActiveModelCall, ModelCall, TokenUsage, ToolCall } from "./agents/model-call.ts";
export { type AgentContext, type AgentDefinition, type AgentOptions, defineAgent } from "./agents/agent-definition.ts";
export { type BreakerRecord, breakerState } from "./agents/policies/breaker-record.ts";
export { type BreakerOptions, type BreakerPolicy, type OpenedBecause } from "./agents/policies/breaker.ts";
export { type BulkheadOptions, type BulkheadPolicy } from "./agents/policies/bulkhead.ts";
export { type ErrorMatcher } from "./agents/policies/error-matcher.ts";
export { defaultPolicies, type Policies, type PolicyOptions } from "./agents/policies/policies.ts";
export { type RateLimit, type RateLimitPolicy } from "./agents/policies/rate-limit.ts";
export { type RetryOptions, type RetryPolicy } from "./agents/policies/retry.ts";
export { type MaybePromise } from "./async/maybe-promise.ts";
export { type Payload } from "./contracts/payload-codec.ts";
export { AskError, type AskErrorOptions, type AskOutcome, isAskError } from "./errors/ask-error.ts";
export { type ErrorCode } from "./errors/error-code.ts";
export { type EncodedError } from "./errors/error-codec.ts";
export { type DetailsOf, type ErrorDetails, type ErrorDetailsByCode } from "./errors/error-details.ts";
export { retryAfter } from "./errors/retry-after.ts";
export { Refusal, type RefusalOptions } from "./errors/refusal.ts";
export { refusalOf } from "./errors/refusal-of.ts";
export { isTroupeError, TroupeError, type TroupeErrorOptions } from "./errors/troupe-error.ts";
export { type ShutdownSignal } from "./ports/signals.ts";
export {
  type ActorChildOptions,
  type ChildOptions,
  type SupervisionOptions,
  type SupervisorChildOptions,
  type SupervisorOptions,
} from "./runtime/supervision/supervision-options.ts";
export { type SupervisorHandle } from "./runtime/supervision/supervision.ts";
export { type ActorStatus, type SupervisorStatus } from "./runtime/supervision/supervisor-node.ts";
export { createSystem } from "./runtime/system/create-system.ts";
export { type RefOf } from "./runtime/system/ref-of.ts";
export { type SystemOptions } from "./runtime/system/system-options.ts";
export { type TelemetryOptions } from "./runtime/system/telemetry-options.ts";
export { type TelemetryStats } from "./runtime/telemetry/trace-collector.ts";
export { type InspectorOptions } from "./inspector/inspector-options.ts";
export { type System, type SystemStats } from "./runtime/system/system.ts";
export { type ReadonlyParts } from "./values/readonly-parts.ts";
export { type LogFields, type Logger, type LoggerOptions, type LogLevel } from "./runtime/telemetry/logger.ts";
export { type SystemEvent } from "./runtime/telemetry/system-events.ts";
export { type ResourceLimits } from "./runtime/threads/resource-limits.ts";
export { type DeadLetter, type DeadLetterReason } from "./runtime/transport/envelope.ts";
export { type LeftRuns } from "./runtime/workflows/accepted-runs.ts";
export { type KeepRuns } from "./runtime/workflows/ended-runs.ts";
export { type ForkOptions } from "./runtime/workflows/fork-options.ts";
export { type MigratedRun, type MigrateOptions, type MigrationReport } from "./runtime/workflows/migrate-options.ts";
export { type RunFilter } from "./runtime/workflows/list-runs.ts";
export { type Schedules } from "./runtime/schedules/schedules.ts";
export { type RunOptions } from "./runtime/workflows/run-options.ts";
export { type Queues } from "./runtime/queues/queues.ts";
export { type OverloadPolicy } from "./runtime/queues/run-queue.ts";
export { type CommitOptions, type PutOptions } from "./store/client/change.ts";
export { type Recipe } from "./store/client/recipe.ts";
export {
  type TransactKey,
  type TransactOptions,
  type TransactRecipe,
  type TransactSnapshots,
} from "./store/client/transaction.ts";
export { type Journal } from "./store/journal/journal.ts";
export { type Durability } from "./store/journal/lmdb/durability.ts";
export { lmdbJournal, type LmdbJournalOptions } from "./store/journal/lmdb/lmdb-journal.ts";
export { type JournalDamage, type JournalReport, verifyJournal } from "./store/journal/lmdb/verify-journal.ts";
export { memoryJournal } from "./store/journal/memory-journal.ts";
export { type Keep, type RetentionRule } from "./store/retention/retention.ts";
export { type Imported, type Store } from "./store/store.ts";
export { type Blame } from "./store/travel/blame.ts";
export { type JsonPatchOperation, type StateDiff } from "./store/travel/state-diff.ts";
export { type BisectOptions, type RevertOptions } from "./store/travel/time-travel-client.ts";
export { type CommitRecord } from "./store/versions/commit.ts";
export { type ConflictDetails, ConflictError, isConflictError } from "./store/versions/conflict-error.ts";
export { defineState } from "./store/versions/define-state.ts";
export { type HistoryOptions } from "./store/versions/history-range.ts";
export { type Patch, type PatchPath } from "./store/versions/patch.ts";
export {
  type Erasure,
  type Position,
  type Snapshot,
  type SnapshotMeta,
  type VersionAt,
} from "./store/versions/snapshot.ts";
export { type StateDefinition, type StateOptions, type Upcaster } from "./store/versions/state-definition.ts";
export { type StateKey } from "./store/versions/state-key.ts";
export { type Erased, type EraseOptions } from "./store/versions/tombstone.ts";
export { type ChildKind, type Decider, type Decision, type FailedChild } from "./supervision/decision.ts";
export { type Failure } from "./supervision/failure.ts";
export { type RestartIntensity } from "./supervision/restart-intensity.ts";
export { type ChildStatus, type Strategy, type SupervisorPhase } from "./supervision/supervisor-state.ts";
export {
  type AgentStep,
  type EachStep,
  type LoopStep,
  type InputOf,
  type MappingSources,
  type OutputOf,
  type PauseStep,
  type SubWorkflowStep,
  type StepBase,
  type StepDefinition,
  type Tolerance,
  type WaitStep,
  type WorkflowDefinition,
  type WorkflowId,
} from "./workflows/definition/workflow-definition.ts";
export { type EachOptions, type ItemError, type ItemResult } from "./workflows/definition/each-options.ts";
export { type LoopAgents, type LoopOptions } from "./workflows/definition/loop-options.ts";
export { type PauseTime, type WaitOptions } from "./workflows/definition/wait-options.ts";
export { defineWorkflow, type WorkflowOptions } from "./workflows/definition/define-workflow.ts";
export {
  type BranchOptions,
  type MayBeSkipped,
  type StepOptions,
  type WorkflowBuilder,
} from "./workflows/definition/workflow-builder.ts";
export { type Coordination, type Epoch } from "./workflows/history/coordination.ts";
export {
  type QueuedIn,
  type CancelRequested,
  type CompensationFailed,
  type CompensationFinished,
  type CompensationRetried,
  type CompensationStarted,
  type CoordinationSwitched,
  type EndStatus,
  type LoopTold,
  type RunEnded,
  type RunEvent,
  type RunRecovered,
  type RunReleased,
  type RunResolved,
  type RunStarted,
  type StepFailed,
  type StepFinished,
  type StepSkipped,
  type StepStarted,
  type UndoRequested,
  type WaitAnswered,
  type WaitOpened,
} from "./workflows/history/run-event.ts";
export { type DefinitionChanged, type MigratedValue } from "./workflows/history/definition-changed.ts";
export {
  type EachOutline,
  type ItemsOf,
  type LoopOutline,
  type StepOutline,
} from "./workflows/history/step-outline.ts";
export { type RunRecord } from "./workflows/history/run-history.ts";
export { type Pending } from "./workflows/history/run-pending.ts";
export { type RunStatus } from "./workflows/history/run-state.ts";
export { type StepStatus } from "./workflows/history/run-steps.ts";
export type { TraceOptions } from "./traces/content.ts";
export type { ActiveSpan } from "./traces/active-span.ts";
export type { HistogramPoint, Metric, MetricPoint } from "./metrics/metric.ts";
export { prometheusText } from "./metrics/prometheus-text.ts";
export { metricsHandler } from "./runtime/system/metrics-handler.ts";
export type { Attributes, AttributeValue, Span, SpanEvent, SpanKind, SpanLink } from "./traces/span.ts";
export type { SpanSink } from "./traces/span-sink.ts";
export { type TraceFile, traceFile } from "./runtime/telemetry/trace-file.ts";
export { type RunView, type StepView, type ViewOptions } from "./workflows/history/run-view.ts";
export { type QueueOptions, type RunLimits } from "./workflows/queue/queue-options.ts";
export { type QueuedRun, type QueueView } from "./workflows/queue/queue-view.ts";
export { type ScheduleOptions, type ScheduleTimes } from "./workflows/schedule/schedule-options.ts";
export { type CatchUp, type Overlap, type ScheduleDecision } from "./workflows/schedule/schedule-state.ts";
export { type ScheduleView } from "./workflows/schedule/schedule-view.ts";
export { type Run } from "./workflows/run.ts";
export { type StreamItem } from "./workflows/stream-item.ts";
export { type TellOptions } from "./workflows/definition/tell-options.ts";
