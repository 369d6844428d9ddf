/**
 * The names that spans use. Those of agents are OpenTelemetry's conventions for generative AI (semantic-conventions-genai 0.1.0,
 * experimental); `mlflow.spanType` is what MLflow shows a span as, where those conventions have no word for it; `troupe.*` are our own.
 * Names change with the conventions, so this is the only place that spells them.
 */

export const operation = "gen_ai.operation.name";
export const agentName = "gen_ai.agent.name";
export const errorType = "error.type";
export const spanType = "mlflow.spanType";
export const inputValue = "mlflow.spanInputs";
export const outputValue = "mlflow.spanOutputs";

export const invokeWorkflow = "invoke_workflow";
export const invokeAgent = "invoke_agent";
/** An event of this name is what backends show a failed span by. */
export const exception = "exception";
export const exceptionType = "exception.type";
export const exceptionMessage = "exception.message";

export const runId = "troupe.run.id";
export const runStatus = "troupe.run.status";
export const tenant = "troupe.tenant";
export const workflowName = "troupe.workflow.name";
export const workflowVersion = "troupe.workflow.version";
export const coordination = "troupe.coordination";
export const epoch = "troupe.epoch";
export const stepName = "troupe.step.name";
export const stepStatus = "troupe.step.status";
export const queued = "troupe.step.queued_ms";
export const isFallback = "troupe.step.is_fallback";
export const agentVersion = "troupe.agent.version";
export const attempt = "troupe.attempt";
export const outcome = "troupe.outcome";
export const decidedBy = "troupe.decided_by";
export const compensation = "troupe.compensation";
export const retryAt = "troupe.retry_at";
export const until = "troupe.until";
export const person = "troupe.person";
export const reason = "troupe.reason";
