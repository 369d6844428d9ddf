/** Where a message goes. */

/** The number of a thread host: 0 for the one that made the system, 1, 2 … for the threads it opened. */
export type HostId = number;

declare const addressBrand: unique symbol;

/**
 * An actor's address: its host, a slash, and its name on that host; of a supervised actor, `*`, a slash and its name.
 * No two actors of a system have the same address at the same time.
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

/** The host in an address; NaN in that of a supervised actor, which has none. */
export function hostOf(address: Address): HostId {
  return Number.parseInt(address, 10);
}

/** The name in an address. */
export function nameOf(address: Address): string {
  return address.slice(address.indexOf("/") + 1);
}
