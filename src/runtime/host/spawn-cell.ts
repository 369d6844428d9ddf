/** Starts an actor or an agent on a host from its definition. */

import { AgentBody, type AgentServices } from "../agents/agent-body.ts";
import { enableMapSet } from "immer";
import type { ActorDefinition } from "../../actors/actor-definition.ts";
import type { AgentDefinition } from "../../agents/agent-definition.ts";
import { defaultMailbox } from "../../actors/mailbox-options.ts";
import { replaced } from "../messaging/ask-errors.ts";
import type { ActorBody, ActorCell } from "../cell/actor-cell.ts";
import { agentMailbox } from "../messaging/definition-target.ts";
import { StreamBody } from "../bodies/stream-body.ts";
import { DurableBody } from "../bodies/durable-body.ts";
import { type Fenced, FencedStore } from "../cell/fenced-store.ts";
import { SettledStore } from "../cell/settled-store.ts";
import { ObservedStore } from "../cell/observed-store.ts";
import { HandlersBody } from "../bodies/handlers-body.ts";
import * as names from "../../traces/semantic-names.ts";
import type { SpanOf } from "../cell/handling-span.ts";
import { coordinate } from "../agents/supervisor-target.ts";
import type { SupervisedOrder } from "../transport/supervision-protocol.ts";
import type { SpawnOrder } from "./host-control.ts";
import type { ThreadHost } from "./thread-host.ts";

enableMapSet(); // an actor's state may hold Maps and Sets; once, as immer makes its classes for them anew with each call

/** What every actor of a host shares. */
export interface HostServices extends AgentServices {
  readonly host: ThreadHost;
}

/** @throws TroupeError `invalid-options` for a state that can't be drafted; whatever the definition's own code throws. */
export function spawnCell(
  services: HostServices,
  definition: ActorDefinition | AgentDefinition,
  name: string,
  { supervised, lease }: Pick<SpawnOrder, "supervised" | "lease"> = {},
): ActorCell {
  const { host } = services;
  if (definition.kind === "agent") {
    // the agent's body bounds its own concurrency, so that an abort gets past the work that waits for its turn
    const concurrency = Number.POSITIVE_INFINITY;
    return host.spawn({
      name,
      ...agentMailbox,
      concurrency,
      spanOf: spansOfAgent(definition),
      body: (cell) => new AgentBody(observed(services, cell), cell, definition, lease),
    });
  }
  const { concurrency, mailbox } = definition;
  return host.spawn({
    name,
    ...defaultMailbox,
    ...mailbox,
    concurrency,
    supervised,
    spanOf: spansOfActor(definition),
    body: (cell) =>
      actorBody(
        observed(supervised === undefined ? services : ofLife(services, cell, supervised), cell),
        cell,
        definition,
      ),
  });
}

/** Messages that coordinate a run have no spans: the spans of a run are made from its history. */
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

/** The services of one life of an actor: it reads what earlier lives committed, and commits nothing once it is replaced. */
function ofLife(services: HostServices, cell: ActorCell, { incarnation }: SupervisedOrder): HostServices {
  const { store } = services;
  const life: Fenced = {
    get refusal() {
      return cell.isFenced ? replaced(cell.address) : undefined;
    },
  };
  return { ...services, store: new FencedStore(incarnation === 1 ? store : new SettledStore(store), life) };
}

function observed(services: HostServices, cell: ActorCell): HostServices {
  const { observer } = services.host;
  if (observer === undefined) return services;
  return { ...services, store: new ObservedStore(services.store, cell.address, observer) };
}

function actorBody(services: HostServices, cell: ActorCell, definition: ActorDefinition): ActorBody {
  const { host } = services;
  const { name, events, protocol } = definition;
  const site = { services, cell, name, events, protocol };
  switch (definition.body.kind) {
    case "handlers":
      return new HandlersBody(host, definition, site);
    case "durable":
      return new DurableBody(services, cell, definition, site);
    case "behaviour":
      return new StreamBody(host, cell, definition, site);
  }
}
