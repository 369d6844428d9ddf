/** Starts an actor or an agent on a host from its definition. */

import { AgentBody, type AgentServices } from "../agents/agent-body.ts";
import { enableMapSet } from "immer";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { defaultMailbox } from "../../actors/mailbox-options.ts";
import type { ActorBody } from "../cell/actor-body.ts";
import type { ActorCell, CellKind } from "../cell/actor-cell.ts";
import { agentMailbox } from "../messaging/definition-target.ts";
import { StreamBody } from "../bodies/stream-body.ts";
import { DurableBody } from "../bodies/durable-body.ts";
import { FencedStore } from "../cell/fenced-store.ts";
import { ObservedStore } from "../cell/observed-store.ts";
import { HandlersBody } from "../bodies/handlers-body.ts";
import * as names from "../../traces/semantic-names.ts";
import type { SpanOf } from "../cell/handling-span.ts";
import { coordinate } from "../agents/supervisor-target.ts";
import type { SpawnTerms } from "../transport/spawn-order.ts";
import type { ThreadHost } from "./thread-host.ts";

/** What every actor of a host shares. */
export interface HostServices extends AgentServices {
  readonly host: ThreadHost;
}

/** By definition, what its actors on a host have in common. */
const kinds = new WeakMap<HostServices, WeakMap<ActorDefinition, CellKind>>();

/** @throws TroupeError `invalid-options` for a state that can't be drafted; whatever the definition's own code throws. */
export function spawnCell(
  services: HostServices,
  definition: ActorDefinition | AgentDefinition,
  name: string,
  { supervised, lease }: SpawnTerms = {},
): ActorCell {
  const { host } = services;
  if (definition.kind === "actor") return host.spawn({ name, kind: kindOf(services, definition), supervised });
  const kind: CellKind = {
    ...agentMailbox,
    // the agent's body bounds its own concurrency, so that an abort gets past the work that waits for its turn
    concurrency: Number.POSITIVE_INFINITY,
    spanOf: spansOfAgent(definition),
    body: (cell) => new AgentBody(observed(services, cell), cell, definition, lease),
  };
  return host.spawn({ name, kind });
}

function kindOf(services: HostServices, definition: ActorDefinition): CellKind {
  let known = kinds.get(services);
  if (known === undefined) kinds.set(services, (known = new WeakMap()));
  let kind = known.get(definition);
  if (kind !== undefined) return kind;
  enableMapSet(); // an actor's state may hold Maps and Sets
  const { concurrency, mailbox } = definition;
  kind = {
    ...defaultMailbox,
    ...mailbox,
    concurrency,
    spanOf: spansOfActor(definition),
    body: (cell) => actorBody(observed(fenced(services, cell), cell), cell, definition),
  };
  known.set(definition, kind);
  return kind;
}

/** What coordinates a run has no span: the run's are made from its history. */
function spansOfAgent({ name, version }: AgentDefinition): SpanOf {
  const attributes = {
    [names.operation]: names.invokeAgent,
    [names.agentName]: name,
    [names.agentVersion]: version,
  };
  const about = { name: `${names.invokeAgent} ${name}`, attributes };
  return (type) => (type === coordinate ? undefined : about);
}

function spansOfActor({ name }: ActorDefinition): SpanOf {
  const attributes = { [names.definition]: name };
  return (type) => ({ name: `${name} ${type}`, attributes });
}

/** Only another life of a supervised actor can take its place. */
function fenced(services: HostServices, cell: ActorCell): HostServices {
  if (cell.incarnation === undefined) return services;
  return { ...services, store: new FencedStore(services.store, cell) };
}

function observed(services: HostServices, cell: ActorCell): HostServices {
  const { observer } = services.host;
  if (observer === undefined) return services;
  return { ...services, store: new ObservedStore(services.store, cell.address, observer) };
}

function actorBody(services: HostServices, cell: ActorCell, definition: ActorDefinition): ActorBody {
  const site = { services, cell, about: definition };
  switch (definition.body.kind) {
    case "handlers":
      return new HandlersBody(definition, site);
    case "durable":
      return new DurableBody(services, cell, definition, site);
    case "behaviour":
      return new StreamBody(services.host, cell, definition, site);
  }
}
