/** A system as an inspector looks at it. */

import { type Address, homeHost, hostOf, isSupervised, nameOf } from "../../actors/address.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import type { Inspected, LiveSystem, MessageShape, SystemFigures } from "../../inspector/source/inspected.ts";
import type { PeekedActor } from "../../inspector/source/peeked-actor.ts";
import { isTroupeError, TroupeError } from "../../errors/troupe-error.ts";
import type { Gates } from "../agents/gates.ts";
import type { Clock } from "../../ports/clock.ts";
import type { VitalSigns } from "../../ports/vitals.ts";
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
  readonly roster: Pick<ThreadRoster, "ids" | "thread">;
  readonly registry: Pick<ActorRegistry, "all" | "find">;
  readonly supervision: Pick<Supervision, "hostOf" | "restart" | "states">;
  readonly runs: Runs;
  readonly events: EventFeed;
  readonly gates: Pick<Gates, "views">;
  /** Watches the thread that made the system; absent where there is none. */
  readonly watch: (() => VitalSigns) | undefined;
  readonly load: DefinitionLoader;
}

export function inspectedSystem(parts: InspectedParts): Omit<Inspected, "workflows"> {
  const { system, home, registry, supervision, runs, events, gates } = parts;
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
      stats: statsOf(parts),
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
      gates: () => gates.views,
      vitals: vitalsOf(parts),
      ...actorsOf(parts),
    },
  };
}

function vitalsOf({ home, roster, watch }: InspectedParts): LiveSystem["vitals"] {
  let own: VitalSigns | undefined;
  return async () => {
    own ??= watch?.();
    const hosts = roster.ids.map(async (thread) => {
      const vitals = await soon(home.host.clock, unlessItDied(roster.thread(thread)?.control.vitals()));
      return roster.thread(thread) === undefined ? [] : [{ thread, vitals }];
    });
    return [{ thread: homeHost, vitals: own?.read() }, ...(await Promise.all(hosts)).flat()];
  };
}

/** The figures of all threads; as they were told last where a thread does not answer. */
function statsOf({ system, home, registry, runs }: InspectedParts): LiveSystem["stats"] {
  let last: SystemFigures | undefined;
  return async () => {
    last = (await soon(home.host.clock, system.stats())) ?? last;
    return (
      last ?? {
        actors: registry.all().length,
        waiting: 0,
        commits: home.authority.position,
        runs: runs.counts,
        threads: [],
        deadLetters: Object.fromEntries(home.deadLetterCounts),
      }
    );
  };
}

/** Milliseconds that a page waits for a thread, which may spin. */
const patience = 500;

/** What is answered soon; `undefined` otherwise. */
function soon<T>(clock: Clock, answer: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(patience, () => resolve(undefined));
    const over = (): void => timer.cancel();
    answer.finally(over).then(resolve, reject);
  });
}

async function unlessItDied<T>(answer: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isTroupeError(error, "thread-died")) return undefined;
    throw error;
  }
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
      return soon(home.host.clock, unlessItDied(roster.thread(host)?.control.peek(address)));
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
