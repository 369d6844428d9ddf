/** A thread's host with what it serves: a replica of the store, and the control channel's calls. */

import { homeHost } from "../../actors/address.ts";
import { decodeError } from "../../errors/error-codec.ts";
import type { ActorObserver } from "../../ports/actor-observer.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Link } from "../../ports/link.ts";
import type { Random } from "../../ports/random.ts";
import type { Turns } from "../../ports/turns.ts";
import type { VitalSigns } from "../../ports/vitals.ts";
import { StoreReplica } from "../../store/replication/store-replica.ts";
import type { DefinitionLoader } from "../definitions/definition-loader.ts";
import { AgentCalls } from "../agents/agent-calls.ts";
import { GateClient } from "../agents/gate-client.ts";
import type { HostControl } from "./host-control.ts";
import { peekActor } from "./peek-actor.ts";
import { measuresOf } from "./measure-host.ts";
import type { HostSettings } from "./host-settings.ts";
import { spawnCell } from "./spawn-cell.ts";
import { ThreadHost } from "./thread-host.ts";

export interface WorkerHostOptions {
  readonly settings: HostSettings;
  readonly system: object;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  /** The link to the host that made the system, which owns the store. */
  readonly link: Link;
  readonly load: DefinitionLoader;
  /** Called for each message that is handled, so that the watchdog sees that the thread goes on. */
  readonly beat?: () => void;
  /** Sees what the actors do. */
  readonly observer?: ActorObserver | undefined;
  /** How the thread is. Default: that isn't known. */
  readonly vitals?: VitalSigns | undefined;
  /** Begins to watch the thread for the callers of `vitals`. Metrics have a watch of their own, as a delay is told once to each. */
  readonly watch?: () => VitalSigns;
}

/** Starts a host; `closed` resolves when it was asked to close and has. */
export function startWorkerHost({
  settings,
  system,
  clock,
  random,
  turns,
  link,
  load,
  ...options
}: WorkerHostOptions): {
  control: HostControl;
  closed: Promise<void>;
} {
  const { beat, vitals, watch, observer } = options;
  let watched: VitalSigns | undefined;
  const replica = new StoreReplica({ send: (message) => host.transmit(homeHost, { kind: "to-authority", message }) });
  const host: ThreadHost = new ThreadHost({
    settings,
    system,
    clock,
    random,
    turns,
    ...(beat === undefined ? {} : { beat }),
    observer,
    position: () => 0,
    report: (report) => host.transmit(homeHost, { kind: "report", report }),
    store: {
      fromAuthority: (message) => replica.receive(message),
      reached: (position) => replica.reached(position),
      fromReplica: () => undefined, // only the home host owns the store
    },
  });
  host.attach(homeHost, link);
  const services = { host, store: replica, load, gates: new GateClient(host), calls: new AgentCalls(host, load) };
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));

  const control: HostControl = {
    async spawn({ definition, name, ...order }) {
      spawnCell(services, await load.load(definition), name, order);
    },
    async connect(peer, peerLink) {
      host.attach(peer, peerLink);
    },
    async disconnect(peer, error) {
      host.detach(peer, decodeError(error));
    },
    async stats() {
      const cells = [...host.cells.values()];
      return {
        actors: cells.length,
        waiting: cells.reduce((sum, cell) => sum + cell.waiting, 0),
        followedKeys: replica.followedKeys,
      };
    },
    async measure() {
      return measuresOf(host, replica.position, vitals);
    },
    async vitals() {
      watched ??= watch?.();
      return watched?.read();
    },
    async peek(actor) {
      return peekActor(host, actor);
    },
    async stopActors() {
      await host.stopActors();
      host.flush();
    },
    async close() {
      host.close();
      close();
    },
  };
  return { control, closed };
}
