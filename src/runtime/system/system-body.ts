/** What actors ask of their system: to spawn, to stop, to deploy, to find, to watch and to link. */

import { type Address, nameOf } from "../../actors/address.ts";
import { defaultMailbox } from "../../actors/mailbox-options.ts";
import { encodeError } from "../../errors/error-codec.ts";
import type { StopMode } from "../../actors/stop-mode.ts";
import type { ActorBody } from "../cell/actor-cell.ts";
import type { DeathWatch } from "../registry/death-watch.ts";
import type { SpawnCell } from "../host/thread-host.ts";
import {
  type DeployRequest,
  type SpawnOutcome,
  type SpawnRequest,
  systemTarget,
} from "../messaging/system-protocol.ts";
import type { ActorsByAddress } from "./actors-by-address.ts";
import { nativeBody } from "../bodies/native-body.ts";

/** A request to watch or link another actor, or to end that; `message` is what a watcher is told by. */
interface DeathWatchRequest {
  readonly actor: Address;
  readonly message: string;
}

/** The actor that is to stop. */
interface StopRequest {
  readonly actor: Address;
  readonly mode: StopMode;
}

export interface SystemBodyOptions {
  readonly spawn: (request: SpawnRequest) => Promise<Address>;
  /** Where an agent is that is to be called. It is started if need be. */
  readonly deploy: (request: DeployRequest) => Promise<Address>;
  readonly actors: Pick<ActorsByAddress, "find" | "stop">;
  readonly deathWatch: DeathWatch;
}

/** The actor that takes these requests. */
export function systemCell(options: SystemBodyOptions): SpawnCell {
  return {
    name: nameOf(systemTarget.address),
    ...defaultMailbox,
    concurrency: Number.POSITIVE_INFINITY,
    body: () => systemBody(options),
  };
}

function systemBody({ spawn, deploy, actors, deathWatch }: SystemBodyOptions): ActorBody {
  return nativeBody((type, payload, from) => {
    if (type === "spawn") return spawned(spawn(payload as SpawnRequest));
    if (type === "stop") {
      const { actor, mode } = payload as StopRequest;
      const stopped = actors.stop(actor, mode);
      // an actor hears of its own stop before this answer, and can't stop while it waits for another one
      return actor === from ? undefined : stopped;
    }
    if (type === "deploy") return spawned(deploy(payload as DeployRequest));
    if (type === "find") {
      const { name, definition } = payload as { name: string; definition?: string };
      return actors.find(name, definition);
    }
    if (from !== undefined) watchOrLink(deathWatch, type, from, payload as DeathWatchRequest);
    return undefined;
  });
}

function watchOrLink(deathWatch: DeathWatch, type: string, from: Address, { actor, message }: DeathWatchRequest): void {
  if (type === "watch") deathWatch.watch(from, actor, message);
  else if (type === "unwatch") deathWatch.unwatch(from, actor);
  else if (type === "link") deathWatch.link(from, actor);
  else if (type === "unlink") deathWatch.unlink(from, actor);
}

/** Makes of an error an answer: the asking actor gets the error as it is, and it doesn't count as a failure of the system's actor. */
async function spawned(spawning: Promise<Address>): Promise<SpawnOutcome> {
  try {
    return { address: await spawning };
  } catch (error) {
    return { error: encodeError(error) };
  }
}
