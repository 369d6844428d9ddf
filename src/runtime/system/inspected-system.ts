/** A system as an inspector looks at it. */

import { type Address, homeHost, hostOf, isSupervised, nameOf } from "../../actors/address.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import type { Inspected, LiveSystem, MessageShape } from "../../inspector/source/inspected.ts";
import type { PeekedActor } from "../../inspector/source/peeked-actor.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { HomeHost } from "../host/home-host.ts";
import { peekActor } from "../host/peek-actor.ts";
import { targetOf } from "../messaging/definition-target.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import type { Supervision } from "../supervision/supervision.ts";
import type { EventFeed } from "../telemetry/event-feed.ts";
import type { ThreadRoster } from "../threads/thread-roster.ts";
import type { Runs } from "../workflows/runs.ts";
import type { System } from "./system.ts";

export interface InspectedParts {
  readonly system: System;
  readonly home: HomeHost;
  readonly roster: Pick<ThreadRoster, "thread">;
  readonly registry: Pick<ActorRegistry, "all" | "find">;
  readonly supervision: Pick<Supervision, "hostOf" | "restart" | "states">;
  readonly runs: Runs;
  readonly events: EventFeed;
  readonly load: DefinitionLoader;
}

export function inspectedSystem(parts: InspectedParts): Omit<Inspected, "workflows"> {
  const { system, home, registry, supervision, runs, events } = parts;
  return {
    kind: "system",
    reader: () => home.authority,
    live: {
      get coordination() {
        return runs.coordination;
      },
      get epoch() {
        return runs.epoch;
      },
      stats: () => system.stats(),
      actors: () => registry.all(),
      trees: () => supervision.states,
      hear: (listener) => events.hearFirst(listener),
      onEnd: (end) => events.onEnd(end),
      deadLetters$: system.deadLetters$,
      store: system.store,
      run: (workflow, input, options) => system.run(workflow, input, options),
      findRun: (id) => system.findRun(id),
      switchCoordination: (coordination) => system.switchCoordination(coordination),
      stop: (address) => system.stop({ address }),
      ...actorsOf(parts),
    },
  };
}

/** What may be seen of one actor, and done with it. */
function actorsOf({
  home,
  roster,
  registry,
  supervision,
  load,
}: InspectedParts): Pick<LiveSystem, "peek" | "messagesOf" | "send" | "sendAgain" | "restart"> {
  const definitionOf = async (address: Address) => {
    const name = nameOf(address);
    const found = registry.find(name);
    if (found?.address === undefined)
      throw new TroupeError("no-such-actor", `there is no actor named ${name}`, { details: { name } });
    return { definition: await load.load(found.definition), address: found.address };
  };
  return {
    async peek(address): Promise<PeekedActor | undefined> {
      const host = isSupervised(address) ? supervision.hostOf(address) : hostOf(address);
      if (host === undefined) return undefined;
      if (host === homeHost) return peekActor(home.host, address);
      try {
        return await roster.thread(host)?.control.peek(address);
      } catch (error) {
        if (isTroupeError(error, "thread-died")) return undefined;
        throw error;
      }
    },
    async messagesOf(address): Promise<readonly MessageShape[]> {
      const { definition } = await definitionOf(address);
      if (definition.kind === "agent") return [{ type: "execute", input: definition.input, isAsk: true }];
      return Object.entries(definition.protocol).map(([type, { input, reply }]) => ({
        type,
        ...(input === undefined ? {} : { input }),
        isAsk: reply !== undefined,
      }));
    },
    async send(to, type, payload, isAsk) {
      const { definition, address } = await definitionOf(to);
      const target = targetOf(definition, address);
      const { messenger } = home.host;
      if (isAsk) return messenger.ask(home.outside, target, type, payload);
      await messenger.tell(home.outside, target, type, payload);
      return undefined;
    },
    async sendAgain({ to, type, payload }) {
      const { definition, address } = await definitionOf(to);
      // a copy, since listeners of dead letters have this one
      const content = home.host.revive(structuredClone(payload), home.outside);
      await home.host.messenger.tell(home.outside, targetOf(definition, address), type, content);
    },
    restart: (address) => supervision.restart(address),
  };
}
