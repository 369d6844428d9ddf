/** The supervisor of runs as an actor of the home host: what its mailbox takes, and the participants and the store that it works with. */

import { type Address, nameOf } from "../../actors/address.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { PayloadCodec } from "../../contracts/payload-codec.ts";
import type { ToSupervisor } from "../../workflows/coordination/coordination-protocol.ts";
import { RunSupervisor } from "../../workflows/supervisor/run-supervisor.ts";
import type { SupervisorPorts } from "../../workflows/supervisor/supervisor-ports.ts";
import type { WorkflowDefinition } from "../../workflows/definition/workflow-definition.ts";
import { decodeError, type EncodedError, encodeError } from "../../errors/error-codec.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import { StoreClient } from "../../store/client/store-client.ts";
import { agentMailbox } from "../messaging/definition-target.ts";
import { coordinate, supervisorTarget } from "../agents/supervisor-target.ts";
import type { FindCall, RecordCall } from "../agents/call-protocol.ts";
import type { HomeHost } from "../host/home-host.ts";
import { nativeBody } from "../bodies/native-body.ts";
import { Participants } from "./participants.ts";
import { RecordedCalls } from "./recorded-calls.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Turns } from "../../ports/turns.ts";
import type { Random } from "../../ports/random.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import { notHandled } from "../messaging/ask-errors.ts";

/** The ports that runs stand on. */
export interface RunPlatform {
  readonly clock: Clock;
  readonly random: Random;
  readonly load: DefinitionLoader;
  readonly turns: Turns;
}

export interface SupervisorActorOptions extends Pick<
  SupervisorPorts,
  "admit" | "onVersion" | "onBroken" | "listeners" | "tracing"
> {
  readonly home: HomeHost;
  readonly platform: RunPlatform;
  readonly maxMessageBytes: number;
  /** Starts an agent's participant and returns where it is. */
  readonly deploy: (agent: AgentDefinition) => Promise<Address>;
}

/** What the supervisor's mailbox takes. */
type SupervisorMessage =
  | ToSupervisor
  | FindCall
  | RecordCall
  /** A thread or a participant is gone. */
  | { readonly type: "lost"; readonly thread?: number; readonly actor?: Address; readonly error: EncodedError };

export class SupervisorActor {
  readonly supervisor: RunSupervisor;
  /** Encodes inputs and outputs for the record. Actor refs in what it decodes are bound to the supervisor. */
  readonly codec: PayloadCodec;
  /** A client of the store whose author is the supervisor. */
  readonly store: StoreClient;
  readonly #home: HomeHost;
  readonly #participants: Participants;
  readonly #calls: RecordedCalls;

  constructor({
    home,
    platform,
    maxMessageBytes,
    deploy,
    admit,
    listeners,
    onVersion,
    onBroken,
    tracing,
  }: SupervisorActorOptions) {
    this.#home = home;
    const cell = home.host.spawn({
      name: nameOf(supervisorTarget.address),
      ...agentMailbox,
      concurrency: Number.POSITIVE_INFINITY,
      body: () => nativeBody((type, payload) => this.#handle({ type, ...(payload as object) } as SupervisorMessage)),
    });
    this.codec = new PayloadCodec({
      maxBytes: maxMessageBytes,
      system: home.host.system,
      revive: (value) => home.host.revive(value, cell),
    });
    this.store = new StoreClient(home.services.store, { author: cell.address, remembersReads: false });
    this.#participants = new Participants({
      host: home.host,
      sender: home.sender(cell.address),
      start: async (agent) => {
        platform.load.remember(agent);
        return deploy(agent);
      },
    });
    this.supervisor = new RunSupervisor({
      commit: (subject, next, beside) => this.store.evolveNow(subject, next, beside),
      newest: ({ definition, id }) => this.store.snapshotNow(definition, id),
      send: (agent, message) => this.#participants.send(agent, message),
      admit,
      listeners,
      endOfTurn: () => new Promise((resolve) => platform.turns.atEndOfTurn(resolve)),
      onVersion,
      onBroken,
      tracing,
      codec: this.codec,
      clock: platform.clock,
      random: platform.random,
    });
    this.#calls = new RecordedCalls(this.store, (run) => this.supervisor.openRuns.has(run));
  }

  /** Starts the participants of a workflow. */
  async deploy(workflow: WorkflowDefinition): Promise<void> {
    await this.#participants.deploy(workflow);
  }

  /** See {@link Participants.locate}. */
  locate(agent: AgentDefinition, gone: Address | undefined): Promise<Address> {
    return this.#participants.locate(agent, gone);
  }

  /** A thread died. The supervisor hears of it after what the thread's participants had proposed, and judges that first. */
  threadLost(thread: number, error: unknown): void {
    this.#tell({ type: "lost", thread, error: encodeError(error) });
  }

  /** An actor stopped; that matters here if it was a participant. */
  participantStopped(actor: Address): void {
    if (!this.#participants.isParticipant(actor)) return;
    this.#tell({
      type: "lost",
      actor,
      error: encodeError(notHandled({ to: actor, type: coordinate }, "actor-stopped")),
    });
  }

  #tell({ type, ...message }: SupervisorMessage): void {
    this.#home.host.messenger
      .tell(this.#home.outside, supervisorTarget, type, message, true)
      .catch((error: unknown) => {
        if (!isTroupeError(error, "system-closed")) throw error; // with the system closed, no run is left to hear of it
      });
  }

  #handle(message: SupervisorMessage): unknown {
    switch (message.type) {
      case "claim":
        return this.supervisor.claim(message.run, message.event);
      case "parts":
        return this.supervisor.parts(message);
      case "begun":
        return this.supervisor.begun(message.run, message.step, message.attempt);
      case "outcome":
        return this.supervisor.propose(message.run, message.event, message.spent);
      case "find-call":
        return this.#calls.find(message.run, message.name);
      case "record-call":
        return this.#calls.record(message.run, message.name, message.agent, message.output);
      case "lost": {
        const error = decodeError(message.error);
        for (const agent of this.#participants.lost(message)) this.supervisor.participantLost(agent, error);
        return undefined;
      }
    }
  }
}
