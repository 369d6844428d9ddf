/** The actors of the system itself, on the home host. */

import { type Address, homeHost, makeAddress } from "./address.ts";

/** Their names. No other actor of a system may have one of them: messages to it would go to that actor. */
const names = ["gates", "supervisor", "system"] as const;

export type SystemActor = (typeof names)[number];

/** Where one of them is. */
export function systemAddress(name: SystemActor): Address {
  return makeAddress(homeHost, name);
}

const addresses: ReadonlySet<Address> = new Set(names.map(systemAddress));

/** True for the address of one of them. */
export function isSystemAddress(address: Address): boolean {
  return addresses.has(address);
}

/** True for the name of one of them. */
export function isSystemActor(name: string): boolean {
  return names.some((own) => own === name);
}
