/** What a report tells of what was seen: what the application's actors did, to keys of the application. */

import { isSystemActor } from "../../../actors/system-actors.ts";
import { isOwnKey, nameOf } from "./names.ts";
import { ownReads } from "./races.ts";
import type { Seen } from "./run-log.ts";

/** All but the reads that commits begin with, what Troupe's own actors do, and its own keys. */
export function told<Event extends Seen>(seen: readonly Event[]): readonly Event[] {
  const own = ownReads(seen);
  return seen.filter((event) => !own.has(event) && !isOwn(event));
}

function isOwn(event: Seen): boolean {
  switch (event.type) {
    case "begins":
    case "ends":
      return isSystemActor(nameOf(event.actor));
    case "reads":
    case "commits":
    case "conflicts":
      return isOwnKey(event.key);
    case "asks":
      return isSystemActor(nameOf(event.to));
    case "asked":
    case "fault":
      return false;
  }
}
