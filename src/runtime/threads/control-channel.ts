/**
 * The control channel over comlink. Comlink drops `code` and `cause` of errors, and its calls hang when a thread dies:
 * errors travel in Troupe's own codec, and every pending call ends when the thread does.
 */

import * as comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import type { MessagePort } from "node:worker_threads";
import type { HostId } from "../../actors/address.ts";
import { decodeError, encodeError, type EncodedError } from "../../errors/error-codec.ts";
import type { HostControl, SpawnOrder } from "../host/host-control.ts";
import { nodeLink } from "../platform/node-link.ts";

/** A call's outcome as it travels. */
type Outcome<T> = { readonly value: T } | { readonly error: EncodedError };

type Remote = {
  [K in Exclude<keyof HostControl, "connect" | "spawn">]: (
    ...args: Parameters<HostControl[K]>
  ) => Promise<Outcome<Awaited<ReturnType<HostControl[K]>>>>;
} & {
  connect(peer: HostId, port: MessagePort): Promise<Outcome<void>>;
  /** All that were ordered in one turn, each with an outcome of its own: a call costs more than an actor does. */
  spawnAll(orders: readonly SpawnOrder[]): Promise<readonly Outcome<void>[]>;
};

/** A thread's control as its opener holds it; links are given as ports. */
export interface RemoteControl extends Omit<HostControl, "connect"> {
  connect(peer: HostId, port: MessagePort): Promise<void>;
}

/** Serves a host's control on a port. */
export function serveControl(port: MessagePort, control: HostControl): { close(): void } {
  const remote: Remote = {
    spawnAll: (orders) => Promise.all(orders.map((order) => outcome(() => control.spawn(order)))),
    connect: (peer, link) => outcome(() => control.connect(peer, nodeLink(link))),
    disconnect: (peer, error) => outcome(() => control.disconnect(peer, error)),
    stats: () => outcome(() => control.stats()),
    measure: () => outcome(() => control.measure()),
    vitals: () => outcome(() => control.vitals()),
    peek: (actor) => outcome(() => control.peek(actor)),
    stopActors: () => outcome(() => control.stopActors()),
    close: () => outcome(() => control.close()),
  };
  comlink.expose(remote, nodeEndpoint(port));
  return { close: () => port.close() };
}

/** Calls a host's control over a port. When `exit` rejects, all pending calls reject with the same error. */
export function remoteControl(port: MessagePort, exit: Promise<never>): RemoteControl {
  const { endpoint, forget } = forgettable(nodeEndpoint(port));
  const proxy = comlink.wrap<Remote>(endpoint);
  // read once: comlink makes a proxy at each access to a method, and never frees all of it
  const { spawnAll, connect, disconnect, stats, measure, vitals, peek, stopActors, close } = proxy;
  // a set, and not `Promise.race` with `exit`: that would keep something of every call until the thread ends
  const pending = new Set<(gone: unknown) => void>();
  let isGone = false;
  exit.catch((gone: unknown) => {
    isGone = true;
    for (const reject of pending) reject(gone);
    pending.clear();
    forget();
  });
  const answered = async <T>(answer: Promise<T>): Promise<T> => {
    if (isGone) return exit;
    let reject: (gone: unknown) => void = () => undefined;
    return new Promise<T>((resolve, fail) => {
      pending.add((reject = fail));
      answer.then(resolve, fail);
    }).finally(() => pending.delete(reject));
  };
  const call = async <T>(answer: Promise<Outcome<T>>): Promise<T> => valueOf(await answered(answer));
  const spawn = inBatches<SpawnOrder, Outcome<void>>((orders) => answered(spawnAll(orders)));
  return {
    spawn: async (order) => valueOf(await spawn(order)),
    connect: (peer, link) => call(connect(peer, comlink.transfer(link, [link as never]))),
    disconnect: (peer, error) => call(disconnect(peer, error)),
    stats: () => call(stats()),
    measure: () => call(measure()),
    vitals: () => call(vitals()),
    peek: (actor) => call(peek(actor)),
    stopActors: () => call(stopActors()),
    close: () => call(close()),
  };
}

/**
 * Comlink never forgets an endpoint while there are proxies of it, and by its listeners it would keep all that waits for an answer.
 * A function of its own, so that the endpoint keeps nothing else.
 */
function forgettable(endpoint: comlink.Endpoint): { readonly endpoint: comlink.Endpoint; forget(): void } {
  const listeners: Parameters<comlink.Endpoint["addEventListener"]>[] = [];
  return {
    endpoint: {
      ...endpoint,
      addEventListener(...listener) {
        listeners.push(listener);
        endpoint.addEventListener(...listener);
      },
    },
    forget() {
      for (const listener of listeners.splice(0)) endpoint.removeEventListener(...listener);
    },
  };
}

/** Joins the items that are given in one turn, and makes one call with all of them. */
function inBatches<T, R>(callAll: (items: readonly T[]) => Promise<readonly R[]>): (item: T) => Promise<R> {
  let items: T[] = [];
  let results: Promise<readonly R[]> | undefined;
  return async (item) => {
    const index = items.push(item) - 1;
    results ??= Promise.resolve().then(() => {
      const all = items;
      [items, results] = [[], undefined];
      return callAll(all);
    });
    return (await results)[index] as R;
  };
}

function valueOf<T>(settled: Outcome<T>): T {
  if ("error" in settled) throw decodeError(settled.error);
  return settled.value;
}

async function outcome<T>(call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await call() };
  } catch (thrown) {
    return { error: encodeError(thrown) };
  }
}
