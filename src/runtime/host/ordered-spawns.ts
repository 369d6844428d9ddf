/** Spawns on this host what the home host orders, and answers at once for all that a turn has spawned. */

import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { encodeError } from "../../errors/error-codec.ts";
import { TroupeError } from "../../errors/troupe-error.ts";
import type { SpawnFrame } from "../transport/spawn-order.ts";
import { type HostServices, spawnCell } from "./spawn-cell.ts";

export class OrderedSpawns {
  readonly #services: HostServices;
  /** The orders that are done and not answered yet. */
  #done: number[] = [];
  #isClosed = false;

  constructor(services: HostServices) {
    this.#services = services;
  }

  take(frame: SpawnFrame): void {
    const loaded = this.#services.load.load(frame.definition);
    if (!(loaded instanceof Promise)) return this.#spawn(frame, loaded);
    loaded.then(
      (definition) => this.#spawn(frame, definition),
      (error: unknown) => {
        for (let i = 0; i < frame.names.length; i++) this.#refuse(frame.id + i, error);
      },
    );
  }

  /** The actors of this host are being stopped: none is spawned after that, which would be left out. */
  close(): void {
    this.#isClosed = true;
  }

  #spawn({ id: first, names, ...terms }: SpawnFrame, definition: ActorDefinition | AgentDefinition): void {
    let id = first;
    for (const name of names) {
      try {
        if (this.#isClosed) throw new TroupeError("system-closed", "the actors of the thread are being stopped");
        spawnCell(this.#services, definition, name, terms);
        this.#answer(id);
      } catch (thrown) {
        this.#refuse(id, thrown);
      }
      id++;
    }
  }

  #answer(id: number): void {
    if (this.#done.push(id) > 1) return;
    const { host } = this.#services;
    host.turns.atEndOfTurn(() => {
      const ids = this.#done;
      this.#done = [];
      host.report({ type: "spawned", ids });
    });
  }

  #refuse(id: number, thrown: unknown): void {
    this.#services.host.report({ type: "not-spawned", id, error: encodeError(thrown) });
  }
}
