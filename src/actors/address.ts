/** Where a message goes. */

/** The number of a thread host: 0 for the one that made the system, 1, 2 … for the threads it opened. */
export type HostId = number;

declare const addressBrand: unique symbol;

/** An actor's address: its host, a slash, and its name on that host. Never given to a second actor of a system. */
export type Address = string & { readonly [addressBrand]: true };

export function makeAddress(host: HostId, name: string): Address {
  return `${host}/${name}` as Address;
}

/** The host in an address. */
export function hostOf(address: Address): HostId {
  return Number.parseInt(address, 10);
}
