/**
 * The names that spans use. Those of agents are OpenTelemetry's conventions for generative AI (semantic-conventions-genai 0.1.0,
 * experimental); `mlflow.spanType` is what MLflow shows a span as, where those conventions have no word for it; `troupe.*` are our own.
 * Names change with the conventions, so this is the only place that spells them.
 */

export const operation = "gen_ai.operation.name";
export const agentName = "gen_ai.agent.name";
export const errorType = "error.type";
export const spanType = "mlflow.spanType";
/** MLflow finds a trace by its tags, and by no attribute: this one makes a tag `troupe.run` of the run's id. */
export const runTag = "mlflow.traceTag.troupe.run";
export const inputValue = "mlflow.spanInputs";
export const outputValue = "mlflow.spanOutputs";

export const executeTool = "execute_tool";
export const chat = "chat";
export const toolName = "gen_ai.tool.name";
export const toolArguments = "gen_ai.tool.call.arguments";
export const toolResult = "gen_ai.tool.call.result";
export const provider = "gen_ai.provider.name";
export const requestModel = "gen_ai.request.model";
export const responseModel = "gen_ai.response.model";
export const inputMessages = "gen_ai.input.messages";
export const outputMessages = "gen_ai.output.messages";
export const inputTokens = "gen_ai.usage.input_tokens";
export const outputTokens = "gen_ai.usage.output_tokens";
export const cachedTokens = "gen_ai.usage.cache_read.input_tokens";

/** A span has an event of this name for each version that it read, and a link to where that was committed. */
export const stateRead = "troupe.state.read";

export const invokeWorkflow = "invoke_workflow";
export const invokeAgent = "invoke_agent";
export const gateWait = "gate";
export const readWait = "wait for state";
/** An event of this name is what backends show a failed span by. */
export const exception = "exception";
export const exceptionType = "exception.type";
export const exceptionMessage = "exception.message";

export const cost = "troupe.cost";
export const messageType = "troupe.message.type";
export const messageId = "troupe.message.id";
export const messagesNotRecorded = "troupe.messages.not_recorded";
export const receiver = "troupe.message.to";
export const sender = "troupe.message.from";
export const definition = "troupe.actor.definition";
export const actor = "troupe.actor";
export const thread = "troupe.thread";
export const stateKey = "troupe.state.key";
export const stateVersion = "troupe.state.version";
export const versionsRead = "troupe.state.versions_read";
export const conflicts = "troupe.state.conflicts";
export const token = "troupe.causal_token";
export const position = "troupe.state.position";
export const idempotencyKey = "troupe.idempotency_key";
export const supervisor = "troupe.supervisor";
export const decision = "troupe.decision";
export const restarts = "troupe.restarts";
export const pause = "troupe.pause_ms";
export const failureKind = "troupe.failure";
export const actors = "troupe.actors";
export const lostSpans = "troupe.lost_spans";

export const runId = "troupe.run.id";
export const runStatus = "troupe.run.status";
export const session = "session.id";
export const tenant = "troupe.tenant";
export const workflowName = "troupe.workflow.name";
export const workflowVersion = "troupe.workflow.version";
export const coordination = "troupe.coordination";
export const epoch = "troupe.epoch";
export const stepName = "troupe.step.name";
export const stepStatus = "troupe.step.status";
export const queued = "troupe.step.queued_ms";
export const isFallback = "troupe.step.is_fallback";
export const breaker = "troupe.breaker.state";
export const agentVersion = "troupe.agent.version";
export const attempt = "troupe.attempt";
export const outcome = "troupe.outcome";
export const decidedBy = "troupe.decided_by";
export const compensation = "troupe.compensation";
export const retryAt = "troupe.retry_at";
export const until = "troupe.until";
export const person = "troupe.person";
export const reason = "troupe.reason";
