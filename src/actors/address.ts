/** Where a message goes. */

declare const hostBrand: unique symbol;

/**
 * A thread host of a system: {@link homeHost}, or the host that {@link hostId} names by its thread's number. Code compares host
 * ids and writes them into addresses, and never calculates with them.
 */
export type HostId = number & { readonly [hostBrand]: true };

/** The host of a thread, by the thread's number: 0 for the thread that made the system, 1, 2 … for the threads that it opened. */
export function hostId(thread: number): HostId {
  return thread as HostId;
}

/** The host on the thread that made the system: it owns the store, the gates and the run supervisor. */
export const homeHost: HostId = hostId(0);

declare const addressBrand: unique symbol;

/**
 * An actor's address: its host, a slash, and its name on that host; of a supervised actor, `*`, a slash and its name.
 * No two actors of a system have the same address at the same time.
 *
 * @since 0.1.0
 */
export type Address = string & { readonly [addressBrand]: true };

export function makeAddress(host: HostId, name: string): Address {
  return `${host}/${name}` as Address;
}

/** In place of the host in the address of a supervised actor, which may be restarted on another host. */
const anyHost = "*";

/** The address of a supervised actor. It is the same wherever the actor is. */
export function makeSupervisedAddress(name: string): Address {
  return `${anyHost}/${name}` as Address;
}

/** True for the address of a supervised actor. */
export function isSupervised(address: Address): boolean {
  return address.startsWith(anyHost);
}

/** The host in an address; `undefined` for the address of a supervised actor, which names no host. */
export function hostOf(address: Address): HostId | undefined {
  return isSupervised(address) ? undefined : hostId(Number.parseInt(address, 10));
}

/** The name in an address. */
export function nameOf(address: Address): string {
  return address.slice(address.indexOf("/") + 1);
}
