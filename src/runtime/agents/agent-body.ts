/** The body of an agent: takes part in runs as a participant, and answers direct asks. */

import type { Address } from "../../actors/address.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { GateClient } from "./gate-client.ts";
import type { AgentContext, AgentDefinition } from "../../agents/agent-definition.ts";
import type { CallParts } from "../../agents/streamed-call.ts";
import type { CancellationListener } from "../../async/cancellation.ts";
import { Participant } from "../../workflows/participant/participant.ts";
import type { Work } from "../../workflows/participant/work-slots.ts";
import { originOf, runCallOf } from "../../agents/call-names.ts";
import { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { Grant, NumberedMessage } from "../../workflows/coordination/coordination-protocol.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { Envelope } from "../transport/envelope.ts";
import { keyOfParts } from "../../store/versions/idempotency-key.ts";
import { runCause } from "../../store/versions/cause.ts";
import { RefusedMessage } from "../messaging/refused-message.ts";
import type { ActorBody, ActorCell } from "../cell/actor-cell.ts";
import type { Sender } from "../messaging/target.ts";
import { CellContext, type CellSite } from "../cell/cell-context.ts";
import type { Fenced } from "../cell/fenced-store.ts";
import type { Handling } from "../cell/handling.ts";
import type { Delivery } from "../cell/delivery.ts";
import { CallsOnce } from "./calls-once.ts";
import { type CallResult, DirectCalls } from "./direct-calls.ts";
import { type GateLease, Lessee } from "./gate-lease.ts";
import { findWorkflow } from "../definitions/find-workflow.ts";
import { ScopedSender } from "../messaging/scoped-sender.ts";
import type { ActorServices } from "../cell/actor-services.ts";
import { coordinate, supervisorTarget } from "./supervisor-target.ts";
import {
  type ActiveModelCall,
  addUsage,
  checkModelCall,
  checkToolCall,
  checkUsage,
  type ModelCall,
  tokensOf,
  type TokenUsage,
  type ToolCall,
  usageAttributes,
} from "../../agents/model-call.ts";
import type { ActiveSpan } from "../../traces/active-span.ts";
import type { AttributeValue } from "../../traces/span.ts";
import * as names from "../../traces/semantic-names.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { failureName } from "../../traces/failure-name.ts";
import type { TraceContext } from "../../traces/traceparent.ts";
import { withSpan } from "../cell/recorded-work.ts";

/** What an agent's body works with, besides what every actor's does. */
export interface AgentServices extends ActorServices {
  /** The way to the gates of agents. */
  readonly gates: GateClient;
  readonly host: ActorServices["host"] & { stop(actor: Address, mode: StopMode): Promise<void> };
}

export class AgentBody implements ActorBody {
  readonly #services: AgentServices;
  readonly #cell: ActorCell;
  readonly #agent: AgentDefinition;
  readonly #participant: Participant;
  readonly #calls: DirectCalls;
  readonly #once: CallsOnce;

  constructor(services: AgentServices, cell: ActorCell, definition: AgentDefinition, lease: GateLease | undefined) {
    const { host, load, gates } = services;
    this.#services = services;
    this.#cell = cell;
    this.#agent = definition;
    const codec = new PayloadCodec({
      maxBytes: host.settings.maxMessageBytes,
      system: host.system,
      revive: (value) => host.revive(value, cell),
    });
    this.#participant = new Participant(definition, {
      claim: (run, event) =>
        host.messenger.ask(
          cell,
          supervisorTarget,
          "claim",
          { run, event },
          { timeout: Number.POSITIVE_INFINITY },
        ) as Promise<Grant | false>,
      begun: (run, step, attempt) => host.messenger.tell(cell, supervisorTarget, "begun", { run, step, attempt }, true),
      // told: parts that are on their way when their thread dies are taken, as the outcome behind them is
      emitted: (parts) =>
        host.messenger.ask(cell, supervisorTarget, "parts", parts, {
          timeout: Number.POSITIVE_INFINITY,
          isTold: true,
        }) as Promise<boolean>,
      later: (task) => host.turns.atEndOfTurn(task),
      report: (run, event, spent) =>
        host.messenger.tell(cell, supervisorTarget, "outcome", { run, event, spent }, true),
      workflow: (id) => findWorkflow(load, id),
      context: (work) => new WorkContext({ services, cell, name: definition.name, events: undefined }, work),
      revive: (value, work) => host.revive(value, new ScopedSender(cell, work, 0)),
      record: ({ trace, idempotencyKey, forRun, step, isCompensation }) => {
        if (trace === undefined || host.recorder?.wants(trace) !== true) return undefined;
        const attributes: Record<string, AttributeValue> = {
          [names.agentName]: definition.name,
          [names.thread]: host.id,
          [names.idempotencyKey]: idempotencyKey,
        };
        if (forRun !== undefined) attributes[names.runId] = forRun;
        if (step !== undefined) attributes[names.stepName] = step;
        if (isCompensation) attributes[names.compensation] = true;
        return host.recorder.begin(trace, `execute ${definition.name}`, attributes);
      },
      measure:
        host.meter &&
        ((work, took, failure) =>
          host.meter?.record({
            agent: definition.name,
            failure: failure && failureName(encodeError(failure.thrown)),
            took,
            inputTokens: work.usage?.input ?? 0,
            outputTokens: work.usage?.output ?? 0,
          })),
      onLeftBehind: ({ isCompensation }, error) =>
        host.reportFailure(cell.address, isCompensation ? "compensate" : "execute", error, true),
      onError: (error) => {
        if (isTroupeError(error, "system-closed")) return;
        host.reportFailure(cell.address, coordinate, error, true); // by the supervisor, below
        void host.stop(cell.address, "discard"); // the supervisor hears that it has stopped, and counts it as lost
      },
      settled: async () => cell.observe(await services.store.settled()),
      codec,
      clock: host.clock,
    });
    cell.stopping.add({ abort: (reason) => this.#participant.abort(reason) });
    const { clock, random, recorder } = host;
    this.#calls = new DirectCalls({
      ...{ agent: definition, participant: this.#participant, cell, gates, clock, random, recorder },
      lease: lease && new Lessee(lease),
    });
    this.#once = new CallsOnce({ agent: definition, messenger: host.messenger, sender: cell, codec });
  }

  handle(delivery: Delivery): void | Promise<void> {
    if (delivery.envelope.type === coordinate)
      return this.#participant.handle(delivery.envelope.payload as NumberedMessage);
    return this.#execute(delivery);
  }

  async #execute(delivery: Delivery): Promise<void> {
    const { host } = this.#services;
    const { type, payload, hasRefs, isAsk, from, idempotencyKey: key } = delivery.envelope;
    const idempotencyKey = this.#callOf(delivery.envelope);
    const ofRun = runCallOf(key);
    const make = (): Promise<CallResult> => {
      const input = hasRefs ? host.revive(payload, delivery.sender) : payload;
      const emitted = type === "stream" ? (parts: CallParts) => delivery.emit(parts).then(() => true) : undefined;
      return this.#calls.call({ input, from, idempotencyKey, of: originOf(key), emitted, caller: delivery });
    };
    const result = await (ofRun?.isOnce === true ? this.#once.answer(ofRun, make) : make());
    if (result.type === "error") throw result.error;
    if (result.type === "output") return delivery.reply(result.output);
    const { refusal } = result;
    delivery.span?.fail(refusal);
    if (result.type === "withdrawn") throw new RefusedMessage(refusal);
    if (isAsk) return delivery.refuse(refusal);
    if (refusal.outcome !== "rejected") throw refusal;
    host.deadLetter(delivery.envelope, "rejected", refusal.message);
  }

  /** What is the same each time that one call arrives: of which agent it is, and under which key. */
  #callOf(envelope: Envelope): string {
    const { idempotencyKey } = envelope;
    if (idempotencyKey !== undefined) return keyOfParts("call", this.#agent.name, "of", idempotencyKey);
    // a supervisor has a message delivered again: it is known by a key of its delivery
    const delivered = this.#cell.incarnation?.keyOf(envelope) ?? this.#services.host.random.id();
    return keyOfParts("call", this.#agent.name, "delivered", delivered);
  }

  stop(): void {
    this.#participant.stop();
  }
}

/** What an agent's code gets: an actor's context, and which step this is. */
class WorkContext extends CellContext implements AgentContext<unknown> {
  readonly run: string | undefined;
  readonly step: string | undefined;
  readonly tenant: string | undefined;
  readonly idempotencyKey: string;
  readonly #work: Work;

  constructor(site: CellSite, work: Work) {
    const { forRun: run, tenant, step, idempotencyKey } = work;
    const cause = run === undefined ? {} : { cause: runCause(run) };
    super(site, new WorkHandling(site.cell, work), { ...cause, scope: idempotencyKey, run, tenant });
    this.run = run;
    this.step = step;
    this.tenant = tenant;
    this.idempotencyKey = idempotencyKey;
    this.#work = work;
  }

  useTokens(tokens: number | TokenUsage): void {
    const used = checkUsage(tokens);
    const work = this.#work;
    work.tokens += tokensOf(used);
    work.usage = addUsage(work.usage ?? {}, used);
    work.span?.set(usageAttributes(work.usage));
  }

  async modelCall<T>(call: ModelCall, work: (call: ActiveModelCall) => T | Promise<T>): Promise<T> {
    checkModelCall(call);
    const { model, provider, input } = call;
    const { recorder } = this.recorded;
    const attributes = {
      [names.operation]: names.chat,
      [names.requestModel]: model,
      ...(provider === undefined ? {} : { [names.provider]: provider }),
      ...(input === undefined ? {} : recorder?.content(names.inputMessages, input)),
    };
    return withSpan(
      this.recorded,
      { name: `${names.chat} ${model}`, kind: "client", attributes },
      work,
      (span, open) => ({
        ...span,
        used: (usage) => {
          this.useTokens(usage);
          open?.set(usageAttributes(checkUsage(usage)));
        },
      }),
      (value, open) => open.set(recorder?.content(names.outputMessages, value) ?? {}),
    );
  }

  async toolCall<T>(call: ToolCall, work: (span: ActiveSpan) => T | Promise<T>): Promise<T> {
    checkToolCall(call);
    const { recorder } = this.recorded;
    const attributes = {
      [names.operation]: names.executeTool,
      [names.toolName]: call.name,
      ...(call.arguments === undefined ? {} : recorder?.content(names.toolArguments, call.arguments)),
    };
    return withSpan(
      this.recorded,
      { name: `${names.executeTool} ${call.name}`, attributes },
      work,
      (span) => span,
      (value, open) => open.set(recorder?.content(names.toolResult, value) ?? {}),
    );
  }

  // oxlint-disable-next-line typescript/no-misused-promises -- as `AgentContext` has it
  override emit(part: unknown): Promise<void> {
    const { emission, isCompensation } = this.#work;
    return emission === undefined ? Promise.reject(emitsNothing(this.self, isCompensation)) : emission.emit(part);
  }
}

function emitsNothing(agent: Address, isCompensation: boolean): TroupeError {
  const why = isCompensation
    ? "a compensation emits nothing: only execute does"
    : "it emits nothing by its definition. Give defineAgent the schema of its parts, such as emits: v.string()";
  return new TroupeError("invalid-options", `emit: ${agent}: ${why}`);
}

class WorkHandling implements Handling {
  readonly sender: Sender;
  readonly #work: Work;

  constructor(cell: ActorCell, work: Work) {
    this.sender = new ScopedSender(cell, work, 0);
    this.#work = work;
  }

  get trace(): TraceContext | undefined {
    return this.#work.trace;
  }

  get deadline(): number {
    return this.#work.deadline;
  }

  get fence(): Fenced {
    return this.#work;
  }

  get signal(): AbortSignal {
    return this.#work.cancellation.signal;
  }

  add(listener: CancellationListener): void {
    this.#work.cancellation.add(listener);
  }

  remove(listener: CancellationListener): void {
    this.#work.cancellation.remove(listener);
  }
}
