/** A system as an inspector looks at it. */

import type { Inspected } from "../../inspector/source/inspected.ts";
import type { HomeHost } from "../host/home-host.ts";
import type { ActorRegistry } from "../registry/actor-registry.ts";
import type { Supervision } from "../supervision/supervision.ts";
import type { EventFeed } from "../telemetry/event-feed.ts";
import type { Runs } from "../workflows/runs.ts";
import type { System } from "./system.ts";

export function inspectedSystem(
  system: System,
  home: HomeHost,
  registry: ActorRegistry,
  supervision: Supervision,
  runs: Runs,
  events: EventFeed,
): Omit<Inspected, "workflows"> {
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
    },
  };
}
