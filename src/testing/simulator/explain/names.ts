/** How actors are called in a report. */

/** An actor by its name, which its address ends with; code outside of all actors. */
export function nameOf(address: string | undefined): string {
  return address === undefined ? "code outside" : address.slice(address.indexOf("/") + 1);
}

/** The thread of an actor that has one. */
export function threadOf(address: string): string | undefined {
  return /^(\d+)\//.exec(address)?.[1];
}

/** Keys of Troupe's own, and its own actors. */
export function isOwnKey(key: string): boolean {
  return /^(?:mail|run|run-[a-z]+|troupe[^/]*)\//.test(key);
}
