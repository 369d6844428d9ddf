/** Starts the actors and agents that no supervisor starts: takes a name, finds a place, and has the host there spawn them. */

import { caught } from "../../errors/caught.ts";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import { type Address, homeHost, type HostId, makeAddress } from "../../actors/address.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import type { Placement } from "../../actors/placement.ts";
import { isTroupeError } from "../../errors/troupe-error.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import { type DefinitionId, definitionId } from "../definitions/definition-loader.ts";
import type { Gates } from "../agents/gates.ts";
import type { SpawnOrder } from "../host/host-control.ts";
import { type HostServices, spawnCell } from "../host/spawn-cell.ts";
import { systemClosed } from "./system-end.ts";
import type { Untimed } from "../telemetry/system-events.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";
import { notHandled } from "../messaging/ask-errors.ts";

export interface SpawnerPorts {
  readonly registry: ActorRegistry;
  readonly roster: ThreadRoster;
  readonly gates: Gates;
  /** Of the home host. */
  readonly services: HostServices;
  readonly isClosing: () => boolean;
  readonly publish: (event: Untimed) => void;
  /** An actor stopped before its start was over. */
  readonly stopped: (actor: Address) => void;
}

export class Spawner {
  readonly #ports: SpawnerPorts;

  constructor(ports: SpawnerPorts) {
    this.#ports = ports;
  }

  /** Errors as `System.spawn`. */
  async spawn(
    definition: DefinitionId<"actor" | "agent"> | ActorDefinition | AgentDefinition,
    wanted: string | undefined,
    placement: Placement,
  ): Promise<Address> {
    const { registry, roster, gates, isClosing, publish, stopped } = this.#ports;
    const agent = definition.kind === "agent" && "policies" in definition ? definition : undefined;
    if (agent !== undefined) gates.know(agent);
    const name = registry.reserve(definitionId(definition), wanted);
    try {
      const thread = await roster.place(placement);
      const address = makeAddress(thread, name);
      registry.expect(name, address);
      try {
        const id = definitionId(definition);
        const lease = agent && gates.lease(agent, address);
        await this.spawnOn(thread, { definition: id, name, ...(lease === undefined ? {} : { lease }) });
        if (isClosing()) throw systemClosed();
      } catch (error) {
        gates.stopped(address);
        await roster.release(thread);
        throw error;
      }
      const isThere = registry.place(name, address);
      publish({ type: "actor-spawned", actor: address, definition: definition.name });
      if (!isThere) stopped(address);
      return address;
    } catch (error) {
      registry.release(name);
      throw !isClosing() || isTroupeError(error, "system-closed") ? error : systemClosed(error);
    }
  }

  /**
   * Has a host spawn an actor whose name and place are decided.
   *
   * @throws AskError (as a rejection) `thread-died`.
   */
  async spawnOn(thread: HostId, order: SpawnOrder): Promise<void> {
    const { roster, services } = this.#ports;
    if (thread === homeHost) {
      const definition = await services.load.load(order.definition);
      try {
        spawnCell(services, definition, order.name, order);
      } catch (thrown) {
        throw caught(thrown);
      }
      return;
    }
    await roster.thread(thread)?.control.spawn(order);
    if (roster.thread(thread) === undefined)
      throw notHandled({ to: makeAddress(thread, order.name), type: "spawn" }, "thread-died");
  }
}
