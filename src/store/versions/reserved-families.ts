/** The families of keys that Troupe keeps for itself, beside those of the application in the same store. */

import { TroupeError } from "../../errors/troupe-error.ts";

/** Those that there are, and names that what comes will need. */
const reserved: ReadonlySet<string> = new Set([
  "breaker",
  "call",
  "coordination",
  "inbox",
  "lease",
  "mail",
  "queue",
  "recovery",
  "refused-run",
  "run",
  "schedule",
  "system",
  "troupe",
]);

/** True for a family that only Troupe writes. */
export function isReservedFamily(name: string): boolean {
  return reserved.has(name);
}

/** @throws TroupeError `invalid-options` for the name of a reserved family. */
export function checkFamily(name: string): void {
  if (!isReservedFamily(name)) return;
  const others = [...reserved].filter((other) => other !== name).join(", ");
  throw new TroupeError(
    "invalid-options",
    `defineState: Troupe keeps states of its own under the name ${name}, so an application can't have it, nor ${others}. ` +
      `Name the state by what it holds, such as "my-${name}".`,
    { details: { name } },
  );
}
