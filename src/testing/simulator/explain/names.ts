/** How actors are called in a report. */

import { isReservedFamily } from "../../../store/versions/reserved-families.ts";

/** An actor by its name, which its address ends with; code outside of all actors. */
export function nameOf(address: string | undefined): string {
  return address === undefined ? "code outside" : address.slice(address.indexOf("/") + 1);
}

/** The thread of an actor that has one. */
export function threadOf(address: string): string | undefined {
  return /^(\d+)\//.exec(address)?.[1];
}

/** True for a key that only Troupe writes. */
export function isOwnKey(key: string): boolean {
  return isReservedFamily(key.slice(0, key.indexOf("/")));
}
